import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { JournalIndex } from '../../src-main/journal/journal-index.ts';
import { readJournal, readRecords, summarizeJournal } from '../../src-main/journal/journal-reader.ts';
import { JournalWriter } from '../../src-main/journal/journal-writer.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const beginning = { jobId: 'job', sandboxId: 'sandbox', attempt: 1, runbookName: 'r', runbookKind: 'Bash' };
const time = '2026-11-23T23:05:00.123Z';

async function startJournal(): Promise<{ file: string; writer: JournalWriter; append: (text: string) => void }> {
  const file = path.join(await tempFolder(), 'a.journal');
  const writer = await JournalWriter.create({ path: file, now: () => new Date(time), delay: (ms) => sleep(ms) }, beginning);
  const append = (text: string): void => {
    const bytes = Buffer.from(text);
    writer.appendLine('Output', time, bytes, 0, bytes.length);
  };
  return { file, writer, append };
}

describe('the index of a journal', () => {
  it('notes nothing twice when a look could not be finished', async () => {
    const { file, writer, append } = await startJournal();
    writer.decide('once');
    append('x'.repeat(100_000));
    writer.decide('afterwards');
    await writer.flush();
    await writer.close();
    const handle = await open(file, 'r');
    let reads = 0;
    const failing = {
      stat: () => handle.stat(),
      read: (buffer: Buffer, offset: number, length: number, position: number) => {
        reads += 1;
        if (reads === 2) throw new Error('EIO: i/o error, read');
        return handle.read(buffer, offset, length, position);
      },
    } as unknown as FileHandle;
    const index = new JournalIndex();
    await expect(index.refresh(failing)).rejects.toThrow('EIO');
    await index.refresh(failing);
    await handle.close();
    expect(index.decisions.map((decision) => decision.text)).toEqual(['once', 'afterwards']);
    expect(index).toMatchObject({ recordCount: 1, unfinishedBytes: 0, damaged: null });
  });
});

describe('reading a journal by page', () => {
  it('finds any sequence of a long journal, in pages of the size asked for', async () => {
    const { file, writer, append } = await startJournal();
    const count = 60_000;
    for (let number = 0; number < count; number += 1) append(`line ${number}`);
    await writer.flush();
    await writer.close();
    for (const from of [0, 1, 4999, 30_000, count - 1]) {
      const page = await readRecords(file, { from, limit: 3 });
      const expected = [from, from + 1, from + 2].filter((seq) => seq < count);
      expect(page.records.map((one) => one.seq)).toEqual(expected);
      expect(page.records[0]?.text).toBe(`line ${from}`);
      expect(page).toMatchObject({ next: from + expected.length, recordCount: count, damaged: null });
    }
    let from = 0;
    const seen: number[] = [];
    while (from < count) {
      const page = await readRecords(file, { from, limit: 7919 });
      seen.push(...page.records.map((one) => one.seq));
      from = page.next;
    }
    expect(seen).toEqual(Array.from({ length: count }, (_, index) => index));
  });

  it('keeps a page below the bytes asked for, but never empty', async () => {
    const { file, writer, append } = await startJournal();
    for (let number = 0; number < 10; number += 1) append('x'.repeat(1000));
    await writer.flush();
    await writer.close();
    expect((await readRecords(file, { from: 2, limit: 100, maxBytes: 3500 })).records.map((one) => one.seq)).toEqual([2, 3, 4]);
    expect((await readRecords(file, { from: 2, limit: 100, maxBytes: 10 })).records.map((one) => one.seq)).toEqual([2]);
  });

  it('answers an empty page at and behind the end, and sees what is appended later', async () => {
    const { file, writer, append } = await startJournal();
    append('one');
    await writer.flush();
    expect(await readRecords(file, { from: 1, limit: 10 })).toEqual({ records: [], next: 1, recordCount: 1, damaged: null });
    expect(await readRecords(file, { from: 99, limit: 10 })).toMatchObject({ records: [], next: 1 });
    append('two');
    await writer.flush();
    expect((await readRecords(file, { from: 1, limit: 10 })).records[0]?.text).toBe('two');
    expect((await summarizeJournal(file)).end).toBeNull();
    await writer.end({ outcome: 'failed', reason: 'why', exitCode: 3 });
    expect(await summarizeJournal(file)).toMatchObject({
      end: { outcome: 'failed', exitCode: 3 },
      begin: beginning,
      recordCount: 2,
    });
  });

  it('reads on while a writer appends, without a gap or a doubled record', async () => {
    const { file, writer, append } = await startJournal();
    let next = 0;
    let from = 0;
    while (from < 20_000) {
      for (let number = 0; number < 400 && next < 20_000; number += 1) append(`line ${next++}`);
      void writer.flush();
      const page = await readRecords(file, { from, limit: 10_000 });
      expect(page.damaged).toBeNull();
      expect(page.records.map((one) => one.text)).toEqual(page.records.map((_, index) => `line ${from + index}`));
      from = page.next;
    }
    await writer.close();
  });

  it('shows what comes before damage, says where it is, and hands out nothing behind it', async () => {
    const { file, writer, append } = await startJournal();
    for (const text of ['one', 'two', 'three']) {
      append(text);
      await writer.flush();
    }
    await writer.close();
    const whole = await open(file, 'r+');
    const bytes = (await whole.readFile()).indexOf('"two"');
    await whole.write(Buffer.from('TWO'), 0, 3, bytes + 1);
    await whole.close();
    const page = await readRecords(file, { from: 0, limit: 10 });
    expect(page.records.map((one) => one.text)).toEqual(['one']);
    expect(page.damaged).toMatch(/hash chain does not continue at byte/);
    expect((await readRecords(file, { from: 1, limit: 10 })).records).toEqual([]);
    const readAll = async (): Promise<string[]> => {
      const kinds: string[] = [];
      for await (const frame of readJournal(file)) kinds.push(frame.header.kind);
      return kinds;
    };
    await expect(readAll()).rejects.toThrow(/hash chain/);
  });
});
