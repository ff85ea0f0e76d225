/** Every rule, asked at once: what takes long is waiting, for the network and for runtimes. */
import { isAppError, type AppError } from '../../src-contract/app-error.ts';
import { diagnosticRule, type Diagnosis, type Finding } from '../../src-contract/diagnostics.ts';
import type { WorkerState } from '../../src-contract/engine-calls.ts';
import type { Settings } from '../../src-contract/settings.ts';
import { judgeExecutionPolicy } from './execution-policy.ts';
import { judgeFolders, type FolderFacts } from './folders.ts';
import { judgeIdentity } from './identity.ts';
import { judgePacks, type PackFacts } from './packs.ts';
import { judgeRegistration } from './registration.ts';
import { judgeRuntimes, type RuntimeFact } from './runtimes.ts';
import { judgeWaiting, type WaitingFacts } from './waiting-jobs.ts';
import { judgeCertificates, judgeClock, judgeProxy, judgeReachable, type Probe, type SystemWay } from './way-to-service.ts';

export interface WorkerToDiagnose {
  now: () => Date;
  monotonicMs: () => number;
  platform: NodeJS.Platform;
  environment: NodeJS.ProcessEnv;
  state: () => WorkerState;
  settings: Settings;
  /** One plain call to each address of the service; none where there is no connection. */
  probe: () => Promise<Probe[]>;
  /** A call that has to prove the agent's certificate; rejects with what became of it. undefined: there is no connection. */
  agentCall: (() => Promise<void>) | undefined;
  /** undefined: the connection does not go by what the system is set to. */
  systemWay: () => Promise<SystemWay | undefined>;
  certificateEnds: () => Promise<Date | undefined>;
  runtimes: () => Promise<readonly RuntimeFact[]>;
  packs: PackFacts;
  folders: FolderFacts;
  /** How long a request was held at most and answered, on the way as it is now; undefined: none was. */
  longestHoldMs: () => number | undefined;
  waiting: () => Promise<Pick<WaitingFacts, 'waiting' | 'running'>>;
}

export async function diagnose(worker: WorkerToDiagnose): Promise<Diagnosis> {
  const startMs = worker.monotonicMs();
  const { connection } = worker.settings;
  const way = Promise.all([worker.probe(), failureOf(worker.agentCall), worker.systemWay()]);
  const runtimes = worker.runtimes();
  const findings = await Promise.all<Finding | Finding[]>([
    way.then(([probes, agentFailure, systemWay]) => [
      judgeReachable(probes),
      judgeCertificates(probes, connection?.trust, agentFailure),
      judgeProxy(probes, connection?.proxy, worker.environment, worker.state().problems, worker.longestHoldMs(), systemWay),
      judgeClock(probes),
    ]),
    worker
      .certificateEnds()
      .then((certificateEnds) => judgeRegistration({ state: worker.state(), certificateEnds, now: worker.now() })),
    judgePacks(worker.packs),
    runtimes.then(judgeRuntimes),
    runtimes.then((found) => judgeExecutionPolicy(found, worker.environment, worker.platform)),
    // Whose rights those are is looked at along with the runtimes.
    runtimes.then(() => judgeIdentity(worker.state(), worker.platform)),
    judgeFolders(worker.folders),
    worker.waiting().then((found) => judgeWaiting({ state: worker.state(), ...found })),
  ]);
  const byRule = new Map(findings.flat().map((one) => [one.rule, one]));
  return {
    at: worker.now().toISOString(),
    tookMs: Math.round(worker.monotonicMs() - startMs),
    findings: diagnosticRule.options.flatMap((rule) => byRule.get(rule) ?? []),
  };
}

async function failureOf(call: (() => Promise<void>) | undefined): Promise<AppError | undefined> {
  try {
    await call?.();
    return undefined;
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
}
