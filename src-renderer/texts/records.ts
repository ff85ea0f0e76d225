/** A job’s records. */
import { many } from './counting.ts';

export const records = {
  search: 'Search records',
  streams: 'Streams',
  list: 'Records',
  wrap: 'Wrap long lines',
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
  part: (first: string, last: string, all: string) => `Records ${first} to ${last} of ${all} are shown.`,
  earlier: 'Show earlier ones',
  later: 'Show later ones',
  noneYet: 'The job has written nothing yet',
  noneYetText: 'Each line appears here as the runbook writes it.',
  none: 'The job wrote nothing',
  noneText: 'It ended without a line on any stream.',
} as const;
