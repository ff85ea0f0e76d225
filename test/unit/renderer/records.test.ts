import { describe, expect, it } from 'vitest';
import type { StreamName } from '../../../src-contract/kinds.ts';
import type { StreamRecord } from '../../../src-contract/records.ts';
import { countRows, drawnLine, splitLines, wrapLine } from '../../../src-renderer/shared/records/line-cells.ts';
import { RecordRows } from '../../../src-renderer/shared/records/record-rows.ts';
import { RecordWindow } from '../../../src-renderer/shared/records/record-window.ts';

function records(first: number, texts: string[], stream: StreamName = 'Output'): StreamRecord[] {
  return texts.map((text, index) => ({ seq: first + index, time: '2026-11-14T13:02:11.000Z', stream, text }));
}

function part(seq: number, index: number, last: boolean, text: string): StreamRecord {
  return { seq, time: '2026-11-14T13:02:11.000Z', stream: 'Output', text, part: { index, last } };
}

function rowsOf(window: RecordWindow, choice: Partial<ConstructorParameters<typeof RecordRows>[1]> = {}): RecordRows {
  return new RecordRows(window, { hidden: new Set(), search: '', columns: null, ...choice });
}

function texts(rows: RecordRows): (string | undefined)[] {
  return Array.from({ length: rows.rowCount }, (_unused, index) => rows.row(index)?.text);
}

describe('records that are missing', () => {
  it('have a row of their own before what follows, whatever is switched off', () => {
    const window = new RecordWindow(0);
    window.append([...records(0, ['a']), ...records(5, ['b\nsecond line'])]);
    const rows = rowsOf(window);
    expect(texts(rows)).toEqual(['a', '', 'b', 'second line']);
    expect(rows.row(1)).toMatchObject({ missing: { first: 1, count: 4 }, leads: false });
    expect(rows.row(2)).toMatchObject({ leads: true });
    expect(rows.row(2)).not.toHaveProperty('missing');
    window.append(records(6, ['c'], 'Warning'));
    rows.update();
    expect(texts(rows)).toEqual(['a', '', 'b', 'second line', 'c']);
  });

  it('are told also where the first ones are', () => {
    const window = new RecordWindow(0);
    window.append(records(3, ['d']));
    const rows = rowsOf(window);
    expect(rows.row(0)).toMatchObject({ missing: { first: 0, count: 3 } });
    expect(texts(rows)).toEqual(['', 'd']);
  });
});

describe('a record window', () => {
  it('joins numbered parts, also when they come in different pages', () => {
    const window = new RecordWindow(0);
    window.append([...records(0, ['before']), part(1, 0, false, 'one ')]);
    window.append([part(2, 1, false, 'two '), part(3, 2, true, 'three'), ...records(4, ['after'])]);
    expect(window.entries.map((entry) => entry.text)).toEqual(['before', 'one two three', 'after']);
    expect(window.next).toBe(5);
    expect(window.counts.get('Output')).toBe(3);
  });

  it('takes what it has already only once', () => {
    const window = new RecordWindow(0);
    window.append(records(0, ['a', 'b']));
    window.append(records(1, ['b', 'c']));
    expect(window.entries.map((entry) => entry.text)).toEqual(['a', 'b', 'c']);
  });

  it('drops the oldest entries and says from where on it holds them', () => {
    const window = new RecordWindow(0, { maxRecords: 10, maxWeight: 1_000_000 });
    window.append(
      records(
        0,
        Array.from({ length: 12 }, (_unused, index) => `line ${index}`),
      ),
    );
    expect(window.isFull()).toBe(true);
    expect(window.dropOldest()).toBe(true);
    expect(window.first).toBe(3);
    expect(window.entries[0]?.text).toBe('line 3');
    expect(window.counts.get('Output')).toBe(9);
    expect(window.dropOldest()).toBe(false);
  });

  it('counts line breaks as rows, so that a million empty lines do not make an endless page', () => {
    const window = new RecordWindow(0, { maxRecords: 100, maxWeight: 10_000 });
    window.append(records(0, ['\n'.repeat(300)]));
    expect(window.isFull()).toBe(true);
  });

  it('keeps the end of a single entry that is larger than the window', () => {
    const window = new RecordWindow(0, { maxRecords: 100, maxWeight: 10_000 });
    window.append([part(0, 0, false, 'a'.repeat(9_000)), part(1, 1, false, `${'b'.repeat(8_999)}!`)]);
    expect(window.dropOldest()).toBe(true);
    expect(window.entries).toHaveLength(1);
    expect(window.entries[0]?.text.length).toBeLessThanOrEqual(9_000);
    expect(window.entries[0]?.text.endsWith('b!')).toBe(true);
  });
});

