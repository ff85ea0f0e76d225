/** From the call that starts a job to running, to its first record, to its end, on an idle worker; beside the bare interpreter. */
import type { Service } from '../test/harness/stack.ts';
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
  /** Each job finds a sandbox waiting: it is given the time to get ready. */
  isWarm?: boolean;
}

/** A sandbox and its runtime are ready after some two seconds. */
const untilReadyMs = 5000;

export async function measureLatency({
  service,
  groupName,
  kind,
  jobs,
  publish,
  isWarm = false,
}: LatencyOptions): Promise<Figure[]> {
  const name = `bench-one-line-${kind}`;
  await publish(name, kind, scripts[kind]);
  await runJob(service, name, groupName); // warms caches of the disk and the compiler
  const moments: JobMoments[] = [];
  const bare: { firstByteMs: number; endMs: number }[] = [];
  for (let index = 0; index < jobs; index += 1) {
    // In turn, so that a slow moment of the machine meets both.
    bare.push(await runBare(kind, scripts[kind]));
    if (isWarm) await new Promise((resolve) => setTimeout(resolve, untilReadyMs));
    moments.push(await runJob(service, name, groupName));
  }
  const ours = (pick: (one: JobMoments) => number) => spreadOf(moments.map(pick));
  const bareFirst = spreadOf(bare.map((one) => one.firstByteMs));
  const bareEnd = spreadOf(bare.map((one) => one.endMs));
  const both = (what: string, spread: ReturnType<typeof spreadOf>, beside?: { what: string; spread: typeof bareEnd }): Figure[] =>
    (['p50', 'p99'] as const).map((rank) => ({
      what: `${kind}${isWarm ? ', waiting' : ''}: start to ${what}, ${rank}`,
      value: spread[rank],
      unit: 'ms',
      ...(beside === undefined ? {} : { beside: { what: `${beside.what}, ${rank}`, value: beside.spread[rank] } }),
    }));
  return [
    ...both(
      'accepted',
      ours((one) => one.acceptedMs),
    ),
    ...both(
      'running',
      ours((one) => one.runningMs),
    ),
    ...both(
      'first record',
      ours((one) => one.firstRecordMs),
      { what: 'bare: start to first byte', spread: bareFirst },
    ),
    ...both(
      'completed',
      ours((one) => one.completedMs),
      { what: 'bare: start to end', spread: bareEnd },
    ),
  ];
}
