/**
 * Pages of the event log in any order, filtered and searched. Holds the head of every line in memory while somebody looks (a hundred
 * thousand lines are read in a few tenths of a second) and lets go a minute later. Runs in the history's thread.
 */
import { open, stat } from 'node:fs/promises';
import type { EngineArguments, EngineValue } from '../../src-contract/engine-calls.ts';
import { eventChannel, eventLevel, type EventChannel, type EventLevel, type LogEvent } from '../../src-contract/events.ts';
import type { EventOrder } from '../../src-contract/lists.ts';
import { listEventFiles, parseEvent } from './event-files.ts';

type EventPage = EngineArguments<'events:list'>;
type EventAnswer = EngineValue<'events:list'>;

interface Entry {
  number: number;
  channel: EventChannel;
  level: EventLevel;
  id: number;
  source: string;
  /** Its bytes, one a character: reading all lines as UTF-8 would take longer than all else. */
  line: string;
}

interface ReadFile {
  /** Up to the end of its last whole line. */
  bytes: number;
  entries: Entry[];
}

const keptMs = 60_000;

/**
 * The head of a line as the store writes it (channel-store.ts): what filters and orders need, without parsing the whole. A line that is
 * written otherwise is parsed.
 */
const head =
  /^\{"number":(\d+),"time":"[^"]+","channel":"[^"]+","level":"(Information|Warning|Error)","id":(\d+),"source":"([\x20-\x21\x23-\x5b\x5d-\x7e]*)"/;

export class EventIndex {
  private readonly folder: string;
  private files = new Map<string, ReadFile>();
  /** Every entry, newest first; made anew when a file has grown or gone. */
  private entries: Entry[] = [];
  private last: { key: string; found: Entry[]; counts: Record<EventLevel, number> } | undefined;
  private letGo: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  async list({ limit, offset = 0, ...query }: EventPage): Promise<EventAnswer> {
    await this.refresh();
    const key = JSON.stringify(query);
    if (this.last?.key !== key) this.last = { key, ...select(this.entries, query) };
    const { found, counts } = this.last;
    clearTimeout(this.letGo);
    this.letGo = setTimeout(() => this.forget(), keptMs).unref();
    const events = found.slice(offset, offset + limit).map(({ line }) => parseEvent(decode(line)));
    return {
      events: events.filter((event) => event !== undefined),
      more: found.length > offset + limit,
      total: found.length,
      counts,
    };
  }

  private forget(): void {
    this.files = new Map();
    this.entries = [];
    this.last = undefined;
  }

  private async refresh(): Promise<void> {
    const before = this.files;
    const after = new Map<string, ReadFile>();
    let changed = false;
    for (const channel of eventChannel.options) {
      for (const { path: file } of listEventFiles(this.folder, channel)) {
        const known = before.get(file);
        const read = await readOn(file, channel, known);
        if (read !== undefined) after.set(file, read);
        changed ||= read !== known;
      }
    }
    if (!changed && after.size === before.size) return;
    this.files = after;
    this.entries = [...after.values()].flatMap(({ entries }) => entries).sort((one, other) => other.number - one.number);
    this.last = undefined;
  }
}

/** What the file has got since; the same object when that is nothing, undefined when the file has been rotated away. */
async function readOn(file: string, channel: EventChannel, known: ReadFile | undefined): Promise<ReadFile | undefined> {
  try {
    const { size } = await stat(file);
    if (known?.bytes === size) return known;
    // Shorter than it was: a line that a crash had left unfinished was cut off.
    const from = known !== undefined && size > known.bytes ? known : { bytes: 0, entries: [] };
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(size - from.bytes), 0, size - from.bytes, from.bytes);
      const end = buffer.lastIndexOf(0x0a, bytesRead - 1) + 1;
      if (end === 0) return known ?? from;
      const lines = buffer.subarray(0, end).toString('latin1').split('\n');
      const entries = [...from.entries];
      for (const line of lines) {
        const entry = entryOf(line, channel);
        if (entry !== undefined) entries.push(entry);
      }
      return { bytes: from.bytes + end, entries };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

const decode = (line: string): string => Buffer.from(line, 'latin1').toString('utf8');

function entryOf(line: string, channel: EventChannel): Entry | undefined {
  // By index: taking the match apart by its iterator costs as much as matching.
  const match = head.exec(line);
  const level = eventLevel.options.find((one) => one === match?.[2]);
  if (match !== null && level !== undefined)
    return { number: Number(match[1]), channel, level, id: Number(match[3]), source: match[4] ?? '', line };
  const event = parseEvent(decode(line));
  return event === undefined
    ? undefined
    : { number: event.number, channel, level: event.level, id: event.id, source: event.source, line };
}

function select(entries: readonly Entry[], { channel, before, levels, search = '', order }: Omit<EventPage, 'limit' | 'offset'>) {
  const counts: Record<EventLevel, number> = { Information: 0, Warning: 0, Error: 0 };
  const says = searchOf(search);
  const found = entries.filter((entry) => {
    if (channel !== null && entry.channel !== channel) return false;
    if (before !== null && entry.number >= before) return false;
    if (!says(entry)) return false;
    counts[entry.level] += 1;
    return levels?.includes(entry.level) !== false;
  });
  return { found: inOrder(found, order ?? { by: 'time', descending: true }), counts };
}

/** The line is looked through first, as it is: only those that have the words somewhere are parsed. */
function searchOf(search: string): (entry: Entry) => boolean {
  const wanted = search.trim().toLowerCase();
  if (wanted === '') return () => true;
  const asWritten = JSON.stringify(wanted).slice(1, -1);
  return ({ line }) => {
    const text = decode(line);
    if (!text.toLowerCase().includes(asWritten)) return false;
    const event = parseEvent(text);
    return event !== undefined && wordsOf(event).some((words) => words.toLowerCase().includes(wanted));
  };
}

function wordsOf({ message, source, id, jobId, channel, level, fields }: LogEvent): string[] {
  return [message, source, String(id), jobId ?? '', channel, level, ...Object.values(fields).map(String)];
}

const comparisons: Record<EventOrder, (one: Entry, other: Entry) => number> = {
  time: (one, other) => one.number - other.number,
  level: (one, other) => eventLevel.options.indexOf(one.level) - eventLevel.options.indexOf(other.level),
  id: (one, other) => one.id - other.id,
  source: (one, other) => (one.source === other.source ? 0 : one.source < other.source ? -1 : 1),
};

/** They come newest first, and those that compare as equal stay so. */
function inOrder(entries: Entry[], { by, descending }: { by: EventOrder; descending: boolean }): Entry[] {
  if (by === 'time') return descending ? entries : entries.reverse();
  const compare = comparisons[by];
  return entries.sort((one, other) => (descending ? compare(other, one) : compare(one, other)));
}
