/** The event log's files: how they are named, and one line of them. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { logEvent, type EventChannel, type LogEvent } from '../../src-contract/events.ts';

/** Oldest first. */
export function listEventFiles(folder: string, channel: EventChannel): { path: string; firstNumber: number }[] {
  const prefix = `${slugOf(channel)}.`;
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && /^\d{12}\.ndjson$/.test(name.slice(prefix.length)))
    .sort()
    .map((name) => ({
      path: path.join(folder, name),
      firstNumber: Number(name.slice(prefix.length, prefix.length + 12)),
    }));
}

export function slugOf(channel: EventChannel): string {
  return channel.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

export function parseEvent(line: string): LogEvent | undefined {
  if (line === '') return undefined;
  try {
    return logEvent.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
