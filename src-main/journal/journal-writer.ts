/**
 * Writes the journal of one attempt: append-only, in frames that chain (src-contract/node/journal-frame.ts). The only writer of its file.
 *
 * Records are grouped until a frame is full or `frameDelayMs` have passed since the last one. Writes go on beside the runtime's output;
 * when more than `queueHighBytes` wait, `isFull` says so and whoever produces must pause until `onDrain`. A write that fails (disk full)
 * is repeated at the same place until it succeeds: nothing is dropped, the runtime waits.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { emptyChain, encodeFrame } from '../../src-contract/node/journal-frame.ts';
import { frameDelayMs, maxRecordBytes } from '../../src-contract/limits.ts';
import type { AttemptOutcome, StreamName } from '../../src-contract/kinds.ts';
import type { StreamRecord } from '../../src-contract/records.ts';
import { sandboxContractVersion, type JournalHeader } from '../../src-contract/sandbox.ts';
import { FrameBuilder, plainTail, recordMiddle, recordTail, type LineExtra } from './frame-builder.ts';
import { skimFrames, type SkimEnd } from './frame-scanner.ts';

/** Sixteen frames: enough to keep the disk busy, small beside the sandbox's 150 MB. */
const queueHighBytes = 4 * 1024 * 1024;
const queueLowBytes = 1024 * 1024;
const framesAtOnce = 16;
/** No text of a record holds this: its quotes are escaped. */
const headerStart = Buffer.from('{"kind":"');
/**
 * The disk's refusals that pass: no room, no quota, read-only for now, not allowed for now, too many open files, a fault of the device.
 * ENOENT is what Node (22) makes of EROFS when it is to make folders in folders.
 */
const diskCodes = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'ENOENT', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'EIO', 'EBUSY']);

/** What a producer hands in; sequence is the writer's, time too unless it is known better. */
export type NewRecord = Omit<StreamRecord, 'seq' | 'time'> & { time?: string };

export interface JournalBeginning {
  jobId: string;
  sandboxId: string;
  attempt: number | null;
  runbookName: string;
  runbookKind: string;
}

export interface JournalEnding {
  outcome: AttemptOutcome;
  reason: string;
  exitCode: number | null;
}

export interface JournalWriterOptions {
  path: string;
  now: () => Date;
  delay: (milliseconds: number) => Promise<void>;
  /** What comes when the file has reached this size is counted and not kept, and the journal says so. */
  quotaBytes?: number;
  /** Frames have reached the file: so many records stand in it now. */
  onWritten?: ((writtenCount: number) => void) | undefined;
  /** The queue is short again after `isFull`. */
  onDrain?: (() => void) | undefined;
  /** Why nothing can be written right now; null when it can again. */
  onTrouble?: ((reason: string | null) => void) | undefined;
}

interface QueuedFrame {
  bytes: Buffer;
  block: Buffer | undefined;
  records: number;
}

export class JournalWriter {
  readonly path: string;
  readonly #options: JournalWriterOptions;
  readonly #file: FileHandle;
  readonly #frames: FrameBuilder;
  #offset: number;
  #written: number;
  #chain: Buffer;
  #queue: QueuedFrame[] = [];
  #queuedBytes = 0;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastClosedAt = 0;
  #full = false;
  #ended = false;
  /** Records beyond the quota. */
  #dropped = 0;
  #toldDropped = 0;
  #middle: { time: string; stream: string; bytes: Buffer } = { time: '', stream: '', bytes: Buffer.alloc(0) };
  #last: { stream: StreamName; time: string; source: Uint8Array; start: number; end: number } | undefined;

  private constructor(options: JournalWriterOptions, file: FileHandle, offset: number, chain: Buffer, nextSequence: number) {
    this.path = options.path;
    this.#options = options;
    this.#file = file;
    this.#offset = offset;
    this.#written = nextSequence;
    this.#chain = chain;
    this.#frames = new FrameBuilder(nextSequence);
  }

