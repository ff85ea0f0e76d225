/** Holding a call until there is something to answer (`Prefer: wait=N`, RFC 7240). */
import type { Change, Changes } from './store/changes.ts';

/** Longer than anybody asks for, shorter than proxies cut silent connections. */
const maxHoldSeconds = 30;

/** Seconds that the caller asks the call to be held, or undefined. */
export function readWait(prefer: string | string[] | undefined): number | undefined {
  const text = Array.isArray(prefer) ? prefer.join(',') : prefer;
  const found = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,4})"?/i.exec(text ?? '');
  return found?.[1] === undefined ? undefined : Math.min(Number(found[1]), maxHoldSeconds);
}

export interface HoldOptions<Result> {
  /** Looks for an answer: at once, and after each change. */
  look: () => Promise<Result | undefined>;
  changes: Changes;
  wakeOn: readonly Change[];
  /** Something may become due without a change: look again after this long. */
  lookAgainMs?: number;
  holdMs: number;
  /** The caller has gone. */
  signal: AbortSignal;
}

/** Undefined when the time is over or the caller has gone. A change during a look leads to another look. */
export async function hold<Result>(options: HoldOptions<Result>): Promise<Result | undefined> {
  const { look, changes, wakeOn, holdMs, lookAgainMs = holdMs, signal } = options;
  const deadline = performance.now() + holdMs;
  const sleeper = new Sleeper();
  const rouse = (): void => {
    sleeper.wake();
  };
  const subscriptions = wakeOn.map((change) => changes.subscribe(change.topic, change.key, rouse));
  signal.addEventListener('abort', rouse);
  try {
    for (;;) {
      sleeper.reset();
      const found = await look();
      const leftMs = deadline - performance.now();
      if (found !== undefined || leftMs <= 0 || signal.aborted) return found;
      await sleeper.sleep(Math.min(leftMs, lookAgainMs));
    }
  } finally {
    for (const end of subscriptions) end();
    signal.removeEventListener('abort', rouse);
  }
}

/** Sleeps unless it was woken since the last reset. */
class Sleeper {
  private isAwake = false;
  private rise: (() => void) | undefined;

  reset(): void {
    this.isAwake = false;
  }

  wake(): void {
    this.isAwake = true;
    this.rise?.();
  }

  sleep(milliseconds: number): Promise<void> {
    if (this.isAwake) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.rise = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
