/**
 * Calls that must get through. What passes by itself is repeated by the one retry helper; a refusal that somebody may mend (rights, a proxy)
 * is tried again more rarely; one that judges this job is thrown.
 */
import { isAppError } from '../../src-contract/app-error.ts';
import { isJudgement, mendableDelayMs } from '../../src-contract/service-judgement.ts';
import type { Timing } from './ports.ts';

export function isFence(error: unknown): boolean {
  return isAppError(error) && error.code === 'attempt-fenced';
}

export class ServiceCalls {
  readonly #timing: Timing;
  readonly #signal: AbortSignal;
  readonly #onTrouble: (trouble: string | null) => void;

  /** `signal` ends the waiting: the call under way is then rejected. */
  constructor(timing: Timing, signal: AbortSignal, onTrouble: (trouble: string | null) => void) {
    this.#timing = timing;
    this.#signal = signal;
    this.#onTrouble = onTrouble;
  }

  async persist<Value>(operation: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
    const signal = this.#signal;
    for (;;) {
      try {
        const value = await this.#timing.retry(() => operation(signal), {
          onFailure: (error) => this.#onTrouble(error.message),
          signal,
        });
        this.#onTrouble(null);
        return value;
      } catch (error) {
        if (signal.aborted || !isAppError(error) || isJudgement(error)) throw error;
        this.#onTrouble(error.message);
        await this.#timing.delay(mendableDelayMs, signal);
      }
    }
  }
}
