import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JobView, WorkerState } from '../../src-contract/engine-calls.ts';
import { describeQuestion, Notices } from '../../src-main/shell/notices.ts';
import { PreferencesFile } from '../../src-main/shell/preferences.ts';
import { currentProblem, readyState, sampleJob } from '../fakes/window/samples.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const job = (number: number, change: Partial<JobView>) => ({ event: 'job-changed', payload: sampleJob(number, change) }) as const;
const worker = (...problems: WorkerState['problems']) =>
  ({ event: 'worker-changed', payload: { ...readyState, problems } }) as const;
const error = currentProblem('service-refused', { call: 'x', status: 400, reason: 'y' }, 60);
const later = currentProblem('service-refused', { call: 'z', status: 400, reason: 'other' }, 1);

describe('a notification', () => {
  it('is made of a job once, when it ends, with why it went wrong', () => {
    const notices = new Notices();
    expect(notices.of(job(1, {}))).toBeUndefined();
    const ended = job(1, { phase: 'ended', outcome: 'failed', outcomeReason: 'no space left\nat line 3' });
    expect(notices.of(ended)).toEqual({
      kind: 'job-went-wrong',
      title: 'Copy-LocalFiles: Failed',
      text: 'no space left',
      place: `jobs/${ended.payload.sandboxId}`,
    });
    expect(notices.of(ended)).toBeUndefined();
    expect(notices.of(job(2, { phase: 'ended', outcome: 'completed' }))?.kind).toBe('job-ended');
    expect(notices.of(job(3, { phase: 'ended', outcome: 'stopped' }))?.kind).toBe('job-ended');
  });

  it('is made of a problem when it comes up, not of one that stood before, stays, or is a warning', () => {
    const notices = new Notices();
    expect(notices.of(worker(error))).toBeUndefined();
    expect(notices.of(worker(error))).toBeUndefined();
    expect(notices.of(worker(error, later))).toMatchObject({ kind: 'needs-attention', title: later.title, place: 'overview' });
    expect(notices.of(worker(error, later))).toBeUndefined();
    expect(notices.of(worker())).toBeUndefined();
    expect(notices.of(worker(later))?.kind).toBe('needs-attention');
    expect(notices.of(worker(currentProblem('records-missing', { jobId: 'j', missing: 2 }, 0)))).toBeUndefined();
  });
});

describe('a notification of what waits for permission', () => {
  const asking = { since: '2026-11-28T14:00:00.000Z', until: '2026-11-28T14:05:00.000Z' };

  it('is made once a question, whatever was chosen, and again when it asks again', () => {
    const notices = new Notices();
    const asked = job(1, { phase: 'loading', asking });
    const { sandboxId } = asked.payload;
    expect(notices.of(asked)).toEqual({
      kind: 'permission-asked',
      title: 'May Copy-LocalFiles run here?',
      text: '',
      place: `jobs/${sandboxId}`,
      sandboxId,
    });
    expect(notices.of(asked)).toBeUndefined();
    expect(notices.of(job(1, { phase: 'running' }))).toBeUndefined();
    expect(notices.of(asked)?.kind).toBe('permission-asked');
  });

  it('shows what would run, as far as there is room, and nothing that hides', () => {
    const lines = Array.from({ length: 10 }, (_, index) => `echo ${String(index + 1)}`);
    const script = ['echo \u202ehidden', ...lines].join('\n');
    const { jobId, sandboxId, runbookName } = sampleJob(1);
    const question = { jobId, sandboxId, runbookName, kind: 'Bash', startedBy: 'ana', parameters: { Colour: 'red' }, ...asking };
    expect(describeQuestion({ ...question, script, sha256: 'ab'.repeat(32) }).split('\n')).toEqual([
      'Bash, started by ana',
      'Colour = red',
      'echo \\u202ehidden',
      ...lines.slice(0, 7),
      '… and 3 more lines',
      `SHA-256 ${'ab'.repeat(32)}`,
    ]);
  });
});

describe('what a person chose at a desktop', () => {
  it('is found again, and is the usual where the file is missing or damaged', async () => {
    const folder = await tempFolder();
    const faults: unknown[] = [];
    const open = () => new PreferencesFile(folder, (fault) => faults.push(fault));
    const first = open();
    expect([first.notifyAbout, first.toldOfTray]).toEqual([['job-went-wrong', 'needs-attention'], false]);
    first.change({ notifyAbout: [] });
    first.change({ toldOfTray: true });
    expect([open().notifyAbout, open().toldOfTray]).toEqual([[], true]);
    await writeFile(path.join(folder, 'preferences.json'), '{"notifyAbout":["of-another-version"]}');
    expect(open().notifyAbout).toEqual(['job-went-wrong', 'needs-attention']);
    expect(faults).toEqual([]);
  });

  it('holds although it cannot be kept, and that is told', async () => {
    const folder = path.join(await tempFolder(), 'taken');
    await mkdir(path.join(folder, 'preferences.json.new'), { recursive: true });
    const faults: unknown[] = [];
    const file = new PreferencesFile(folder, (fault) => faults.push(fault));
    file.change({ notifyAbout: ['job-ended'] });
    expect(file.notifyAbout).toEqual(['job-ended']);
    expect(faults).toHaveLength(1);
    await expect(readFile(path.join(folder, 'preferences.json'))).rejects.toThrow();
  });
});
