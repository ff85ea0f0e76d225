/**
 * What a combination of the matrix is tried on: the real service as a process of its own, with what runbooks ask for, and fronts before it.
 * The workers are whole ones, in this process, because their keys have to be known (made-keys.ts); their sandboxes are processes as ever.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { WorkerState } from '../../src-contract/engine-calls.ts';
import { testRunbookName } from '../../src-service/sample-runbook.ts';
import { startFaultingFront, type FaultingFront, type Plan, type Seen } from '../fakes/faulting-front.ts';
import { catchMadeKeys, type MadeKeys } from '../fakes/made-keys.ts';
import { findRuntime } from '../harness/runtimes.ts';
import { accountName, makeAccount, publishRunbook, startService, type Account, type Service } from '../harness/stack.ts';
import type { TestWorker } from '../harness/worker-in-process.ts';
import { agentRoutes, callNamer, type Route } from './calls.ts';
import { runbookName, runbookScript } from './runbook.ts';

/** Longer than everybody waits before a word is said, shorter than anybody gives up. */
const delayMs = 1200;
/** A lost answer to the poll comes again after a while (`actionVisibilitySeconds`); machines under load need a multiple. */
export const limitSeconds = 200;

/** What a runbook is to read, and what it then says. */
const assets = { region: 'north', userName: 'backup', password: 'a pass word', field: 'sub-1' };
export const asksName = 'asks';
/** Its parameter names the variable that it sets. */
const asksScript = `import sys, automationassets as assets
print("variable", assets.get_automation_variable("Region"))
assets.set_automation_variable(sys.argv[1], "set by " + sys.argv[1])
credential = assets.get_automation_credential("Backup")
print("credential", credential["username"], len(credential["password"]))
print("connection", assets.get_automation_connection("Azure")["SubscriptionId"])
print("certificate", len(assets.get_automation_certificate("Client")) > 0)
`;
export const asksOutput = [
  `variable ${assets.region}`,
  `credential ${assets.userName} ${String(assets.password.length)}`,
  `connection ${assets.field}`,
  'certificate True',
];

export const flowName = 'Flow';
const childName = 'Child';
const flowScript = `workflow ${flowName} {
  $status = InlineScript { (Start-AutomationRunbook -Name ${childName} | Wait-AutomationJob -DelayInSeconds 1).Status }
  "child $status"
  Checkpoint-Workflow
  "before"
  Suspend-Workflow
  "after"
}
`;
/** Of its two attempts. */
export const flowOutput = [['child Completed', 'before'], ['after']];

export interface MatrixStage {
  folder: string;
  service: Service;
  account: Account;
  routes: readonly Route[];
  hasPowerShell: boolean;
  openFront: () => Promise<FaultingFront>;
  close: () => Promise<void>;
}

export async function setMatrixStage(folder: string): Promise<MatrixStage> {
  const keys = catchMadeKeys();
  const service = await startService(join(folder, 'service'));
  const fronts: FaultingFront[] = [];
  const routes = await agentRoutes();
  const account = await makeAccount(service);
  await publishRunbook(service, runbookName, 'Bash', runbookScript);
  await publishRunbook(service, childName, 'Bash', 'echo child\n');
  // Without it the worker's test job would be one of the dearest kind that the worker can run.
  await publishRunbook(service, testRunbookName, 'Bash', 'echo This worker runs jobs.\n');
  await publishRunbook(service, asksName, 'Python3', asksScript);
  await publishRunbook(service, flowName, 'PowerShellWorkflow', flowScript);
  await putAssets(service);
  return {
    folder,
    service,
    account,
    routes,
    hasPowerShell: findRuntime('pwsh') !== undefined,
    openFront: async () => {
      const front = await openFront(service, keys, routes);
      fronts.push(front);
      return front;
    },
    close: async () => {
      keys.stop();
      for (const front of fronts) await front.close();
      await service.stop();
    },
  };
}

