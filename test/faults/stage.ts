/**
 * The parts that are killed: one automation service and some headless workers, each a process of its own, on data folders that outlive them
 * and this harness. Each part comes back on its own folder; the service on its own ports.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlClient } from '../../src-main/control/control-client.ts';
import {
  connectToWorker,
  joinGroup,
  makeAccount,
  publishRunbook,
  root,
  startProgram,
  unwrap,
  waitFor,
  type Program,
  type Service,
  type ServiceReady,
} from '../harness/stack.ts';
import { createRestClient, type RestClient } from '../harness/rest-client.ts';
import { findOrphans } from './orphans.ts';
import { runbookName, runbookScript } from './runbook.ts';

export const groupName = 'faults';
const node = join(root, 'node_modules', 'node', 'bin', 'node');

/** A run at low priority beside others waits its turn; what does not come at all is a fault all the same. */
const comeBackSeconds = 600;

/** What must be remembered of the first start. */
interface Remembered {
  ready: ServiceReady;
  token: string;
}

export class StagedService {
  readonly rest: RestClient;
  readonly ready: ServiceReady;
  readonly #folder: string;
  readonly #nodeFlags: string[];
  #program: Program;

  private constructor(folder: string, nodeFlags: string[], program: Program, { ready, token }: Remembered) {
    this.#folder = folder;
    this.#nodeFlags = nodeFlags;
    this.#program = program;
    this.ready = ready;
    this.rest = createRestClient({ restUrl: ready.restUrl, caPem: readFileSync(ready.caFile, 'utf8'), token });
  }

  /** `nodeFlags` stand before the program, here and wherever it comes back. */
  static async start(folder: string, nodeFlags: string[] = []): Promise<StagedService> {
    mkdirSync(folder, { recursive: true });
    const memory = join(folder, 'remembered.json');
    if (existsSync(memory)) {
      const remembered = JSON.parse(readFileSync(memory, 'utf8')) as Remembered;
      const { program } = await begin(folder, nodeFlags, portsOf(remembered.ready));
      return new StagedService(folder, nodeFlags, program, remembered);
    }
    const { program, ready } = await begin(folder, nodeFlags, ['--agent-port', '0', '--rest-port', '0']);
    const remembered: Remembered = { ready, token: ready.administratorToken ?? '' };
    writeFileSync(memory, JSON.stringify(remembered), { mode: 0o600 });
    return new StagedService(folder, nodeFlags, program, remembered);
  }

  get pid(): number {
    return this.#program.pid;
  }

  async kill(): Promise<void> {
    await this.#program.kill();
  }

  async comeBack(): Promise<void> {
    this.#program = (await begin(this.#folder, this.#nodeFlags, portsOf(this.ready))).program;
  }

  async stop(): Promise<void> {
    this.rest.close();
    await this.#program.stop();
  }
}

function portsOf(ready: ServiceReady): string[] {
  return ['--agent-port', new URL(ready.agentUrl).port, '--rest-port', new URL(ready.restUrl).port];
}

async function begin(folder: string, nodeFlags: string[], ports: string[]): Promise<{ program: Program; ready: ServiceReady }> {
  const readyFile = join(folder, 'ready.json');
  const before = existsSync(readyFile) ? readFileSync(readyFile, 'utf8') : '';
  const program = startProgram(
    node,
    [...nodeFlags, join(root, 'out', 'service.cjs'), '--data', join(folder, 'data'), ...ports, '--ready-file', readyFile],
    { logFile: join(folder, 'service.log') },
  );
  const ready = await waitFor('the service', comeBackSeconds, () => {
    if (program.child.exitCode !== null) throw new Error(`the service ended: ${program.logFile}`);
    const text = existsSync(readyFile) ? readFileSync(readyFile, 'utf8') : '';
    return text === before || !text.endsWith('\n') ? undefined : (JSON.parse(text) as ServiceReady);
  });
  return { program, ready };
}

