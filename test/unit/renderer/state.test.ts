import { describe, expect, it } from 'vitest';
import type { JobView, ProgressStep } from '../../../src-contract/engine-calls.ts';
import { problemCatalogue, type Problem } from '../../../src-contract/problems.ts';
import { uploadState } from '../../../src-renderer/control-panel/pages/job/upload-state.ts';
import { fieldOfProblem, placeOfProblem } from '../../../src-renderer/control-panel/parts/problem-places.ts';
import { shownSteps } from '../../../src-renderer/control-panel/parts/shown-steps.ts';
import { formatPlace, parsePlace } from '../../../src-renderer/control-panel/state/place.ts';
import { ranForMs, standingOf, wordOf } from '../../../src-renderer/control-panel/state/status.ts';
import {
  emptyView,
  isGone,
  runningJobs,
  withEvent,
  withSnapshot,
} from '../../../src-renderer/control-panel/state/worker-view.ts';
import { compareKnown, nextSorting, sortRows, type Column } from '../../../src-renderer/shared/table/sorting.ts';
import { ago, endedJobs, readyState, sampleJob } from '../../fakes/window/samples.ts';

const snapshot = (running: JobView[]) => ({ worker: readyState, running, role: 'operator' as const });

describe('what the window knows of the worker', () => {
  it('follows jobs from their first word to their end', () => {
    let view = withSnapshot(emptyView, snapshot([sampleJob(1)]));
    view = withEvent(view, { event: 'job-changed', payload: sampleJob(2, { pickedUpAt: ago(1) }) });
    expect(runningJobs(view).map((job) => job.sandboxId)).toEqual([sampleJob(2).sandboxId, sampleJob(1).sandboxId]);
    view = withEvent(view, { event: 'job-changed', payload: sampleJob(1, { phase: 'ended', outcome: 'completed' }) });
    expect(runningJobs(view)).toHaveLength(1);
    expect(view.endings).toBe(1);
  });

  it('counts an ending once, however often it is told', () => {
    const ended = sampleJob(1, { phase: 'ended', outcome: 'completed' });
    let view = withSnapshot(emptyView, snapshot([sampleJob(1)]));
    view = withEvent(view, { event: 'job-changed', payload: ended });
    view = withEvent(view, { event: 'job-changed', payload: { ...ended, verified: true } });
    expect(view.endings).toBe(1);
    expect(view.jobs.get(ended.sandboxId)?.verified).toBe(true);
  });

  it('does not let a late answer bring an ended job back to life', () => {
    const view = withEvent(emptyView, { event: 'job-changed', payload: sampleJob(1, { phase: 'ended', outcome: 'failed' }) });
    expect(runningJobs(withSnapshot(view, snapshot([sampleJob(1)])))).toEqual([]);
  });

  it('keeps only the last of many ended jobs', () => {
    const view = endedJobs(200).reduce((known, job) => withEvent(known, { event: 'job-changed', payload: job }), emptyView);
    expect(view.jobs.size).toBe(50);
    expect(view.endings).toBe(200);
  });

  it('knows that the worker is gone, and that it is there again', () => {
    const problem = sampleProblem('engine-not-running');
    const lost = withEvent(withSnapshot(emptyView, snapshot([])), { event: 'engine-contact-changed', payload: { problem } });
    expect(standingOf(lost)).toEqual({ mark: 'bad', sentence: problem.title });
    expect(isGone(lost)).toBe(true);
    expect(standingOf(withSnapshot(lost, snapshot([]))).sentence).toBe(readyState.sentence);
    const back = { event: 'engine-contact-changed', payload: { problem: null } } as const;
    expect([withEvent(lost, back).returns, withEvent(emptyView, back).returns]).toEqual([1, 0]);
  });
});

describe('steps of something long', () => {
  const step = (
    name: string,
    status: ProgressStep['status'],
    operation: ProgressStep['operation'] = 'register',
  ): ProgressStep => ({
    operation,
    step: name,
    label: name,
    status,
    detail: '',
  });
  const told = (...steps: ProgressStep[]) =>
    steps.reduce((view, payload) => withEvent(view, { event: 'progress-made', payload }), emptyView).progress;

  it('stand once each, as they last were', () => {
    const progress = told(step('pack', 'started'), step('pack', 'done'), step('key', 'started'));
    expect(progress.map(({ step: name, status }) => `${name} ${status}`)).toEqual(['pack done', 'key started']);
  });

  it('begin anew with another operation, or when the first step starts again', () => {
    expect(told(step('pack', 'done'), step('key', 'started', 'connect'))).toHaveLength(1);
    expect(told(step('pack', 'done'), step('key', 'failed'), step('pack', 'started'))).toHaveLength(1);
  });

  it('have those still to come behind them, once the first was told', () => {
    const planned = { pack: 'Check the pack', key: 'Make a key' };
    expect(shownSteps('register', [], planned)).toEqual([]);
    const shown = shownSteps('register', told(step('pack', 'done')), planned);
    expect(shown.map(({ label, status }) => `${label} ${status}`)).toEqual(['pack done', 'Make a key later']);
  });
});

