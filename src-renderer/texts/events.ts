/** The event log. */
import { many } from './counting.ts';

export const events = {
  lead: 'New events appear as they happen. Choose one to see it whole.',
  what: 'events',
  reading: 'Reading the event log',
  titleEmpty: 'Nothing has been logged here yet',
  titleNoneFits: 'No such event was logged here',
  titleFailed: 'The event log cannot be read',
  /** `when`: ` in the last hour`, or empty. */
  titleQuiet: (count: number, when: string) => `Nothing went wrong among ${many(count, 'event')}${when}`,
  title: (errors: number, warnings: number, count: number, when: string) => {
    const parts = [errors > 0 && many(errors, 'error'), warnings > 0 && many(warnings, 'warning')].filter(Boolean);
    return `${parts.join(' and ')} among ${many(count, 'event')}${when}`;
  },
  emptyText: 'Connecting, packs, jobs and changes of settings write events here.',
  noneFits: 'No event fits the search and the filters',
  noneFitsText: 'Others were logged: clear what narrows the list to see them.',
  channel: 'Channel',
  everyChannel: 'Every channel',
  range: {
    label: 'Time',
    any: 'Any time',
    last: { hour: 'Last hour', day: 'Last 24 hours', week: 'Last 7 days' },
    fromTo: 'From and to',
    from: 'From',
    to: 'To',
    turnedRound: 'This is not after the beginning: nothing lies between.',
    inLast: { hour: 'in the last hour', day: 'in the last 24 hours', week: 'in the last 7 days' },
    since: (from: string) => `since ${from}`,
    before: (to: string) => `before ${to}`,
    between: (from: string, to: string) => `from ${from} to ${to}`,
  },
  levels: 'Levels',
  levelOff: (level: string) => `${level} off`,
  details: {
    label: 'The chosen event',
    copy: 'Copy event',
    close: 'Close the details',
    notInList: 'It is not in the list: the search or a filter leaves it out.',
  },
} as const;
