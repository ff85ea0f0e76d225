import { describe, expect, test } from 'vitest';
import { decideAfterAttempt, type EndedAttempt } from '../../../src-service/dispatch/after-attempt.ts';
import { attemptOutcome, type AttemptOutcome } from '../../../src-contract/kinds.ts';

function attempt(outcome: AttemptOutcome, number = 1): EndedAttempt {
  return { number, machineName: `WORKER-${String(number)}`, outcome, reason: `reason ${String(number)}` };
}

const goesOn = { rerun: 'restart', stopRequested: false } as const;

describe('what the end of an attempt means for its job', () => {
  test.each([
    ['completed', 'Completed', null],
    ['failed', 'Failed', 'reason 1'],
    ['stopped', 'Stopped', null],
  ] as const)('%s ends it as %s', (outcome, status, exception) => {
    const expected = { kind: 'ended', status, exception };
    expect(decideAfterAttempt(goesOn, [attempt(outcome)])).toEqual(expected);
    expect(decideAfterAttempt({ rerun: 'never', stopRequested: true }, [attempt(outcome)])).toEqual(expected);
  });

  test('suspended puts it aside until it is resumed, unless it was to be stopped', () => {
    const suspended = { kind: 'ended', status: 'Suspended', exception: null, details: 'It waits to be resumed: reason 1' };
    expect(decideAfterAttempt(goesOn, [attempt('suspended')])).toEqual(suspended);
    expect(decideAfterAttempt({ rerun: 'never', stopRequested: false }, [attempt('suspended')])).toEqual(suspended);
    expect(decideAfterAttempt({ rerun: 'restart', stopRequested: true }, [attempt('suspended')])).toMatchObject({
      status: 'Stopped',
    });
  });

  const lost = attemptOutcome.options.filter((outcome) => !['completed', 'failed', 'stopped', 'suspended'].includes(outcome));

  test.each(lost)('%s is tried again', (outcome) => {
    expect(decideAfterAttempt(goesOn, [attempt(outcome)])).toEqual({ kind: 'again' });
    expect(decideAfterAttempt(goesOn, [attempt('interrupted'), attempt(outcome, 2)])).toEqual({ kind: 'again' });
  });

  test.each(lost)('%s at the third attempt suspends the job, with every reason', (outcome) => {
    const decision = decideAfterAttempt(goesOn, [attempt('never-started'), attempt('interrupted', 2), attempt(outcome, 3)]);
    expect(decision).toMatchObject({ kind: 'ended', status: 'Suspended' });
    for (const number of [1, 2, 3]) {
      expect(decision).toMatchObject({
        exception: expect.stringContaining(`Attempt ${String(number)} on WORKER-${String(number)}`) as string,
      });
      expect(decision).toMatchObject({ exception: expect.stringContaining(`reason ${String(number)}`) as string });
    }
  });

  test.each(lost)('%s is not tried again where the runbook forbids it', (outcome) => {
    const decision = decideAfterAttempt({ rerun: 'never', stopRequested: false }, [attempt(outcome)]);
    expect(decision).toMatchObject({ kind: 'ended', status: 'Failed', exception: expect.stringContaining('reason 1') as string });
  });

  test.each(lost)('%s of a job that was to be stopped is its stop', (outcome) => {
    expect(decideAfterAttempt({ rerun: 'restart', stopRequested: true }, [attempt(outcome)])).toMatchObject({
      status: 'Stopped',
    });
  });
});
