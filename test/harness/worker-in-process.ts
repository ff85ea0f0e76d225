/** A whole worker inside the test's process: the same parts as in the application and in `hrw run`, from the sources. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Answer } from '../../src-contract/app-error.ts';
import type {
  EngineArguments,
  EngineCallName,
  EngineEvent,
  EngineValue,
  Role,
  WorkerState,
} from '../../src-contract/engine-calls.ts';
import { defaultSettings } from '../../src-contract/settings.ts';
import type { LogEvent } from '../../src-contract/events.ts';
import type { Command } from '../../src-main/platform/executables.ts';
import { createWorkerHost, type WorkerHost, type WorkerHostOptions } from '../../src-main/worker-host.ts';
import { dataLayout, layoutVersion } from '../../src-main/storage/layout.ts';
import { root, waitFor, type Account, type Service } from './stack.ts';

const node = join(root, 'node_modules', 'node', 'bin', 'node');

/** Sandboxes that wait for a job are a test's subject or nothing in it: where there are no settings yet, they are switched off. */
async function withoutWaiting(dataFolder: string): Promise<void> {
  const { folder, settingsFile, versionFile } = dataLayout(dataFolder);
  const fresh = { mode: 0o600, flag: 'wx' } as const;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(versionFile, JSON.stringify({ version: layoutVersion }), fresh);
    await writeFile(settingsFile, JSON.stringify({ ...defaultSettings, warmMemoryMb: 0 }), fresh);
  } catch {
    // They are there; or the folder is one that no worker can use, which is then what the test is about.
  }
}

export class TestWorker {
  readonly host: WorkerHost;
  readonly dataFolder: string;
  readonly heard: EngineEvent[] = [];

  private constructor(host: WorkerHost, dataFolder: string) {
    this.host = host;
    this.dataFolder = dataFolder;
    host.subscribe((event) => this.heard.push(event));
  }

  static async start(dataFolder: string, options: Partial<WorkerHostOptions> & { sandbox?: Command } = {}): Promise<TestWorker> {
    await withoutWaiting(dataFolder);
    const { sandbox = { file: node, leading: [join(root, 'out', 'sandbox.cjs')] }, ...more } = options;
    const host = await createWorkerHost({
      dataFolder,
      mode: 'headless',
      executables: {
        sandbox,
        hrw: { file: node, leading: [join(root, 'out', 'hrw.cjs')] },
        historyThread: join(root, 'src-main', 'storage', 'history-thread.ts'),
        eventMessages: join(root, 'out', 'hrw-messages.dll'),
      },
      ...more,
    });
    return new TestWorker(host, dataFolder);
  }

  call<Name extends EngineCallName>(
    name: Name,
    callArguments: EngineArguments<Name>,
    role: Role = 'administrator',
  ): Promise<Answer<EngineValue<Name>>> {
    return this.host.call(role, name, callArguments);
  }

  /** The value; a refusal fails the test. */
  async ask<Name extends EngineCallName>(name: Name, callArguments: EngineArguments<Name>): Promise<EngineValue<Name>> {
    const answer = await this.call(name, callArguments);
    if (!answer.ok) throw new Error(`${name}: ${answer.problem.title}. ${answer.problem.text}`);
    return answer.value;
  }

  /** The code of the refusal; success fails the test. */
  async refusal<Name extends EngineCallName>(name: Name, callArguments: EngineArguments<Name>): Promise<string> {
    const answer = await this.call(name, callArguments);
    if (answer.ok) throw new Error(`${name} succeeded, but a refusal was expected`);
    return answer.problem.code;
  }

  state(): Promise<WorkerState> {
    return this.ask('worker:state', {});
  }

  when(what: string, holds: (state: WorkerState) => boolean, seconds = 20): Promise<WorkerState> {
    return waitFor(what, seconds, async () => {
      const state = await this.state();
      return holds(state) ? state : undefined;
    });
  }

  async events(): Promise<LogEvent[]> {
    const { events } = await this.ask('events:list', { channel: null, limit: 1000, before: null });
    return events.reverse();
  }

  async eventIds(): Promise<number[]> {
    return (await this.events()).map((event) => event.id);
  }

  async connect(service: Service, account: Pick<Account, 'workspaceId' | 'workspaceKey'>): Promise<void> {
    await this.ask('connection:connect', connectionTo(service, account));
  }

  async register(account: Account, groupName: string): Promise<void> {
    await this.when('the pack', (state) => state.packs.length > 0);
    await this.ask('registration:register', { groupName, endpoint: account.endpoint, token: account.accountKey });
  }

  close(): Promise<void> {
    return this.host.close();
  }
}

export function connectionTo(
  service: Service,
  { workspaceId, workspaceKey }: Pick<Account, 'workspaceId' | 'workspaceKey'>,
): EngineArguments<'connection:connect'> {
  const pem = readFileSync(service.ready.caFile, 'utf8');
  return {
    workspaceId,
    workspaceKey,
    serviceUrl: service.ready.agentUrl,
    trust: { kind: 'authority', pem },
    proxy: { kind: 'none' },
  };
}
