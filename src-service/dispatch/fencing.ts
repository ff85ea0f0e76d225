/** When an attempt is given up because nobody speaks for it. Pure. */
import { fenceHolderSeconds, fencePollerSeconds } from '../../src-contract/limits.ts';
import { isAhead } from '../clock.ts';

export interface WatchedAttempt {
  holdsCalls: boolean;
  lastSeenAt: number;
}

export function fenceLimitMs(attempt: Pick<WatchedAttempt, 'holdsCalls'>): number {
  return (attempt.holdsCalls ? fenceHolderSeconds : fencePollerSeconds) * 1000;
}

/**
 * `upForMs`: how long the service has been listening without a break (its start, or a jump of its clock). Until that is one limit long,
 * silence says more about the service than about the worker.
 */
export function isSilent(attempt: WatchedAttempt, now: number, upForMs: number): boolean {
  const limitMs = fenceLimitMs(attempt);
  return upForMs >= limitMs && (now - attempt.lastSeenAt > limitMs || isAhead(attempt.lastSeenAt, now));
}
