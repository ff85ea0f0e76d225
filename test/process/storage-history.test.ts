/** The history on its own thread: what it answers, what it does when its thread dies, that nothing of it is left. */
import { existsSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobView } from '../../src-contract/engine-calls.ts';
import { jobViewOf } from '../../src-main/engine/job-view.ts';
import { JournalWriter } from '../../src-main/journal/journal-writer.ts';
import { History } from '../../src-main/storage/history.ts';
import { attemptSummaryPath, journalPath } from '../../src-main/storage/layout.ts';
import { root } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

let folder: string;
let setAside: string[];
const opened: History[] = [];

beforeEach(async () => {
  folder = await tempFolder();
  await mkdir(path.join(folder, 'journals'));
  setAside = [];
});
afterEach(async () => {
  for (const history of opened.splice(0)) await history.close();
});

function open(): History {
  const history = new History({
    threadFile: path.join(root, 'src-main', 'storage', 'history-thread.ts'),
    files: {
      historyFile: path.join(folder, 'history.sqlite'),
      journalsFolder: path.join(folder, 'journals'),
      logsFolder: folder,
    },
    onSetAside: (name) => setAside.push(name),
  });
  opened.push(history);
  return history;
}

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 23, 14, minute)).toISOString();

function view(number: number, more: Partial<JobView> = {}): JobView {
  const sandboxId = `s${String(number)}`;
  return {
    ...jobViewOf({ sandboxId, groupName: 'g', pickedUpAt: at(number) }, undefined),
    jobId: `j${String(number)}`,
    runbookName: number % 2 === 0 ? 'Even' : 'Odd',
    kind: 'Bash',
    phase: 'ended',
    outcome: number % 3 === 0 ? 'failed' : 'completed',
    endedAt: at(number),
    ...more,
  };
}

async function journalOf(jobId: string, sandboxId: string, records: number): Promise<string> {
  const file = journalPath(path.join(folder, 'journals'), jobId, sandboxId);
  const journal = await JournalWriter.create(
    { path: file, now: () => new Date(), delay: () => Promise.resolve() },
    { jobId, sandboxId, attempt: 1, runbookName: 'R', runbookKind: 'Bash' },
  );
  for (let index = 0; index < records; index += 1) journal.append({ stream: 'Output', text: `line ${String(index)}` });
  await journal.close();
  return file;
}

const all = { limit: 500, before: null, outcome: null, runbookName: null };
const ids = (found: { jobs: JobView[] }): string[] => found.jobs.map((job) => job.sandboxId);

