/** Columns that only jobs that run have. */
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { formatCount } from '../../../shared/format.ts';
import { Figures } from '../../../shared/moment.tsx';
import type { Column } from '../../../shared/table/sorting.ts';
import type { UsageHistory } from '../../../shared/usage-history.ts';
import { useNow } from '../../../shared/use-now.ts';
import { texts } from '../../../texts.ts';
import { UsageCell, usageKinds, type UsageKind } from '../../parts/usage-cells.tsx';
import { waitedFor } from '../job/upload-state.ts';
import { StopJob } from '../job/stop-job.tsx';

type JobColumn = Column<JobView>;

export const processColumn: JobColumn = {
  key: 'process',
  title: texts.columns.process,
  width: '64px',
  align: 'end',
  cell: ({ processId, runtimePid }) =>
    processId === null ? (
      texts.columns.unknown
    ) : (
      <Figures title={texts.running.sandboxAndRuntime(processId, runtimePid)}>{String(processId)}</Figures>
    ),
  compare: (one, other) => (one.processId ?? 0) - (other.processId ?? 0),
  showFrom: 'very-wide',
};

export function usageColumn(kind: UsageKind, usage: UsageHistory): JobColumn {
  const valueOf = (job: JobView): number => usageKinds[kind].points(usage.get(job.sandboxId) ?? []).at(-1)?.value ?? -1;
  return {
    key: kind,
    title: texts.columns[kind],
    width: '104px',
    cell: (job) => <UsageCell kind={kind} samples={usage.get(job.sandboxId)} />,
    compare: (one, other) => valueOf(one) - valueOf(other),
    showFrom: kind === 'processor' ? 'narrow' : 'wide',
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
  width: '104px',
  align: 'end',
  cell: (job) => <Records job={job} />,
  compare: (one, other) => one.recordCount - other.recordCount,
  showFrom: 'very-wide',
};

export const stopColumn: JobColumn = {
  key: 'stop',
  title: texts.columns.actions,
  width: '76px',
  cell: (job) => <StopJob job={job} inRow />,
};
