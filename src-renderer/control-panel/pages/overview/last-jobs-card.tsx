import { useMemo } from 'react';
import type { JobView, WorkerState } from '../../../../src-contract/engine-calls.ts';
import { useReading } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { EmptyState, Waiting } from '../../../shared/empty-state.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { DataTable } from '../../../shared/table/data-table.tsx';
import type { Column } from '../../../shared/table/sorting.ts';
import { useThrottled } from '../../../shared/use-throttled.ts';
import { texts } from '../../../texts.ts';
import { endedColumn, outcomeColumn, ranForColumn, runbookColumn } from '../../parts/job-columns.tsx';
import { PlaceLink } from '../../parts/place-link.tsx';
import { useServices, useWorkerView } from '../../state/services.ts';
import { isRunning } from '../../state/worker-view.ts';

const jobsShown = 6;
const readAgainMs = 1000;
const columns: readonly Column<JobView>[] = [runbookColumn, outcomeColumn, endedColumn, ranForColumn];

export function LastJobsCard({ worker }: { worker: WorkerState }) {
  const { bridge } = useServices();
  const { endings } = useWorkerView();
  const { reading } = useReading(
    // What still runs is in the list too, and is left out below.
    () => bridge.call('jobs:list', { limit: jobsShown + worker.limit, before: null, outcome: null, runbookName: null }),
    useThrottled(endings, readAgainMs),
  );
  const ended = useMemo(
    () => (reading.status === 'known' ? reading.value.jobs.filter((job) => !isRunning(job)).slice(0, jobsShown) : []),
    [reading],
  );
  return (
    <Card
      title={texts.overview.lastJobs}
      aside={ended.length > 0 && <PlaceLink to={{ page: 'history' }}>{texts.overview.wholeHistory}</PlaceLink>}
    >
      {reading.status === 'reading' && <Waiting forWhat={texts.history.reading} />}
      {reading.status === 'failed' && <ProblemCard problem={reading.problem} />}
      {reading.status === 'known' && ended.length === 0 && (
        <EmptyState title={texts.history.emptyTitle} text={texts.history.emptyText} />
      )}
      {ended.length > 0 && (
        <DataTable label={texts.overview.lastJobs} rows={ended} rowKey={(job) => job.sandboxId} columns={columns} />
      )}
    </Card>
  );
}
