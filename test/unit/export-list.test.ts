import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeProblem } from '../../src-contract/problems.ts';
import { shellCalls } from '../../src-contract/window-calls.ts';
import { exportList } from '../../src-main/shell/export-list.ts';
import { exportTable } from '../../src-main/shell/export-table.ts';
import { FakeWorker } from '../fakes/window/fake-worker.ts';
import { ago, endedJobs, sampleEvents, sampleJob } from '../fakes/window/samples.ts';
import { scenarios } from '../fakes/window/scenarios.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const events = { list: 'events', query: { channel: null, before: null } } as const;
const jobs = { list: 'jobs', query: { before: null, outcome: null, runbookName: null } } as const;

describe('an exported list', () => {
  it('has every row that fits, once, also of what was logged meanwhile', async () => {
    const worker = new FakeWorker({ ...scenarios.empty(), events: sampleEvents(1_203) });
    const file = path.join(await tempFolder(), 'events.json');
    const [sample] = sampleEvents(1);
    if (sample === undefined) throw new Error('no sample');
    // Something is logged after every answer.
    const busy: Pick<FakeWorker, 'call'> = {
      call: async (name, given) => {
        const answer = await worker.call(name, given);
        worker.log({ ...sample, number: 5_000 + worker.calls.length });
        return answer;
      },
    };
    expect(await exportList(busy, { ...events, format: 'json' }, file)).toBe(1_203);
    const written = JSON.parse(await readFile(file, 'utf8')) as { number: number }[];
    expect(new Set(written.map(({ number }) => number)).size).toBe(1_203);
    expect(await readdir(path.dirname(file))).toEqual(['events.json']);
    const errors = { ...events, query: { ...events.query, levels: ['Error' as const] }, format: 'json' as const };
    expect(await exportList(worker, errors, file)).toBeLessThan(100);
  });

  it('has every ended job once, also when one ends meanwhile that was picked up before the others', async () => {
    const worker = new FakeWorker({ ...scenarios.empty(), jobs: endedJobs(1_100) });
    const file = path.join(await tempFolder(), 'jobs.json');
    const late = sampleJob(9_999, { phase: 'running', pickedUpAt: ago(1) });
    worker.startJob(late);
    // Between two pages it ends, and is the first of all by the time at which it was picked up.
    const busy: Pick<FakeWorker, 'call'> = {
      call: async (name, given) => {
        const answer = await worker.call(name, given);
        worker.changeJob(late.sandboxId, {
          phase: 'ended',
          outcome: 'completed',
          endedAt: new Date(Date.now() + 5).toISOString(),
        });
        return answer;
      },
    };
    const wanted = { ...jobs, query: { ...jobs.query, endedOnly: true }, format: 'json' as const };
    expect(await exportList(busy, wanted, file)).toBe(1_100);
    const written = JSON.parse(await readFile(file, 'utf8')) as { sandboxId: string }[];
    expect(new Set(written.map(({ sandboxId }) => sandboxId)).size).toBe(1_100);
  });

  it('is no formula to a spreadsheet, and keeps quotes and line breaks in their cell', async () => {
    const odd = sampleJob(7, { runbookName: "=cmd|'/c calc'!A1", startedBy: 'a "quoted", name\nof two lines', phase: 'ended' });
    const worker = new FakeWorker({ ...scenarios.empty(), jobs: [odd] });
    const file = path.join(await tempFolder(), 'jobs.csv');
    expect(await exportList(worker, { ...jobs, format: 'csv' }, file)).toBe(1);
    const text = await readFile(file, 'utf8');
    expect(text.startsWith('\ufeffRunbook,Attempt,Outcome,')).toBe(true);
    expect(text).toContain("\r\n'=cmd|'/c calc'!A1,");
    expect(text).toContain('"a ""quoted"", name\nof two lines"');
  });

  it('says why there is none, and leaves nothing half written', async () => {
    const problem = describeProblem('history-unreadable', { setAside: 'x' });
    const worker = new FakeWorker({ ...scenarios.empty(), refusals: { 'jobs:list': problem } });
    const folder = await tempFolder();
    await expect(exportList(worker, { ...jobs, format: 'csv' }, path.join(folder, 'jobs.csv'))).rejects.toMatchObject({
      problem,
    });
    await mkdir(path.join(folder, 'taken'));
    const taken = exportList(new FakeWorker(scenarios.empty()), { ...jobs, format: 'json' }, path.join(folder, 'taken'));
    await expect(taken).rejects.toMatchObject({ code: 'input-invalid' });
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('an exported table', () => {
  const table = {
    columns: [
      { key: 'name', title: 'Name' },
      { key: 'count', title: 'Records' },
    ],
    rows: [
      ['=1+1', 3],
      ['a "quoted", name', null],
    ],
  };

  it('has its titles and what was handed over, harmless to a spreadsheet', async () => {
    const file = path.join(await tempFolder(), 'table.csv');
    expect(await exportTable({ ...table, format: 'csv' }, file)).toBe(2);
    expect(await readFile(file, 'utf8')).toBe('\ufeffName,Records\r\n\'=1+1,3\r\n"a ""quoted"", name",\r\n');
  });

  it('has as JSON each value under its key, as it is', async () => {
    const file = path.join(await tempFolder(), 'table.json');
    await exportTable({ ...table, format: 'json' }, file);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual([
      { name: '=1+1', count: 3 },
      { name: 'a "quoted", name', count: null },
    ]);
  });

  it('offers no name that leads elsewhere', () => {
    const { arguments: given } = shellCalls['shell:export-table'];
    expect(given.safeParse({ ...table, name: 'running-jobs', format: 'csv' }).success).toBe(true);
    for (const name of ['../up', '/etc/passwd', 'C:', ''])
      expect(given.safeParse({ ...table, name, format: 'csv' }).success, name).toBe(false);
  });
});
