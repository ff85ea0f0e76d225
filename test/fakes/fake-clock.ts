/** Time that passes when a test says so. Sleepers wake in the order of their times. */
import type { Clock } from '../../src-main/engine/clock.ts';

interface Sleeper {
  atMs: number;
  wake: () => void;
}

export class FakeClock implements Clock {
  private passedMs = 0;
  private readonly startMs: number;
  private sleepers: Sleeper[] = [];

  constructor(start = '2026-11-23T14:00:00.000Z') {
    this.startMs = Date.parse(start);
  }

  now(): Date {
    return new Date(this.startMs + this.passedMs);
  }

  monotonicMs(): number {
    return this.passedMs;
  }

  sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const sleeper: Sleeper = {
        atMs: this.passedMs + milliseconds,
        wake: () => {
          this.sleepers = this.sleepers.filter((one) => one !== sleeper);
          signal.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      this.sleepers.push(sleeper);
      signal.addEventListener('abort', sleeper.wake);
    });
  }

  get sleeping(): number {
    return this.sleepers.length;
  }

  /** Milliseconds until the next sleeper wakes. */
  get nextInMs(): number | undefined {
    return this.sleepers.length === 0 ? undefined : Math.min(...this.sleepers.map((one) => one.atMs)) - this.passedMs;
  }

  async advance(milliseconds: number): Promise<void> {
    const untilMs = this.passedMs + milliseconds;
    for (;;) {
      await settle();
      const next = [...this.sleepers].sort((one, other) => one.atMs - other.atMs)[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.passedMs = next.atMs;
      next.wake();
    }
    this.passedMs = untilMs;
    await settle();
  }
}

/** Lets everything run that only waits for promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
