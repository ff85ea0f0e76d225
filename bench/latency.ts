/** From the call that starts a job to running, to its first record, to its end, on an idle worker; beside the bare interpreter. */
import type { ControlClient } from '../src-main/control/control-client.ts';
import { unwrap, waitFor, type Service } from '../test/harness/stack.ts';
import { runBare, type BenchKind } from './interpreters.ts';
import { runJob, type JobMoments } from './jobs.ts';
import { spreadOf, type Figure } from './statistics.ts';

const scripts: Record<BenchKind, string> = {
  Bash: 'echo one line\n',
  Python3: "print('one line')\n",
  PowerShell7: "Write-Output 'one line'\n",
};

export interface LatencyOptions {
  service: Service;
  groupName: string;
  kind: BenchKind;
  jobs: number;
  publish: (name: string, kind: BenchKind, script: string) => Promise<void>;
  /** The worker is asked when the job's runtime was started, or was given the job. */
  control: ControlClient;
  /** Each job finds a sandbox and its runtime waiting: they are given the time to get ready. */
  isAhead?: boolean;
}

/** A sandbox and its runtime are ready after some two seconds. */
const untilReadyMs = 5000;

export async function measureLatency(options: LatencyOptions): Promise<Figure[]> {
  const { service, groupName, kind, jobs, publish, control, isAhead = false } = options;
  const name = `bench-one-line-${kind}`;
  await publish(name, kind, scripts[kind]);
  await runJob(service, name, groupName); // warms caches of the disk and the compiler
  const moments: JobMoments[] = [];
  const handed: number[] = [];
  const bare: { firstByteMs: number; endMs: number }[] = [];
  for (let index = 0; index < jobs; index += 1) {
    // In turn, so that a slow moment of the machine meets both.
    bare.push(await runBare(kind, scripts[kind]));
    if (isAhead) await new Promise((resolve) => setTimeout(resolve, untilReadyMs));
    moments.push(await runJob(service, name, groupName));
    handed.push(await fromRuntimeToRecord(control));
  }
  const ours = (pick: (one: JobMoments) => number) => spreadOf(moments.map(pick));
  const bareFirst = spreadOf(bare.map((one) => one.firstByteMs));
  const bareEnd = spreadOf(bare.map((one) => one.endMs));
  const both = (what: string, spread: ReturnType<typeof spreadOf>, beside?: { what: string; spread: typeof bareEnd }): Figure[] =>
    (['p50', 'p99'] as const).map((rank) => ({
      what: `${kind}${isAhead ? ', waiting' : ''}: ${what}, ${rank}`,
      value: spread[rank],
      unit: 'ms',
      ...(beside === undefined ? {} : { beside: { what: `${beside.what}, ${rank}`, value: beside.spread[rank] } }),
    }));
  return [
    ...both(
      `first record, from when its runtime was ${isAhead ? 'given the runbook' : 'started'}`,
      spreadOf(handed),
      isAhead ? undefined : { what: 'bare: start to first byte', spread: bareFirst },
    ),
    ...both(
      'start to accepted',
      ours((one) => one.acceptedMs),
    ),
    ...both(
      'start to running',
      ours((one) => one.runningMs),
    ),
    ...both(
      'start to first record',
      ours((one) => one.firstRecordMs),
      { what: 'bare: start to first byte', spread: bareFirst },
    ),
    ...both(
      'start to completed',
      ours((one) => one.completedMs),
      { what: 'bare: start to end', spread: bareEnd },
    ),
  ];
}

/** Of the job that ended last, in ms, by the worker's own clock. */
async function fromRuntimeToRecord(control: ControlClient): Promise<number> {
  // The service may know the job's end before the worker has told of it.
  return await waitFor('the job at its worker', 10, async () => {
    const { jobs } = unwrap(await control.call('jobs:list', { limit: 1, before: null, outcome: null, runbookName: null }));
    const [job] = jobs;
    if (job === undefined || job.startedAt === null) return undefined;
    const { records } = unwrap(await control.call('jobs:records', { sandboxId: job.sandboxId, from: 0, limit: 1 }));
    const [first] = records;
    return first === undefined ? undefined : Date.parse(first.time) - Date.parse(job.startedAt);
  });
}
