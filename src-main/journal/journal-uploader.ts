/**
 * Uploads a journal's frames behind its writer: reads them from the disk, so that a slow or absent service costs no memory. One request is
 * in flight while the next is read and compressed. The service's answer (count and chain) alone says where to go on.
 */
import { open, type FileHandle } from 'node:fs/promises';
import type { Acknowledged } from '../../src-contract/jrds.ts';
import { maxUploadBytes } from '../../src-contract/limits.ts';
import {
  describeError,
  isRefusal,
  isTooLarge,
  isUnfit,
  type JournalSender,
  type SendEnd,
  type SenderOptions,
  type SendTarget,
} from './journal-sender.ts';
import { BatchReader, journalStart, type UploadBatch, type UploadPlace } from './upload-batch.ts';

/** `resume-at`: the service stands elsewhere and wants to go on there (409). */
export type FramesAnswer = Acknowledged & { kind: 'acknowledged' | 'resume-at' };

/** The service, as far as it takes frames: the JRDS client satisfies it. Failures are thrown. */
export interface FrameSink {
  acknowledgedRecords(sandboxId: string, jobId: string, options: { signal: AbortSignal }): Promise<Acknowledged>;
  uploadFrames(
    sandboxId: string,
    jobId: string,
    upload: { from: number; chain: string; body: Buffer; signal: AbortSignal },
  ): Promise<FramesAnswer>;
}

export interface UploaderOptions extends SenderOptions {
  sink: FrameSink;
  sandboxId: string;
  jobId: string;
  /** Ask the service where it stands first: a journal that somebody else began to upload. */
  resume: boolean;
  /** Before compression. Larger batches save round trips and cost memory: 2 MiB keep a sandbox within its 150 MB. */
  batchBytes?: number;
}

const usualBatchBytes = 2 * 1024 * 1024;
/** Small batches follow each other at this distance: ten requests a second for a runbook that writes all the time. */
const quietIntervalMs = 100;
const largeBytes = 256 * 1024;

export class JournalUploader implements JournalSender {
  readonly #options: UploaderOptions;
  readonly #abort = new AbortController();
  #acknowledged = 0;
  #chain = journalStart.chain.toString('hex');
  #trouble: string | null = null;
  #target: SendTarget | undefined;
  #end: SendEnd | undefined;
  #wake: (() => void) | undefined;
  #poked = false;
  #pause: AbortController | undefined;
  readonly #running: Promise<SendEnd>;

  constructor(options: UploaderOptions) {
    this.#options = options;
    this.#running = this.#run();
    // A mistake of ours is thrown where the end is awaited; until then it must not end the process, whose job runs on.
    this.#running.catch(() => undefined);
  }

  get acknowledgedCount(): number {
    return this.#acknowledged;
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
    this.#pause?.abort();
    this.poke();
    return this.#running;
  }

  async close(): Promise<void> {
    this.#end ??= 'closed';
    this.#abort.abort();
    this.#pause?.abort();
    this.poke();
    await this.#running;
  }

