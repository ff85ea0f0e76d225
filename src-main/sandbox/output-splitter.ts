/**
 * Cuts what a runtime writes into records: a line each, without its line end; a line over the limit in numbered parts. Works on bytes:
 * the lines of a chunk are handed on as places in it, so that a fast runtime costs no strings and no copies.
 *
 * Nothing is dropped. Bytes that are no UTF-8 become U+FFFD and the record says so; an empty line is a record; so is a last line without
 * an end. What is kept in memory is at most one record's worth of an unfinished line.
 */
import { isUtf8 } from 'node:buffer';
import { maxRecordBytes } from '../../src-contract/limits.ts';

export interface LineExtra {
  part?: { index: number; last: boolean };
  repaired?: true;
}

/** Gets each line as `source[start, end)`: valid UTF-8, at most `maxRecordBytes`. May keep `source`, which is never written to again. */
export type LineTarget = (source: Uint8Array, start: number, end: number, extra?: LineExtra) => void;

const newline = 0x0a;
const carriageReturn = 0x0d;
/** A line of exactly the limit may still be followed by a carriage return that belongs to its end. */
const longestKept = maxRecordBytes + 1;

export class OutputSplitter {
  readonly #target: LineTarget;
  /** The unfinished line so far: the first `#keptBytes` of the buffer. */
  #kept: Buffer = Buffer.alloc(0);
  #keptBytes = 0;
  /** Parts of the unfinished line handed on already. */
  #parts = 0;

  constructor(target: LineTarget) {
    this.#target = target;
  }

  push(chunk: Buffer): void {
    let start = 0;
    if (this.#keptBytes > 0 || this.#parts > 0) {
      const end = chunk.indexOf(newline);
      if (end === -1) {
        this.#keep(chunk);
        return;
      }
      this.#keep(chunk.subarray(0, end));
      this.#endLine();
      start = end + 1;
    }
    const end = chunk.lastIndexOf(newline);
    if (end >= start) this.#lines(chunk, start, end + 1);
    const rest = Math.max(start, end + 1);
    if (rest < chunk.length) this.#keep(chunk.subarray(rest));
  }

  /** A piece of an entry whose end is known by other means than a line end (a host says its length): line ends belong to its text. */
  pushEntry(piece: Buffer, last: boolean): void {
    if (last && this.#keptBytes === 0 && this.#parts === 0) {
      this.#line(piece);
      return;
    }
    this.#keep(piece);
    if (!last) return;
    const all = this.#take();
    if (this.#parts > 0) this.#part(all, true);
    else this.#line(all);
    this.#parts = 0;
  }

  /** The runtime writes no more: a line without an end is a line. */
  end(): void {
    if (this.#keptBytes > 0 || this.#parts > 0) this.#endLine();
  }

  /** Whole lines: [start, end) ends with a newline. */
  #lines(chunk: Buffer, start: number, end: number): void {
    // One look at all of them; only where it fails is each line looked at.
    const isSound = isUtf8(chunk.subarray(start, end));
    let from = start;
    while (from < end) {
      const at = findNewline(chunk, from, end);
      const lineEnd = at > from && chunk[at - 1] === carriageReturn ? at - 1 : at;
      if (lineEnd - from > maxRecordBytes || !isSound) this.#line(chunk.subarray(from, lineEnd));
      else this.#target(chunk, from, lineEnd);
      from = at + 1;
    }
  }

  #keep(bytes: Buffer): void {
    let from = 0;
    while (this.#keptBytes + bytes.length - from > longestKept) {
      const room = longestKept - this.#keptBytes;
      this.#copy(bytes, from, from + room);
      from += room;
      const all = this.#take();
      const cut = characterBoundary(all, maxRecordBytes);
      this.#part(all.subarray(0, cut), false);
      this.#copy(all, cut, all.length);
    }
    this.#copy(bytes, from, bytes.length);
  }

  /** A runtime that writes single characters must not cost a buffer each: they are gathered in one that doubles. */
  #copy(bytes: Buffer, start: number, end: number): void {
    const needed = this.#keptBytes + end - start;
    if (needed > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(longestKept, Math.max(needed, 2 * this.#kept.length, 512)));
      this.#kept.copy(larger, 0, 0, this.#keptBytes);
      this.#kept = larger;
    }
    bytes.copy(this.#kept, this.#keptBytes, start, end);
    this.#keptBytes = needed;
  }

  #endLine(): void {
    const all = this.#take();
    const line = all.at(-1) === carriageReturn ? all.subarray(0, -1) : all;
    if (this.#parts > 0) this.#part(line, true);
    else this.#line(line);
    this.#parts = 0;
  }

  /** The kept bytes. The buffer goes with them, because the target may keep it. */
  #take(): Buffer {
    const all = this.#kept.subarray(0, this.#keptBytes);
    this.#kept = Buffer.alloc(0);
    this.#keptBytes = 0;
    return all;
  }

  /** A whole line that may need mending or splitting. */
  #line(line: Buffer): void {
    const sound = isUtf8(line);
    const bytes = sound ? line : repair(line);
    const extra: LineExtra | undefined = sound ? undefined : { repaired: true };
    if (bytes.length <= maxRecordBytes) this.#target(bytes, 0, bytes.length, extra);
    else this.#part(line, true);
    this.#parts = 0;
  }

  /** A piece of a line that is too long. Mending can make it three times as long, so that one piece may become several parts. */
  #part(piece: Buffer, last: boolean): void {
    const sound = isUtf8(piece);
    const bytes = sound ? piece : repair(piece);
    let start = 0;
    do {
      const end = bytes.length - start > maxRecordBytes ? characterBoundary(bytes, start + maxRecordBytes) : bytes.length;
      const part = { index: this.#parts, last: last && end === bytes.length };
      this.#target(bytes, start, end, sound ? { part } : { part, repaired: true });
      this.#parts += 1;
      start = end;
    } while (start < bytes.length);
  }
}

/** `buffer.indexOf` costs a call into C++; below some dozens of bytes, where most lines end, looking ourselves is faster. */
function findNewline(bytes: Buffer, from: number, end: number): number {
  const near = Math.min(from + 48, end);
  for (let at = from; at < near; at += 1) if (bytes[at] === newline) return at;
  return bytes.indexOf(newline, near);
}

/** The last place at or before `at` that does not split a character: UTF-8's continuation bytes are 10xxxxxx, at most three in a row. */
function characterBoundary(bytes: Buffer, at: number): number {
  for (let cut = at; cut > at - 4; cut -= 1) if (((bytes[cut] ?? 0) & 0xc0) !== 0x80) return cut;
  return at;
}

function repair(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('utf8'), 'utf8');
}
