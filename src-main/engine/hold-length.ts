/**
 * How long the service is asked to hold a call. Something on the way (a proxy, a firewall) may end connections that say nothing for a while:
 * a held call is cut, and the next one, which is not held, is answered at once. Twice in a row is no accident: half as long is asked for.
 * Pure: what happened is told, what to ask is answered.
 */
import { holdSeconds } from '../../src-contract/limits.ts';

/** Below this holding is not worth it, and is little more than polling. */
const leastSeconds = 2;
/** What is cut sooner was refused, or met a service that went away, rather than held too long. */
const leastCutMs = 1000;
const cutsInARow = 2;
/** So many calls held to their end (half an hour, about) before a longer hold is tried again. */
const goodBeforeLonger = 120;

export class HoldLength {
  private current = holdSeconds;
  private cuts = 0;
  private good = 0;
  private lastWasCut = false;

  get seconds(): number {
    return this.current;
  }

  get isShortened(): boolean {
    return this.current < holdSeconds;
  }

  /** A call was answered; `held` as it was asked for. */
  answered(held: boolean): void {
    if (!held) {
      if (!this.lastWasCut) return;
      this.lastWasCut = false;
      this.cuts += 1;
      if (this.cuts < cutsInARow) return;
      this.cuts = 0;
      this.good = 0;
      this.current = Math.max(leastSeconds, Math.floor(this.current / 2));
      return;
    }
    this.cuts = 0;
    this.lastWasCut = false;
    this.good += 1;
    if (!this.isShortened || this.good < goodBeforeLonger) return;
    this.good = 0;
    this.current = Math.min(holdSeconds, this.current * 2);
  }

  /** A call failed. A second failure after a cut says that the service is away, and the cut nothing. */
  failed({ held, tookMs, retryable }: { held: boolean; tookMs: number; retryable: boolean }): void {
    this.lastWasCut = held && retryable && tookMs >= leastCutMs;
    if (!held) this.cuts = 0;
  }
}
