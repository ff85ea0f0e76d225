/**
 * A winston transport that keeps one channel of the event log: rotating files of one JSON event a line, each named after the first number in it.
 * Writing is synchronous on purpose: events are few, and the last one before a crash is the one that is read.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import Transport from 'winston-transport';
import type { EventChannel, LogEvent } from '../../src-contract/events.ts';
import { listEventFiles, parseEvent, slugOf } from './event-files.ts';

export interface ChannelStoreOptions {
  folder: string;
  channel: EventChannel;
  /** A file is closed at this size: small enough to be read whole for a page. */
  maxFileBytes: number;
  /** The oldest file goes when there are more. */
  maxFiles: number;
  onWriteFailed: (error: unknown) => void;
  /** The first that could be written after some that could not. */
  onWriteRecovered: () => void;
}

export class ChannelStore extends Transport {
  readonly channel: EventChannel;
  /** Highest number that the files hold, 0 when there is none. */
  readonly lastNumber: number;
  private readonly options: ChannelStoreOptions;
  private isFailing = false;
  private open: { descriptor: number; bytes: number } | undefined;

  constructor(options: ChannelStoreOptions) {
    super();
    this.options = options;
    this.channel = options.channel;
    this.lastNumber = this.recover();
  }

  /** winston's side: every transport sees every event, each keeps its own channel's. */
  override log(info: { event: LogEvent }, next: () => void): void {
    if (info.event.channel === this.channel) this.append(info.event);
    next();
  }

  override close(): void {
    if (this.open !== undefined) closeSync(this.open.descriptor);
    this.open = undefined;
  }

  /** Files that were last written before then; never the newest, which knows the last number. */
  removeBefore(time: Date): void {
    for (const file of listEventFiles(this.options.folder, this.channel).slice(0, -1)) {
      const changed = statSync(file.path, { throwIfNoEntry: false })?.mtimeMs;
      if (changed !== undefined && changed < time.getTime()) rmSync(file.path, { force: true });
    }
  }

  private append(event: LogEvent): void {
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    try {
      if (this.open !== undefined && this.open.bytes + line.length > this.options.maxFileBytes) this.close();
      this.open ??= this.startFile(event.number);
      this.keep(this.open, line);
      if (this.isFailing) this.options.onWriteRecovered();
      this.isFailing = false;
    } catch (error) {
      // A full disk must not end the worker; live readers still get the event.
      this.isFailing = true;
      this.options.onWriteFailed(error);
    }
  }

  /** A disk that is just full takes a part of the line: that would be no event, nor would the next one behind it. */
  private keep(file: { descriptor: number; bytes: number }, line: Buffer): void {
    if (writeSync(file.descriptor, line) < line.length) {
      ftruncateSync(file.descriptor, file.bytes);
      throw Object.assign(new Error('The disk is full.'), { code: 'ENOSPC' });
    }
    file.bytes += line.length;
  }

  private startFile(firstNumber: number): { descriptor: number; bytes: number } {
    const descriptor = openSync(path.join(this.options.folder, fileName(this.channel, firstNumber)), 'a', 0o600);
    const files = listEventFiles(this.options.folder, this.channel);
    for (const old of files.slice(0, Math.max(0, files.length - this.options.maxFiles))) rmSync(old.path, { force: true });
    return { descriptor, bytes: fstatSync(descriptor).size };
  }

  /** Opens the newest file for further events, cutting a line that a crash left unfinished. */
  private recover(): number {
    const newest = listEventFiles(this.options.folder, this.channel).at(-1);
    if (newest === undefined) return 0;
    const content = readFileSync(newest.path);
    const end = content.lastIndexOf(0x0a) + 1;
    const descriptor = openSync(newest.path, 'a', 0o600);
    if (end < content.length) ftruncateSync(descriptor, end);
    this.open = { descriptor, bytes: end };
    const lines = content.subarray(0, end).toString('utf8').split('\n');
    const last = lines.map(parseEvent).findLast((event) => event !== undefined);
    return last?.number ?? newest.firstNumber - 1;
  }
}

function fileName(channel: EventChannel, firstNumber: number): string {
  return `${slugOf(channel)}.${String(firstNumber).padStart(12, '0')}.ndjson`;
}