function openFront({ ready }: Service, { pairOf }: MadeKeys, routes: readonly Route[]): Promise<FaultingFront> {
  const folder = dirname(ready.caFile);
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return startFaultingFront({
    serviceUrl: ready.agentUrl,
    credentials: { cert: read('server.pem'), key: read('server.key.pem') },
    pairOf,
    nameOf: callNamer(routes),
    delayMs,
  });
}

async function putAssets({ rest, ready }: Service): Promise<void> {
  const named = (assetName: string) => ({ accountName, assetName });
  await rest.call('variables:put', { params: named('Region'), body: { value: assets.region } });
  const { userName, password } = assets;
  await rest.call('credentials:put', { params: named('Backup'), body: { userName, password } });
  await rest.call('connections:put', {
    params: named('Azure'),
    body: { connectionFields: { SubscriptionId: assets.field }, encryptedFieldNames: [] },
  });
  const base64Value = readFileSync(ready.caFile).toString('base64');
  await rest.call('certificates:put', { params: named('Client'), body: { base64Value } });
}

/** As a person connects, but through the front. */
export function connectionThrough({ url }: FaultingFront, { service, account }: MatrixStage) {
  const { workspaceId, workspaceKey } = account;
  const pem = readFileSync(service.ready.caFile, 'utf8');
  const trust = { kind: 'authority', pem } as const;
  return { workspaceId, workspaceKey, serviceUrl: url, trust, proxy: { kind: 'none' } as const };
}

/** The account's endpoint behind the front. */
export const endpointThrough = ({ url }: FaultingFront, { service, account }: MatrixStage): string =>
  account.endpoint.replace(service.ready.agentUrl, url);

/** What is asked of one combination. */
export interface Trial {
  stage: MatrixStage;
  front: FaultingFront;
  /** Of the worker. */
  dataFolder: string;
  groupName: string;
  plan: Plan;
}

/** What one combination came to. */
export interface Came {
  /** In words, each thing that is wrong. */
  wrong: string[];
  calls: Record<string, number>;
  /** How often the fault was done to which call. */
  done: Record<string, number>;
  jobs: number;
  records: number;
}

export class Notes implements Came {
  readonly wrong: string[] = [];
  readonly calls: Record<string, number> = {};
  readonly done: Record<string, number> = {};
  jobs = 0;
  records = 0;
  readonly #seen: Seen[] = [];

  /** Counted when the trial is over. */
  watch(seen: Seen): Seen {
    this.#seen.push(seen);
    return seen;
  }

  count(): Came {
    for (const { calls, done } of this.#seen) {
      for (const [call, count] of calls) this.calls[call] = (this.calls[call] ?? 0) + count;
      for (const [call, count] of done) this.done[call] = (this.done[call] ?? 0) + count;
    }
    const { wrong, calls, done, jobs, records } = this;
    return { wrong, calls, done, jobs, records };
  }

  same(what: string, found: unknown, wanted: unknown): void {
    const [is, ought] = [JSON.stringify(found), JSON.stringify(wanted)];
    if (is !== ought) this.wrong.push(`${what}: ${is} instead of ${ought}`);
  }

  /** Waits for it; what is there instead is one of the things that are wrong. */
  async whenState(worker: TestWorker, what: string, holds: (state: WorkerState) => boolean): Promise<WorkerState> {
    try {
      return await worker.when(what, holds, limitSeconds);
    } catch (error) {
      const { status, running, problems } = await worker.state();
      const codes = problems.map(({ code }) => code).join(', ');
      throw new Error(`${what}: it is ${status}, runs ${String(running)} jobs, problems: ${codes}`, { cause: error });
    }
  }

  /** None of it may throw: the others go on. The worker is closed in any case. */
  async of(worker: TestWorker, trial: () => Promise<void>): Promise<Came> {
    try {
      await trial();
      this.same('the engine', await Promise.race([worker.host.ended.then(() => 'has ended'), Promise.resolve('lives')]), 'lives');
    } catch (error) {
      this.wrong.push(error instanceof Error ? error.message : String(error));
    } finally {
      await worker.close();
    }
    return this.count();
  }
}
