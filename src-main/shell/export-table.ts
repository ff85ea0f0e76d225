/** A table that the window has whole (jobs that run, attempts, packs) as a file: what stands in it is handed over with the call. */
import type { ShellArguments } from '../../src-contract/window-calls.ts';
import { csvLine, csvOpening } from './csv.ts';
import { writeSavedFile } from './saved-file.ts';

/** Answers how many rows were written. Throws AppError where the file cannot be written. */
export async function exportTable(
  { columns, rows, format }: Pick<ShellArguments<'shell:export-table'>, 'columns' | 'rows' | 'format'>,
  file: string,
): Promise<number> {
  return writeSavedFile(file, async (write) => {
    if (format === 'csv') {
      await write(`${csvOpening}${[columns.map(({ title }) => title), ...rows].map(csvLine).join('')}`);
    } else {
      const named = rows.map((cells) => Object.fromEntries(columns.map(({ key }, index) => [key, cells[index] ?? null])));
      await write(`${JSON.stringify(named, null, 2)}\n`);
    }
    return rows.length;
  });
}
