/** Which waiting worker gets which queued job. Pure: the dispatcher tells it who waits, and does what it says. */
import type { RunbookKind } from '../../src-contract/kinds.ts';

/**
 * A job whose attempt was lost is kept for another worker than the last for this long, where there is one. A foreign worker polls each
 * 30 s and backs off up to a minute, so another one has been here by then.
 */
export const preferOtherMs = 60_000;

/** What a worker says that it can run. */
export interface AbleWorker {
  machineId: string;
  kinds: readonly RunbookKind[];
  /** Its workflows are translated; not all can be. */
  translatesWorkflows: boolean;
}

export function canRun(worker: AbleWorker, job: Pick<QueuedJob, 'kind' | 'needsNativeWorkflow' | 'onlyMachineId'>): boolean {
  if (job.onlyMachineId !== null && job.onlyMachineId !== worker.machineId) return false;
  return worker.kinds.includes(job.kind) && !(job.needsNativeWorkflow && worker.translatesWorkflows);
}

export interface QueuedJob {
  id: string;
  kind: RunbookKind;
  /** A workflow that only Windows PowerShell 5.1 can run. */
  needsNativeWorkflow: boolean;
  /** Where its last attempt ran. */
  lastMachineId: string | null;
  /** No other worker may take it. */
  onlyMachineId: string | null;
  queuedAt: number;
}

export interface WaitingPoll extends AbleWorker {
  freeSlots: number;
  /** When it began to wait. */
  since: number;
}

/** A worker of the group that is present and takes work, whether it waits at this moment or not. */
export type TakingWorker = AbleWorker;

export interface Matching {
  matches: { jobId: string; machineId: string }[];
  /** A job was left for another worker than the one that waits: look again when time has passed. */
  deferred: boolean;
}

/**
 * Oldest job first, each to the worker with the most free slots; of equals, to the one that has waited longest. So two idle workers
 * share a row of jobs evenly.
 */
export function matchJobs(
  jobs: readonly QueuedJob[],
  polls: readonly WaitingPoll[],
  workers: readonly TakingWorker[],
  now: number,
): Matching {
  const free = new Map(polls.map((poll) => [poll.machineId, poll.freeSlots]));
  const matches: Matching['matches'] = [];
  let deferred = false;
  for (const job of jobs) {
    const able = polls.filter((poll) => (free.get(poll.machineId) ?? 0) > 0 && canRun(poll, job));
    const others = able.filter((poll) => poll.machineId !== job.lastMachineId);
    const lastMayTake = now - job.queuedAt >= preferOtherMs || !hasOther(job, workers);
    const candidates = others.length > 0 || !lastMayTake ? others : able;
    if (candidates.length < able.length && candidates.length === 0) deferred = true;
    const best = mostFree(candidates, free);
    if (best === undefined) continue;
    free.set(best.machineId, (free.get(best.machineId) ?? 0) - 1);
    matches.push({ jobId: job.id, machineId: best.machineId });
  }
  return { matches, deferred };
}

function hasOther(job: QueuedJob, workers: readonly TakingWorker[]): boolean {
  return workers.some((worker) => worker.machineId !== job.lastMachineId && canRun(worker, job));
}

function mostFree(polls: readonly WaitingPoll[], free: ReadonlyMap<string, number>): WaitingPoll | undefined {
  let best: WaitingPoll | undefined;
  for (const poll of polls) {
    const lead = best === undefined ? 1 : (free.get(poll.machineId) ?? 0) - (free.get(best.machineId) ?? 0);
    if (lead > 0 || (lead === 0 && best !== undefined && poll.since < best.since)) best = poll;
  }
  return best;
}
