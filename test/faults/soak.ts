/**
 * Many short jobs without a fault: what a worker and its service hold when nothing runs must be the same after many as after few. Memory,
 * open files, files on the disk; what grows by design (journals, history, the service's store, logs) is counted apart.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { accountName, publishRunbook, waitFor } from '../harness/stack.ts';
import { circumstances, commitHere, table } from './report.ts';
import { groupName, setStage, type StagedService, type StagedWorker } from './stage.ts';

export interface SoakPlan {
  folder: string;
  /** The figures are read after so many jobs in all, rising; each later one is compared with the first. At least two. */
  counts: number[];
  limit: number;
}

interface Footprint {
  /** In use at that moment; some of it is garbage that nobody had reason to collect yet. */
  memoryBytes: number;
  /** After everything that can be collected was. */
  heldBytes: number;
  openFiles: number;
  threads: number;
}

interface Sample {
  worker: Footprint;
  service: Footprint;
  workerFiles: number;
  keptFiles: number;
}

/** So much more than at first is not growth but noise: a collector that has not run, a connection more. */
const tolerance = 0.1;
/** Seldom enough that the looking is no part of the load: the queue is kept full, so nothing waits for it. */
const lookAgainMs = 500;
/** Jobs on their way for each slot: one runs, the others wait for it or for this program to look. */
const jobsForEachSlot = 3;
const settleMs = 10_000;
/** A full collection of a heap this small takes a tenth of that. */
const collectMs = 3000;
const collectSignal = 'SIGUSR2';
const nodeFlags = ['--expose-gc', '--require', join(import.meta.dirname, 'collect-on-signal.cjs')];
const runbook = 'short';

export async function soak(plan: SoakPlan, say: (text: string) => void): Promise<{ lines: string[]; isSteady: boolean }> {
  rmSync(plan.folder, { recursive: true, force: true });
  const { service, workers } = await setStage(plan.folder, { workers: 1, limit: plan.limit, nodeFlags });
  const [worker] = workers;
  if (worker === undefined) throw new Error('there is no worker');
  try {
    await publishRunbook(service, runbook, 'Bash', 'echo one; echo two\n');
    const startedAt = performance.now();
    const samples: Sample[] = [];
    let done = 0;
    for (const count of plan.counts) {
      await runJobs(service, count - done, plan.limit, say);
      done = count;
      samples.push(await sample(service, worker));
      say(`after ${String(count)} jobs: ${JSON.stringify(samples.at(-1))}`);
    }
    return report(plan, samples, performance.now() - startedAt);
  } finally {
    await worker.stop();
    await service.stop();
  }
}

async function runJobs({ rest }: StagedService, count: number, limit: number, say: (text: string) => void): Promise<void> {
  let left = count;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const params = { accountName, jobName: randomUUID() };
      await rest.call('jobs:start', { params, body: { runbook: { name: runbook }, runOn: groupName } });
      const job = await waitFor('the end of a short job', 300, async () => {
        const now = await rest.call('jobs:get', { params });
        if (now.endTime !== null) return now;
        await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
        return undefined;
      });
      if (job.status !== 'Completed' || job.recordCount !== 2) throw new Error(`a short job ended as ${job.status}`);
      done += 1;
      if (done % 100 === 0) say(`${String(done)} of ${String(count)} short jobs`);
    }
  };
  await Promise.all(Array.from({ length: limit * jobsForEachSlot }, lane));
}

/** When nothing runs and a moment has passed: connections that are kept for a while have gone. */
async function sample(service: StagedService, worker: StagedWorker): Promise<Sample> {
  await waitFor('an idle worker', 120, () => (worker.sandboxes().length === 0 ? true : undefined));
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const files = filesBelow(worker.dataFolder);
  const kept = files.filter((file) => /^(?:journals|logs)\//.test(file) || file.startsWith('history.sqlite'));
  return {
    worker: await footprintOf(worker.pid),
    service: await footprintOf(service.pid),
    workerFiles: files.length - kept.length,
    keptFiles: kept.length,
  };
}

async function footprintOf(pid: number): Promise<Footprint> {
  const figure = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? Number.NaN);
  // What the kernel has written to swap is held as well.
  const memory = (): number => (figure('VmRSS') + figure('VmSwap')) * 1024;
  const memoryBytes = memory();
  process.kill(pid, collectSignal);
  await new Promise((resolve) => setTimeout(resolve, collectMs));
  return {
    memoryBytes,
    heldBytes: memory(),
    openFiles: readdirSync(`/proc/${String(pid)}/fd`).length,
    threads: figure('Threads'),
  };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function report(plan: SoakPlan, samples: Sample[], tookMs: number): { lines: string[]; isSteady: boolean } {
  const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);
  const figures: [string, (of: Sample) => number, (figure: number) => string][] = [
    ['worker: memory held, MiB', (of) => of.worker.heldBytes, mebibytes],
    ['worker: open files', (of) => of.worker.openFiles, String],
    ['worker: threads', (of) => of.worker.threads, String],
    ['worker: files on the disk', (of) => of.workerFiles, String],
    ['service: memory held, MiB', (of) => of.service.heldBytes, mebibytes],
    ['service: open files', (of) => of.service.openFiles, String],
    ['service: threads', (of) => of.service.threads, String],
  ];
  const [first, ...later] = samples;
  if (first === undefined) throw new Error('nothing was measured');
  const steady = later.map((sample) => figures.every(([, of]) => of(sample) <= of(first) * (1 + tolerance)));
  const after = (of: (sample: Sample) => number, text: (figure: number) => string): string =>
    [
      text(of(first)),
      ...later.map(
        (sample) =>
          `${text(of(sample))} (${of(sample) >= of(first) ? '+' : ''}${((of(sample) / of(first) - 1) * 100).toFixed(0)} %)`,
      ),
    ].join(' → ');
  const rows: [string, string][] = [
    ['commit', commitHere()],
    ...circumstances(),
    ['jobs', `${plan.counts.join(', then ')} in all; ${String(plan.limit)} at a time`],
    ['time', `${(tookMs / 60_000).toFixed(1)} minutes`],
    ...figures.map(([what, of, text]): [string, string] => [what, after(of, text)]),
    ['worker: memory with garbage, MiB', samples.map((sample) => mebibytes(sample.worker.memoryBytes)).join(' → ')],
    ['service: memory with garbage, MiB', samples.map((sample) => mebibytes(sample.service.memoryBytes)).join(' → ')],
    ['files that are kept by design', samples.map((sample) => String(sample.keptFiles)).join(' → ')],
    ['within 10 % of the first', steady.map((is) => (is ? 'yes' : 'no')).join(', ')],
  ];
  return { lines: table(rows, ['what', 'figure']), isSteady: steady.every(Boolean) };
}
