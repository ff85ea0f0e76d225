/** Text for the cells of a spreadsheet. */

/** A spreadsheet would run a cell that begins like a formula: an apostrophe before it makes it text. */
export function harmlessCell(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

/** Cells parted by tabs: what a spreadsheet takes when it is pasted. White space within a cell becomes a blank, or it would be two. */
export function tabbedLine(cells: readonly string[]): string {
  return cells.map((cell) => harmlessCell(cell.replaceAll(/\s+/g, ' ').trim())).join('\t');
}
