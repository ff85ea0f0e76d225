/**
 * Reads what host.ps1 writes: frames of one kind byte and fields as .NET's BinaryWriter writes them (integers little-endian, strings as
 * a length in groups of seven bits and UTF-8).
 *
 *   w                                       started ahead of its job, the host waits for it
 *   b string                                version: the runbook is about to be run
 *   r byte string                           stream, text
 *   p byte int32 int32 string string        stream, line, column, script, text
 *   v string                                JSON of the object whose text is the next record
 *   g int32 byte int32 string string        activity's number, whether it is done, percent (below 0: not said), activity, status
 *   n int32                                 so much progress was written that is switched off
 *   e int32 byte string                     exit code, whether it failed, exception
 *
 * A record's text of any length streams through: only a length or a field is ever waited for, and a field that is longer than one should be
 * is cut.
 */
import type { StreamName } from '../../../src-contract/kinds.ts';
import type { HostListener, HostReader, RecordFacts, RecordPosition } from '../runtime.ts';

const streams = new Map<number, StreamName>([
  [0x4f, 'Output'],
  [0x45, 'Error'],
  [0x57, 'Warning'],
  [0x56, 'Verbose'],
  [0x44, 'Debug'],
  [0x49, 'Information'],
]);

/** Fields that are kept whole. A script's path, a status or an exception (the host cuts it) is far below. */
const maxFieldBytes = 4 * 1024 * 1024;
/** More than a text of .NET is in practice: the frame is broken. */
const impossibleBytes = 1024 ** 3;

/** The text of the record under way: so much of it is still to come. */
interface OpenText {
  stream: StreamName;
  about: RecordFacts;
  missing: number;
}

export class ReportReader implements HostReader {
  readonly #listener: HostListener;
  /** Bytes that did not make a whole head yet, as they came; joined when there are as many as it needs. */
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #neededBytes = 0;
  #open: OpenText | undefined;
  /** Of the record to come. */
  #value: string | undefined;
  #garbled = false;
  /** So many bytes to come belong to a field that was cut. */
  #excess = 0;

  constructor(listener: HostListener) {
    this.#listener = listener;
  }

  push(chunk: Buffer): void {
    if (this.#garbled) return;
    const wanted = this.#pass(chunk);
    this.#pending.push(wanted);
    this.#pendingBytes += wanted.length;
    if (this.#pendingBytes < this.#neededBytes) return;
    let bytes = this.#pending.length === 1 ? wanted : Buffer.concat(this.#pending);
    this.#neededBytes = 0;
    while (bytes.length > 0) {
      const used = this.#open === undefined ? this.#head(bytes) : this.#text(bytes, this.#open);
      if (used instanceof LongField) {
        bytes = this.#cut(bytes, used);
        continue;
      }
      if (used === 0) break;
      bytes = bytes.subarray(used);
    }
    this.#pending = bytes.length === 0 ? [] : [bytes];
    this.#pendingBytes = bytes.length;
  }

  /** Without what still belongs to a field that was cut. */
  #pass(chunk: Buffer): Buffer {
    const passed = Math.min(this.#excess, chunk.length);
    this.#excess -= passed;
    return chunk.subarray(passed);
  }

  /** The same bytes as if the field had been as long as it may be. */
  #cut(bytes: Buffer, { lengthAt, textAt, length }: LongField): Buffer {
    const end = textAt + maxFieldBytes;
    this.#excess = length - maxFieldBytes;
    const rest = this.#pass(bytes.subarray(end));
    return Buffer.concat([bytes.subarray(0, lengthAt), maxFieldLength, bytes.subarray(textAt, end), rest]);
  }

  /** How many bytes were used; 0: more are needed. */
  #text(bytes: Buffer, open: OpenText): number {
    const length = Math.min(open.missing, bytes.length);
    open.missing -= length;
    const last = open.missing === 0;
    if (last) this.#open = undefined;
    this.#listener.text(open.stream, bytes.subarray(0, length), last, open.about);
    return length;
  }

