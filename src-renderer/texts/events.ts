/** The event log. */
import { many } from './counting.ts';

export const events = {
  lead: 'Newest first. New events appear as they happen.',
  reading: 'Reading the event log',
  titleEmpty: 'Nothing has been logged here yet',
  titleFailed: 'The event log cannot be read',
  titleQuiet: (count: number) => `Nothing went wrong in the last ${many(count, 'event')}`,
  title: (errors: number, warnings: number, count: number) => {
    const parts = [errors > 0 && many(errors, 'error'), warnings > 0 && many(warnings, 'warning')].filter(Boolean);
    return `${parts.join(' and ')} among the last ${many(count, 'event')}`;
  },
  emptyText: 'Connecting, packs, jobs and changes of settings write events here.',
  allHidden: 'Every event here is of a level that is switched off',
  allHiddenText: 'Switch a level on to see its events.',
  channel: 'Channel',
  everyChannel: 'Every channel',
  levels: 'Levels',
  levelOff: (level: string) => `${level} off`,
  details: { label: 'The chosen event', copy: 'Copy event', close: 'Close the details' },
} as const;
