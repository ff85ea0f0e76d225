/**
 * What a list needs of every line of one file of the event log before it can show one, in columns: where it lies, its number, time and
 * level. The lines themselves stay on the disk, and are read when they are asked for. A hundred thousand of them are taken in while somebody
 * waits, and what costs then is fresh memory more than reading: one buffer serves all files.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { eventLevel, type EventChannel } from '../../src-contract/events.ts';
import { parseEvent } from './event-files.ts';

export interface EventBlock {
  file: string;
  channel: EventChannel;
  /** How much of the file has been taken in: whole lines. */
  bytes: number;
  count: number;
  /** Where each line lies, without its line feed. */
  starts: Uint32Array;
  ends: Uint32Array;
  numbers: Float64Array;
  /** Milliseconds since 1970. */
  times: Float64Array;
  /** Places in `eventLevel.options`. */
  levels: Uint8Array;
}

/** Memory that is used again and again. */
export interface Scratch {
  buffer: Buffer;
}

const lineFeed = 0x0a;
const quote = 0x22;
const zulu = 0x5a;
/** Lines of events are longer: so many fit at most. */
const leastLineBytes = 100;
const opening = Buffer.from('{"number":');
const beforeTime = Buffer.from(',"time":"');
const dayBytes = '2026-11-28'.length;
const timeBytes = '2026-11-28T14:02:07.412Z'.length;
const initials = eventLevel.options.map((level) => level.charCodeAt(0));

/** The file as it is now; `known` itself where it has not changed; undefined: it has been rotated away. */
export function readBlock(
  file: string,
  channel: EventChannel,
  known: EventBlock | undefined,
  scratch: Scratch,
): EventBlock | undefined {
  return withFile(file, (descriptor) => {
    const { size } = fstatSync(descriptor);
    if (known?.bytes === size) return known;
    // Shorter than it was: a line that a crash had left unfinished was cut off.
    const before = known !== undefined && size > known.bytes ? known : undefined;
    const from = before?.bytes ?? 0;
    const piece = readPiece(descriptor, from, size - from, scratch);
    const end = piece.lastIndexOf(lineFeed) + 1;
    if (end === 0 && known !== undefined) return known;
    const reader = new LineReader(channel, piece.subarray(0, end));
    return joined(before, { file, channel, bytes: from + end, ...reader.columns(from) });
  });
}

/** Each line of a block with its text, in the file's order. A file that is gone has none. */
export function eachText(block: EventBlock, scratch: Scratch, visit: (place: number, text: string) => void): void {
  withFile(block.file, (descriptor) => {
    const bytes = readPiece(descriptor, 0, block.bytes, scratch);
    for (let place = 0; place < block.count; place += 1) {
      visit(place, bytes.toString('utf8', block.starts[place], block.ends[place]));
    }
  });
}

/** The texts of some lines of a block. None, where its file is gone. */
export function textsAt(block: EventBlock, places: readonly number[], scratch: Scratch): string[] {
  const texts = withFile(block.file, (descriptor) =>
    places.map((place) => {
      const start = block.starts[place] ?? 0;
      return readPiece(descriptor, start, (block.ends[place] ?? 0) - start, scratch).toString('utf8');
    }),
  );
  return texts ?? [];
}

