/** Events of the log, newest first, without doubles. Pure. */
import type { EventLevel, LogEvent } from '../../../../src-contract/events.ts';

/** Older ones are read again when somebody scrolls there; a window that stays open for a month must not keep them all. */
const eventsKept = 100_000;

export function withEvents(known: readonly LogEvent[], more: readonly LogEvent[]): readonly LogEvent[] {
  const [newest] = known;
  const single = more.length === 1 ? more[0] : undefined;
  // What nearly always happens: one new event, newer than all.
  if (single !== undefined && (newest === undefined || single.number > newest.number))
    return [single, ...known].slice(0, eventsKept);
  const events = new Map([...known, ...more].map((event) => [event.number, event]));
  return [...events.values()].sort((one, other) => other.number - one.number).slice(0, eventsKept);
}

export function countLevels(events: readonly LogEvent[]): Record<EventLevel, number> {
  const counts: Record<EventLevel, number> = { Information: 0, Warning: 0, Error: 0 };
  for (const event of events) counts[event.level] += 1;
  return counts;
}
