/** A call repeated until it is stopped: the next one after the delay that its result asks for, or at once when woken. */
import type { Clock } from './clock.ts';

export interface LoopOptions {
  clock: Clock;
  /** One call; resolves with the delay before the next. The signal fires when the loop is stopped or woken. */
  round: (signal: AbortSignal) => Promise<number>;
  /** A round failed by itself (not because it was stopped or woken): answers the delay before the next. Must not throw. */
  onFailure: (error: unknown, failures: number) => number;
}

export class Loop {
  private readonly options: LoopOptions;
  private readonly ending = new AbortController();
  private waking = new AbortController();
  private readonly finished: Promise<void>;

  constructor(options: LoopOptions) {
    this.options = options;
    this.finished = this.run();
  }

  /** Gives up the present call or wait and starts the next round at once. */
  wake(): void {
    this.waking.abort();
  }

  /** Resolves when nothing of the loop runs any more. Safe to call twice. */
  async stop(): Promise<void> {
    this.ending.abort();
    this.waking.abort();
    await this.finished;
  }

  private async run(): Promise<void> {
    const { clock, round, onFailure } = this.options;
    let failures = 0;
    // The first round starts after the constructor's caller has stored the loop.
    await Promise.resolve();
    while (!this.isEnding()) {
      const { signal } = this.waking;
      let delayMs = 0;
      try {
        delayMs = await round(signal);
        failures = 0;
      } catch (error) {
        if (!signal.aborted) {
          failures += 1;
          delayMs = onFailure(error, failures);
        }
      }
      if (delayMs > 0) await clock.sleep(delayMs, signal);
      if (signal.aborted && !this.isEnding()) this.waking = new AbortController();
    }
  }

  private isEnding(): boolean {
    return this.ending.signal.aborted;
  }
}
