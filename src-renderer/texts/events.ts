/** The event log. */
import { many } from './counting.ts';

export const events = {
  lead: 'New events appear as they happen. Choose one to see it whole.',
  what: 'events',
  reading: 'Reading the event log',
  titleEmpty: 'Nothing has been logged here yet',
  titleFailed: 'The event log cannot be read',
  titleQuiet: (count: number) => `Nothing went wrong among ${many(count, 'event')}`,
  title: (errors: number, warnings: number, count: number) => {
    const parts = [errors > 0 && many(errors, 'error'), warnings > 0 && many(warnings, 'warning')].filter(Boolean);
    return `${parts.join(' and ')} among ${many(count, 'event')}`;
  },
  emptyText: 'Connecting, packs, jobs and changes of settings write events here.',
  noneFits: 'No event fits the search and the filters',
  noneFitsText: 'Others were logged: clear what narrows the list to see them.',
  channel: 'Channel',
  everyChannel: 'Every channel',
  levels: 'Levels',
  levelOff: (level: string) => `${level} off`,
  details: { label: 'The chosen event', copy: 'Copy event', close: 'Close the details' },
} as const;
