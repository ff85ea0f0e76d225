/** Text for a terminal. What came from elsewhere may hold control sequences: none of them reaches the terminal. */

/** Escape sequences (CSI, OSC and the like, whole), then every control character but line feed and tab. */
const escapeSequence =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])|\u009b[0-?]*[ -/]*[@-~]/g;
const controlCharacter = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

export function plainText(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(escapeSequence, '').replace(controlCharacter, '');
}

const colours = { red: 31, yellow: 33, blue: 34, grey: 90 } as const;
export type Colour = keyof typeof colours;

export function paint(stream: { isTTY?: boolean }, colour: Colour, text: string): string {
  const wanted = stream.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
  return wanted ? `\u001b[${colours[colour]}m${text}\u001b[0m` : text;
}

/** A table, or in words that there is nothing to put into one. */
export function formatList(nothing: string, headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? `${nothing}\n` : formatTable(headings, rows);
}

/** Columns under their headings, two blanks apart. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows].map((row) => row.map((cell) => plainText(cell).replace(/\s+/g, ' ')));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
