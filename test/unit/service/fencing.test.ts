import { describe, expect, test } from 'vitest';
import { isSilent } from '../../../src-service/dispatch/fencing.ts';

const longUp = 10 * 60 * 1000;

describe('an attempt that nobody speaks for', () => {
  test.each([
    ['a client that holds its calls', true, 35_000],
    ['a plain poller', false, 150_000],
  ])('of %s is given up after its limit, not before', (_who, holdsCalls, limitMs) => {
    const attempt = { holdsCalls, lastSeenAt: 1_000_000 };
    expect(isSilent(attempt, 1_000_000 + limitMs, longUp)).toBe(false);
    expect(isSilent(attempt, 1_000_000 + limitMs + 1, longUp)).toBe(true);
  });

  test('is not given up before the service has been up for one limit', () => {
    const attempt = { holdsCalls: true, lastSeenAt: 0 };
    expect(isSilent(attempt, 1_000_000, 34_999)).toBe(false);
    expect(isSilent(attempt, 1_000_000, 35_000)).toBe(true);
  });
});
