import { describe, expect, it } from 'vitest';
import { describeProblem } from '../../../src-contract/problems.ts';
import type { StreamRecord } from '../../../src-contract/records.ts';
import { RecordReader, type ReadRecords, type RecordView } from '../../../src-renderer/shared/records/record-reader.ts';

const bounds = { maxRecords: 5_000, maxWeight: 100_000_000 };

/** A journal in memory: answers pages as the engine does, and counts how often it was asked. */
class Journal {
  count: number;
  asked = 0;
  failures = 0;
  constructor(count: number) {
    this.count = count;
  }

  readonly read: ReadRecords = (from, limit) => {
    this.asked += 1;
    if (this.failures > 0) {
      this.failures -= 1;
      return Promise.resolve({ ok: false, problem: describeProblem('internal', { correlationId: 'x' }) });
    }
    const end = Math.min(this.count, from + limit);
    const records: StreamRecord[] = [];
    for (let seq = from; seq < end; seq += 1) {
      records.push({ seq, time: '2026-11-14T13:02:11.000Z', stream: 'Output', text: String(seq) });
    }
    return Promise.resolve({ ok: true, value: { records, next: end, recordCount: this.count, damaged: null } });
  };
}

/** Waits until the reader has nothing under way. */
async function settled(reader: RecordReader, isSo: (view: RecordView) => boolean): Promise<RecordView> {
  for (let turn = 0; turn < 1000; turn += 1) {
    if (isSo(reader.view.get())) return reader.view.get();
    await Promise.resolve();
  }
  throw new Error(`never settled: ${JSON.stringify({ ...reader.view.get(), window: undefined })}`);
}

const isCurrent = (view: RecordView): boolean => view.status === 'current';

describe('reading records', () => {
  it('reads an ended job from its first record to its last', async () => {
    const journal = new Journal(4_500);
    const reader = new RecordReader(journal.read, { recordCount: 4_500, following: false }, bounds);
    reader.open();
    const { window } = await settled(reader, isCurrent);
    expect([window.first, window.next]).toEqual([0, 4_500]);
    expect(journal.asked).toBe(3);
  });

  it('begins near the end of a long running job', async () => {
    const journal = new Journal(1_000_000);
    const reader = new RecordReader(journal.read, { recordCount: 1_000_000, following: true }, bounds);
    reader.open();
    const { window } = await settled(reader, isCurrent);
    expect([window.first, window.next]).toEqual([995_500, 1_000_000]);
  });

  it('keeps up with a running job, and the oldest make room', async () => {
    const journal = new Journal(4_900);
    const reader = new RecordReader(journal.read, { recordCount: 4_900, following: true }, bounds);
    reader.open();
    await settled(reader, isCurrent);
    journal.count = 5_600;
    reader.notice(5_600);
    const { window } = await settled(reader, (view) => view.window.next === 5_600);
    expect(window.first).toBe(1_100);
  });

  it('stays where the reader of the page is, once the window is full', async () => {
    const journal = new Journal(4_900);
    const reader = new RecordReader(journal.read, { recordCount: 4_900, following: true }, bounds);
    reader.open();
    await settled(reader, isCurrent);
    reader.follow(false);
    journal.count = 60_000;
    reader.notice(60_000);
    const { window, recordCount } = await settled(reader, (view) => view.window.isFull());
    expect(window.first).toBe(0);
    expect(recordCount).toBe(60_000);
    expect(reader.isHeldBack()).toBe(true);
    const asked = journal.asked;
    reader.notice(60_500);
    await Promise.resolve();
    expect(journal.asked).toBe(asked);
  });

  it('goes to the end at once when it is told to follow again', async () => {
    const journal = new Journal(4_900);
    const reader = new RecordReader(journal.read, { recordCount: 4_900, following: false }, bounds);
    reader.open();
    await settled(reader, isCurrent);
    journal.count = 900_000;
    reader.notice(900_000);
    await settled(reader, (view) => view.window.isFull());
    const asked = journal.asked;
    reader.follow(true);
    const { window } = await settled(reader, (view) => view.window.next === 900_000);
    expect(window.first).toBe(895_500);
    expect(journal.asked - asked).toBeLessThan(6);
  });

  it('drops a page that belongs to where the reader of the page has left', async () => {
    const journal = new Journal(20_000);
    const reader = new RecordReader(journal.read, { recordCount: 20_000, following: true }, bounds);
    reader.open();
    reader.goTo(3_000);
    const { window } = await settled(reader, (view) => isCurrent(view) && view.window.isFull());
    expect(window.first).toBe(3_000);
    expect(window.entries[0]?.text).toBe('3000');
    expect(window.entries.every((entry, index) => entry.firstSeq === 3_000 + index)).toBe(true);
  });

  it('says what was refused, and goes on where it was when told to try again', async () => {
    const journal = new Journal(3_000);
    const reader = new RecordReader(journal.read, { recordCount: 3_000, following: false }, bounds);
    journal.failures = 1;
    reader.open();
    const failed = await settled(reader, (view) => view.status === 'failed');
    expect(failed.problem?.code).toBe('internal');
    reader.tryAgain();
    const { window } = await settled(reader, isCurrent);
    expect(window.next).toBe(3_000);
  });

  it('does not ask for ever for what a damaged journal does not give', async () => {
    const journal = new Journal(10);
    const reader = new RecordReader(
      async (from, limit) => {
        const answer = await journal.read(from, limit);
        return answer.ok
          ? { ok: true, value: { ...answer.value, recordCount: 500, damaged: 'frame 2 does not verify' } }
          : answer;
      },
      { recordCount: 500, following: false },
      bounds,
    );
    reader.open();
    const view = await settled(reader, isCurrent);
    expect(view.recordCount).toBe(10);
    expect(view.damaged).toBe('frame 2 does not verify');
    expect(journal.asked).toBe(2);
  });

  it('asks for nothing more once it is closed', async () => {
    const journal = new Journal(1_000_000);
    const reader = new RecordReader(journal.read, { recordCount: 1_000_000, following: true }, bounds);
    reader.open();
    reader.close();
    const asked = journal.asked;
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    expect(journal.asked).toBe(asked);
  });
});
