/** Entries as text for the clipboard, laid out as a saved job has them. Pure. */
import { texts } from '../../texts.ts';
import { drawnCharacters, splitLines } from './line-cells.ts';
import type { Entry } from './record-window.ts';

const streamWidth = 'Information'.length;

/**
 * What cannot be seen is written as the page draws it: pasted into a terminal, a control sequence would do what the script that wrote it
 * wants. `missing`: records that are not there before it.
 */
export function entryText(entry: Entry, { times, missing }: { times: boolean; missing: number }): string {
  const head = `${times ? `${entry.time}  ` : ''}${entry.stream.padEnd(streamWidth)}  `;
  const indent = ' '.repeat(head.length);
  const lines = splitLines(entry.text).map(drawnCharacters);
  const gap = missing > 0 ? `${indent}(${texts.records.gap(entry.firstSeq - missing, missing)})\n` : '';
  return `${gap}${head}${lines.join(`\n${indent}`)}`;
}
