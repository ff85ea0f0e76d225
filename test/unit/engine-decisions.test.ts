import { describe, expect, it } from 'vitest';
import { describeProblem } from '../../src-contract/problems.ts';
import { jobEventsBetween } from '../../src-main/engine/job-events.ts';
import { jobViewOf } from '../../src-main/engine/job-view.ts';
import { delayAfterAnswer, delayAfterFailure, mustAskAgain, wantedPoll } from '../../src-main/engine/poll-decisions.ts';
import { ProblemBoard } from '../../src-main/engine/problem-board.ts';
import { initialState } from '../../src-main/engine/worker-state.ts';

const chances = [0, 0.25, 0.5, 0.75, 0.999];

describe('how long to wait', () => {
  it('grows with failures, is jittered, and never exceeds four seconds while the service is only away', () => {
    for (const chance of chances) {
      const delays = [1, 2, 3, 4, 5, 50].map((failures) =>
        delayAfterFailure({ retryable: true, retryAfterMs: undefined, failures }, chance),
      );
      expect(delays).toEqual([...delays].sort((one, other) => one - other));
      expect(delays[0]).toBeLessThanOrEqual(500);
      expect(delays.at(-1)).toBeLessThanOrEqual(4000);
      expect(delays.at(-1)).toBeGreaterThanOrEqual(2000);
    }
  });

  it('is spread over at least half of the step, so that many workers do not return in one moment', () => {
    const delays = chances.map((chance) => delayAfterFailure({ retryable: true, retryAfterMs: undefined, failures: 9 }, chance));
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThanOrEqual(1900);
  });

  it('follows Retry-After, but not for ever', () => {
    const wait = (retryAfterMs: number): number => delayAfterFailure({ retryable: true, retryAfterMs, failures: 1 }, 0);
    expect(wait(20_000)).toBe(20_250);
    expect(wait(1e9)).toBe(5 * 60_000 + 250);
  });

  it('spreads the many who were asked alike', () => {
    const waits = [0, 0.25, 0.5, 0.75, 1].map((chance) =>
      delayAfterFailure({ retryable: true, retryAfterMs: 60_000, failures: 9 }, chance),
    );
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(60_000);
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThanOrEqual(1900);
  });

  it('is short after work and long with a service that does not hold calls', () => {
    expect(delayAfterAnswer({ hold: true, held: true, actions: 1, tookMs: 5 }, 0.5)).toBe(0);
    expect(delayAfterAnswer({ hold: true, held: true, actions: 0, tookMs: 20_000 }, 0.5)).toBe(0);
    expect(delayAfterAnswer({ hold: false, held: false, actions: 0, tookMs: 5 }, 0.5)).toBe(0);
    expect(delayAfterAnswer({ hold: true, held: false, actions: 0, tookMs: 5 }, 0.5)).toBe(30_000);
  });
});

describe('what the poll asks', () => {
  const load = { running: 1, limit: 3 };
  it('nothing without a group', () => {
    expect(wantedPoll(initialState({ connected: true, registered: false, intent: 'work', load }))).toBeUndefined();
  });

  it('no slot while paused or draining, whatever is free', () => {
    for (const [intent, readiness] of [
      ['pause', 'paused'],
      ['drain', 'draining'],
    ] as const) {
      expect(wantedPoll(initialState({ connected: true, registered: true, intent, load }))).toEqual({
        readiness,
        freeSlots: 0,
        limit: 3,
      });
    }
  });

  it('more jobs than the limit (it was lowered) are no negative slots', () => {
    const state = initialState({ connected: true, registered: true, intent: 'work', load: { running: 5, limit: 3 } });
    expect(wantedPoll(state)).toEqual({ readiness: 'full', freeSlots: 0, limit: 3 });
  });

  it('is asked anew only when the service would decide otherwise', () => {
    const asked = { readiness: 'ready', freeSlots: 2, limit: 4 } as const;
    expect(mustAskAgain(asked, { ...asked, freeSlots: 3 })).toBe(false);
    expect(mustAskAgain(asked, { ...asked, freeSlots: 1 })).toBe(true);
    expect(mustAskAgain(asked, { ...asked, limit: 5 })).toBe(true);
    expect(mustAskAgain(asked, { ...asked, readiness: 'paused', freeSlots: 0 })).toBe(true);
  });
});

