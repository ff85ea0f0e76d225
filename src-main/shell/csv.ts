/** Lines of a file for spreadsheets: RFC 4180, and no cell that one would run. */
import { harmlessCell } from '../../src-contract/cells.ts';

/** Spreadsheets take a file without this mark for one of the machine's old code page. */
export const csvOpening = '\ufeff';

export function csvLine(cells: readonly (string | number | null)[]): string {
  const written = cells.map((cell) => {
    if (cell === null) return '';
    if (typeof cell === 'number') return String(cell);
    const harmless = harmlessCell(cell);
    return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
  });
  return `${written.join(',')}\r\n`;
}