describe('places', () => {
  it('are written as they are read', () => {
    for (const text of ['overview', 'running', 'history', 'jobs/5f0c1d2e-7a41', 'connection', 'group', 'events', 'settings']) {
      expect(formatPlace(parsePlace(text))).toBe(text);
    }
  });

  it('lead to the overview from anywhere unknown', () => {
    for (const text of ['', 'nowhere', 'jobs/', 'jobs/../../etc', 'javascript:alert(1)']) {
      expect(parsePlace(text)).toEqual({ page: 'overview' });
    }
  });

  it('are named only for problems that there are, and so are fields', () => {
    const codes = Object.keys(problemCatalogue);
    expect(codes.map((code) => placeOfProblem({ ...sampleProblem(code), details: {} })?.page)).not.toContain('job');
    expect(placeOfProblem({ ...sampleProblem('sandbox-crashed'), details: { jobId: 'x' } })).toEqual({ page: 'job', id: 'x' });
    expect(fieldOfProblem(sampleProblem('account-key-refused'))).toBe('token');
  });
});

describe('words for jobs', () => {
  it('tell five ways of not completing apart', () => {
    const outcomes = ['failed', 'stopped', 'never-started', 'interrupted', 'sandbox-crashed'] as const;
    const words = outcomes.map((outcome) => wordOf({ phase: 'ended', outcome, asking: null }).word);
    expect(new Set(words).size).toBe(5);
    const asking = { since: ago(1), until: ago(-1) };
    expect(wordOf({ phase: 'loading', outcome: null, asking })).toMatchObject({ word: 'Waits for permission', tone: 'warning' });
  });

  it('give no duration before a job has one', () => {
    expect(ranForMs({ wallMs: null, startedAt: ago(10), endedAt: null })).toBeNull();
    expect(ranForMs({ wallMs: null, startedAt: ago(10), endedAt: ago(4) })).toBe(6_000);
    expect(ranForMs({ wallMs: 41, startedAt: ago(10), endedAt: ago(4) })).toBe(41);
  });

  it('say whether the service has every record', () => {
    const job = { phase: 'ended', recordCount: 1284, acknowledgedCount: 1284, verified: true, oldestWaitingAt: null } as const;
    const now = new Date(ago(0));
    expect(uploadState(job, now).sentence).toBe('Complete, verified: the service has all 1,284 records');
    expect(uploadState({ ...job, verified: false, acknowledgedCount: 1280 }, now).sentence).toBe(
      'The service lacks 4 records (sequence 1280 to 1283); all are here',
    );
    expect(uploadState({ ...job, verified: false, acknowledgedCount: 1283 }, now).sentence).toBe(
      'The service lacks 1 record (sequence 1283); all are here',
    );
    expect(uploadState({ ...job, verified: false }, now).sentence).toBe(
      'The service has not confirmed that its records are these',
    );
    expect(uploadState({ ...job, verified: null }, now).kind).toBe('unconfirmed');
    const sending = { ...job, phase: 'running', verified: null, acknowledgedCount: 1283 } as const;
    expect(uploadState(sending, now).sentence).toBe('1 record waits to be sent');
    expect(uploadState({ ...sending, oldestWaitingAt: ago(12) }, now).sentence).toBe('1 record waits to be sent, for 12 s');
  });
});

describe('lists', () => {
  it('sort by a column, unknown values first, equal ones as they came', () => {
    const columns: Column<{ name: string; size: number | null }>[] = [
      { key: 'size', title: '', width: '', cell: () => null, compare: (one, other) => compareKnown(one.size, other.size) },
    ];
    const rows = [
      { name: 'a', size: 2 },
      { name: 'b', size: null },
      { name: 'c', size: 2 },
      { name: 'd', size: 1 },
    ];
    const order = (descending: boolean) =>
      sortRows(rows, columns, { key: 'size', descending })
        .map(({ name }) => name)
        .join('');
    expect(order(false)).toBe('bdac');
    expect(order(true)).toBe('acdb');
    expect(sortRows(rows, columns, undefined)).toBe(rows);
    expect(nextSorting({ key: 'size', descending: true }, 'size', true)).toEqual({ key: 'size', descending: false });
  });
});

function sampleProblem(code: string): Problem {
  return { code, severity: 'error', title: 'A title', text: 'A text.', nextStep: 'A step.', details: {} };
}
