import { describe, expect, it } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import { backoffMs, outlast, retry, type RetryPolicy } from '../../src-main/service-link/retry.ts';

const policy: RetryPolicy = { firstMs: 100, factor: 2, maxMs: 1_000 };
const away = (retryAfterMs?: number): AppError =>
  new AppError(
    'service-unavailable',
    { host: 'h', status: 503 },
    { retryable: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  );

/** Fails with each of the given errors, then succeeds; records what it was told to wait. */
function scripted(failures: Error[]) {
  const waits: number[] = [];
  let calls = 0;
  return {
    waits,
    get calls() {
      return calls;
    },
    operation: async () => {
      const failure = failures[calls];
      calls += 1;
      if (failure !== undefined) throw failure;
      return Promise.resolve('done');
    },
    delay: async (ms: number) => {
      waits.push(ms);
      return Promise.resolve();
    },
  };
}

describe('retry', () => {
  it('repeats what may be repeated, each wait twice the one before, up to the limit', async () => {
    const script = scripted([away(), away(), away(), away(), away(), away()]);
    const value = await retry(script.operation, { policy, delay: script.delay, random: () => 1 });
    expect(value).toBe('done');
    expect(script.waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  it('waits between half and all of a step', () => {
    expect(backoffMs(policy, 1, () => 0)).toBe(50);
    expect(backoffMs(policy, 1, () => 1)).toBe(100);
    expect(backoffMs(policy, 1_000_000, () => 1)).toBe(1_000);
  });

  it('never waits less than the service asks, nor for ever', () => {
    expect(backoffMs(policy, 1, () => 0, 7_000)).toBe(7_050);
    expect(backoffMs(policy, 1, () => 0, 1e9)).toBe(300_050);
  });

  it('is back within seconds of a service that was away for a week', () => {
    expect(backoffMs(outlast, 100_000, () => 1)).toBeLessThanOrEqual(5_000);
  });

  it('is not silent for so long that it is given up on, whoever asks for that', () => {
    expect(backoffMs(outlast, 1, () => 1, 60_000)).toBeLessThanOrEqual(15_000);
  });

  it('does not repeat a judgement, nor a mistake of ours', async () => {
    for (const error of [
      new AppError('account-key-refused', { keyEnding: 'abcd', outcome: 'Nothing was registered' }),
      new TypeError('ours'),
    ]) {
      const script = scripted([error]);
      await expect(retry(script.operation, { policy, delay: script.delay })).rejects.toBe(error);
      expect(script.calls).toBe(1);
    }
  });

  it('gives up with the last failure where attempts are counted', async () => {
    const last = away();
    const script = scripted([away(), away(), last, away()]);
    await expect(retry(script.operation, { policy: { ...policy, attempts: 3 }, delay: script.delay })).rejects.toBe(last);
    expect(script.calls).toBe(3);
  });

  it('begins no call later than a person would wait for', async () => {
    const last = away();
    const script = scripted([away(), last, away()]);
    let now = 0;
    // Each call takes 600 ms.
    const operation = (): Promise<string> => {
      now += 600;
      return script.operation();
    };
    const within: RetryPolicy = { ...policy, withinMs: 1_000 };
    await expect(retry(operation, { policy: within, delay: script.delay, random: () => 1, monotonicMs: () => now })).rejects.toBe(
      last,
    );
    expect(script.calls).toBe(2);
  });

  it('does not wait longer than that because a service asks for it', async () => {
    const asked = away(60_000);
    const script = scripted([asked]);
    await expect(retry(script.operation, { policy: { ...policy, withinMs: 5_000 }, delay: script.delay })).rejects.toBe(asked);
    expect(script.waits).toEqual([]);
  });

  it('tells of each failure that it repeats', async () => {
    const script = scripted([away(2_000), away()]);
    const told: unknown[] = [];
    await retry(script.operation, {
      policy,
      delay: script.delay,
      random: () => 0,
      onFailure: (error, waitMs, failures) => told.push([error.code, waitMs, failures]),
    });
    expect(told).toEqual([
      ['service-unavailable', 2_050, 1],
      ['service-unavailable', 100, 2],
    ]);
  });

  it('ends its waiting with the signal', async () => {
    const ending = new AbortController();
    const waiting = retry(() => Promise.reject(away(60_000)), { policy, signal: ending.signal });
    setTimeout(() => ending.abort(), 20);
    await expect(waiting).rejects.toThrow(/abort/i);
    await expect(retry(() => Promise.resolve(1), { policy, signal: ending.signal })).rejects.toThrow(/abort/i);
  });
});
