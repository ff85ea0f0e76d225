/**
 * The long run: many jobs under random kills of engines, sandboxes and the service, all of them real processes. Jobs are asked for a few ahead,
 * judged as they end, and once more at the end of all. Ended early, it goes on in the same folder at the next call.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JobDetails } from '../../src-contract/rest/jobs.ts';
import { accountName, waitFor } from '../harness/stack.ts';
import { RestRefusal, type RestClient } from '../harness/rest-client.ts';
import { judgeJob, sideFiles } from './judge.ts';
import { killAtRandom, rest as pause } from './killer.ts';
import type { Ledger } from './ledger.ts';
import { findLeftGroups, findOrphans } from './orphans.ts';
import { runbookName } from './runbook.ts';
import { seededChance, seededUuid } from './seeded.ts';
import { groupName, setStage, type StagedWorker } from './stage.ts';

/** Asked for and not judged yet, for each slot: enough that no slot waits for this harness. */
const aheadPerSlot = 3;
const maxRecords = 2000;
const maxRestSeconds = 0.6;
/** As long as a part may take to come back. */
const longestAwayMs = 600_000;

export interface LongRunEnd {
  /** Judged all that the plan asks for; false when the time was over first. */
  isDone: boolean;
  /** Counted at the end: what the service lists, and what it says of each job, once more. */
  listed: number;
  recordsAtEnd: number;
  orphans: number;
  leftFolders: number;
  /** Control groups of its sandboxes. */
  leftGroups: number;
}

interface Asked {
  name: string;
  count: number;
  restSeconds: number;
}

export async function runLong(ledger: Ledger, say: (text: string) => void, stop: AbortSignal): Promise<LongRunEnd> {
  const { plan } = ledger.progress;
  const { service, workers } = await setStage(ledger.folder, plan);
  const killing = new AbortController();
  const killer = killAtRandom({ ledger, service, workers, say, signal: killing.signal });
  const startedAt = performance.now() - ledger.progress.seconds * 1000;
  const open = new Map<number, Asked>();
  for (let index = 0; index < ledger.progress.asked; index += 1) {
    const asked = jobOf(plan.seed, index);
    if (!ledger.verdicts.has(asked.name)) open.set(index, asked);
  }
  const ground = { rest: service.rest, sideFolder: ledger.sideFolder, workerFolders: workers.map((one) => one.dataFolder) };
  const lane = async (): Promise<void> => {
    while (!stop.aborted) {
      if (open.size < plan.workers * plan.limit * aheadPerSlot && ledger.progress.asked < plan.jobs) {
        const index = ledger.progress.asked;
        const asked = jobOf(plan.seed, index);
        // Written down first: a job that was asked for twice is the same job.
        ledger.progress.asked += 1;
        open.set(index, asked);
        ledger.save();
        await startJob(service.rest, asked, ledger.sideFolder, stop);
        continue;
      }
      const ended = await findEnded(service.rest, open, stop);
      if (ended === undefined) {
        if (open.size === 0 && ledger.progress.asked >= plan.jobs) return;
        await pause(300, stop);
        continue;
      }
      const [index, job] = ended;
      const count = open.get(index)?.count ?? 0;
      open.delete(index);
      const verdict = await whileAway(() => judgeJob(ground, job, count), stop);
      if (verdict === undefined) return;
      ledger.judged(verdict);
      for (const file of sideFiles(ledger.sideFolder, verdict.jobId)) rmSync(join(ledger.sideFolder, file), { force: true });
      for (const text of verdict.faults) say(`FAULT ${verdict.jobId}: ${text}`);
      ledger.progress.seconds = (performance.now() - startedAt) / 1000;
      if (ledger.verdicts.size % 100 === 0) say(`${String(ledger.verdicts.size)} of ${String(plan.jobs)} jobs judged`);
    }
  };
  // Jobs of an earlier piece may have been written down and not asked for.
  for (const asked of open.values()) await startJob(service.rest, asked, ledger.sideFolder, stop);
  try {
    // Whichever fails first ends the other: a part that does not come back is a fault of the run.
    await Promise.race([lane(), killer]);
  } finally {
    killing.abort();
    await killer.catch(() => undefined);
  }
  const isDone = ledger.verdicts.size >= plan.jobs;
  const end = { isDone, listed: 0, recordsAtEnd: 0, orphans: 0, leftFolders: 0, leftGroups: 0 };
  if (isDone) {
    Object.assign(end, await countAgain(service.rest));
    await settle(workers);
    end.leftFolders = workers.reduce((sum, worker) => sum + worker.sandboxes().length, 0);
  }
  ledger.progress.seconds = (performance.now() - startedAt) / 1000;
  ledger.save();
  await Promise.all(workers.map((worker) => worker.stop()));
  await service.stop();
  // Of a run that is not over sandboxes go on by design; the next piece finds them.
  if (isDone) {
    const orphans = findOrphans(ledger.folder, () => false);
    end.orphans = orphans.length;
    for (const { pid, command } of orphans) say(`FAULT orphan ${String(pid)}: ${command}`);
    const leftGroups = findLeftGroups(workers.map((worker) => worker.logFile));
    end.leftGroups = leftGroups.length;
    for (const name of leftGroups) say(`FAULT control group ${name}`);
  }
  return end;
}

