/** Time as the service sees it, injected so that tests can move it. */
export interface Clock {
  /** Milliseconds since the epoch: what is written down. */
  now: () => number;
  /** Milliseconds that only go forward: what durations are reckoned by within one life of the service. */
  monotonic: () => number;
}

/** More than replicas may differ by. */
export const aheadMs = 60_000;

/**
 * Whether a moment lies so far ahead that nobody whose clock agrees with ours has written it: the clock was set back since. Such a moment says
 * nothing; who waited for it would wait for hours.
 */
export function isAhead(moment: number, now: number): boolean {
  return moment > now + aheadMs;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** `2026-11-23T15:52:42.697+00:00`: foreign clients need the fraction and the offset, `Z` without a fraction breaks them. */
export function wireTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '+00:00');
}

export function wireTimeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : wireTime(milliseconds);
}
