/**
 * How a line of a record is laid out in cells of a monospaced face: tabs, wide characters, wrapping. And what is shown for
 * characters that have no picture or would reorder the line: a record is what a script wrote, so it may hold anything.
 */

const tabCells = 8;
const plain = /^[\x20-\x7e]*$/;

/** C0, DEL and C1 controls, bidirectional overrides and isolates, line separators, zero-width characters that hide text. */
const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}

/** Lines of an entry; a line break at its end adds no empty line. */
export function splitLines(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.length > 1 && lines.at(-1) === '') lines.pop();
  return lines;
}

/** A line with a sign for each character that cannot be seen; tabs stay. */
export function drawnCharacters(line: string): string {
  return plain.test(line) ? line : line.replace(hidden, picture);
}

/** What is drawn for a line: tabs as spaces up to the next stop, what cannot be seen as a sign for it. */
export function drawnLine(line: string): string {
  if (plain.test(line)) return line;
  const shown = drawnCharacters(line);
  if (!shown.includes('\t')) return shown;
  let result = '';
  let cells = 0;
  for (const character of shown) {
    const width = character === '\t' ? tabCells - (cells % tabCells) : cellsOf(character);
    result += character === '\t' ? ' '.repeat(width) : character;
    cells += width;
  }
  return result;
}

/** A row ends after a space, when one is in its second half; otherwise wherever it is full. */
function rowEnd(line: string, start: number, full: number): number {
  const space = line.lastIndexOf(' ', full - 1) + 1;
  return space > start + (full - start) / 2 ? space : full;
}

/** Breaks a drawn line into rows of at most `columns` cells; always at least one row. */
export function wrapLine(line: string, columns: number): string[] {
  const isPlain = plain.test(line);
  if (isPlain && line.length <= columns) return [line];
  const rows: string[] = [];
  let start = 0;
  while (start < line.length) {
    const full = isPlain ? start + columns : fullRow(line, start, columns);
    const end = full >= line.length ? line.length : rowEnd(line, start, full);
    rows.push(line.slice(start, end));
    start = end;
  }
  return rows.length === 0 ? [''] : rows;
}

/** Where a row that begins at `start` is full: before the character that would be too much; after one character at least. */
function fullRow(line: string, start: number, columns: number): number {
  let cells = 0;
  let index = start;
  while (index < line.length) {
    const character = String.fromCodePoint(line.codePointAt(index) ?? 0);
    cells += cellsOf(character);
    if (cells > columns && index > start) return index;
    index += character.length;
  }
  return index;
}

/** How many rows `wrapLine` makes of the line as it is drawn. Nearly all lines fit, and are told without making any. */
export function countRows(line: string, columns: number): number {
  if (line.length <= columns && plain.test(line)) return 1;
  return wrapLine(drawnLine(line), columns).length;
}

const combining = /^[\p{Mn}\p{Me}\u200d\ufe0f]$/u;

/** East Asian wide characters and pictures take two cells, marks that stand on the character before them none. */
function cellsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (combining.test(character)) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}