export class StagedWorker {
  readonly dataFolder: string;
  readonly name: string;
  readonly logFile: string;
  readonly #nodeFlags: string[];
  #program: Program | undefined;
  #control: ControlClient | undefined;

  constructor(folder: string, name: string, nodeFlags: string[] = []) {
    mkdirSync(folder, { recursive: true });
    this.name = name;
    this.#nodeFlags = nodeFlags;
    this.dataFolder = join(folder, name);
    this.logFile = join(folder, `${name}.log`);
  }

  get control(): ControlClient {
    if (this.#control === undefined) throw new Error(`${this.name} is not connected`);
    return this.#control;
  }

  get pid(): number {
    return this.#program?.pid ?? 0;
  }

  async start(): Promise<void> {
    const program = startProgram(node, [...this.#nodeFlags, join(root, 'out', 'hrw.cjs'), 'run', '--data', this.dataFolder], {
      logFile: this.logFile,
    });
    this.#program = program;
    this.#control = await connectToWorker(this.dataFolder, program, comeBackSeconds);
  }

  async kill(): Promise<void> {
    const control = this.#control;
    this.#control = undefined;
    await this.#program?.kill();
    await control?.close();
  }

  async stop(): Promise<void> {
    const control = this.#control;
    this.#control = undefined;
    await control?.close();
    await this.#program?.stop();
  }

  /** Names of folders of sandboxes that are there now, with the process that was started for each, and its runtime where it has one. */
  sandboxes(): StagedSandbox[] {
    const folder = join(this.dataFolder, 'sandboxes');
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((sandboxId) => {
      try {
        const { process: started } = readJson(join(folder, sandboxId, 'launch.json')) as { process: { pid: number } | null };
        return started === null
          ? []
          : [{ sandboxId, pid: started.pid, runtimePid: runtimeOf(join(folder, sandboxId), started.pid) }];
      } catch {
        // Just being made, or just being removed.
        return [];
      }
    });
  }
}

export interface StagedSandbox {
  sandboxId: string;
  pid: number;
  runtimePid: number | undefined;
}

/** Only one that runs now as the sandbox's own child: its number may be another's by the time that it is killed. */
function runtimeOf(sandboxFolder: string, sandboxPid: number): number | undefined {
  try {
    const { runtimePid } = readJson(join(sandboxFolder, 'state.json')) as { runtimePid: number | null };
    if (runtimePid === null) return undefined;
    const status = readFileSync(`/proc/${String(runtimePid)}/status`, 'utf8');
    return Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) === sandboxPid ? runtimePid : undefined;
  } catch {
    return undefined;
  }
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Engines and services that an earlier piece of this run left when it was killed itself. Sandboxes are the next engine's to find. */
function endLeftPrograms(folder: string): void {
  for (const { pid, command } of findOrphans(folder, () => false))
    if (/\/(?:service|hrw)\.cjs /.test(command)) process.kill(pid, 'SIGKILL');
}

/** Starts everything; makes account, runbook and registrations where they are not there yet. */
export async function setStage(
  folder: string,
  options: { workers: number; limit: number; nodeFlags?: string[] },
): Promise<{ service: StagedService; workers: StagedWorker[] }> {
  endLeftPrograms(folder);
  const service = await StagedService.start(join(folder, 'service'), options.nodeFlags);
  const workers = Array.from(
    { length: options.workers },
    (_, index) => new StagedWorker(folder, `worker-${String(index + 1)}`, options.nodeFlags),
  );
  const isNew = !existsSync(join(folder, 'set'));
  const asService: Pick<Service, 'rest' | 'ready'> = service;
  const account = isNew ? await makeAccount(asService) : undefined;
  if (account !== undefined) await publishRunbook(asService, runbookName, 'Bash', runbookScript);
  for (const worker of workers) {
    await worker.start();
    if (account !== undefined) await joinGroup(worker.control, asService, account, groupName);
    unwrap(await worker.control.call('settings:change', { limit: options.limit }));
  }
  writeFileSync(join(folder, 'set'), '');
  return { service, workers };
}
