/** A job’s records. */
import { counts, many, sequences } from './counting.ts';

export const records = {
  search: 'Search records',
  streams: 'Streams',
  list: 'Records',
  wrap: 'Wrap long lines',
  times: 'Show times',
  gap: (first: number, count: number) =>
    `${many(count, 'record is', 'records are')} missing here: ${sequences(first, first + count - 1)}`,
  sequences,
  hideStream: (stream: string) => `Hide ${stream}`,
  showStream: (stream: string) => `Show ${stream}`,
  streamOff: (stream: string, count: string) => `${stream} off (${count})`,
  reading: 'Reading the records',
  readingSoFar: (count: number) => `Reading: ${many(count, 'record')} so far`,
  found: (count: number) => `${many(count, 'record')} found`,
  following: 'Following',
  notFollowing: 'Not following',
  follow: 'Follow the newest',
  followBehind: (count: string) => `Follow the newest (${count} not shown)`,
  nothingLeft: 'No record fits the search and the streams that are switched on.',
  damaged: (reason: string) => `The journal of this job is damaged: ${reason}. Everything before the damage is shown.`,
  part: (first: number, last: number, all: number) =>
    `Of ${many(all, 'record')}, those with ${sequences(first, last)} are shown.`,
  earlier: 'Show earlier ones',
  later: 'Show later ones',
  unreadable: (count: number) =>
    count === 1 ? 'Its record cannot be read' : `None of its ${counts.format(count)} records can be read`,
  unreadableText: 'The journal is damaged before the first of them.',
  notReadYet: (count: number) => (count === 1 ? 'One record was written' : `${counts.format(count)} records were written`),
  notReadYetText: 'None of them is in the journal that can be read yet. They appear as soon as they are.',
  gone: (count: number) =>
    count === 1 ? 'Its record is not here any more' : `Its ${counts.format(count)} records are not here any more`,
  copy: (count: number) => `Copy ${many(count, 'entry', 'entries')}`,
  copied: (count: number) => `${many(count, 'entry', 'entries')} copied`,
  tooManyToCopy: (most: number) => `At most ${counts.format(most)} entries can be copied at once. A file takes any number`,
  tooLongToCopy: 'These entries are too long for the clipboard. A file takes any length',
  notCopied: 'The entries could not be copied',
  saveInstead: 'Save all records as text',
  noneYet: 'The job has written nothing yet',
  noneYetText: 'Each line appears here as the runbook writes it.',
  none: 'The job wrote nothing',
  noneText: 'It ended without a line on any stream.',
} as const;
