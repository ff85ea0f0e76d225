/**
 * Takes what a runtime writes, masks the secrets in it, makes records of it and puts them into the journal. Slows the runtime when the disk
 * cannot keep up.
 */
import type { StreamName } from '../../src-contract/kinds.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import { EntryMasking } from './masking/entry-masking.ts';
import { MaskingStream } from './masking/masking-stream.ts';
import type { Secrets } from './masking/secrets.ts';
import { OutputSplitter } from './output-splitter.ts';
import type { RecordPosition } from './ports.ts';

/** So much of stderr is kept for the exception of a runbook that ends with a bad exit code. */
const errorTailBytes = 4096;

export interface IntakeOptions {
  journal: JournalWriter;
  now: () => Date;
  /** Streams that the runbook's settings switch off: dropped before they are numbered, and counted. */
  droppedStreams: ReadonlySet<StreamName>;
  secrets: Pick<Secrets, 'scan'>;
  onFull: () => void;
}

export class RecordIntake {
  readonly #options: IntakeOptions;
  readonly #output = this.#splitterFor('Output');
  readonly #error = this.#splitterFor('Error');
  /** One a stream: a host's records are whole entries, not lines. */
  readonly #entries = new Map<StreamName, OutputSplitter>();
  readonly #dropped = new Map<StreamName, number>();
  readonly #maskedOutput = this.#maskFor((piece) => this.#output.push(piece));
  readonly #maskedError = this.#maskFor((piece) => this.#takeError(piece));
  readonly #maskedEntries: EntryMasking;
  #time = '';
  #timeMs = 0;
  #position: RecordPosition | undefined;
  #errorTail: Buffer = Buffer.alloc(0);

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#maskedEntries = new EntryMasking(
      { scan: options.secrets.scan, onLate: (giveAll) => this.#giveLate(giveAll) },
      (stream, piece, last, position) => {
        this.#position = position;
        this.#entryOf(stream).pushEntry(piece, last);
      },
    );
  }

  get errorTail(): string {
    const text = this.#errorTail.toString('utf8');
    // The beginning is most likely the middle of a line.
    return this.#errorTail.length < errorTailBytes ? text : text.slice(text.indexOf('\n') + 1);
  }

  get dropped(): ReadonlyMap<StreamName, number> {
    return this.#dropped;
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
  text(stream: StreamName, piece: Buffer, last: boolean, position: RecordPosition | undefined): void {
    if (this.#options.droppedStreams.has(stream)) {
      if (last) this.#dropped.set(stream, (this.#dropped.get(stream) ?? 0) + 1);
      return;
    }
    this.#begin(position);
    this.#maskedEntries.text(stream, piece, last, position);
    this.#end();
  }

  /** The runtime writes no more. */
  finish(): void {
    this.#begin(undefined);
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
      const whole = this.#position === undefined ? extra : { ...extra, position: this.#position };
      this.#options.journal.appendLine(stream, this.#time, source, start, end, whole);
    });
  }

  /** The records of a chunk have one time: they came together. Text for it is made once a millisecond. */
  #begin(position: RecordPosition | undefined): void {
    this.#position = position;
    const now = this.#options.now();
    if (now.getTime() === this.#timeMs) return;
    this.#timeMs = now.getTime();
    this.#time = now.toISOString();
  }

  #end(): void {
    if (this.#options.journal.isFull) this.#options.onFull();
  }
}
