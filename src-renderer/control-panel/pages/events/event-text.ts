/** An event as a line of text, and whether one that was just logged belongs into the list. Pure. */
import { tabbedLine } from '../../../../src-contract/cells.ts';
import { eventSays, type LogEvent } from '../../../../src-contract/events.ts';
import type { EventQuery } from '../../../../src-contract/lists.ts';

export function eventText({ time, level, id, source, channel, message }: LogEvent): string {
  return tabbedLine([time, level, String(id), source, channel, message]);
}

export function fitsEvent({ channel, levels, since = null, until = null, search = '' }: EventQuery, event: LogEvent): boolean {
  if (channel !== null && event.channel !== channel) return false;
  const time = Date.parse(event.time);
  if ((since !== null && time < Date.parse(since)) || (until !== null && time >= Date.parse(until))) return false;
  if (levels?.includes(event.level) === false) return false;
  return eventSays(event, search.trim().toLowerCase());
}
