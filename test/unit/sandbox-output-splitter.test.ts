import { describe, expect, it } from 'vitest';
import { maxRecordBytes } from '../../src-contract/limits.ts';
import { OutputSplitter, type LineExtra } from '../../src-main/sandbox/output-splitter.ts';

interface Line {
  text: string;
  extra: LineExtra | undefined;
}

function split(bytes: Buffer, chunkBytes: number): Line[] {
  const lines: Line[] = [];
  const splitter = new OutputSplitter((source, start, end, extra) => {
    lines.push({ text: Buffer.from(source.subarray(start, end)).toString('utf8'), extra });
  });
  for (let at = 0; at < bytes.length; at += chunkBytes) splitter.push(Buffer.from(bytes.subarray(at, at + chunkBytes)));
  splitter.end();
  return lines;
}

const chunkings = [1, 2, 3, 7, 64, 65_536];
const textsOf = (lines: Line[]): string[] => lines.map((line) => line.text);

describe('the output splitter', () => {
  it.each(chunkings)('finds the same lines when they come in pieces of %i bytes', (chunkBytes) => {
    const text = 'one\ntwo\r\n\n\r\nlone\rreturn\nžluť 馬 🐎\nlast without an end';
    const expected = ['one', 'two', '', '', 'lone\rreturn', 'žluť 馬 🐎', 'last without an end'];
    const lines = split(Buffer.from(text), chunkBytes);
    expect(textsOf(lines)).toEqual(expected);
    expect(lines.every((line) => line.extra === undefined)).toBe(true);
  });

  it('makes no record of nothing, and none after a final line end', () => {
    expect(split(Buffer.alloc(0), 10)).toEqual([]);
    expect(textsOf(split(Buffer.from('a\n'), 10))).toEqual(['a']);
    expect(textsOf(split(Buffer.from('\n'), 10))).toEqual(['']);
  });

  it.each(chunkings)('mends bytes that are no UTF-8, and says so only of their line, in pieces of %i bytes', (chunkBytes) => {
    const bytes = Buffer.concat([
      Buffer.from('good\nbad '),
      Buffer.from([0xff, 0xc3]),
      Buffer.from(' end\nžluť\n'),
      Buffer.from([0xe9]),
    ]);
    expect(split(bytes, chunkBytes)).toEqual([
      { text: 'good', extra: undefined },
      { text: 'bad \ufffd\ufffd end', extra: { repaired: true } },
      { text: 'žluť', extra: undefined },
      { text: '\ufffd', extra: { repaired: true } },
    ]);
  });

  it.each([1000, 65_536, 3 * maxRecordBytes])(
    'splits a line over the limit at character boundaries into numbered parts, in pieces of %i bytes',
    (chunkBytes) => {
      const text = `a${'馬🐎'.repeat(400_000)}`;
      const lines = split(Buffer.from(`before\n${text}\nafter`), chunkBytes);
      expect(lines[0]?.text).toBe('before');
      expect(lines.at(-1)).toEqual({ text: 'after', extra: undefined });
      const parts = lines.slice(1, -1);
      expect(parts.map((line) => line.extra)).toEqual(
        parts.map((_, index) => ({ part: { index, last: index === parts.length - 1 } })),
      );
      expect(parts.length).toBe(Math.ceil(Buffer.byteLength(text) / maxRecordBytes));
      for (const part of parts) expect(Buffer.byteLength(part.text)).toBeLessThanOrEqual(maxRecordBytes);
      expect(parts.map((part) => part.text).join('') === text).toBe(true);
    },
  );

  it.each([1023, 65_536, 4 * maxRecordBytes])(
    'leaves a line of exactly the limit whole, whatever its end, in pieces of %i',
    (chunkBytes) => {
      const line = 'x'.repeat(maxRecordBytes);
      for (const end of ['', '\n', '\r\n']) {
        expect(split(Buffer.from(line + end), chunkBytes).map((one) => [one.text.length, one.extra])).toEqual([
          [maxRecordBytes, undefined],
        ]);
      }
      const longer = split(Buffer.from(`${line}y\r\nz`), chunkBytes);
      expect(longer.map((one) => [one.text.length, one.extra])).toEqual([
        [maxRecordBytes, { part: { index: 0, last: false } }],
        [1, { part: { index: 1, last: true } }],
        [1, undefined],
      ]);
    },
  );

  it.each([1000, 65_536, 4 * maxRecordBytes])(
    'keeps parts within the limit when mending makes them longer, in pieces of %i',
    (chunkBytes) => {
      const lines = split(Buffer.concat([Buffer.alloc(maxRecordBytes + 500_000, 0xff), Buffer.from('\nok\n')]), chunkBytes);
      expect(lines.at(-1)).toEqual({ text: 'ok', extra: undefined });
      const parts = lines.slice(0, -1);
      for (const part of parts) expect(Buffer.byteLength(part.text)).toBeLessThanOrEqual(maxRecordBytes);
      expect(parts.map((part) => part.extra)).toEqual(
        parts.map((_, index) => ({ part: { index, last: index === parts.length - 1 }, repaired: true })),
      );
      expect(parts.reduce((sum, part) => sum + part.text.length, 0)).toBe(maxRecordBytes + 500_000);
    },
  );
});
