/** Columns that only jobs that run have. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { formatCount } from '../../../shared/format.ts';
import { Figures } from '../../../shared/moment.tsx';
import type { Column } from '../../../shared/table/sorting.ts';
import type { UsageHistory } from '../../../shared/usage-history.ts';
import { useNow } from '../../../shared/use-now.ts';
import { texts } from '../../../texts.ts';
import { runbookColumn as jobRunbookColumn } from '../../parts/job-columns.tsx';
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

/** Below the name: what runs the runbook, known once it has begun, and the process that owns the job. */
function RunbookAndProcess({ job }: { job: JobView }) {
  const styles = useStyles();
  const { runtime, processId, runtimePid } = job;
  return (
    <div className={styles.two}>
      <span className={styles.line}>{jobRunbookColumn.cell(job)}</span>
      <span className={styles.line}>
        <span title={runtime ?? undefined}>{runtime ?? texts.columns.unknown}</span>
        {processId !== null && (
          <>
            {' · '}
            <span title={texts.running.sandboxAndRuntime(processId, runtimePid)}>{texts.running.process(processId)}</span>
          </>
        )}
      </span>
    </div>
  );
}

export const runbookColumn: JobColumn = {
  ...jobRunbookColumn,
  width: 'minmax(120px, 3fr)',
  cell: (job) => <RunbookAndProcess job={job} />,
};

export function usageColumn(kind: UsageKind, usage: UsageHistory): JobColumn {
  const valueOf = (job: JobView): number => usageKinds[kind].points(usage.get(job.sandboxId) ?? []).at(-1)?.value ?? -1;
  return {
    key: kind,
    title: texts.columns[kind],
    width: '104px',
    cell: (job) => <UsageCell kind={kind} samples={usage.get(job.sandboxId)} />,
    compare: (one, other) => valueOf(one) - valueOf(other),
    showFrom: kind === 'processor' ? 'wide' : 'widest',
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