  /**
   * Starts a journal. One that is already there belongs to an attempt that was started before: an error. Where there is no room for it, it
   * waits until there is, or until the signal fires: then it throws why.
   */
  static async create(options: JournalWriterOptions, beginning: JournalBeginning, signal?: AbortSignal): Promise<JournalWriter> {
    const file = await outlast(options, signal, async () => {
      await mkdir(dirname(options.path), { recursive: true, mode: 0o700 });
      return await open(options.path, 'wx', 0o600);
    });
    const writer = new JournalWriter(options, file, 0, emptyChain, 0);
    const time = options.now().toISOString();
    writer.#enqueueHeader({ kind: 'begin', contractVersion: sandboxContractVersion, ...beginning, time });
    return writer;
  }

  /** Goes on with a journal whose writer has died. A torn tail is cut off, and the journal says so. */
  static async reopen(options: JournalWriterOptions): Promise<JournalWriter> {
    const file = await open(options.path, 'r+');
    try {
      const seen = { nextSequence: 0, ended: false };
      const end = await skimFrames(file, { offset: 0, previous: emptyChain, verify: true }, ({ header }) => {
        if (header.kind === 'records') seen.nextSequence = header.first + header.count;
        if (header.kind === 'end') seen.ended = true;
      });
      const writer = new JournalWriter(options, file, end.offset, end.chain, seen.nextSequence);
      writer.#ended = seen.ended;
      if (end.kind !== 'whole') {
        const cut = end.fileSize - end.offset;
        // A frame that only its writer's death has cut short is nothing; behind one that was damaged there may be others, for a person to read.
        const isTorn = end.kind === 'incomplete' && !(await holdsFurtherFrames(file, end));
        const kept = isTorn ? undefined : await outlast(options, undefined, () => setAside(file, options.path, end.offset));
        await file.truncate(end.offset);
        const where = kept === undefined ? '' : ` They are kept as ${basename(kept)}.`;
        if (!seen.ended) writer.decide(`The last ${cut} bytes were no whole frame (${end.reason}) and were cut off.${where}`);
      }
      return writer;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Records appended, whether written yet or not: the sequence of the next one. */
  get recordCount(): number {
    return this.#frames.nextSequence;
  }

  /** Records in the file: no end of this process takes one of them back. */
  get writtenCount(): number {
    return this.#written;
  }

  /** Chain after the last closed frame, lower-case hex. After `flush()` that is the chain of everything appended. */
  get chain(): string {
    return this.#chain.toString('hex');
  }

  /** Of the file, with what waits to be written. */
  get bytes(): number {
    return this.#offset + this.#queuedBytes;
  }

  /** True after the end frame: nothing more can be appended. */
  get isEnded(): boolean {
    return this.#ended;
  }

  /** Too much waits for the disk: produce no more until `onDrain`. */
  get isFull(): boolean {
    return this.#full;
  }

  /** The last record, its text shortened: for reports, so it is only made when somebody asks. */
  get lastRecord(): { stream: StreamName; text: string; time: string } | null {
    if (this.#last === undefined) return null;
    const { stream, time, source, start, end } = this.#last;
    return {
      stream,
      time,
      text: Buffer.from(source.buffer, source.byteOffset + start, Math.min(end - start, 400)).toString('utf8'),
    };
  }

  /**
   * The hot path: one line (or one part of a long one) of valid UTF-8, at most `maxRecordBytes`. Nothing is kept of `source` but a
   * reference until the next line.
   */
  appendLine(stream: StreamName, time: string, source: Uint8Array, start: number, end: number, extra?: LineExtra): void {
    this.#mustBeOpen();
    if (this.#isBeyondQuota()) return;
    const middle = this.#middle;
    if (middle.time !== time || middle.stream !== stream) {
      this.#middle = { time, stream, bytes: recordMiddle(time, stream) };
    }
    if (this.#frames.isFullFor(end - start)) this.#closeFrame();
    const tail = extra === undefined ? plainTail : recordTail(extra);
    this.#frames.addLine(this.#middle.bytes, source, start, end, tail);
    this.#last = { stream, time, source, start, end };
    this.#scheduleClose();
  }

  append(record: NewRecord): void {
    this.#mustBeOpen();
    if (this.#isBeyondQuota()) return;
    const { time = this.#options.now().toISOString(), stream, text, ...rest } = record;
    const bytes = Buffer.from(text, 'utf8');
    if (bytes.length > maxRecordBytes)
      throw new Error(`A record's text has ${bytes.length} bytes: split it before it is appended`);
    if (this.#frames.isFullFor(bytes.length)) this.#closeFrame();
    this.#frames.addJson(JSON.stringify({ time, stream, text, ...rest }).slice(1));
    this.#last = { stream, time, source: bytes, start: 0, end: bytes.length };
    this.#scheduleClose();
  }

  /** Writes down something that was decided about this journal or its attempt. */
  decide(text: string): void {
    this.#mustBeOpen();
    this.#enqueueHeader({ kind: 'decision', time: this.#options.now().toISOString(), text });
  }

  /** Everything appended so far is in the file when this resolves (a crash of this process cannot take it back). */
  async flush(): Promise<void> {
    // Here, not at the end: what is written down changes the chain, which is told before the end frame is written.
    if (this.#dropped > this.#toldDropped) {
      this.#toldDropped = this.#dropped;
      this.decide(`${String(this.#dropped)} records have come since the quota was reached, and were not kept.`);
    }
    this.#closeFrame();
    await this.#writing;
  }

  /** Everything appended so far is on the disk when this resolves (a power failure cannot take it back). */
  async sync(): Promise<void> {
    await this.flush();
    await outlast(this.#options, undefined, () => this.#file.datasync());
  }

  /** Writes the end frame and closes the file. */
  async end(ending: JournalEnding): Promise<void> {
    this.#mustBeOpen();
    this.#closeFrame();
    const header = { kind: 'end', time: this.#options.now().toISOString(), ...ending } as const;
    this.#ended = true;
    // The end frame continues the chain, but `chain` stays that of what the service gets.
    this.#enqueue({ bytes: encodeFrame(this.#chain, Buffer.from(JSON.stringify(header))).bytes, block: undefined, records: 0 });
    await this.#writing;
    await outlast(this.#options, undefined, () => this.#file.datasync());
    await this.#file.close();
  }

  /** Lets go of the file without an end frame: an attempt that somebody else ends, or one that is over already. */
  async close(): Promise<void> {
    if (!this.#ended) this.#closeFrame();
    this.#ended = true;
    await this.#writing;
    await this.#file.close();
  }

  #isBeyondQuota(): boolean {
    const { quotaBytes = Infinity } = this.#options;
    if (this.bytes < quotaBytes) return false;
    if (this.#dropped === 0) {
      const mebibytes = (quotaBytes / 1024 / 1024).toFixed(0);
      const text = `The journal has reached its quota of ${mebibytes} MiB: what comes from here on is counted, and not kept.`;
      this.decide(text);
      // A record too, the last one: whoever reads the output, here or on the service, has to know that it goes no further.
      this.#frames.addJson(JSON.stringify({ time: this.#options.now().toISOString(), stream: 'Warning', text }).slice(1));
      this.#scheduleClose();
    }
    this.#dropped += 1;
    return true;
  }

  #mustBeOpen(): void {
    if (this.#ended) throw new Error(`The journal ${this.path} has ended`);
  }

  /** The first record after a pause is written at once, those that follow wait for each other. */
  #scheduleClose(): void {
    if (this.#timer !== undefined) return;
    const wait = Math.max(0, Math.min(frameDelayMs, this.#lastClosedAt + frameDelayMs - performance.now()));
    this.#timer = setTimeout(() => this.#closeFrame(), wait);
  }

  #closeFrame(): void {
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (this.#frames.count === 0) return;
    this.#lastClosedAt = performance.now();
    const built = this.#frames.close(this.#chain);
    this.#chain = built.chain;
    this.#enqueue({ bytes: built.bytes, block: built.block, records: built.count });
  }

  #enqueueHeader(header: JournalHeader): void {
    this.#closeFrame();
    const encoded = encodeFrame(this.#chain, Buffer.from(JSON.stringify(header)));
    this.#chain = encoded.chain;
    this.#enqueue({ bytes: encoded.bytes, block: undefined, records: 0 });
  }

  #enqueue(frame: QueuedFrame): void {
    this.#queue.push(frame);
    this.#queuedBytes += frame.bytes.length;
    if (this.#queuedBytes > queueHighBytes) this.#full = true;
    this.#writing ??= this.#writeQueue();
  }

  async #writeQueue(): Promise<void> {
    // Let the caller finish its batch: what it closes now goes into one write.
    await Promise.resolve();
    // No await between the last look at the queue and the end: a frame that comes then must find that nobody writes.
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, framesAtOnce);
      const bytes = await this.#writeAll(batch.map((frame) => frame.bytes));
      this.#offset += bytes;
      this.#queuedBytes -= bytes;
      for (const { block, records } of batch) {
        this.#written += records;
        if (block !== undefined) this.#frames.recycle(block);
      }
      this.#options.onWritten?.(this.writtenCount);
      if (this.#full && this.#queuedBytes < queueLowBytes) {
        this.#full = false;
        this.#options.onDrain?.();
      }
    }
    this.#writing = undefined;
  }

  async #writeAll(buffers: readonly Buffer[]): Promise<number> {
    const total = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    let rest = [...buffers];
    let written = 0;
    let troubled = false;
    while (written < total) {
      try {
        const { bytesWritten } = await this.#file.writev(rest, this.#offset + written);
        written += bytesWritten;
        rest = withoutFirst(rest, bytesWritten);
        if (troubled) this.#options.onTrouble?.(null);
        troubled = false;
      } catch (error) {
        troubled = true;
        this.#options.onTrouble?.(describe(error));
        await this.#options.delay(1000);
      }
    }
    return total;
  }
}

/** Room comes back, a file system is writable again: what the disk refuses is asked again each second, and said meanwhile. */
async function outlast<Result>(
  { delay, onTrouble }: JournalWriterOptions,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let isTroubled = false; ; isTroubled = true) {
    try {
      const result = await work();
      if (isTroubled) onTrouble?.(null);
      return result;
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (!diskCodes.has(code) || signal?.aborted === true) throw error;
      onTrouble?.(describe(error));
      await delay(1000);
    }
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function withoutFirst(buffers: readonly Buffer[], bytes: number): Buffer[] {
  let skip = bytes;
  const rest: Buffer[] = [];
  for (const buffer of buffers) {
    if (skip >= buffer.length) skip -= buffer.length;
    else {
      rest.push(skip === 0 ? buffer : buffer.subarray(skip));
      skip = 0;
    }
  }
  return rest;
}

/** Whether what looks like the beginning of a frame is one whose length was damaged: then the frames behind it lie within. */
async function holdsFurtherFrames(file: FileHandle, { offset, fileSize }: SkimEnd): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(fileSize - offset), 0, fileSize - offset, offset);
  const ownHeader = buffer.indexOf(headerStart);
  return ownHeader !== -1 && buffer.subarray(0, bytesRead).includes(headerStart, ownHeader + 1);
}

async function setAside(file: FileHandle, journal: string, offset: number): Promise<string> {
  const kept = `${journal}.damaged-${String(offset)}`;
  const source = file.createReadStream({ start: offset, autoClose: false });
  await pipeline(source, createWriteStream(kept, { mode: 0o600, flush: true }));
  return kept;
}
