/** A whole list as a file: read from the worker a page at a time, written beside its place and put there when it is whole. */
import type { JobView } from '../../src-contract/engine-calls.ts';
import type { LogEvent } from '../../src-contract/events.ts';
import type { ShellArguments } from '../../src-contract/window-calls.ts';
import { ask, type AskedWorker } from '../../src-contract/refused.ts';
import { csvLine, csvOpening } from './csv.ts';
import { writeSavedFile } from './saved-file.ts';

type Wanted = ShellArguments<'shell:export-list'>;

const rowsPerPage = 500;

/** Answers how many rows were written. Throws Refused, or AppError where the file cannot be written. */
export async function exportList(worker: AskedWorker, wanted: Wanted, file: string): Promise<number> {
  return writeSavedFile(file, async (write) => {
    let rows = 0;
    await write(wanted.format === 'csv' ? `${csvOpening}${csvLine(headOf(wanted))}` : '[');
    for await (const page of pagesOf(worker, wanted)) {
      const lines = page.map((row, index) =>
        wanted.format === 'csv' ? csvLine(cellsOf(row)) : `${rows + index === 0 ? '\n' : ',\n'}${JSON.stringify(row)}`,
      );
      await write(lines.join(''));
      rows += page.length;
    }
    if (wanted.format === 'json') await write('\n]\n');
    return rows;
  });
}

type Row = JobView | LogEvent;

async function* pagesOf(worker: AskedWorker, wanted: Wanted): AsyncGenerator<readonly Row[]> {
  const still = await standingStill(worker, wanted);
  for (let offset = 0; ; offset += rowsPerPage) {
    const page =
      still.list === 'jobs'
        ? await ask(worker, 'jobs:list', { ...still.query, offset, limit: rowsPerPage })
        : await ask(worker, 'events:list', { ...still.query, offset, limit: rowsPerPage });
    const rows = 'jobs' in page ? page.jobs : page.events;
    if (rows.length > 0) yield rows;
    if (offset + rowsPerPage >= page.total) return;
  }
}

/** What is picked up, ends or is logged meanwhile would move the pages, and rows would be written twice. */
async function standingStill(worker: AskedWorker, wanted: Wanted): Promise<Wanted> {
  if (wanted.list === 'jobs') {
    const { query } = wanted;
    const now = new Date().toISOString();
    if (query.endedOnly === true) return { ...wanted, query: { ...query, endedBefore: query.endedBefore ?? now } };
    return { ...wanted, query: { ...query, before: query.before ?? now } };
  }
  if (wanted.query.before !== null) return wanted;
  const { events } = await ask(worker, 'events:list', { channel: null, before: null, limit: 1 });
  return { ...wanted, query: { ...wanted.query, before: (events[0]?.number ?? 0) + 1 } };
}

function headOf({ list }: Wanted): string[] {
  return list === 'jobs'
    ? [
        'Runbook',
        'Attempt',
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
    const { runbookName, attempt, outcome, outcomeReason, pickedUpAt, startedAt, endedAt, wallMs, startedBy } = row;
    const times = [pickedUpAt, startedAt, endedAt, wallMs];
    return [runbookName, attempt, outcome, outcomeReason, ...times, startedBy, row.recordCount, row.jobId, row.sandboxId];
  }
  const { number, time, level, id, channel, source, message, jobId, fields } = row;
  return [number, time, level, id, channel, source, message, jobId ?? '', JSON.stringify(fields)];
}
