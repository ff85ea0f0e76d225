/** Durations, times, sizes and counts as people read them. Pure: the present moment is an argument. */
export { formatBytes } from '../../src-contract/format-bytes.ts';

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');

/** `0:00:42`; hours grow past 24, so that two durations compare at a glance. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return `${Math.floor(seconds / 3600)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
}

/** `0:00:42.07`: in a column, where long and short ones stand below one another. */
export function formatExactDuration(milliseconds: number): string {
  return `${formatDuration(milliseconds)}.${pad(Math.floor(Math.max(0, milliseconds) / 10) % 100)}`;
}

/** Short spans (a bare command takes 40 ms) would all read 0:00:00: those have milliseconds. */
export function formatShortDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return milliseconds < 10_000 ? `${(milliseconds / 1000).toFixed(2)} s` : formatDuration(milliseconds);
}

/** `2 s ago`, `5 min ago`, `3 h ago`, `6 days ago`. What the clocks of two machines put into the future reads as now. */
export function formatAgo(time: Date, now: Date): string {
  const span = formatSpan(now.getTime() - time.getTime());
  return span === undefined ? 'just now' : `${span} ago`;
}

/** `for 6 days`; undefined for less than a second. */
export function formatSpan(milliseconds: number): string | undefined {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 1) return undefined;
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const fullDate = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const zoneName = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'longOffset' });

function clock(time: Date): string {
  return `${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}`;
}

/** Local: the time alone today, with the day otherwise, with the year in another year. */
export function formatMoment(time: Date, now: Date): string {
  if (Number.isNaN(time.getTime())) return '–';
  if (time.toDateString() === now.toDateString()) return clock(time);
  const day = time.getFullYear() === now.getFullYear() ? dayMonth.format(time) : dayMonthYear.format(time);
  return `${day}, ${clock(time)}`;
}

/** Everything about a moment, for the hover: day, milliseconds, zone. */
export function formatMomentInFull(time: Date): string {
  if (Number.isNaN(time.getTime())) return '';
  const zone = zoneName.formatToParts(time).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const place = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return `${fullDate.format(time)}, ${clock(time)}.${pad(time.getMilliseconds(), 3)} ${zone} (${place})`;
}

/** A record's time: `14:02:07.412`, local. */
export function formatRecordTime(time: Date): string {
  return Number.isNaN(time.getTime()) ? '' : `${clock(time)}.${pad(time.getMilliseconds(), 3)}`;
}

const counts = new Intl.NumberFormat('en-GB');
/** `1,284` */
export function formatCount(count: number): string {
  return counts.format(count);
}
