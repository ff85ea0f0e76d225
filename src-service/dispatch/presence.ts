/** Is a worker there, and does it take work? Pure; from what it last said of itself. */
import type { WorkerReadiness } from '../../src-contract/jrds.ts';
import { fenceHolderSeconds, fencePollerSeconds } from '../../src-contract/limits.ts';
import { isAhead } from '../clock.ts';

export interface SeenWorker {
  lastSeenAt: number | null;
  holdsCalls: boolean;
  readiness: WorkerReadiness | null;
}

/** Polls as often as an attempt must be heard from. */
export function isPresent(worker: SeenWorker, now: number): boolean {
  const limitMs = (worker.holdsCalls ? fenceHolderSeconds : fencePollerSeconds) * 1000;
  return worker.lastSeenAt !== null && now - worker.lastSeenAt <= limitMs && !isAhead(worker.lastSeenAt, now);
}

/** A foreign worker says nothing of its readiness: it is ready. */
export function takesWork(worker: SeenWorker, now: number): boolean {
  return isPresent(worker, now) && (worker.readiness === null || worker.readiness === 'ready');
}
