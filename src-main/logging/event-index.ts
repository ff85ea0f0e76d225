/**
 * Pages of the event log in any order, filtered and searched. Knows where every line lies while somebody looks, and forgets it
 * a minute later. Runs in the history's thread, where nothing else waits for the disk.
 */
import type { EngineArguments, EngineValue } from '../../src-contract/engine-calls.ts';
import { eventChannel, eventLevel, eventSays, type EventLevel } from '../../src-contract/events.ts';
import type { EventOrder } from '../../src-contract/lists.ts';
import { readBlock, type EventBlock, type Scratch } from './event-block.ts';
import { listEventFiles, parseEvent } from './event-files.ts';
import { EventLines } from './event-lines.ts';

type EventPage = EngineArguments<'events:list'>;
type EventAnswer = EngineValue<'events:list'>;
type EventQuery = Omit<EventPage, 'limit' | 'offset' | 'locate'>;

/** What a query lets through, in its order, as places in all lines. */
interface Found {
  found: Uint32Array;
  counts: Record<EventLevel, number>;
}

const keptMs = 60_000;
const noBuffer = Buffer.alloc(0);

export class EventIndex {
  private readonly folder: string;
  private readonly scratch: Scratch = { buffer: noBuffer };
  private blocks = new Map<string, EventBlock>();
  /** Made anew when a file has grown or gone. */
  private lines = new EventLines([], this.scratch);
  private last: ({ key: string } & Found) | undefined;
  private letGo: NodeJS.Timeout | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  list({ limit, offset = 0, locate, ...query }: EventPage): EventAnswer {
    this.refresh();
    const { lines } = this;
    const key = JSON.stringify(query);
    if (this.last?.key !== key) this.last = { key, ...select(lines, query) };
    const { found, counts } = this.last;
    clearTimeout(this.letGo);
    this.letGo = setTimeout(() => this.forget(), keptMs).unref();
    return {
      events: lines.events([...found.subarray(offset, offset + limit)]),
      more: found.length > offset + limit,
      total: found.length,
      newest: lines.count === 0 ? 0 : lines.number(0),
      located: locate === undefined ? null : placeOf(lines, found, locate),
      counts,
    };
  }

  private forget(): void {
    this.blocks = new Map();
    this.scratch.buffer = noBuffer;
    this.lines = new EventLines([], this.scratch);
    this.last = undefined;
  }

  private refresh(): void {
    const before = this.blocks;
    const after = new Map<string, EventBlock>();
    let changed = false;
    for (const channel of eventChannel.options) {
      for (const { path: file } of listEventFiles(this.folder, channel)) {
        const known = before.get(file);
        const block = readBlock(file, channel, known, this.scratch);
        if (block !== undefined) after.set(file, block);
        changed ||= block !== known;
      }
    }
    if (!changed && after.size === before.size) return;
    this.blocks = after;
    this.lines = new EventLines([...after.values()], this.scratch);
    this.last = undefined;
  }
}

function select(lines: EventLines, query: EventQuery): Found {
  const { channel, before, levels, search = '', order = { by: 'time', descending: true } } = query;
  const since = timeOf(query.since) ?? -Infinity;
  const until = timeOf(query.until) ?? Infinity;
  const says = searchOf(lines, search);
  const isWanted = eventLevel.options.map((level) => levels?.includes(level) !== false);
  const counted = eventLevel.options.map(() => 0);
  const found = new Uint32Array(lines.count);
  let count = 0;
  for (let line = 0; line < lines.count; line += 1) {
    if (channel !== null && lines.channel(line) !== channel) continue;
    if (before !== null && lines.number(line) >= before) continue;
    const time = lines.time(line);
    if (time < since || time >= until) continue;
    if (says?.(line) === false) continue;
    const level = lines.level(line);
    counted[level] = (counted[level] ?? 0) + 1;
    if (isWanted[level] !== true) continue;
    found[count] = line;
    count += 1;
  }
  const [Information = 0, Warning = 0, Error = 0] = counted;
  return { found: inOrder(lines, found.subarray(0, count), order), counts: { Information, Warning, Error } };
}

function timeOf(iso: string | null | undefined): number | undefined {
  return typeof iso === 'string' ? Date.parse(iso) : undefined;
}

function placeOf(lines: EventLines, found: Uint32Array, number: number): number | null {
  const place = found.findIndex((line) => lines.number(line) === number);
  return place === -1 ? null : place;
}

/** A line is looked through first, as it is: only those that have the words somewhere are parsed. undefined: every line will do. */
function searchOf(lines: EventLines, search: string): ((line: number) => boolean) | undefined {
  const wanted = search.trim().toLowerCase();
  if (wanted === '') return undefined;
  const asWritten = JSON.stringify(wanted).slice(1, -1);
  return lines.ofTexts((text) => {
    if (!text.toLowerCase().includes(asWritten)) return false;
    const event = parseEvent(text);
    return event !== undefined && eventSays(event, wanted);
  }, false);
}

/** Behind the level, as the store writes it: parsing every line would take seconds. */
const idAndSource = /^\{"number":[^{]*?","level":"[A-Za-z]+","id":(\d+),"source":"([\x20-\x21\x23-\x5b\x5d-\x7e]*)"/;

/** What lines are put in order by, beside their numbers. */
const keys: Record<Exclude<EventOrder, 'time'>, (lines: EventLines) => (line: number) => string | number> = {
  level: (lines) => (line) => lines.level(line),
  id: (lines) => lines.ofTexts((text) => Number(idAndSource.exec(text)?.[1] ?? parseEvent(text)?.id ?? 0), 0),
  source: (lines) => lines.ofTexts((text) => idAndSource.exec(text)?.[2] ?? parseEvent(text)?.source ?? '', ''),
};

/** They come newest first, and those that compare as equal stay so. */
function inOrder(lines: EventLines, found: Uint32Array, { by, descending }: { by: EventOrder; descending: boolean }) {
  if (by === 'time') return descending ? found : found.reverse();
  const keyOf = keys[by](lines);
  const direction = descending ? -1 : 1;
  const keyed = Array.from(found, (line) => ({ line, key: keyOf(line) }));
  keyed.sort((one, other) => (one.key === other.key ? 0 : one.key < other.key ? -direction : direction));
  return Uint32Array.from(keyed, ({ line }) => line);
}
