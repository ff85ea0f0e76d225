/** Columns that lists of jobs are made of. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import type { JobView } from '../../../src-contract/engine-calls.ts';
import { formatCount, formatExactDuration } from '../../shared/format.ts';
import { Figures, Moment, RunningFor } from '../../shared/moment.tsx';
import { compareKnown, type Column } from '../../shared/table/sorting.ts';
import { texts } from '../../texts.ts';
import { nameOf, ranForMs, wordOf } from '../state/status.ts';
import { JobMarkCell, JobWordCell } from './job-badge.tsx';
import { PlaceLink } from './place-link.tsx';

const useStyles = makeStyles({
  quiet: { color: tokens.colorNeutralForeground2 },
  Error: { color: tokens.colorStatusDangerForeground1 },
  Warning: { color: tokens.colorStatusWarningForeground1 },
});

function RunbookName({ job }: { job: JobView }) {
  const name = nameOf(job);
  return (
    <span title={name}>
      <PlaceLink to={{ page: 'job', id: job.sandboxId }} strong>
        {name}
      </PlaceLink>
    </span>
  );
}

function LastRecord({ job }: { job: JobView }) {
  const styles = useStyles();
  const { lastRecord } = job;
  if (lastRecord === null) return <span className={styles.quiet}>{texts.running.noRecordYet}</span>;
  const stream = lastRecord.stream;
  const tint = stream === 'Error' || stream === 'Warning' ? styles[stream] : styles.quiet;
  return (
    <span className={mergeClasses(tint)} title={lastRecord.text.slice(0, 2000)}>
      {lastRecord.text.split('\n', 1)[0]}
    </span>
  );
}

type JobColumn = Column<JobView>;

export const runbookColumn: JobColumn = {
  key: 'name',
  order: 'name',
  title: texts.columns.runbook,
  width: 'minmax(100px, 3fr)',
  cell: (job) => <RunbookName job={job} />,
  compare: (one, other) => one.runbookName.localeCompare(other.runbookName),
};

export const statusColumn: JobColumn = {
  key: 'status',
  order: 'status',
  title: texts.columns.status,
  width: '128px',
  cell: (job) => <JobWordCell job={job} />,
  tiny: { width: '60px', cell: (job) => <JobMarkCell job={job} /> },
  compare: (one, other) => wordOf(one).word.localeCompare(wordOf(other).word),
};

export const outcomeColumn: JobColumn = { ...statusColumn, title: texts.columns.outcome };

export const startedByColumn: JobColumn = {
  key: 'startedBy',
  order: 'startedBy',
  title: texts.columns.startedBy,
  width: 'minmax(72px, 2fr)',
  cell: (job) => <span title={job.startedBy ?? undefined}>{job.startedBy ?? texts.columns.unknown}</span>,
  compare: (one, other) => (one.startedBy ?? '').localeCompare(other.startedBy ?? ''),
  showFrom: 'wide',
};

export const forColumn: JobColumn = {
  key: 'for',
  title: texts.columns.runningFor,
  width: '72px',
  cell: (job) => <RunningFor since={job.startedAt ?? job.pickedUpAt} />,
  compare: (one, other) => (other.startedAt ?? other.pickedUpAt).localeCompare(one.startedAt ?? one.pickedUpAt),
};

export const lastRecordColumn: JobColumn = {
  key: 'lastRecord',
  title: texts.columns.lastRecord,
  width: 'minmax(104px, 4fr)',
  cell: (job) => <LastRecord job={job} />,
  showFrom: 'narrow',
};

export const recordsColumn: JobColumn = {
  key: 'records',
  order: 'records',
  title: texts.columns.records,
  width: '68px',
  align: 'end',
  cell: (job) => <Figures>{formatCount(job.recordCount)}</Figures>,
  compare: (one, other) => one.recordCount - other.recordCount,
  showFrom: 'wide',
};

export const pickedUpColumn: JobColumn = {
  key: 'pickedUp',
  order: 'pickedUp',
  title: texts.columns.pickedUp,
  width: '126px',
  cell: (job) => <Moment time={job.pickedUpAt} />,
  compare: (one, other) => one.pickedUpAt.localeCompare(other.pickedUpAt),
};

export const endedColumn: JobColumn = {
  key: 'ended',
  order: 'ended',
  title: texts.columns.ended,
  width: '126px',
  cell: (job) => (job.endedAt === null ? texts.columns.unknown : <Moment time={job.endedAt} />),
  compare: (one, other) => compareKnown(one.endedAt, other.endedAt),
};

export const ranForColumn: JobColumn = {
  key: 'ranFor',
  order: 'ranFor',
  title: texts.columns.ranFor,
  width: '76px',
  align: 'end',
  cell: (job) => {
    const ran = ranForMs(job);
    return <Figures>{ran === null ? texts.columns.unknown : formatExactDuration(ran)}</Figures>;
  },
  compare: (one, other) => compareKnown(ranForMs(one), ranForMs(other)),
  showFrom: 'narrow',
};
