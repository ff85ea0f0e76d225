/**
 * Pages of the event log in any order, filtered and searched. Holds every line in memory while somebody looks (a hundred thousand
 * lines are read in a tenth of a second) and lets go a minute later. Runs in the history's thread.
 */
import { open, stat } from 'node:fs/promises';
import type { EngineArguments, EngineValue } from '../../src-contract/engine-calls.ts';
import { eventChannel, eventLevel, eventSays, type EventChannel, type EventLevel } from '../../src-contract/events.ts';
import type { EventOrder } from '../../src-contract/lists.ts';
import { listEventFiles, parseEvent } from './event-files.ts';
import { eventOf, idOf, readLines, sourceOf, textOf, type EventLine } from './event-lines.ts';

type EventPage = EngineArguments<'events:list'>;
type EventAnswer = EngineValue<'events:list'>;

interface ReadFile {
  /** Up to the end of its last whole line. */
  bytes: number;
  lines: EventLine[];
}

const keptMs = 60_000;

export class EventIndex {
  private readonly folder: string;
  private files = new Map<string, ReadFile>();
  /** Every line, newest first; made anew when a file has grown or gone. */
  private lines: EventLine[] = [];
  private last: { key: string; found: EventLine[]; counts: Record<EventLevel, number> } | undefined;
  private letGo: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  async list({ limit, offset = 0, ...query }: EventPage): Promise<EventAnswer> {
    await this.refresh();
    const key = JSON.stringify(query);
    if (this.last?.key !== key) this.last = { key, ...select(this.lines, query) };
    const { found, counts } = this.last;
    clearTimeout(this.letGo);
    this.letGo = setTimeout(() => this.forget(), keptMs).unref();
    const events = found.slice(offset, offset + limit).map(eventOf);
    return {
      events: events.filter((event) => event !== undefined),
      more: found.length > offset + limit,
      total: found.length,
      newest: this.lines[0]?.number ?? 0,
      counts,
    };
  }

  private forget(): void {
    this.files = new Map();
    this.lines = [];
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
    this.lines = [...after.values()].flatMap(({ lines }) => lines).sort((one, other) => other.number - one.number);
    this.last = undefined;
  }
}

/** What the file has got since; the same object when that is nothing, undefined when the file has been rotated away. */
async function readOn(file: string, channel: EventChannel, known: ReadFile | undefined): Promise<ReadFile | undefined> {
  try {
    const { size } = await stat(file);
    if (known?.bytes === size) return known;
    // Shorter than it was: a line that a crash had left unfinished was cut off.
    const from = known !== undefined && size > known.bytes ? known : { bytes: 0, lines: [] };
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(size - from.bytes), 0, size - from.bytes, from.bytes);
      const end = buffer.lastIndexOf(0x0a, bytesRead - 1) + 1;
      if (end === 0) return known ?? from;
      const lines = readLines(buffer.subarray(0, end), channel);
      return { bytes: from.bytes + end, lines: from.lines.length === 0 ? lines : [...from.lines, ...lines] };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function select(
  lines: readonly EventLine[],
  { channel, before, levels, search = '', order }: Omit<EventPage, 'limit' | 'offset'>,
) {
  const counts: Record<EventLevel, number> = { Information: 0, Warning: 0, Error: 0 };
  const says = searchOf(search);
  const found = lines.filter((line) => {
    if (channel !== null && line.channel !== channel) return false;
    if (before !== null && line.number >= before) return false;
    if (!says(line)) return false;
    counts[line.level] += 1;
    return levels?.includes(line.level) !== false;
  });
  return { found: inOrder(found, order ?? { by: 'time', descending: true }), counts };
}

/** The line is looked through first, as it is: only those that have the words somewhere are parsed. */
function searchOf(search: string): (line: EventLine) => boolean {
  const wanted = search.trim().toLowerCase();
  if (wanted === '') return () => true;
  const asWritten = JSON.stringify(wanted).slice(1, -1);
  return (line) => {
    const text = textOf(line);
    if (!text.toLowerCase().includes(asWritten)) return false;
    const event = parseEvent(text);
    return event !== undefined && eventSays(event, wanted);
  };
}

/** What a line is put in order by, beside its number; from its bytes, as parsing every line for it would take seconds. */
const keys: Record<Exclude<EventOrder, 'time'>, (line: EventLine) => string | number> = {
  level: ({ level }) => eventLevel.options.indexOf(level),
  id: (line) => idOf(line),
  source: (line) => sourceOf(line),
};

/** They come newest first, and those that compare as equal stay so. */
function inOrder(lines: EventLine[], { by, descending }: { by: EventOrder; descending: boolean }): EventLine[] {
  if (by === 'time') return descending ? lines : lines.reverse();
  const keyOf = keys[by];
  const direction = descending ? -1 : 1;
  const keyed = lines.map((line) => ({ line, key: keyOf(line) }));
  keyed.sort((one, other) => (one.key === other.key ? 0 : one.key < other.key ? -direction : direction));
  return keyed.map(({ line }) => line);
}
