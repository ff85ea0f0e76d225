/**
 * Lines of the event log's files as they lie in memory: their bytes, and of each its number and level, which a list needs of every line
 * before it can show one. Those are read from the bytes as the store writes them (channel-store.ts): making a string of each of a hundred
 * thousand lines, and matching it, would take longer than all else. What else a line says is read when it is asked for.
 */
import { eventLevel, type EventChannel, type EventLevel, type LogEvent } from '../../src-contract/events.ts';
import { parseEvent } from './event-files.ts';

export interface EventLine {
  number: number;
  channel: EventChannel;
  level: EventLevel;
  /** Where it lies, without its line feed. */
  bytes: Buffer;
  start: number;
  end: number;
}

const lineFeed = 0x0a;
const quote = 0x22;

/** All of the lines of a piece that ends with one; what is no event is left out. */
export function readLines(bytes: Buffer, channel: EventChannel): EventLine[] {
  const lines: EventLine[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(lineFeed, start);
    if (end === -1) break;
    const line = lineAt(bytes, channel, start, end) ?? parsedLine(bytes, channel, start, end);
    if (line !== undefined) lines.push(line);
    start = end + 1;
  }
  return lines;
}

export function textOf({ bytes, start, end }: EventLine): string {
  return bytes.toString('utf8', start, end);
}

export function eventOf(line: EventLine): LogEvent | undefined {
  return parseEvent(textOf(line));
}

/** Behind the level, as the store writes it. */
const idAndSource = /^\{"number":[^{]*?","level":"[A-Za-z]+","id":(\d+),"source":"([\x20-\x21\x23-\x5b\x5d-\x7e]*)"/;
/** No head is longer. */
const headBytes = 400;

function idAndSourceOf(line: EventLine): { id: number; source: string } {
  const [, id, source] =
    idAndSource.exec(line.bytes.toString('latin1', line.start, Math.min(line.end, line.start + headBytes))) ?? [];
  if (id !== undefined && source !== undefined) return { id: Number(id), source };
  const event = eventOf(line);
  return { id: event?.id ?? 0, source: event?.source ?? '' };
}

export function idOf(line: EventLine): number {
  return idAndSourceOf(line).id;
}

export function sourceOf(line: EventLine): string {
  return idAndSourceOf(line).source;
}

const opening = Buffer.from('{"number":');
const beforeTime = Buffer.from(',"time":"');
const beforeChannel = Buffer.from('","channel":"');
const beforeLevel = Buffer.from('","level":"');
const levels = eventLevel.options.map((level) => ({ level, written: Buffer.from(`${level}"`) }));

/** undefined: it is written otherwise. */
function lineAt(bytes: Buffer, channel: EventChannel, start: number, end: number): EventLine | undefined {
  let at = after(bytes, start, end, opening);
  if (at === undefined) return undefined;
  let number = 0;
  const firstDigit = at;
  for (; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    number = number * 10 + digit;
  }
  if (at === firstDigit) return undefined;
  at = after(bytes, at, end, beforeTime);
  at = at === undefined ? undefined : after(bytes, quoteFrom(bytes, at, end), end, beforeChannel);
  at = at === undefined ? undefined : after(bytes, quoteFrom(bytes, at, end), end, beforeLevel);
  if (at === undefined) return undefined;
  for (const { level, written } of levels)
    if (after(bytes, at, end, written) !== undefined) return { number, channel, level, bytes, start, end };
  return undefined;
}

/** The place behind these bytes, where they stand there. */
function after(bytes: Buffer, at: number, end: number, wanted: Buffer): number | undefined {
  if (at + wanted.length > end) return undefined;
  for (let index = 0; index < wanted.length; index += 1) if (bytes[at + index] !== wanted[index]) return undefined;
  return at + wanted.length;
}

/** Times and channels have no escaped quotes. */
function quoteFrom(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== quote) at += 1;
  return at;
}

function parsedLine(bytes: Buffer, channel: EventChannel, start: number, end: number): EventLine | undefined {
  const event = parseEvent(bytes.toString('utf8', start, end));
  return event === undefined ? undefined : { number: event.number, channel, level: event.level, bytes, start, end };
}
