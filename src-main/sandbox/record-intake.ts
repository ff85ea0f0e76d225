/**
 * Takes what a runtime writes, masks the secrets in it, makes records of it and puts them into the journal. Slows the runtime when the disk
 * cannot keep up.
 */
import type { StreamName } from '../../src-contract/kinds.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import type { LineExtra } from '../journal/frame-builder.ts';
import { EntryMasking } from './masking/entry-masking.ts';
import { MaskingStream } from './masking/masking-stream.ts';
import type { Secrets } from './masking/secrets.ts';
import { OutputSplitter } from './output-splitter.ts';
import type { Progress, RecordFacts } from './ports.ts';
import { ProgressMerger } from './progress-merger.ts';

/** So much of stderr is kept for the exception of a runbook that ends with a bad exit code. */
const errorTailBytes = 4096;

export interface IntakeOptions {
  journal: JournalWriter;
  now: () => Date;
  /** Streams that the runbook's settings switch off: dropped before they are numbered, and counted. */
  droppedStreams: ReadonlySet<StreamName>;
  secrets: Pick<Secrets, 'scan' | 'mask'>;
  onFull: () => void;
}

export class RecordIntake {
  readonly #options: IntakeOptions;
  readonly #output = this.#splitterFor('Output');
  readonly #error = this.#splitterFor('Error');
  /** One a stream: a host's records are whole entries, not lines. */
  readonly #entries = new Map<StreamName, OutputSplitter>();
  readonly #dropped = new Map<StreamName, number>();
  readonly #progress = new ProgressMerger((progress) => this.#appendProgress(progress));
  readonly #maskedOutput = this.#maskFor((piece) => this.#output.push(piece));
  readonly #maskedError = this.#maskFor((piece) => this.#takeError(piece));
  readonly #maskedEntries: EntryMasking;
  #time = '';
  #timeMs = 0;
  /** Of the record under way. */
  #about: LineExtra | undefined;
  #errorTail: Buffer = Buffer.alloc(0);

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#maskedEntries = new EntryMasking(
      { scan: (bytes) => options.secrets.scan(bytes), onLate: (giveAll) => this.#giveLate(giveAll) },
      (stream, piece, last, facts) => {
        this.#about = extraOf(facts, last);
        this.#entryOf(stream).pushEntry(piece, last);
      },
    );
  }

  get errorTail(): string {
    const text = this.#errorTail.toString('utf8');
    // The beginning is most likely the middle of a line.
    return this.#errorTail.length < errorTailBytes ? text : text.slice(text.indexOf('\n') + 1);
  }

  /** Too much waits for the disk. */
  get isFull(): boolean {
    return this.#options.journal.isFull;
  }

  /** What was written and is no record, in sentences for the journal. */
  get leftOut(): string[] {
    const { merged } = this.#progress;
    const sentences = [...this.#dropped].map(
      ([stream, count]) => `${count} ${stream} records were left out: the runbook's settings switch that stream off.`,
    );
    if (merged > 0)
      sentences.push(`${merged} Progress records were left out: a newer one of the same activity followed at once.`);
    return sentences;
  }

  output(chunk: Buffer): void {
    this.#begin(undefined);
    this.#maskedOutput.push(chunk);
    this.#end();
  }

  error(chunk: Buffer): void {
    this.#begin(undefined);
    this.#maskedError.push(chunk);
    this.#end();
  }

  /** A piece of one record of a runtime's host. */
  text(stream: StreamName, piece: Buffer, last: boolean, { position, value }: RecordFacts): void {
    if (this.#options.droppedStreams.has(stream)) {
      if (last) this.drop(stream, 1);
      return;
    }
    this.#begin(undefined);
    this.#maskedEntries.text(stream, piece, last, {
      ...(position && { position }),
      ...(last && value !== undefined && { value: this.#options.secrets.mask(value) }),
    });
    this.#end();
  }

  progress(activityId: number, progress: Progress): void {
    if (this.#options.droppedStreams.has('Progress')) this.drop('Progress', 1);
    else this.#progress.add(activityId, progress);
  }

  /** So many records more of a stream that is switched off. */
  drop(stream: StreamName, count: number): void {
    this.#dropped.set(stream, (this.#dropped.get(stream) ?? 0) + count);
  }

  /** The runtime writes no more. */
  finish(): void {
    this.#begin(undefined);
    this.#progress.end();
    this.#maskedOutput.flush();
    this.#maskedError.flush();
    this.#maskedEntries.flush();
    this.#begin(undefined);
    this.#output.end();
    this.#error.end();
    for (const entry of this.#entries.values()) entry.end();
  }

  #takeError(piece: Buffer): void {
    this.#error.push(piece);
    this.#errorTail = Buffer.from(Buffer.concat([this.#errorTail, piece.subarray(-errorTailBytes)]).subarray(-errorTailBytes));
  }

  #maskFor(give: (piece: Buffer) => void): MaskingStream {
    return new MaskingStream({
      scan: (bytes) => this.#options.secrets.scan(bytes),
      give,
      onLate: (giveAll) => this.#giveLate(giveAll),
    });
  }

  /** What waited for the rest of a secret that did not come. */
  #giveLate(giveAll: () => void): void {
    this.#begin(undefined);
    giveAll();
    this.#end();
  }

  #entryOf(stream: StreamName): OutputSplitter {
    let entry = this.#entries.get(stream);
    if (entry === undefined) this.#entries.set(stream, (entry = this.#splitterFor(stream)));
    return entry;
  }

  #splitterFor(stream: StreamName): OutputSplitter {
    return new OutputSplitter((source, start, end, extra) => {
      const whole = this.#about === undefined ? extra : { ...extra, ...this.#about };
      this.#options.journal.appendLine(stream, this.#time, source, start, end, whole);
    });
  }

  /** The records of a chunk have one time: they came together. Text for it is made once a millisecond. */
  #begin(about: LineExtra | undefined): void {
    this.#about = about;
    const now = this.#options.now();
    if (now.getTime() === this.#timeMs) return;
    this.#timeMs = now.getTime();
    this.#time = now.toISOString();
  }

  #appendProgress(progress: Progress): void {
    this.#begin(undefined);
    const { percent, done } = progress;
    const activity = this.#options.secrets.mask(progress.activity);
    const status = this.#options.secrets.mask(progress.status);
    const text = [activity, status, percent === undefined ? '' : `${String(percent)} %`, done === true ? 'done' : '']
      .filter((part) => part.trim() !== '')
      .join(' | ');
    // Activities are a few words; what is longer than a record may be is somebody's mistake.
    this.#options.journal.append({
      stream: 'Progress',
      time: this.#time,
      text: cut(text),
      progress: { ...progress, activity: cut(activity), status: cut(status) },
    });
    this.#end();
  }

  #end(): void {
    if (this.#options.journal.isFull) this.#options.onFull();
  }
}

/** What stands beside a record's text; its value beside the last piece alone. */
function extraOf({ position, value }: RecordFacts, last: boolean): LineExtra | undefined {
  if (position === undefined && value === undefined) return undefined;
  return { ...(position && { position }), ...(last && value !== undefined && { value: parseValue(value) }) };
}

/** Undefined for what is no JSON: a host's mistake, and no reason to lose the record. */
function parseValue(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const longestProgress = 10_000;

function cut(text: string): string {
  return text.length <= longestProgress ? text : `${text.slice(0, longestProgress)}…`;
}
