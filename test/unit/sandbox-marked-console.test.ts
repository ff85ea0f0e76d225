import { describe, expect, it } from 'vitest';
import { MarkedConsole } from '../../src-main/sandbox/marked-console.ts';

const mark = '0b8c6f0e-7a52-4b8e-9d0f-2c1e5a7b9d11';

function hear(written: string, chunkBytes: number): unknown[] {
  const heard: unknown[] = [];
  let output = '';
  const told = (...words: unknown[]): void => {
    if (output !== '') heard.push(output);
    output = '';
    heard.push(words);
  };
  const reader = new MarkedConsole(mark, {
    begun: (version) => told('begun', version),
    output: (bytes) => (output += bytes.toString('latin1')),
    ended: (exitCode, exception) => told('ended', exitCode, exception),
  });
  const bytes = Buffer.from(written, 'latin1');
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.subarray(at, at + chunkBytes));
  reader.end();
  if (output !== '') heard.push(output);
  return heard;
}

describe.each([1, 5, 100_000])('a console with marks, in pieces of %i bytes', (chunkBytes) => {
  it('tells begin, output and end apart from what else is printed', () => {
    const written = `noise\r\n${mark} begin 5.1.1\r\none\r\n\r\ntwo\r\n\r\n${mark} end 0\r\n`;
    expect(hear(written, chunkBytes)).toEqual([['begun', '5.1.1'], 'one\r\n\r\ntwo\r\n', ['ended', 0, null]]);
  });

  it('loses nothing that comes after an end, and takes the last one', () => {
    const written = `${mark} begin 5.1\n${mark} end 0\nlater\n\n${mark} end 3\nlast`;
    expect(hear(written, chunkBytes)).toEqual([['begun', '5.1'], ['ended', 0, null], 'later\n', ['ended', 3, null], 'last']);
  });

  it('carries the message of what ended the runbook', () => {
    expect(hear(`${mark} begin 5.1\n${mark} end 1 no room here\n`, chunkBytes)).toEqual([
      ['begun', '5.1'],
      ['ended', 1, 'no room here'],
    ]);
  });

  it('takes a mark only as the beginning of a line', () => {
    const written = `${mark} begin 5.1\nx ${mark} end 0\nlast without an end`;
    expect(hear(written, chunkBytes)).toEqual([['begun', '5.1'], `x ${mark} end 0\nlast without an end`]);
  });

  it('passes a line of any length on', () => {
    const long = 'y'.repeat(300_000);
    expect(hear(`${mark} begin 5.1\n${long}\n${mark} end 0\n`, chunkBytes)).toEqual([
      ['begun', '5.1'],
      `${long}\n`,
      ['ended', 0, null],
    ]);
  });

  it('does not take an end without a begin', () => {
    expect(hear(`${mark} end 0\nwords\n`, chunkBytes)).toEqual([]);
  });
});