describe('rows of records', () => {
  it('give an entry a row for each line, and the first one leads', () => {
    const window = new RecordWindow(0);
    window.append(records(0, ['one\r\ntwo\n', 'three']));
    const rows = rowsOf(window);
    expect(texts(rows)).toEqual(['one', 'two', 'three']);
    expect([0, 1, 2].map((index) => rows.row(index)?.leads)).toEqual([true, false, true]);
    expect(rows.row(3)).toBeUndefined();
  });

  it('wrap at the columns that the list has, after a space where that loses little', () => {
    const window = new RecordWindow(0);
    window.append(records(0, ['0123456789'.repeat(3), 'twelve chars and more']));
    expect(texts(rowsOf(window, { columns: 20 }))).toEqual(['01234567890123456789', '0123456789', 'twelve chars and ', 'more']);
  });

  it('leave out streams that are switched off and what a search does not find', () => {
    const window = new RecordWindow(0);
    window.append(records(0, ['copied A']));
    window.append(records(1, ['Warning about A'], 'Warning'));
    window.append(records(2, ['skipped B']));
    expect(texts(rowsOf(window, { hidden: new Set(['Warning']) }))).toEqual(['copied A', 'skipped B']);
    expect(texts(rowsOf(window, { search: 'a' }))).toEqual(['copied A', 'Warning about A']);
  });

  it('take in what is appended, and an entry that grows', () => {
    const window = new RecordWindow(0);
    window.append([...records(0, ['first']), part(1, 0, false, 'long ')]);
    const rows = rowsOf(window);
    expect(texts(rows)).toEqual(['first', 'long ']);
    window.append([part(2, 1, true, 'and\nlonger'), ...records(3, ['last'])]);
    rows.update();
    expect(texts(rows)).toEqual(['first', 'long and', 'longer', 'last']);
  });

  it('start anew when the window has dropped its oldest', () => {
    const window = new RecordWindow(0, { maxRecords: 10, maxWeight: 1_000_000 });
    window.append(
      records(
        0,
        Array.from({ length: 10 }, (_unused, index) => `line ${index}`),
      ),
    );
    const rows = rowsOf(window);
    window.dropOldest();
    rows.update();
    expect(rows.row(0)?.text).toBe('line 1');
    expect(rows.rowCount).toBe(9);
  });

  it('find the row of a record, or of the next one that is shown', () => {
    const window = new RecordWindow(0);
    window.append(records(0, ['a\nb', 'c']));
    window.append(records(2, ['hidden'], 'Verbose'));
    window.append(records(3, ['d']));
    const rows = rowsOf(window, { hidden: new Set(['Verbose']) });
    expect(rows.rowOfSequence(1)).toBe(2);
    expect(rows.rowOfSequence(2)).toBe(3);
    expect(rows.rowOfSequence(99)).toBe(4);
  });

  it('lay out a hundred thousand records without being felt', () => {
    const window = new RecordWindow(0);
    window.append(
      records(
        0,
        Array.from({ length: 100_000 }, (_unused, index) => `${index} `.repeat(30)),
      ),
    );
    const start = performance.now();
    const rows = rowsOf(window, { columns: 80 });
    const row = rows.row(rows.rowCount - 1);
    // A frame or two on a desk; the limit is far above, for busy machines.
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(row?.entry.lastSeq).toBe(99_999);
  });
});

describe('lines', () => {
  it('are told apart however they end', () => {
    expect(splitLines('a\r\nb\nc\rd\n')).toEqual(['a', 'b', 'c', 'd']);
    expect(splitLines('')).toEqual(['']);
    expect(splitLines('\n')).toEqual(['']);
  });

  it('show tabs as spaces up to the next stop', () => {
    expect(drawnLine('a\tb')).toBe('a       b');
    expect(drawnLine('12345678\tb')).toBe('12345678        b');
  });

  it('show a sign for what cannot be seen or would turn the line around', () => {
    expect(drawnLine('\u001b[31mred\u0000')).toBe('␛[31mred␀');
    expect(drawnLine('gnp.\u202etxt')).toBe('gnp.<U+202E>txt');
  });

  it('count wide characters as two cells and keep pairs of code units together', () => {
    expect(wrapLine('日本語のファイル', 8)).toEqual(['日本語の', 'ファイル']);
    expect(wrapLine('🙂🙂🙂', 4)).toEqual(['🙂🙂', '🙂']);
    expect(wrapLine('ééé'.normalize('NFD'), 3)).toEqual(['ééé'.normalize('NFD')]);
  });

  it('have as many rows as wrapping makes', () => {
    const lines = [
      '',
      'short',
      'x'.repeat(201),
      'words of all lengths and then some more words to wrap',
      '日本'.repeat(31),
      'a\tb'.repeat(20),
    ];
    for (const line of lines) expect(countRows(line, 40)).toBe(wrapLine(drawnLine(line), 40).length);
  });
});