describe('the problem board', () => {
  const refused = (host: string) => describeProblem('connection-refused', { host, port: 443 });
  const early = '2026-11-23T14:00:00.000Z';
  const late = '2026-11-23T14:05:00.000Z';

  it('tells the first of a row and counts the rest', () => {
    const board = new ProblemBoard();
    expect(board.raise('poll', refused('a'), early)).toBe('first');
    expect(board.raise('poll', refused('a'), late)).toBe('repeated');
    expect(board.list()).toMatchObject([{ since: early, times: 2 }]);
  });

  it('another problem of the same cause takes its place and is told', () => {
    const board = new ProblemBoard();
    board.raise('poll', refused('a'), early);
    expect(board.raise('poll', refused('b'), late)).toBe('first');
    expect(board.list()).toMatchObject([{ since: late, times: 1, details: { host: 'b' } }]);
  });

  it('two causes with one and the same problem are one entry', () => {
    const board = new ProblemBoard();
    board.raise('poll', refused('a'), late);
    board.raise('packs', refused('a'), early);
    expect(board.list()).toMatchObject([{ since: early, times: 2 }]);
    board.clear('poll');
    expect(board.list()).toHaveLength(1);
    board.clear('packs');
    expect(board.list()).toEqual([]);
  });

  it('lists the worst first', () => {
    const board = new ProblemBoard();
    board.raise('settings', describeProblem('settings-unreadable', { setAside: 'x', registration: 'kept' }), early);
    board.raise('poll', refused('a'), late);
    expect(board.list().map((one) => one.severity)).toEqual(['error', 'warning']);
  });
});

describe('a job in the event log', () => {
  const launch = { sandboxId: 's', groupName: 'g', pickedUpAt: '2026-11-23T14:00:00.000Z' };
  const fresh = jobViewOf(launch, undefined);
  const running = {
    ...fresh,
    jobId: 'j',
    runbookName: 'R',
    kind: 'Bash',
    phase: 'running',
    startedAt: '2026-11-23T14:00:01.500Z',
  } as const;
  const ended = { ...running, phase: 'ended', outcome: 'failed', exitCode: 3, outcomeReason: 'It ended with 3.' } as const;

  it('starts once, with how long it took', () => {
    const events = jobEventsBetween(fresh, running);
    expect(events.map((event) => event.name)).toEqual(['jobRunning', 'jobStarted']);
    expect(events[1]?.fields['timeTakenToStartRunningInSeconds']).toBe(1.5);
    expect(jobEventsBetween(running, { ...running, recordCount: 5 })).toEqual([]);
  });

  it('ends once, also when no report came between', () => {
    expect(jobEventsBetween(fresh, ended).map((event) => event.name)).toEqual(['jobRunning', 'jobStarted', 'jobFailed']);
    expect(jobEventsBetween(ended, ended)).toEqual([]);
  });

  it('names its runbook first, then why it failed, line by line, and the job’s id last', () => {
    const failed = { ...ended, outcomeReason: 'It broke.\nAt line 3.' };
    const messages = jobEventsBetween(fresh, failed).map((event) => event.message);
    expect(messages.map((message) => message.split(' ')[0])).toEqual(['R', 'R', 'R:']);
    expect(messages[2]).toBe(`R: Failed, exit code 3. It broke.\nAt line 3.\n(job ${failed.jobId})`);
    const said = (outcomeReason: string | null) => jobEventsBetween(running, { ...ended, outcomeReason })[0]?.message;
    expect(said('It broke.')).toBe(`R: Failed, exit code 3. It broke. (job ${failed.jobId})`);
    expect(said(null)).toBe(`R: Failed, exit code 3. (job ${failed.jobId})`);
  });

  it('names how it ended', () => {
    const names = (['completed', 'failed', 'stopped', 'never-started', 'interrupted', 'sandbox-crashed'] as const).map(
      (outcome) => jobEventsBetween(running, { ...running, outcome })[0]?.name,
    );
    expect(names).toEqual(['jobEnded', 'jobFailed', 'jobStopped', 'jobFailed', 'jobFailed', 'jobFailed']);
  });
});