describe('the history', () => {
  it('keeps the last view of each attempt and finds it by sandbox, or by job the latest', async () => {
    const history = open();
    await history.save(view(1, { phase: 'running', outcome: null, endedAt: null }));
    await history.save(view(1));
    await history.save(view(2, { jobId: 'j1' }));
    expect(await history.get('s1')).toEqual(view(1));
    expect((await history.get('j1'))?.sandboxId).toBe('s2');
    expect(await history.get('j9')).toBeNull();
    expect((await history.list(all)).total).toBe(2);
  });

  it('is paged newest first and filtered, with the number of all that match', async () => {
    const history = open();
    for (let number = 1; number <= 12; number += 1) await history.save(view(number));
    const first = await history.list({ ...all, limit: 5 });
    expect([ids(first), first.total]).toEqual([['s12', 's11', 's10', 's9', 's8'], 12]);
    const second = await history.list({ ...all, limit: 5, before: first.jobs.at(-1)?.pickedUpAt ?? null });
    expect(ids(second)).toEqual(['s7', 's6', 's5', 's4', 's3']);
    const failed = await history.list({ ...all, outcome: 'failed', runbookName: 'Even' });
    expect([ids(failed), failed.total]).toEqual([['s12', 's6'], 2]);
  });

  it('stands still by the time at which jobs ended, whenever they were picked up', async () => {
    const history = open();
    for (let number = 1; number <= 6; number += 1) await history.save(view(number, { endedAt: at(100 - number) }));
    await history.save(view(7, { phase: 'running', outcome: null, endedAt: null }));
    const still = await history.list({ ...all, endedOnly: true, endedBefore: at(97) });
    expect([ids(still), still.total, still.counts]).toEqual([['s6', 's5', 's4'], 3, { completed: 2, failed: 1 }]);
    expect(ids(await history.list({ ...all, endedOnly: true, endedBefore: null }))).toHaveLength(6);
  });

  it('is searched, put in another order, and counted by outcome', async () => {
    const history = open();
    for (let number = 1; number <= 12; number += 1) {
      const startedBy = number === 7 ? 'token “100%”' : 'schedule';
      await history.save(view(number, { startedBy, recordCount: (number * 5) % 12, wallMs: number === 4 ? null : number * 10 }));
    }
    await history.save(view(13, { phase: 'running', outcome: null, endedAt: null }));
    const found = async (more: object): Promise<string[]> => ids(await history.list({ ...all, endedOnly: true, ...more }));
    expect(await found({ search: '100%' })).toEqual(['s7']);
    expect(await found({ search: 'ODD', limit: 2, offset: 1 })).toEqual(['s9', 's7']);
    expect((await found({ order: { by: 'records', descending: true } })).slice(0, 2)).toEqual(['s7', 's2']);
    expect((await found({ order: { by: 'ranFor', descending: false } }))[0]).toBe('s4');
    expect((await found({ order: { by: 'name', descending: false } }))[0]).toBe('s12');
    const failed = await history.list({ ...all, outcome: 'failed' });
    expect([failed.total, failed.counts]).toEqual([4, { completed: 8, failed: 4 }]);
  });

  it('counts what ended, by hour and outcome', async () => {
    const history = open();
    for (const minute of [1, 2, 3, 63, 64, 200]) await history.save(view(minute));
    const { hours } = await history.activity({ since: at(2) });
    expect(hours).toEqual([
      { start: '2026-11-23T14:00:00.000Z', counts: { completed: 1, failed: 1 } },
      { start: '2026-11-23T15:00:00.000Z', counts: { completed: 1, failed: 1 } },
      { start: '2026-11-23T17:00:00.000Z', counts: { completed: 1 } },
    ]);
  });

  it('answers any page of twenty thousand jobs at once, in any order', async () => {
    const history = open();
    const saves: Promise<void>[] = [];
    for (let number = 1; number <= 20_000; number += 1) saves.push(history.save(view(number, { recordCount: number % 77 })));
    await Promise.all(saves);
    let fastestMs = Infinity;
    for (let turn = 0; turn < 3; turn += 1) {
      const begin = performance.now();
      expect((await history.list({ ...all, limit: 200, endedOnly: true })).total).toBe(20_000);
      fastestMs = Math.min(fastestMs, performance.now() - begin);
    }
    expect(fastestMs).toBeLessThan(300);
    const page = await history.list({ ...all, limit: 2, offset: 19_000, order: { by: 'records', descending: true } });
    expect(page.jobs.map(({ recordCount }) => recordCount)).toEqual([3, 3]);
  });

  it('is found again after a restart, and knows what had not ended', async () => {
    const first = open();
    await first.save(view(1));
    await first.save(view(2, { phase: 'running', outcome: null, endedAt: null }));
    await first.close();
    const second = open();
    expect((await second.list(all)).total).toBe(2);
    expect((await second.listUnended()).map((job) => job.sandboxId)).toEqual(['s2']);
    expect(setAside).toEqual([]);
  });

  it('takes in what an engine on a full disk, or at its death, did not come to write', async () => {
    const running = { phase: 'running', outcome: null, outcomeReason: null, endedAt: null } as const;
    const end = { outcome: 'completed', reason: 'all is well', exitCode: 0 } as const;
    const files = await Promise.all(
      [1, 2, 3, 4, 5].map((number) => journalOf(`j${String(number)}`, `s${String(number)}`, number)),
    );
    for (const file of files.slice(0, 4)) {
      const journal = await JournalWriter.reopen({ path: file, now: () => new Date(at(9)), delay: () => Promise.resolve() });
      await journal.end(end);
    }
    const history = open();
    for (const number of [1, 2, 4]) await history.save(view(number, { ...running, startedBy: 'ada' }));
    const summary = view(2, { outcome: 'failed', startedBy: 'grace' });
    await writeFile(attemptSummaryPath(path.join(folder, 'journals'), 'j2', 's2'), JSON.stringify(summary));
    await history.catchUp(['s4']);
    expect(await history.get('s1')).toMatchObject({
      phase: 'ended',
      outcome: 'completed',
      endedAt: at(9),
      startedBy: 'ada',
      recordCount: 1,
    });
    expect(await history.get('s2')).toEqual(summary);
    expect(await history.get('s3')).toMatchObject({ outcome: 'completed', recordCount: 3 });
    expect(await history.get('s4')).toMatchObject(running);
    expect((await history.listUnended()).map((job) => job.sandboxId).sort()).toEqual(['s4', 's5']);
  });

  it('pages records out of a journal that is still written', async () => {
    const history = open();
    const file = journalPath(path.join(folder, 'journals'), 'j1', 's1');
    const journal = await JournalWriter.create(
      { path: file, now: () => new Date(), delay: () => Promise.resolve() },
      { jobId: 'j1', sandboxId: 's1', attempt: 1, runbookName: 'R', runbookKind: 'Bash' },
    );
    for (let index = 0; index < 5000; index += 1) journal.append({ stream: 'Output', text: `line ${String(index)}` });
    await journal.flush();
    const query = { jobId: 'j1', sandboxId: 's1', limit: 3 };
    expect((await history.records({ ...query, from: 4321 }))?.records.map((record) => record.text)).toEqual([
      'line 4321',
      'line 4322',
      'line 4323',
    ]);
    journal.append({ stream: 'Output', text: 'one more' });
    await journal.flush();
    const last = await history.records({ ...query, from: 5000 });
    expect([last?.records.map((record) => record.text), last?.next, last?.recordCount]).toEqual([['one more'], 5001, 5001]);
    await journal.close();
    expect(await history.records({ ...query, jobId: 'j2', from: 0 })).toBeNull();
  });

  it('answers a page of at most about a megabyte, however large its records', async () => {
    const history = open();
    const file = journalPath(path.join(folder, 'journals'), 'j1', 's1');
    const journal = await JournalWriter.create(
      { path: file, now: () => new Date(), delay: () => Promise.resolve() },
      { jobId: 'j1', sandboxId: 's1', attempt: 1, runbookName: 'R', runbookKind: 'Bash' },
    );
    for (let index = 0; index < 10; index += 1) journal.append({ stream: 'Output', text: 'x'.repeat(400_000) });
    await journal.close();
    const page = await history.records({ jobId: 'j1', sandboxId: 's1', from: 0, limit: 2000 });
    expect(page?.records.length).toBeGreaterThan(0);
    expect(page?.records.length).toBeLessThan(4);
    expect(page?.next).toBe(page?.records.length);
  });

  it('removes by age what is over, and nothing whose records still wait for the service', async () => {
    const history = open();
    await history.save(view(1));
    await history.save(view(2, { phase: 'uploading' }));
    await history.save(view(3));
    await journalOf('j1', 's1', 10);
    const waiting = await journalOf('j2', 's2', 10);
    // An engine was killed as it wrote the summary.
    await writeFile(`${attemptSummaryPath(path.join(folder, 'journals'), 'j1', 's1')}.0123456789ab.new`, '{"sand');
    expect(await history.removeEndedBefore(new Date(at(3)))).toBe(1);
    expect(ids(await history.list(all))).toEqual(['s3', 's2']);
    expect([existsSync(path.join(folder, 'journals', 'j1')), existsSync(waiting)]).toEqual([false, true]);
  });

  it('keeps the newest that fit into a size, and what is not over besides', async () => {
    const history = open();
    await history.save(view(1, { phase: 'uploading' }));
    for (const number of [2, 3, 4, 5]) await history.save(view(number));
    const files = await Promise.all([1, 2, 3, 4, 5].map((number) => journalOf(`j${String(number)}`, `s${String(number)}`, 100)));
    const each = Math.max(...files.map((file) => statSync(file).size));
    expect(await history.removeBeyond(each * 5)).toBe(0);
    expect(await history.removeBeyond(Math.floor(each * 2.5))).toBe(2);
    expect(ids(await history.list(all))).toEqual(['s5', 's4', 's1']);
    expect(files.map((file) => existsSync(file))).toEqual([true, false, false, true, true]);
  });

  it('of another version, or that is no database, is set aside and made again', async () => {
    await writeFile(path.join(folder, 'history.sqlite'), 'no database'.repeat(500));
    const history = open();
    expect((await history.list(all)).total).toBe(0);
    expect(setAside).toHaveLength(1);
    await history.save(view(1));
    await history.close();
    expect((await open().list(all)).total).toBe(1);
    expect(setAside).toHaveLength(1);
  });

  it('whose thread died answers again with the next call', async () => {
    const history = open();
    await history.save(view(1));
    const thread = await (history as unknown as { thread: Promise<{ terminate(): Promise<number> }> }).thread;
    const pending = history.list(all).catch((error: unknown) => String(error));
    await thread.terminate();
    expect(await pending).toContain('the history thread ended');
    expect((await history.list(all)).total).toBe(1);
  });

  it('refuses calls once it is closed, and is closed twice without harm', async () => {
    const history = open();
    await history.save(view(1));
    await Promise.all([history.close(), history.close()]);
    await expect(history.get('s1')).rejects.toThrow('the history is closed');
  });
});
