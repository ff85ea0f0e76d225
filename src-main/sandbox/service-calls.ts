/**
 * Calls that must get through. What passes by itself is repeated by the one retry helper; a refusal that somebody may mend (rights, a proxy)
 * is tried again more rarely; one that judges this job is thrown.
 */
import { isAppError } from '../../src-contract/app-error.ts';
import type { Timing } from './ports.ts';

const mendableDelayMs = 30_000;
/** The service has looked at the call and will say the same again. */
const judgingCodes = new Set([
  'attempt-fenced',
  'resource-unknown',
  'job-ended',
  'job-unknown',
  'request-invalid',
  'input-invalid',
  'resource-exists',
  'runbook-not-published',
  'group-name-invalid',
  'parameter-unknown',
  'parameter-missing',
  'parameter-wrong-type',
  'parameters-too-large',
]);
const judgingStatuses = new Set([400, 404, 405, 409, 410, 413, 422]);

export function isJudgement(error: unknown): boolean {
  if (!isAppError(error) || error.retryable) return false;
  if (judgingCodes.has(error.code)) return true;
  const status = (error.details as Record<string, unknown>)['status'];
  return error.code === 'service-refused' && typeof status === 'number' && judgingStatuses.has(status);
}

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
