import { describe, expect, it } from 'vitest';
import type { StreamName } from '../../../src-contract/kinds.ts';
import type { StreamRecord } from '../../../src-contract/records.ts';
import { RecordRows } from '../../../src-renderer/shared/records/record-rows.ts';
import { allEntries, chosenPlaces, isChosen, walkedEntries } from '../../../src-renderer/shared/records/record-selection.ts';
import { entryText } from '../../../src-renderer/shared/records/record-text.ts';
import { RecordWindow } from '../../../src-renderer/shared/records/record-window.ts';

const time = '2026-11-28T14:02:07.412Z';
const record = (seq: number, text: string, stream: StreamName = 'Output'): StreamRecord => ({ seq, time, stream, text });

/** Sequences 0 to 5, of which 2 and 3 are parts of one entry, and 4 is a warning of two lines. */
function sample(hidden: readonly StreamName[] = []): RecordRows {
  const window = new RecordWindow(0);
  window.append([
    record(0, 'a'),
    record(1, 'b'),
    { ...record(2, 'long '), part: { index: 0, last: false } },
    { ...record(3, 'line'), part: { index: 1, last: true } },
    record(4, 'careful\nthere', 'Warning'),
    record(5, 'z'),
  ]);
  return new RecordRows(window, { hidden: new Set(hidden), search: '', columns: null });
}

const key = (name: string, shiftKey = false, top = 0) => ({ key: name, shiftKey, top });
const chosenTexts = (rows: RecordRows, selection: Parameters<typeof chosenPlaces>[1]): (string | undefined)[] => {
  const { from, to } = chosenPlaces(rows, selection);
  return Array.from({ length: to - from }, (_unused, index) => rows.entry(from + index)?.text);
};

describe('entries that are chosen', () => {
  it('begin at the row that is looked at, and are extended over entries, not rows', () => {
    const rows = sample();
    const first = walkedEntries(rows, undefined, key('ArrowDown', false, 3));
    expect(first).toEqual({ anchor: 4, head: 4 });
    const more = walkedEntries(rows, first, key('ArrowDown', true));
    expect(chosenTexts(rows, more)).toEqual(['careful\nthere', 'z']);
    expect(walkedEntries(rows, more, key('ArrowUp', true))).toEqual({ anchor: 4, head: 4 });
    expect(walkedEntries(rows, more, key('ArrowUp'))).toEqual({ anchor: 4, head: 4 });
    expect(walkedEntries(rows, first, key('ArrowUp'))).toEqual({ anchor: 2, head: 2 });
    expect(walkedEntries(rows, first, key('Home', true))).toEqual({ anchor: 4, head: 0 });
    expect(walkedEntries(rows, undefined, key('End'))).toEqual({ anchor: 5, head: 5 });
    expect(walkedEntries(rows, first, key('x'))).toBeUndefined();
    expect(walkedEntries(sample(['Output', 'Warning']), undefined, key('ArrowDown'))).toBeUndefined();
  });

  it('stay chosen while a stream is switched off, and are copied without what is not shown', () => {
    const all = allEntries(sample());
    expect(all).toEqual({ anchor: 0, head: 5 });
    expect(chosenTexts(sample(['Warning']), all)).toEqual(['a', 'b', 'long line', 'z']);
    const warning = { anchor: 4, head: 4 };
    expect(chosenTexts(sample(['Warning']), warning)).toEqual([]);
    expect(chosenTexts(sample(), warning)).toEqual(['careful\nthere']);
    expect(isChosen(warning, { firstSeq: 4 })).toBe(true);
    expect(isChosen(undefined, { firstSeq: 4 })).toBe(false);
  });
});

describe('an entry as text', () => {
  const entry = { firstSeq: 4, lastSeq: 4, time, stream: 'Warning' as const, text: 'careful\n\tthere\u001b[2J\u202e' };

  it('has its lines below one another, and nothing that a terminal would obey', () => {
    expect(entryText(entry, { times: true, missing: 0 })).toBe(
      `${time}  Warning      careful\n${' '.repeat(39)}\tthere\u241b[2J<U+202E>`,
    );
  });

  it('has no time where none is shown, and says what is missing before it', () => {
    expect(entryText({ ...entry, text: 'careful' }, { times: false, missing: 3 })).toBe(
      `${' '.repeat(13)}(3 records are missing here: sequence 1 to 3)\nWarning      careful`,
    );
  });
});
