/** What ran here. */
import { counts, many } from './counting.ts';

export const history = {
  reading: 'Reading the history',
  titleEmpty: 'No job has ended here yet',
  titleNoneFits: 'No such job ran here',
  titleFailed: 'The history cannot be read',
  title: (total: number, unwell: number) =>
    unwell === 0
      ? `${many(total, 'job')} ran here, and none went wrong`
      : `${many(total, 'job')} ran here, ${counts.format(unwell)} of them went wrong`,
  filterLabel: 'Outcome',
  everyOutcome: 'Every outcome',
  emptyTitle: 'No job has ended here yet',
  emptyText: 'Each job that this worker ran stays here with its records, until retention removes it.',
  what: 'jobs',
  noneFits: 'No job fits the search and the filters',
  noneFitsText: 'Others ended here: clear what narrows the list to see them.',
} as const;
