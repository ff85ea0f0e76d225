import { describe, expect, it } from 'vitest';
import {
  anyTime,
  eventRange,
  isNarrowing,
  isTurnedRound,
  rangeWords,
  spanOf,
  usualBetween,
  type EventRange,
} from '../../../src-renderer/control-panel/pages/events/event-range.ts';
import { fitsEvent } from '../../../src-renderer/control-panel/pages/events/event-text.ts';
import { sampleEvents } from '../../fakes/window/samples.ts';

const now = new Date(2026, 10, 28, 14, 2, 7);
const between = (from: string, to: string): EventRange => ({ kind: 'between', from, to });
const iso = (...parts: [number, number, number, number, number]): string => new Date(...parts).toISOString();

describe('a time that events are wanted of', () => {
  it('is open where nothing is said', () => {
    expect(spanOf(anyTime, now)).toEqual({ since: null, until: null });
    expect(spanOf(between('', 'nonsense'), now)).toEqual({ since: null, until: null });
    expect([anyTime, between('', ''), between('', '2026-11-28T14:00')].map(isNarrowing)).toEqual([false, false, true]);
  });

  it('reaches back from the whole minute, so that it changes once a minute', () => {
    const back = (span: 'hour' | 'day' | 'week') => spanOf({ kind: 'last', span }, now).since;
    expect([back('hour'), back('day'), back('week')]).toEqual([
      iso(2026, 10, 28, 13, 2),
      iso(2026, 10, 27, 14, 2),
      iso(2026, 10, 21, 14, 2),
    ]);
    expect(spanOf({ kind: 'last', span: 'hour' }, new Date(now.getTime() + 52_000)).since).toBe(back('hour'));
  });

  it('is typed in the local time of the machine', () => {
    expect(spanOf(between('2026-11-27T22:00', '2026-11-28T06:30'), now)).toEqual({
      since: iso(2026, 10, 27, 22, 0),
      until: iso(2026, 10, 28, 6, 30),
    });
    expect(usualBetween(now)).toEqual(between('2026-11-28T13:02', ''));
  });

  it('is said to be the wrong way round only where it is', () => {
    expect(isTurnedRound(between('2026-11-28T06:30', '2026-11-28T06:30'))).toBe(true);
    expect(isTurnedRound(between('2026-11-27T22:00', '2026-11-28T06:30'))).toBe(false);
    expect(isTurnedRound(between('', '2026-11-28T06:30'))).toBe(false);
  });

  it('is said in the title', () => {
    expect(rangeWords(anyTime, now)).toBe('');
    expect(rangeWords({ kind: 'last', span: 'day' }, now)).toBe(' in the last 24 hours');
    expect(rangeWords(between('2026-11-28T13:00', ''), now)).toBe(' since 13:00:00');
    expect(rangeWords(between('', '2026-11-28T13:00'), now)).toBe(' before 13:00:00');
    expect(rangeWords(between('2026-11-27T13:00', '2026-11-28T13:00'), now)).toBe(' from 27 Nov, 13:00:00 to 13:00:00');
  });

  it('of an earlier version is any', () => {
    expect(eventRange.safeParse({ kind: 'last', span: 'year' }).success).toBe(false);
  });
});

describe('an event that was just logged', () => {
  it('belongs to the list when it lies within its time', () => {
    const [sample] = sampleEvents(1);
    if (sample === undefined) throw new Error('no sample');
    const event = { ...sample, time: '2026-11-28T14:00:00.000Z' };
    const fits = (since: string | null, until: string | null) => fitsEvent({ channel: null, before: null, since, until }, event);
    expect(fits('2026-11-28T15:00:00+01:00', null)).toBe(true);
    expect(fits('2026-11-28T14:00:00.001Z', null)).toBe(false);
    expect(fits(null, '2026-11-28T14:00:00.000Z')).toBe(false);
    expect(fits(null, '2026-11-28T14:00:01.000Z')).toBe(true);
  });
});
