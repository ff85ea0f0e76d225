import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeProblem } from '../../src-contract/problems.ts';
import type { StreamRecord } from '../../src-contract/records.ts';
import { fileNameOf, saveJob } from '../../src-main/shell/save-job.ts';
import { FakeWorker } from '../fakes/window/fake-worker.ts';
import { ago, manyRecords, sampleId, sampleJob } from '../fakes/window/samples.ts';
import { scenarios } from '../fakes/window/scenarios.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const sandboxId = sampleId(1);

function workerWith(records: StreamRecord[], refusals = {}): FakeWorker {
  const job = sampleJob(1, {
    phase: 'ended',
    outcome: 'failed',
    outcomeReason: 'it broke\nat line 3',
    recordCount: records.length,
  });
  const notes = [{ time: ago(1), text: '7 Verbose records were left out', after: 2 }];
  return new FakeWorker({
    ...scenarios.empty(),
    jobs: [job],
    records: new Map([[sandboxId, records]]),
    notes: new Map([[sandboxId, notes]]),
    refusals,
  });
}

const record = (seq: number, text: string, part?: StreamRecord['part']): StreamRecord => ({
  seq,
  time: '2026-11-28T14:02:07.412Z',
  stream: 'Output',
  text,
  ...(part && { part }),
});

describe('a saved job', () => {
  it('has as text what it was, each entry under its time and stream, notes and gaps in their place', async () => {
    const file = path.join(await tempFolder(), 'job.txt');
    const records = [
      record(0, 'one'),
      record(1, 'two\nlines'),
      record(5, 'long ', { index: 0, last: false }),
      record(6, 'line', { index: 1, last: true }),
    ];
    expect(await saveJob(workerWith(records), { sandboxId, format: 'text' }, file)).toBe(4);
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(/^Runbook: +Copy-LocalFiles\nOutcome: +Failed\nReason: +it broke\n +at line 3\n/);
    expect(text).toContain('Parameter SourcePath:');
    const indent = ' '.repeat(39);
    expect(text.slice(text.indexOf('\n\n') + 2)).toBe(
      '2026-11-28T14:02:07.412Z  Output       one\n' +
        `2026-11-28T14:02:07.412Z  Output       two\n${indent}lines\n` +
        `${ago(1)}  (worker)     7 Verbose records were left out\n` +
        `${indent}(3 records are missing here: sequence 2 to 4)\n` +
        '2026-11-28T14:02:07.412Z  Output       long line\n',
    );
  });

  it('has as CSV an entry a line, its parts together, and nothing that a spreadsheet runs', async () => {
    const file = path.join(await tempFolder(), 'job.csv');
    const records = [
      record(0, '=cmd'),
      record(1, 'two\nlines'),
      record(2, 'long ', { index: 0, last: false }),
      record(3, 'line', { index: 1, last: true }),
    ];
    expect(await saveJob(workerWith(records), { sandboxId, format: 'csv' }, file)).toBe(4);
    const time = '2026-11-28T14:02:07.412Z';
    expect(await readFile(file, 'utf8')).toBe(
      `\ufeffSequence,Time,Stream,Text\r\n0,${time},Output,'=cmd\r\n1,${time},Output,"two\nlines"\r\n2,${time},Output,long line\r\n`,
    );
  });

  it('has as JSON every record of a long job once, with the job and its notes', async () => {
    const file = path.join(await tempFolder(), 'job.json');
    const worker = workerWith(manyRecords(4_100));
    expect(await saveJob(worker, { sandboxId, format: 'json' }, file)).toBe(4_100);
    const saved = JSON.parse(await readFile(file, 'utf8')) as { job: object; notes: object[]; records: { seq: number }[] };
    expect(saved).toMatchObject({ job: { sandboxId, outcome: 'failed' }, notes: [{ after: 2 }], damaged: null });
    expect(new Set(saved.records.map(({ seq }) => seq)).size).toBe(4_100);
    expect(worker.calls.filter(({ name }) => name === 'jobs:records')).toHaveLength(3);
  });

  it('leaves no half a file when the records are refused, or the place cannot be written', async () => {
    const folder = await tempFolder();
    const problem = describeProblem('journal-unreadable', { jobId: 'j', reason: 'r' });
    const refusing = workerWith([record(0, 'one')], { 'jobs:records': problem });
    const wanted = { sandboxId, format: 'text' } as const;
    await expect(saveJob(refusing, wanted, path.join(folder, 'a.txt'))).rejects.toMatchObject({ problem });
    expect(await readdir(folder)).toEqual([]);
    const taken = path.join(folder, 'taken');
    await mkdir(taken);
    await expect(saveJob(workerWith([]), wanted, taken)).rejects.toMatchObject({ code: 'input-invalid' });
  });

  it('gets a name that every file system takes', () => {
    const job = { runbookName: 'Copy: "all"/of\\it', jobId: 'j', pickedUpAt: '2026-11-28T14:02:07.412Z' };
    expect(fileNameOf(job)).toBe('Copy-all-of-it 2026-11-28 14.02.07');
    expect(fileNameOf({ ...job, runbookName: '' })).toBe('j 2026-11-28 14.02.07');
  });
});
