/** An event as a line of text, and whether one that was just logged belongs into the list. Pure. */
import type { LogEvent } from '../../../../src-contract/events.ts';
import type { EventQuery } from '../../../../src-contract/lists.ts';

/** Cells parted by tabs: what a spreadsheet takes when it is pasted. */
export function eventText({ time, level, id, source, channel, message }: LogEvent): string {
  return [time, level, String(id), source, channel, message.replaceAll(/\s+/g, ' ')].join('\t');
}

export function fitsEvent({ channel, levels, search = '' }: EventQuery, event: LogEvent): boolean {
  if (channel !== null && event.channel !== channel) return false;
  if (levels?.includes(event.level) === false) return false;
  return JSON.stringify(event).toLowerCase().includes(search.trim().toLowerCase());
}