  async #run(): Promise<SendEnd> {
    const file = await this.#openFile();
    if (file === undefined) return this.#end ?? 'closed';
    try {
      const reader = new BatchReader(file, Math.min(this.#options.batchBytes ?? usualBatchBytes, maxUploadBytes));
      let place: UploadPlace | undefined = journalStart;
      if (this.#options.resume) {
        const { sink, sandboxId, jobId } = this.#options;
        const known = await this.#persist(() => sink.acknowledgedRecords(sandboxId, jobId, { signal: this.#abort.signal }));
        if (known !== undefined) place = await this.#moveTo(reader, known);
      }
      while (this.#end === undefined && place !== undefined) place = await this.#uploadFrom(reader, place);
      return this.#end ?? 'closed';
    } finally {
      await file.close();
    }
  }

  /** Uploads what there is from `place` on; answers where to go on once more has come. */
  async #uploadFrom(reader: BatchReader, start: UploadPlace): Promise<UploadPlace | undefined> {
    let place = start;
    this.#poked = false;
    let batch = await this.#persist(() => reader.next(place));
    // A beginning alone is no news: it goes with the first records, or at the end.
    const isNews = ({ hasRecords, hasMore }: UploadBatch): boolean => hasRecords || hasMore || this.#target !== undefined;
    while (batch !== undefined && this.#end === undefined && isNews(batch)) {
      const current: UploadBatch = batch;
      const sentAt = performance.now();
      const [answer, following] = await Promise.all([
        this.#persist(() => this.#upload(reader, current)),
        current.bytes >= largeBytes ? this.#persist(() => reader.next(current.after)) : undefined,
      ]);
      if (answer === undefined || answer.kind === 'too-large') return place;
      if (answer.kind === 'resume-at' || answer.chain !== current.after.chain.toString('hex'))
        return this.#moveTo(reader, answer);
      place = current.after;
      this.#note(answer);
      if (following === undefined) await this.#quiet(quietIntervalMs - (performance.now() - sentAt));
      batch = following ?? (await this.#persist(() => reader.next(place)));
    }
    await this.#more();
    return place;
  }

  async #upload(reader: BatchReader, batch: UploadBatch): Promise<FramesAnswer | { kind: 'too-large' }> {
    const { sink, sandboxId, jobId } = this.#options;
    const { from, chain, body } = batch;
    try {
      return await sink.uploadFrames(sandboxId, jobId, { from, chain, body, signal: this.#abort.signal });
    } catch (error) {
      if (isTooLarge(error) && reader.halve(batch)) return { kind: 'too-large' };
      throw error;
    }
  }

  /** Lets small batches gather, unless the end is near. */
  async #quiet(milliseconds: number): Promise<void> {
    if (milliseconds <= 0 || this.#target !== undefined || this.#end !== undefined) return;
    this.#pause = new AbortController();
    await this.#options.delay(milliseconds, this.#pause.signal);
    this.#pause = undefined;
  }

  /** Goes on where the service stands. */
  async #moveTo(reader: BatchReader, known: Acknowledged): Promise<UploadPlace | undefined> {
    const place = await this.#persist(() => reader.locate(known.chain));
    if (place === undefined) this.#end ??= 'diverged';
    else this.#note(known);
    return place;
  }

  #note(known: Acknowledged): void {
    this.#acknowledged = known.acknowledged;
    this.#chain = known.chain;
    if (this.#target !== undefined && this.#target.chain === this.#chain) this.#end ??= 'complete';
    this.#options.onProgress?.();
  }

  /** Waits for a poke. With a target and nothing left to read, the file can never reach it: what is missing was lost from the disk. */
  async #more(): Promise<void> {
    if (this.#poked || this.#end !== undefined) return;
    if (this.#target !== undefined) {
      this.#end = this.#target.chain === this.#chain ? 'complete' : 'diverged';
      return;
    }
    await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
  }

  /** Repeats a call or a read until it succeeds. Undefined when the attempt is over or this sender was closed. */
  async #persist<Value>(call: () => Promise<Value>): Promise<Value | undefined> {
    for (let failures = 1; this.#end === undefined; failures += 1) {
      try {
        const value = await call();
        this.#setTrouble(null);
        return value;
      } catch (error) {
        if (this.#abort.signal.aborted) break;
        this.#setTrouble(describeError(error));
        if (isRefusal(error)) this.#end = 'refused';
        else if (isUnfit(error)) this.#end = 'diverged';
        else await this.#options.delay(this.#options.retryDelayMs(failures, error), this.#abort.signal);
      }
    }
    return undefined;
  }

  #setTrouble(trouble: string | null): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    this.#options.onProgress?.();
  }

  async #openFile(): Promise<FileHandle | undefined> {
    return this.#persist(() => open(this.#options.path, 'r'));
  }
}
