/** One attempt as a file for people or for programs: what it was, every record, and what the worker noted about them. */
import type { JobView, RecordNote } from '../../src-contract/engine-calls.ts';
import { outcomeLabels } from '../../src-contract/kinds.ts';
import { joinParts, type StreamRecord } from '../../src-contract/records.ts';
import type { ShellArguments } from '../../src-contract/window-calls.ts';
import { ask, type AskedWorker } from '../../src-contract/refused.ts';
import { csvLine, csvOpening } from './csv.ts';
import { writeSavedFile } from './saved-file.ts';

const recordsPerPage = 2000;

/** A name that every file system takes. */
export function fileNameOf({ runbookName, jobId, pickedUpAt }: Pick<JobView, 'runbookName' | 'jobId' | 'pickedUpAt'>): string {
  const name = (runbookName === '' ? jobId : runbookName).replaceAll(/[^\w.-]+/g, '-').slice(0, 80);
  return `${name} ${pickedUpAt.slice(0, 19).replaceAll(':', '.').replace('T', ' ')}`;
}

/** Answers how many records were written. Throws Refused, or AppError where the file cannot be written. */
export async function saveJob(
  worker: AskedWorker,
  { sandboxId, format }: ShellArguments<'shell:save-job'>,
  file: string,
): Promise<number> {
  const job = await ask(worker, 'jobs:get', { id: sandboxId });
  const { notes } = await ask(worker, 'jobs:notes', { sandboxId });
  const writer = writerOf(format, job, notes);
  return writeSavedFile(file, async (write) => {
    await write(writer.head());
    let records = 0;
    for (let from = 0; ;) {
      const page = await ask(worker, 'jobs:records', { sandboxId, from, limit: recordsPerPage });
      await write(writer.page(page.records));
      records += page.records.length;
      // What a running job writes meanwhile is part of it, as far as it is there when we get to it.
      if (page.next <= from || page.next >= page.recordCount) {
        await write(writer.end(page.damaged));
        return records;
      }
      from = page.next;
    }
  });
}

function writerOf(format: ShellArguments<'shell:save-job'>['format'], job: JobView, notes: readonly RecordNote[]): Writer {
  switch (format) {
    case 'text':
      return new TextWriter(job, notes);
    case 'csv':
      return new CsvWriter();
    case 'json':
      return new JsonWriter(job, notes);
  }
}

interface Writer {
  head(): string;
  page(records: readonly StreamRecord[]): string;
  end(damaged: string | null): string;
}

class JsonWriter implements Writer {
  readonly #job: JobView;
  readonly #notes: readonly RecordNote[];
  #isFirst = true;

  constructor(job: JobView, notes: readonly RecordNote[]) {
    this.#job = job;
    this.#notes = notes;
  }

  head(): string {
    return `{\n"job": ${JSON.stringify(this.#job)},\n"notes": ${JSON.stringify(this.#notes)},\n"records": [`;
  }

  page(records: readonly StreamRecord[]): string {
    const lines = records.map((record, index) => `${this.#isFirst && index === 0 ? '\n' : ',\n'}${JSON.stringify(record)}`);
    if (records.length > 0) this.#isFirst = false;
    return lines.join('');
  }

  end(damaged: string | null): string {
    return `\n],\n"damaged": ${JSON.stringify(damaged)}\n}\n`;
  }
}

/** The records alone, an entry a line. */
class CsvWriter implements Writer {
  readonly #parts = new PartsKeptBack();

  head(): string {
    return `${csvOpening}${csvLine(['Sequence', 'Time', 'Stream', 'Text'])}`;
  }

  page(records: readonly StreamRecord[]): string {
    return this.#write(this.#parts.take(records));
  }

  end(): string {
    return this.#write(this.#parts.rest());
  }

  #write(records: readonly StreamRecord[]): string {
    return joinParts(records)
      .map(({ firstSeq, time, stream, text }) => csvLine([firstSeq, time, stream, text]))
      .join('');
  }
}

/** The parts of an entry may lie on two pages: its last one is written with what follows. */
class PartsKeptBack {
  #open: StreamRecord[] = [];

