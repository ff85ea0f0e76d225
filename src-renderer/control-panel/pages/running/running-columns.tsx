/** Columns that only jobs that run have. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { formatCount } from '../../../shared/format.ts';
import { Figures } from '../../../shared/moment.tsx';
import { compareKnown, type Column } from '../../../shared/table/sorting.ts';
import type { UsageHistory } from '../../../shared/usage-history.ts';
import { useNow } from '../../../shared/use-now.ts';
import { texts } from '../../../texts.ts';
import { UsageCell, usageKinds, type UsageKind } from '../../parts/usage-cells.tsx';
import { waitedFor } from '../job/upload-state.ts';
import { StopJob } from '../job/stop-job.tsx';

type JobColumn = Column<JobView>;

const useStyles = makeStyles({
  two: {
    display: 'flex',
    flexDirection: 'column',
    minWidth: 0,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase100,
  },
  line: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' },
});

function RuntimeAndProcess({ job: { runtime, processId, runtimePid } }: { job: JobView }) {
  const styles = useStyles();
  return (
    <div className={styles.two}>
      <span className={styles.line} title={runtime ?? undefined}>
        {runtime ?? texts.columns.unknown}
      </span>
      {processId !== null && (
        <span className={styles.line} title={texts.running.sandboxAndRuntime(processId, runtimePid)}>
          {texts.running.process(processId)}
        </span>
      )}
    </div>
  );
}

/** What runs the runbook, known once it has begun, and the process that owns the job. */
export const runtimeColumn: JobColumn = {
  key: 'runtime',
  title: texts.columns.runtime,
  width: 'minmax(104px, 2fr)',
  cell: (job) => <RuntimeAndProcess job={job} />,
  compare: (one, other) => compareKnown(one.runtime, other.runtime),
  showFrom: 'usual',
};

export function usageColumn(kind: UsageKind, usage: UsageHistory): JobColumn {
  const valueOf = (job: JobView): number => usageKinds[kind].points(usage.get(job.sandboxId) ?? []).at(-1)?.value ?? -1;
  return {
    key: kind,
    title: texts.columns[kind],
    width: '104px',
    cell: (job) => <UsageCell kind={kind} samples={usage.get(job.sandboxId)} />,
    compare: (one, other) => valueOf(one) - valueOf(other),
    // At the width of a new window there is room for one; the job's page has both.
    showFrom: kind === 'processor' ? 'narrow' : 'very-wide',
  };
}

function Records({ job }: { job: JobView }) {
  const span = waitedFor(job, useNow());
  const waiting = Math.max(0, job.recordCount - job.acknowledgedCount);
  return (
    <Figures title={span === undefined ? texts.running.allSent : texts.running.waits(span)}>
      {waiting === 0 ? formatCount(job.recordCount) : texts.running.recordsWaiting(job.recordCount, waiting)}
    </Figures>
  );
}

/** How many there are, and how many of them the service does not have yet. */
export const recordsColumn: JobColumn = {
  key: 'records',
  title: texts.columns.records,
  width: '88px',
  align: 'end',
  cell: (job) => <Records job={job} />,
  compare: (one, other) => one.recordCount - other.recordCount,
  showFrom: 'usual',
};

export const stopColumn: JobColumn = {
  key: 'stop',
  title: texts.columns.actions,
  width: '76px',
  cell: (job) => <StopJob job={job} inRow />,
};
