/** The event log as the rest of the worker sees it: named events in, numbered events out, live. Pages of it: event-index.ts. */
import { createLogger, type Logger } from 'winston';
import type Transport from 'winston-transport';
import { alwaysKept, eventChannel, eventIds, type EventLevel, type EventName, type LogEvent } from '../../src-contract/events.ts';
import { ChannelStore } from './channel-store.ts';

/** Half a second's worth of reading at most; about 8,000 events a file, 40,000 a channel. */
const maxFileBytes = 2 * 1024 * 1024;
const maxFiles = 5;
/** Smaller is worse, as winston has it. */
const ranks: Record<EventLevel, number> = { Error: 0, Warning: 1, Information: 2 };

export interface EventEntry {
  name: EventName;
  /** The part that speaks, as Windows' event log would name it. */
  source: string;
  message: string;
  /** Named facts; never a secret. */
  fields?: LogEvent['fields'];
  jobId?: string;
}

export interface EventLogOptions {
  folder: string;
  now: () => Date;
  /** Further places that events go to: a terminal, Windows' event log. */
  transports?: Transport[];
  onWriteFailed?: (error: unknown) => void;
  onWriteRecovered?: () => void;
  maxFileBytes?: number;
  maxFiles?: number;
}

export class EventLog {
  private readonly stores: ChannelStore[];
  private readonly logger: Logger;
  private readonly listeners = new Set<(event: LogEvent) => void>();
  private readonly now: () => Date;
  private lastNumber: number;
  /** The least level that is kept. */
  level: EventLevel = 'Information';
  private closed = false;

  constructor(options: EventLogOptions) {
    this.now = options.now;
    this.stores = eventChannel.options.map(
      (channel) =>
        new ChannelStore({
          folder: options.folder,
          channel,
          maxFileBytes: options.maxFileBytes ?? maxFileBytes,
          maxFiles: options.maxFiles ?? maxFiles,
          onWriteFailed: options.onWriteFailed ?? (() => undefined),
          onWriteRecovered: options.onWriteRecovered ?? (() => undefined),
        }),
    );
    this.lastNumber = Math.max(...this.stores.map((store) => store.lastNumber));
    this.logger = createLogger({
      levels: ranks,
      // What is kept is decided in `write`: some events are whatever their level.
      level: 'Information',
      transports: [...this.stores, ...(options.transports ?? [])],
    });
    // winston adds listeners to each transport for its own bookkeeping; three stores and a terminal are no leak.
    this.logger.setMaxListeners(30);
  }

  /** undefined: it is below the level, and nobody hears of it. */
  write(entry: EventEntry): LogEvent | undefined {
    const { id, channel, level } = eventIds[entry.name];
    if (ranks[level] > ranks[this.level] && !alwaysKept.has(entry.name)) return undefined;
    const event: LogEvent = {
      number: (this.lastNumber += 1),
      time: this.now().toISOString(),
      channel,
      level,
      id,
      source: entry.source,
      message: entry.message,
      fields: entry.fields ?? {},
      ...(entry.jobId === undefined ? {} : { jobId: entry.jobId }),
    };
    if (!this.closed) this.logger.log({ level: event.level, message: event.message, event });
    for (const listener of this.listeners) listener(event);
    return event;
  }

  /** Takes away files in which nothing was written since then. The newest of each channel stays: it knows the last number. */
  removeBefore(time: Date): void {
    for (const store of this.stores) store.removeBefore(time);
  }

  subscribe(listener: (event: LogEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Later events still reach the listeners, but no file. Safe to call twice. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.logger.close();
    for (const store of this.stores) store.close();
    this.listeners.clear();
  }
}
