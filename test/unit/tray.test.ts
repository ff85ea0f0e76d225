/** What the tray shows: icon, tooltip and menu, for what the worker is. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeProblem } from '../../src-contract/problems.ts';
import { trayView } from '../../src-main/shell/tray-view.ts';
import { currentProblem, idleState, readyState, sampleJob } from '../fakes/window/samples.ts';

describe('the tray', () => {
  const facts = {
    worker: readyState,
    lost: undefined,
    running: [],
    attachedTo: 'own-engine' as const,
    role: 'administrator' as const,
  };
  const labels = (...given: Parameters<typeof trayView>) =>
    trayView(...given).menu.map((group) => group.map(({ label }) => label));

  it('shows a state by a picture of its own', () => {
    const icon = (change: Partial<typeof readyState>, running = 0) =>
      trayView({
        ...facts,
        worker: { ...readyState, ...change },
        running: Array.from({ length: running }, (_unused, n) => sampleJob(n)),
      }).icon;
    expect(icon({})).toBe('ready');
    expect(icon({}, 2)).toBe('busy');
    expect(icon({ status: 'paused' })).toBe('paused');
    expect(icon({ status: 'connected' })).toBe('warning');
    expect(icon({ status: 'offline' })).toBe('error');
    expect(icon({ status: 'unable' })).toBe('unable');
    expect(icon({ problems: [currentProblem('service-refused', { call: 'x', status: 400, reason: 'y' }, 1)] })).toBe('warning');
    expect(trayView({ ...facts, worker: idleState }).icon).toBe('offline');
  });

  it('says in one sentence how the worker is, cut to what Windows shows', () => {
    expect(trayView(facts).tooltip).toBe('This worker can take a job now');
    expect(trayView({ ...facts, worker: { ...readyState, sentence: 'x'.repeat(300) } }).tooltip).toHaveLength(127);
  });

  it('has a picture of each state for trays of Linux, at both densities of a screen', () => {
    for (const icon of ['ready', 'busy', 'paused', 'warning', 'unable', 'error', 'offline'])
      for (const size of [24, 48]) {
        const png = readFileSync(
          path.join(import.meta.dirname, '..', '..', 'assets', 'icons', `tray-${icon}-${String(size)}.png`),
        );
        // Width and height stand in the header.
        expect([icon, png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([icon, size, size]);
      }
  });

  it('leaves the names of runbooks as they are written', () => {
    const tooltip = (runbookName: string) => {
      const until = '2026-11-28 14:08:00 UTC';
      const problem = currentProblem('permission-asked', { runbookName, sandboxId: 's', until }, 1);
      return trayView({ ...facts, worker: { ...readyState, problems: [problem] } }).tooltip;
    };
    expect(tooltip('Boom')).toBe('This worker can take a job now; Boom waits for permission to run here');
    expect(tooltip('Copy-LocalFiles')).toContain('; Copy-LocalFiles waits');
  });

  it('offers what a worker that is gone leaves to do, and claims of none that it runs on', () => {
    const lost = describeProblem('worker-gone', { dataFolder: '/d' });
    const gone = { ...facts, lost, attachedTo: 'other-engine' as const };
    expect(labels(gone).at(-1)).toEqual(['Start the worker here', 'Quit']);
    expect(trayView(gone).tooltip).toBe('No worker runs for this data folder');
  });

  it('says how many jobs run, once, in the same sentence', () => {
    const tooltip = (running: number, change: Partial<typeof readyState> = {}) =>
      trayView({
        ...facts,
        worker: { ...readyState, ...change },
        running: Array.from({ length: running }, (_unused, number) => sampleJob(number)),
      }).tooltip;
    expect(tooltip(1)).toBe('This worker can take a job now; one job runs');
    const problems = [currentProblem('service-refused', { call: 'read a job', status: 400, reason: 'no' }, 1)];
    expect(tooltip(3, { problems })).toBe('This worker can take a job now; 3 jobs run; the service refused: read a job');
    const paused = 'This worker is paused: it takes no new job until it is resumed (2 jobs still run)';
    expect(tooltip(2, { status: 'paused', sentence: paused })).toBe(paused);
  });

  it('names the worst problem, a warning too, unless the sentence has said it', () => {
    const warning = currentProblem('records-missing', { jobId: 'j', missing: 2 }, 1);
    const error = currentProblem('service-refused', { call: 'read a job', status: 400, reason: 'no' }, 1);
    expect([warning.severity, error.severity]).toEqual(['warning', 'error']);
    const ready = (...problems: (typeof warning)[]) => ({ ...facts, worker: { ...readyState, problems } });
    expect(trayView(ready(warning)).tooltip).toBe(
      'This worker can take a job now; the service does not have every record of a job',
    );
    expect(trayView(ready(warning, error)).tooltip).toBe('This worker can take a job now; the service refused: read a job');
    expect(trayView(ready(warning)).menu[1]).toEqual([
      { label: 'This worker can take a job now' },
      { label: warning.title, action: { do: 'open', place: '' } },
    ]);
    const offline = { ...readyState, status: 'offline' as const, sentence: `Offline: ${error.title}`, problems: [error] };
    expect(trayView({ ...facts, worker: offline }).tooltip).toBe(`Offline: ${error.title}`);
  });

  it('lists running jobs, five at most, and what becomes of them on quitting', () => {
    const running = Array.from({ length: 7 }, (_unused, number) => sampleJob(number));
    const [, jobs, rest] = labels({ ...facts, running });
    expect(jobs).toHaveLength(1 + 5 + 1);
    expect(jobs?.at(-1)).toBe('All 7 running jobs');
    expect(rest).toEqual(['Pause taking jobs', 'Quit when 7 running jobs have ended', 'Quit (7 running jobs go on)']);
    // An engine that runs elsewhere is not ended from here.
    expect(labels({ ...facts, running, attachedTo: 'other-engine' })[2]).toEqual([
      'Pause taking jobs',
      'Quit (the worker runs on)',
    ]);
  });

  it('offers pausing only to those who may', () => {
    expect(labels({ ...facts, role: 'reader' })[2]).toEqual(['Quit']);
    expect(labels({ ...facts, role: 'operator' })[2]).toEqual(['Pause taking jobs', 'Quit']);
  });

  it('offers pausing only to a worker that takes jobs', () => {
    expect(labels({ ...facts, worker: idleState })[2]).toEqual(['Quit']);
    expect(labels({ ...facts, worker: { ...readyState, status: 'paused' } })[2]).toEqual(['Resume taking jobs', 'Quit']);
    expect(labels({ ...facts, worker: { ...readyState, status: 'draining' } })[2]).toEqual([
      'Take jobs again, and do not quit',
      'Quit',
    ]);
  });
});