  #head(bytes: Buffer): number | LongField {
    const fields = new Fields(bytes, 1);
    try {
      this.#frame(bytes[0] ?? 0, fields);
      return fields.at;
    } catch (error) {
      if (error === needsMore) {
        this.#neededBytes = fields.needs;
        return 0;
      }
      if (error instanceof LongField) return error;
      this.#garbled = true;
      this.#listener.garbled(error instanceof Error ? error.message : String(error));
      return 0;
    }
  }

  #frame(kind: number, fields: Fields): void {
    switch (kind) {
      case 0x72:
      case 0x70: {
        const code = fields.byte();
        const stream = streams.get(code);
        if (stream === undefined) throw new Error(`a record of an unknown stream ${String(code)}`);
        const position = kind === 0x70 ? readPosition(fields) : undefined;
        const missing = fields.length();
        const about: RecordFacts =
          position === undefined && this.#value === undefined
            ? nothingMore
            : { ...(position && { position }), ...(this.#value !== undefined && { value: this.#value }) };
        this.#value = undefined;
        if (missing === 0) this.#listener.text(stream, Buffer.alloc(0), true, about);
        else this.#open = { stream, about, missing };
        return;
      }
      case 0x76:
        this.#value = fields.string();
        return;
      case 0x67: {
        const activityId = fields.integer();
        const done = fields.byte() === 1;
        const percent = fields.integer();
        const activity = fields.string();
        const status = fields.string();
        this.#listener.progress(activityId, {
          activity,
          status,
          ...(percent >= 0 && { percent }),
          ...(done && { done }),
        });
        return;
      }
      case 0x6e:
        this.#listener.progressLeftOut(fields.integer());
        return;
      case 0x77:
        this.#listener.ready();
        return;
      case 0x62:
        this.#listener.begun(fields.string());
        return;
      case 0x65: {
        const exitCode = fields.integer();
        const failed = fields.byte() === 1;
        const exception = fields.string();
        this.#listener.ended(exitCode, failed ? exception : null);
        return;
      }
      default:
        throw new Error(`a report of an unknown kind ${String(kind)}`);
    }
  }
}

/** Most records are plain lines: one object for all of them. */
const nothingMore: RecordFacts = {};

function readPosition(fields: Fields): RecordPosition {
  const line = fields.integer();
  const column = fields.integer();
  const script = fields.string();
  return script === '' ? { line, column } : { line, column, script };
}

const needsMore = new Error('more bytes are needed');

/** As much of it is there as is kept. */
class LongField extends Error {
  readonly lengthAt: number;
  readonly textAt: number;
  readonly length: number;

  constructor(lengthAt: number, textAt: number, length: number) {
    super('a field is longer than one should be');
    this.lengthAt = lengthAt;
    this.textAt = textAt;
    this.length = length;
  }
}

/** As .NET writes it: 4 MiB is a 1 and 22 zeros, in groups of seven bits. */
const maxFieldLength = Buffer.from([0x80, 0x80, 0x80, 0x02]);

class Fields {
  readonly #bytes: Buffer;
  at: number;
  /** So many bytes in all, at least, when more are needed. */
  needs = 0;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  #expect(length: number): void {
    this.needs = this.at + length;
    if (this.#bytes.length < this.needs) throw needsMore;
  }

  byte(): number {
    this.#expect(1);
    const value = this.#bytes[this.at] ?? 0;
    this.at += 1;
    return value;
  }

  integer(): number {
    this.#expect(4);
    this.at += 4;
    return this.#bytes.readInt32LE(this.at - 4);
  }

  length(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a length of more than five bytes');
  }

  string(): string {
    const lengthAt = this.at;
    const length = this.length();
    if (length > impossibleBytes) throw new Error(`a field of ${String(length)} bytes`);
    this.#expect(Math.min(length, maxFieldBytes));
    if (length > maxFieldBytes) throw new LongField(lengthAt, this.at, length);
    this.at += length;
    return this.#bytes.toString('utf8', this.at - length, this.at);
  }
}