function withFile<Result>(file: string, act: (descriptor: number) => Result): Result | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return act(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Holds until the next one is read. */
function readPiece(descriptor: number, from: number, length: number, scratch: Scratch): Buffer {
  if (scratch.buffer.length < length) scratch.buffer = Buffer.allocUnsafe(length);
  return scratch.buffer.subarray(0, readSync(descriptor, scratch.buffer, 0, length, from));
}

function joined(before: EventBlock | undefined, added: EventBlock): EventBlock {
  if (before === undefined) return added;
  const count = before.count + added.count;
  const join = <Column extends Uint32Array | Float64Array | Uint8Array>(both: Column, one: Column, other: Column): Column => {
    both.set(one);
    both.set(other, before.count);
    return both;
  };
  return {
    ...added,
    count,
    starts: join(new Uint32Array(count), before.starts, added.starts),
    ends: join(new Uint32Array(count), before.ends, added.ends),
    numbers: join(new Float64Array(count), before.numbers, added.numbers),
    times: join(new Float64Array(count), before.times, added.times),
    levels: join(new Uint8Array(count), before.levels, added.levels),
  };
}

/** Takes the columns of lines from their bytes, as the store writes them (channel-store.ts); parses those that are written otherwise. */
class LineReader {
  readonly #bytes: Buffer;
  readonly #behindTime: Buffer;
  #count = 0;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #numbers: Float64Array;
  readonly #times: Float64Array;
  readonly #levels: Uint8Array;
  /** Nearly all lines of a file are of few days. */
  #day = { at: -1, ms: 0 };

  constructor(channel: EventChannel, bytes: Buffer) {
    const room = Math.ceil(bytes.length / leastLineBytes);
    this.#bytes = bytes;
    this.#behindTime = Buffer.from(`","channel":${JSON.stringify(channel)},"level":"`);
    this.#starts = new Uint32Array(room);
    this.#ends = new Uint32Array(room);
    this.#numbers = new Float64Array(room);
    this.#times = new Float64Array(room);
    this.#levels = new Uint8Array(room);
    for (let start = 0; start < bytes.length;) {
      const end = bytes.indexOf(lineFeed, start);
      if (end === -1) break;
      if (end - start >= leastLineBytes && !this.#take(start, end)) this.#takeOdd(start, end);
      start = end + 1;
    }
  }

  /** `from`: where the piece begins in its file. */
  columns(from: number): Pick<EventBlock, 'count' | 'starts' | 'ends' | 'numbers' | 'times' | 'levels'> {
    const count = this.#count;
    const moved = (places: Uint32Array): Uint32Array => places.slice(0, count).map((place) => place + from);
    return {
      count,
      starts: moved(this.#starts),
      ends: moved(this.#ends),
      numbers: this.#numbers.slice(0, count),
      times: this.#times.slice(0, count),
      levels: this.#levels.slice(0, count),
    };
  }

  /** False: this line is written otherwise. */
  #take(start: number, end: number): boolean {
    const bytes = this.#bytes;
    if (!stands(bytes, start, opening)) return false;
    let at = start + opening.length;
    let number = 0;
    for (let digit = digitAt(bytes, at); digit >= 0 && digit <= 9; digit = digitAt(bytes, at)) {
      number = number * 10 + digit;
      at += 1;
    }
    if (at === start + opening.length || !stands(bytes, at, beforeTime)) return false;
    const timeAt = at + beforeTime.length;
    const levelAt = timeAt + timeBytes + this.#behindTime.length;
    if (levelAt >= end || bytes[timeAt + timeBytes - 1] !== zulu) return false;
    if (!stands(bytes, timeAt + timeBytes, this.#behindTime)) return false;
    const level = initials.indexOf(bytes[levelAt] ?? 0);
    if (level === -1 || bytes[levelAt + (eventLevel.options[level]?.length ?? 0)] !== quote) return false;
    const time = this.#timeAt(timeAt);
    if (Number.isNaN(time)) return false;
    this.#add(start, end, number, time, level);
    return true;
  }

  #takeOdd(start: number, end: number): void {
    const event = parseEvent(this.#bytes.toString('utf8', start, end));
    if (event === undefined) return;
    this.#add(start, end, event.number, Date.parse(event.time), eventLevel.options.indexOf(event.level));
  }

  #add(start: number, end: number, number: number, time: number, level: number): void {
    const place = this.#count;
    this.#starts[place] = start;
    this.#ends[place] = end;
    this.#numbers[place] = number;
    this.#times[place] = time;
    this.#levels[place] = level;
    this.#count = place + 1;
  }

  /** Of `2026-11-28T14:02:07.412Z`. */
  #timeAt(at: number): number {
    const bytes = this.#bytes;
    if (this.#day.at === -1 || !isSame(bytes, at, this.#day.at, dayBytes)) {
      this.#day = { at, ms: Date.parse(bytes.toString('latin1', at, at + dayBytes)) };
    }
    const two = (offset: number): number => digitAt(bytes, at + offset) * 10 + digitAt(bytes, at + offset + 1);
    const milliseconds = digitAt(bytes, at + 20) * 100 + two(21);
    return this.#day.ms + (two(11) * 60 + two(14)) * 60_000 + two(17) * 1000 + milliseconds;
  }
}

function digitAt(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) - 0x30;
}

function stands(bytes: Buffer, at: number, wanted: Buffer): boolean {
  for (let index = 0; index < wanted.length; index += 1) if (bytes[at + index] !== wanted[index]) return false;
  return true;
}

function isSame(bytes: Buffer, one: number, other: number, length: number): boolean {
  for (let index = 0; index < length; index += 1) if (bytes[one + index] !== bytes[other + index]) return false;
  return true;
}
