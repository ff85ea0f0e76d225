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
  /** The figures after these two counts are compared. */
  few: number;
  many: number;
  limit: number;
}

interface Footprint {
  memoryBytes: number;
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
const lookAgainMs = 100;
const settleMs = 10_000;
const runbook = 'short';

export async function soak(plan: SoakPlan, say: (text: string) => void): Promise<{ lines: string[]; isSteady: boolean }> {
  rmSync(plan.folder, { recursive: true, force: true });
  const { service, workers } = await setStage(plan.folder, { workers: 1, limit: plan.limit });
  const [worker] = workers;
  if (worker === undefined) throw new Error('there is no worker');
  try {
    await publishRunbook(service, runbook, 'Bash', 'echo one; echo two\n');
    const startedAt = performance.now();
    await runJobs(service, plan.few, plan.limit, say);
    const first = await sample(service, worker);
    await runJobs(service, plan.many - plan.few, plan.limit, say);
    const last = await sample(service, worker);
    return report(plan, first, last, performance.now() - startedAt);
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
  // Two for each slot: one runs, one waits.
  await Promise.all(Array.from({ length: limit * 2 }, lane));
}

/** When nothing runs and a moment has passed: connections that are kept for a while have gone. */
async function sample(service: StagedService, worker: StagedWorker): Promise<Sample> {
  await waitFor('an idle worker', 120, () => (worker.sandboxes().length === 0 ? true : undefined));
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const files = filesBelow(worker.dataFolder);
  const kept = files.filter((file) => /^(?:journals|logs)\//.test(file) || file.startsWith('history.sqlite'));
  return {
    worker: footprintOf(worker.pid),
    service: footprintOf(service.pid),
    workerFiles: files.length - kept.length,
    keptFiles: kept.length,
  };
}

function footprintOf(pid: number): Footprint {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  const figure = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
  return {
    memoryBytes: figure('VmRSS') * 1024,
    openFiles: readdirSync(`/proc/${String(pid)}/fd`).length,
    threads: figure('Threads'),
  };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function report(plan: SoakPlan, first: Sample, last: Sample, tookMs: number): { lines: string[]; isSteady: boolean } {
  const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);
  const figures: [string, number, number, (figure: number) => string][] = [
    ['worker: memory, MiB', first.worker.memoryBytes, last.worker.memoryBytes, mebibytes],
    ['worker: open files', first.worker.openFiles, last.worker.openFiles, String],
    ['worker: threads', first.worker.threads, last.worker.threads, String],
    ['worker: files on the disk', first.workerFiles, last.workerFiles, String],
    ['service: memory, MiB', first.service.memoryBytes, last.service.memoryBytes, mebibytes],
    ['service: open files', first.service.openFiles, last.service.openFiles, String],
    ['service: threads', first.service.threads, last.service.threads, String],
  ];
  const isSteady = figures.every(([, before, after]) => after <= before * (1 + tolerance));
  const rows: [string, string][] = [
    ['commit', commitHere()],
    ...circumstances(),
    ['jobs', `${String(plan.few)}, then ${String(plan.many)}; ${String(plan.limit)} at a time`],
    ['time', `${(tookMs / 60_000).toFixed(1)} minutes`],
    ...figures.map(([what, before, after, text]): [string, string] => [
      what,
      `${text(before)} → ${text(after)} (${after >= before ? '+' : ''}${((after / before - 1) * 100).toFixed(0)} %)`,
    ]),
    ['files that are kept by design', `${String(first.keptFiles)} → ${String(last.keptFiles)}`],
    ['within 10 %', isSteady ? 'yes' : 'no'],
  ];
  return { lines: table(rows, ['what', 'figure']), isSteady };
}
