/** A whole list as a file: read from the worker a page at a time, written beside its place and put there when it is whole. */
import { open, rename, rm } from 'node:fs/promises';
import { AppError } from '../../src-contract/app-error.ts';
import type { JobView } from '../../src-contract/engine-calls.ts';
import type { LogEvent } from '../../src-contract/events.ts';
import type { Problem } from '../../src-contract/problems.ts';
import type { ShellArguments } from '../../src-contract/window-calls.ts';
import type { SteadyWorker } from './worker-connection.ts';

type Wanted = ShellArguments<'shell:export-list'>;
type Worker = Pick<SteadyWorker, 'call'>;

const rowsPerPage = 500;

/** The worker's own refusal, for the window to show as it is. */
export class RefusedByWorker extends Error {
  override readonly name = 'RefusedByWorker';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

/** Answers how many rows were written. Throws RefusedByWorker, or AppError where the file cannot be written. */
export async function exportList(worker: Worker, wanted: Wanted, file: string): Promise<number> {
  const unfinished = `${file}.unfinished`;
  try {
    const handle = await open(unfinished, 'w');
    let rows = 0;
    try {
      // Spreadsheets take a file without this mark for one of the machine's old code page.
      await handle.write(wanted.format === 'csv' ? `\ufeff${csvLine(headOf(wanted))}` : '[');
      for await (const page of pagesOf(worker, wanted)) {
        const lines = page.map((row, index) =>
          wanted.format === 'csv' ? csvLine(cellsOf(row)) : `${rows + index === 0 ? '\n' : ',\n'}${JSON.stringify(row)}`,
        );
        await handle.write(lines.join(''));
        rows += page.length;
      }
      if (wanted.format === 'json') await handle.write('\n]\n');
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
    return rows;
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    if (error instanceof RefusedByWorker) throw error;
    throw new AppError('input-invalid', { what: file, reason: `It cannot be written: ${reasonOf(error)}.` }, { cause: error });
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

type Row = JobView | LogEvent;

async function* pagesOf(worker: Worker, wanted: Wanted): AsyncGenerator<readonly Row[]> {
  const still = await standingStill(worker, wanted);
  for (let offset = 0; ; offset += rowsPerPage) {
    const answer =
      still.list === 'jobs'
        ? await worker.call('jobs:list', { ...still.query, offset, limit: rowsPerPage })
        : await worker.call('events:list', { ...still.query, offset, limit: rowsPerPage });
    if (!answer.ok) throw new RefusedByWorker(answer.problem);
    const rows = 'jobs' in answer.value ? answer.value.jobs : answer.value.events;
    if (rows.length > 0) yield rows;
    if (offset + rowsPerPage >= answer.value.total) return;
  }
}

/** What is picked up or logged meanwhile would move the pages, and rows would be written twice. */
async function standingStill(worker: Worker, wanted: Wanted): Promise<Wanted> {
  if (wanted.query.before !== null) return wanted;
  if (wanted.list === 'jobs') return { ...wanted, query: { ...wanted.query, before: new Date().toISOString() } };
  const newest = await worker.call('events:list', { channel: null, before: null, limit: 1 });
  if (!newest.ok) throw new RefusedByWorker(newest.problem);
  return { ...wanted, query: { ...wanted.query, before: (newest.value.events[0]?.number ?? 0) + 1 } };
}

function headOf({ list }: Wanted): string[] {
  return list === 'jobs'
    ? [
        'Runbook',
        'Outcome',
        'Reason',
        'Picked up',
        'Started',
        'Ended',
        'Milliseconds',
        'Started by',
        'Records',
        'Job ID',
        'Sandbox ID',
      ]
    : ['Number', 'Time', 'Level', 'ID', 'Channel', 'Source', 'Message', 'Job ID', 'Fields'];
}

function cellsOf(row: Row): (string | number | null)[] {
  if ('sandboxId' in row) {
    const { runbookName, outcome, outcomeReason, pickedUpAt, startedAt, endedAt, wallMs, startedBy } = row;
    const times = [pickedUpAt, startedAt, endedAt, wallMs];
    return [runbookName, outcome, outcomeReason, ...times, startedBy, row.recordCount, row.jobId, row.sandboxId];
  }
  const { number, time, level, id, channel, source, message, jobId, fields } = row;
  return [number, time, level, id, channel, source, message, jobId ?? '', JSON.stringify(fields)];
}

/** A spreadsheet would run a cell that begins like a formula: an apostrophe before it makes it text. */
function csvLine(cells: readonly (string | number | null)[]): string {
  const written = cells.map((cell) => {
    if (cell === null) return '';
    if (typeof cell === 'number') return String(cell);
    const harmless = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
    return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
  });
  return `${written.join(',')}\r\n`;
}
