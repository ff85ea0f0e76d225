/** The time that events are wanted of: how it is kept, and what it means at a moment. Pure. */
import * as z from 'zod';
import type { EventQuery } from '../../../../src-contract/lists.ts';
import { formatMoment } from '../../../shared/format.ts';
import { texts } from '../../../texts.ts';

export const lastSpan = z.enum(['hour', 'day', 'week']);
export type LastSpan = z.infer<typeof lastSpan>;

/** `between`: as a person typed it, this machine's local time without seconds (`2026-11-28T14:00`); empty: open on that side. */
export const eventRange = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('any') }),
  z.object({ kind: z.literal('last'), span: lastSpan }),
  z.object({ kind: z.literal('between'), from: z.string().max(30), to: z.string().max(30) }),
]);
export type EventRange = z.infer<typeof eventRange>;
export const anyTime: EventRange = { kind: 'any' };

export const minuteMs = 60_000;
const spanMs: Record<LastSpan, number> = { hour: 60 * minuteMs, day: 24 * 60 * minuteMs, week: 7 * 24 * 60 * minuteMs };

/** Of the last hour: from the whole minute on, so that what is asked for changes once a minute. */
export function spanOf(range: EventRange, now: Date): Pick<EventQuery, 'since' | 'until'> {
  switch (range.kind) {
    case 'any':
      return { since: null, until: null };
    case 'last': {
      const minute = Math.floor(now.getTime() / minuteMs) * minuteMs;
      return { since: new Date(minute - spanMs[range.span]).toISOString(), until: null };
    }
    case 'between':
      return { since: isoOf(range.from), until: isoOf(range.to) };
  }
}

export function isNarrowing(range: EventRange): boolean {
  return range.kind === 'last' || (range.kind === 'between' && (isoOf(range.from) ?? isoOf(range.to)) !== null);
}

export function isTurnedRound(range: EventRange): boolean {
  if (range.kind !== 'between') return false;
  const [from, to] = [isoOf(range.from), isoOf(range.to)];
  return from !== null && to !== null && from >= to;
}

/** What is between now and an hour ago, to begin with. */
export function usualBetween(now: Date): EventRange {
  return { kind: 'between', from: typedTime(new Date(now.getTime() - spanMs.hour)), to: '' };
}

/** After "12 events": ` in the last hour`; empty for any time. */
export function rangeWords(range: EventRange, now: Date): string {
  const words = texts.events.range;
  if (range.kind === 'any') return '';
  if (range.kind === 'last') return ` ${words.inLast[range.span]}`;
  const [from, to] = [isoOf(range.from), isoOf(range.to)].map((time) =>
    time === null ? undefined : formatMoment(new Date(time), now),
  );
  if (from !== undefined) return ` ${to === undefined ? words.since(from) : words.between(from, to)}`;
  return to === undefined ? '' : ` ${words.before(to)}`;
}

/** As a field for a day and a time has it. */
function typedTime(time: Date): string {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * minuteMs);
  return local.toISOString().slice(0, 16);
}

function isoOf(typed: string): string | null {
  const time = typed === '' ? Number.NaN : new Date(typed).getTime();
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
