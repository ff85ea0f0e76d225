/** Brings a journal to a service of the plain protocol: one record a call, in order. Where such a service stands cannot be asked. */
import type { PostStreamBody } from '../../src-contract/jrds.ts';
import { readRecords } from '../journal/journal-reader.ts';
import {
  describeError,
  isRefusal,
  type JournalSender,
  type SendEnd,
  type SenderOptions,
  type SendTarget,
} from '../journal/journal-sender.ts';

const pageRecords = 200;
const pageBytes = 2 * 1024 * 1024;

export interface PosterOptions extends SenderOptions {
  post: (body: PostStreamBody, signal: AbortSignal) => Promise<void>;
  accountId: string;
  jobId: string;
  runbookVersionId: string;
}

export class RecordPoster implements JournalSender {
  readonly #options: PosterOptions;
  readonly #abort = new AbortController();
  #posted = 0;
  #trouble: string | null = null;
  #target: SendTarget | undefined;
  #end: SendEnd | undefined;
  #wake: (() => void) | undefined;
  #poked = true;
  readonly #running: Promise<SendEnd>;

  constructor(options: PosterOptions) {
    this.#options = options;
    this.#running = this.#run();
    // A mistake of ours is thrown where the end is awaited; until then it must not end the process, whose job runs on.
    this.#running.catch(() => undefined);
  }

  get acknowledgedCount(): number {
    return this.#posted;
  }

  get trouble(): string | null {
    return this.#trouble;
  }

  poke(): void {
    this.#poked = true;
    this.#wake?.();
  }

  finish(target: SendTarget): Promise<SendEnd> {
    this.#target = target;
    this.poke();
    return this.#running;
  }

  async close(): Promise<void> {
    this.#end ??= 'closed';
    this.#abort.abort();
    this.poke();
    await this.#running;
  }

  async #run(): Promise<SendEnd> {
    while (this.#end === undefined) {
      if (!this.#takePoke()) await new Promise<void>((resolve) => (this.#wake = resolve));
      const target = this.#target;
      await this.#postNew();
      // Everything was written before the target was named: what cannot be read after that was lost from the disk.
      if (target !== undefined) this.#end ??= this.#posted >= target.recordCount ? 'complete' : 'diverged';
    }
    return this.#end;
  }

  #takePoke(): boolean {
    const wasPoked = this.#poked;
    this.#poked = false;
    return wasPoked;
  }

  async #postNew(): Promise<void> {
    for (;;) {
      const from = this.#posted;
      const page = await this.#persist(() => readRecords(this.#options.path, { from, limit: pageRecords, maxBytes: pageBytes }));
      if (page === undefined || page.records.length === 0) return;
      for (const record of page.records) {
        const body: PostStreamBody = {
          AccountId: this.#options.accountId,
          JobId: this.#options.jobId,
          RunbookVersionId: this.#options.runbookVersionId,
          RecordTime: record.time,
          SequenceNumber: record.seq,
          StreamRecord: null,
          StreamRecordText: record.text,
          Type: record.stream,
          extendedProperty: null,
        };
        await this.#persist(() => this.#options.post(body, this.#abort.signal));
        if (this.#end !== undefined) return;
        this.#posted = record.seq + 1;
        this.#options.onProgress?.();
      }
    }
  }

  /** Repeats a call or a read until it succeeds. Undefined when the attempt is over or this sender was closed. */
  async #persist<Value>(call: () => Promise<Value>): Promise<Value | undefined> {
    for (let failures = 1; this.#end === undefined; failures += 1) {
      try {
        const value = await call();
        this.#trouble = null;
        return value;
      } catch (error) {
        if (this.#abort.signal.aborted) return undefined;
        this.#trouble = describeError(error);
        this.#options.onProgress?.();
        if (isRefusal(error)) this.#end = 'refused';
        else await this.#options.delay(this.#options.retryDelayMs(failures, error), this.#abort.signal);
      }
    }
    return undefined;
  }
}
