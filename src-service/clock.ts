/** Time as the service sees it, injected so that tests can move it. */
export interface Clock {
  /** Milliseconds since the epoch: what is written down. */
  now: () => number;
  /** Milliseconds that only go forward: what durations are reckoned by within one life of the service. */
  monotonic: () => number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** `2026-11-23T15:52:42.697+00:00`: foreign clients need the fraction and the offset, `Z` without a fraction breaks them. */
export function wireTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '+00:00');
}

export function wireTimeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : wireTime(milliseconds);
}