  /** What can be written now. */
  take(records: readonly StreamRecord[]): StreamRecord[] {
    const all = [...this.#open, ...records];
    // Kept back from the first of the parts that are still coming.
    const openFrom = all.at(-1)?.part?.last === false ? all.findLastIndex(({ part }) => (part?.index ?? 0) === 0) : all.length;
    this.#open = all.slice(openFrom);
    return all.slice(0, openFrom);
  }

  rest(): StreamRecord[] {
    return this.#open.splice(0);
  }
}

const streamWidth = 'Information'.length;
const indent = ' '.repeat('2026-11-28T14:02:07.412Z'.length + 2 + streamWidth + 2);

class TextWriter implements Writer {
  readonly #job: JobView;
  readonly #notes: RecordNote[];
  #next = 0;
  readonly #parts = new PartsKeptBack();

  constructor(job: JobView, notes: readonly RecordNote[]) {
    this.#job = job;
    this.#notes = [...notes];
  }

  head(): string {
    const { runbookName, jobId, sandboxId, attempt, startedBy, groupName, runtime, outcomeReason, verified } = this.#job;
    const { pickedUpAt, startedAt, endedAt, outcome, phase, exitCode, parameters, recordCount } = this.#job;
    const service =
      verified === true ? 'all of them at the service, verified' : verified === false ? 'not all at the service' : null;
    const facts: [string, string | number | null][] = [
      ['Runbook', runbookName],
      ['Outcome', outcome === null ? phase : outcomeLabels[outcome]],
      ['Reason', outcome === 'completed' ? null : outcomeReason],
      ['Exit code', exitCode],
      ['Started by', startedBy],
      ['Worker group', groupName],
      ['Attempt', attempt],
      ['Runtime', runtime],
      ['Picked up', pickedUpAt],
      ['Started', startedAt],
      ['Ended', endedAt],
      ['Records', `${String(recordCount)}${service === null ? '' : `, ${service}`}`],
      ['Job ID', jobId],
      ['Sandbox ID', sandboxId],
      ...Object.entries(parameters).map(([name, value]): [string, string] => [`Parameter ${name}`, value]),
    ];
    const width = Math.max(...facts.map(([name]) => name.length)) + 2;
    const lines = facts.flatMap(([name, value]) =>
      value === null || value === ''
        ? []
        : [`${`${name}:`.padEnd(width)}${String(value).replaceAll('\n', `\n${' '.repeat(width)}`)}`],
    );
    return `${lines.join('\n')}\n\n`;
  }

  page(records: readonly StreamRecord[]): string {
    return this.#write(this.#parts.take(records));
  }

  end(damaged: string | null): string {
    const rest = this.#write(this.#parts.rest());
    const notes = this.#notes.map(noteLine).join('');
    return `${rest}${notes}${damaged === null ? '' : `\nThe journal is damaged: ${damaged}. What came after it cannot be read.\n`}`;
  }

  #write(records: readonly StreamRecord[]): string {
    return joinParts(records)
      .map((entry) => {
        const before: string[] = [];
        for (let note = this.#notes[0]; note !== undefined && note.after <= entry.firstSeq; note = this.#notes[0]) {
          before.push(noteLine(note));
          this.#notes.shift();
        }
        const expected = this.#next;
        const missing = entry.firstSeq - expected;
        this.#next = entry.lastSeq + 1;
        if (missing > 0) before.push(`${indent}(${missingWords(expected, missing)})\n`);
        const text = entry.text.replaceAll(/\r?\n/g, `\n${indent}`);
        return `${before.join('')}${entry.time}  ${entry.stream.padEnd(streamWidth)}  ${text}\n`;
      })
      .join('');
  }
}

function noteLine({ time, text }: RecordNote): string {
  return `${time}  ${'(worker)'.padEnd(streamWidth)}  ${text}\n`;
}

/** Which, by their sequence, as the window, REST and `hrw` tell it. */
function missingWords(first: number, count: number): string {
  if (count === 1) return `1 record is missing here: sequence ${String(first)}`;
  return `${String(count)} records are missing here: sequence ${String(first)} to ${String(first + count - 1)}`;
}
