import { describe, expect, it } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatDuration,
  formatExactDuration,
  formatMoment,
  formatMomentInFull,
  formatRecordTime,
  formatShortDuration,
  formatSpan,
} from '../../../src-renderer/shared/format.ts';

const now = new Date(2026, 10, 14, 14, 2, 11, 412);

function before(milliseconds: number): Date {
  return new Date(now.getTime() - milliseconds);
}

describe('durations', () => {
  it('are hours, minutes and seconds, and hours grow past a day', () => {
    expect(formatDuration(42_900)).toBe('0:00:42');
    expect(formatDuration(12 * 60_000 + 5_000)).toBe('0:12:05');
    expect([40, 2_300, 101_999].map(formatExactDuration)).toEqual(['0:00:00.04', '0:00:02.30', '0:01:41.99']);
    expect(formatDuration(51 * 3_600_000 + 61_000)).toBe('51:01:01');
  });

  it('are nothing for what the clocks of two machines put into the future', () => {
    expect(formatDuration(-5_000)).toBe('0:00:00');
    expect(formatAgo(before(-60_000), now)).toBe('just now');
  });

  it('keep milliseconds while they are short', () => {
    expect(formatShortDuration(41.6)).toBe('42 ms');
    expect(formatShortDuration(8_330)).toBe('8.33 s');
    expect(formatShortDuration(24_000)).toBe('0:00:24');
  });

  it('are told in the largest unit that says enough', () => {
    expect(formatAgo(before(2_000), now)).toBe('2 s ago');
    expect(formatAgo(before(5 * 60_000), now)).toBe('5 min ago');
    expect(formatSpan(47 * 3_600_000)).toBe('47 h');
    expect(formatSpan(6 * 86_400_000)).toBe('6 days');
    expect(formatSpan(400)).toBeUndefined();
  });
});

describe('moments', () => {
  it('are the time alone today, with the day before, with the year in another year', () => {
    expect(formatMoment(before(60_000), now)).toBe('14:01:11');
    expect(formatMoment(before(86_400_000), now)).toBe('13 Nov, 14:02:11');
    expect(formatMoment(new Date(2025, 0, 2, 3, 4, 5), now)).toBe('2 Jan 2025, 03:04:05');
  });

  it('say everything on hover, with the zone', () => {
    expect(formatMomentInFull(now)).toMatch(/^Saturday,? 14 November 2026, 14:02:11\.412 GMT.* \(.+\)$/);
  });

  it('are a dash where a time is no time', () => {
    expect(formatMoment(new Date('never'), now)).toBe('–');
    expect(formatMomentInFull(new Date('never'))).toBe('');
  });

  it('have milliseconds in records', () => {
    expect(formatRecordTime(now)).toBe('14:02:11.412');
  });
});

describe('sizes', () => {
  it('are decimal and never have four digits', () => {
    expect(formatBytes(512)).toBe('512 B');
    expect(formatBytes(999_600)).toBe('1.0 MB');
    expect(formatBytes(182_000_000)).toBe('182 MB');
    expect(formatBytes(1_240_000_000)).toBe('1.2 GB');
  });
});
