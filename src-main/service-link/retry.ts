/** The one way in which a call is repeated. Asks the error whether it may be, never its text; time and chance are handed in. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAppError, type AppError } from '../../src-contract/app-error.ts';

export interface RetryPolicy {
  firstMs: number;
  factor: number;
  maxMs: number;
  /** Calls in all; absent: until it succeeds or is ended. */
  attempts?: number;
  /** No call begins later than this after the first one did. */
  withinMs?: number;
  /** `Retry-After` counts up to this long. */
  maxRetryAfterMs?: number;
}

/**
 * For what must outlast the service's absence and be back within seconds of its return. Who is asked to be silent for a minute, by a gateway
 * that knows nothing of attempts, would be given up on (after 35 s), and what it runs made again.
 */
export const outlast: RetryPolicy = { firstMs: 250, factor: 2, maxMs: 5_000, maxRetryAfterMs: 10_000 };
/** For what a person waits for: a stumble is stepped over, but a time limit of 15 s is not waited for twice. */
export const brief: RetryPolicy = { firstMs: 200, factor: 2, maxMs: 1_000, attempts: 4, withinMs: 5_000 };

/** A service may ask for patience, not for silence. */
const maxRetryAfterMs = 5 * 60_000;

type Delay = (ms: number, signal: AbortSignal | undefined) => Promise<void>;

export interface RetryOptions {
  policy: RetryPolicy;
  /** Told of each failure that is going to be repeated. `failures` counts from 1. */
  onFailure?: (error: AppError, waitMs: number, failures: number) => void;
  delay?: Delay;
  /** In [0, 1). */
  random?: () => number;
  monotonicMs?: () => number;
  signal?: AbortSignal;
}

/** Between half and all of the exponential step, so that a thousand workers do not come back in one moment. */
export function backoffMs(policy: RetryPolicy, failures: number, random: () => number, retryAfterMs = 0): number {
  const step = Math.min(policy.maxMs, policy.firstMs * policy.factor ** Math.min(failures - 1, 30));
  const jittered = step * (0.5 + random() / 2);
  // Never earlier than asked, but not all at that moment either.
  return Math.min(retryAfterMs, policy.maxRetryAfterMs ?? maxRetryAfterMs) + jittered;
}

const defaultDelay: Delay = async (ms, signal) => {
  await sleep(ms, undefined, signal === undefined ? {} : { signal });
};

export async function retry<Value>(operation: () => Promise<Value>, options: RetryOptions): Promise<Value> {
  const { policy, delay = defaultDelay, random = Math.random, monotonicMs = () => performance.now(), signal } = options;
  const latestStart = monotonicMs() + (policy.withinMs ?? Infinity);
  for (let failures = 1; ; failures += 1) {
    signal?.throwIfAborted();
    try {
      return await operation();
    } catch (error) {
      if (!isAppError(error) || !error.retryable) throw error;
      const waitMs = backoffMs(policy, failures, random, error.retryAfterMs);
      if (failures >= (policy.attempts ?? Infinity) || monotonicMs() + waitMs > latestStart) throw error;
      options.onFailure?.(error, waitMs, failures);
      await delay(waitMs, signal);
    }
  }
}
