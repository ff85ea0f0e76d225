/**
 * Chosen rows as one text for the clipboard. Both limits count: rows of usual length are stopped by their number, very long ones (an
 * exception's text in each) by what the main process takes at once. Pure.
 */
import { maxCopiedCharacters } from '../../../src-contract/window-calls.ts';

/** More would not be read by anybody who pastes them; a file holds any number. */
export const mostRowsCopied = 2_000;

/** undefined: it is longer than the clipboard is handed. */
export function copiedText<Row>(rows: readonly Row[], rowText: (row: Row) => string): string | undefined {
  const text = rows.map(rowText).join('\n');
  return text.length > maxCopiedCharacters ? undefined : text;
}