function jobOf(seed: string, index: number): Asked {
  const chance = seededChance(seed, `job ${String(index)}`);
  // Squared: many short jobs, some of the largest.
  const count = Math.floor((maxRecords + 1) * chance() ** 2);
  return { name: seededUuid(seed, `job ${String(index)}`), count, restSeconds: chance() * maxRestSeconds };
}

async function startJob(rest: RestClient, { name, count, restSeconds }: Asked, side: string, stop: AbortSignal): Promise<void> {
  const parameters = { Side: side, Count: String(count), Rest: restSeconds.toFixed(3) };
  const body = { runbook: { name: runbookName }, parameters, runOn: groupName };
  await whileAway(() => rest.call('jobs:start', { params: { accountName, jobName: name }, body }), stop);
}

async function findEnded(
  rest: RestClient,
  open: ReadonlyMap<number, Asked>,
  stop: AbortSignal,
): Promise<[number, JobDetails] | undefined> {
  // The oldest few: what was asked for first ends first.
  for (const [index, { name }] of [...open].slice(0, 12)) {
    const job = await whileAway(() => rest.call('jobs:get', { params: { accountName, jobName: name } }), stop);
    if (job !== undefined && job.endTime !== null) return [index, job];
  }
  return undefined;
}

/** Asks until the service is there to answer. A refusal is a fault of the run, as is what never passes; undefined: the run is to stop. */
async function whileAway<Value>(call: () => Promise<Value>, stop: AbortSignal): Promise<Value | undefined> {
  const startedAt = performance.now();
  while (!stop.aborted) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof RestRefusal && error.status < 500) throw error;
      if (performance.now() - startedAt > longestAwayMs) throw error;
      await pause(100, stop);
    }
  }
  return undefined;
}

/** Everything that the service lists, and its count of records of each attempt. */
async function countAgain(rest: RestClient): Promise<{ listed: number; recordsAtEnd: number }> {
  let listed = 0;
  let recordsAtEnd = 0;
  let after: string | undefined;
  do {
    const query = { limit: 500, ...(after === undefined ? {} : { after }) };
    const page = await rest.call('jobs:list', { params: { accountName }, query });
    listed += page.value.length;
    for (const { name } of page.value) {
      const job = await rest.call('jobs:get', { params: { accountName, jobName: name } });
      recordsAtEnd += job.attempts.reduce((sum, attempt) => sum + attempt.recordCount, 0);
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  return { listed, recordsAtEnd };
}

/** Sandboxes that have told their end are gone a moment later. */
async function settle(workers: readonly StagedWorker[]): Promise<void> {
  await waitFor('idle workers', 90, () => (workers.every((one) => one.sandboxes().length === 0) ? true : undefined)).catch(
    () => undefined,
  );
}
