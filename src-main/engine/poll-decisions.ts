/** What the poll asks, when it asks again, how long it waits. Pure: time and chance are arguments. */
import type { WorkerReadiness } from '../../src-contract/jrds.ts';
import { contactOf, type EngineState } from './worker-state.ts';

export interface PollRequest {
  readiness: WorkerReadiness;
  freeSlots: number;
  limit: number;
}

/** How a call is made: held by the service until there is something, or answered at once because we do not know yet that it answers. */
export interface CallOptions {
  hold: boolean;
  /** How long, where it is held. */
  seconds: number;
}

/** undefined: there is nobody to ask. */
export function wantedPoll(state: EngineState): PollRequest | undefined {
  if (contactOf(state).kind !== 'worker') return undefined;
  const { load, intent, starts } = state;
  const { limit } = load;
  const room = Math.max(0, limit - load.running);
  if (intent !== 'work') return { readiness: intent === 'drain' ? 'draining' : 'paused', freeSlots: 0, limit };
  if (starts !== undefined && starts.trial !== 'due') return { readiness: 'unable', freeSlots: 0, limit };
  const freeSlots = starts === undefined ? room : Math.min(1, room);
  return { readiness: freeSlots > 0 ? 'ready' : 'full', freeSlots, limit };
}

/**
 * Is the held call worth giving up? Only when the service would decide otherwise now. An answer that crosses with our giving up is lost, and
 * its action comes again only after `actionVisibilitySeconds`: so a worker that had room and now has more keeps its call.
 */
export function mustAskAgain(asked: PollRequest, wanted: PollRequest): boolean {
  return asked.readiness !== wanted.readiness || asked.limit !== wanted.limit || wanted.freeSlots < asked.freeSlots;
}

/** A plain service gives no sign that it holds calls: it is asked as its own workers ask. */
const plainIntervalMs = 30_000;
/** Whatever a service claims, an empty answer costs at least this between two calls. */
const leastIntervalMs = 1000;

export function delayAfterAnswer(
  answer: { hold: boolean; held: boolean; actions: number; tookMs: number },
  chance: number,
): number {
  // The first answer after silence was only to hear that somebody is there.
  if (answer.actions > 0 || !answer.hold) return 0;
  if (!answer.held) return Math.round(plainIntervalMs * (0.9 + 0.2 * chance));
  return Math.max(0, Math.round(leastIntervalMs * (0.5 + 0.5 * chance) - answer.tookMs));
}

/** Retries of both loops. The cap keeps us back within seconds of the service's return; the jitter spreads the many who wait for it. */
const firstRetryMs = 500;
const lastRetryMs = 4000;
/** For refusals that will not pass by themselves: somebody has to do something first. */
const refusedRetryMs = 30_000;
const longestRetryAfterMs = 5 * 60_000;

export interface FailureFacts {
  retryable: boolean;
  retryAfterMs: number | undefined;
  /** Failures in a row, this one included. */
  failures: number;
}

export function delayAfterFailure(failure: FailureFacts, chance: number): number {
  const jitter = 0.5 + 0.5 * chance;
  const ladder = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(10, failure.failures - 1));
  const delay = Math.round((failure.retryable ? ladder : refusedRetryMs) * jitter);
  // Never earlier than asked, and the many who were asked alike not all at that moment.
  return Math.min(failure.retryAfterMs ?? 0, longestRetryAfterMs) + delay;
}

/** One cut connection while a service restarts is not worth a word; the second failure in a row is, and so is any refusal. */
export function isWorthTelling(failure: FailureFacts): boolean {
  return !failure.retryable || failure.failures > 1;
}
