import type { JobView, WorkerState } from '../../../../src-contract/engine-calls.ts';
import { Card } from '../../../shared/card.tsx';
import { EmptyState } from '../../../shared/empty-state.tsx';
import { DataTable } from '../../../shared/table/data-table.tsx';
import type { Column } from '../../../shared/table/sorting.ts';
import { texts } from '../../../texts.ts';
import { forColumn, lastRecordColumn, runbookColumn } from '../../parts/job-columns.tsx';
import { PlaceLink } from '../../parts/place-link.tsx';
import { useWorkerView } from '../../state/services.ts';
import { isGone, runningJobs } from '../../state/worker-view.ts';

/** The rest is one press away: the overview is to be seen at a glance. */
const jobsShown = 5;

const columns: readonly Column<JobView>[] = [runbookColumn, forColumn, lastRecordColumn];

export function RunningCard({ worker }: { worker: WorkerState }) {
  const view = useWorkerView();
  const running = runningJobs(view);
  const gone = isGone(view);
  const title = gone ? texts.running.lastHeard : texts.overview.runningNow;
  return (
    <Card title={title} {...(!gone && { aside: texts.overview.slots(running.length, worker.limit) })}>
      {running.length === 0 && gone ? (
        <EmptyState title={texts.running.unknownTitle} text={texts.running.unknownText} />
      ) : running.length === 0 ? (
        <EmptyState
          title={texts.running.emptyTitle}
          text={
            worker.registration === null
              ? texts.running.emptyUnregistered
              : texts.running.emptyReady(worker.registration.groupName)
          }
        />
      ) : (
        <DataTable label={title} rows={running.slice(0, jobsShown)} rowKey={(job) => job.sandboxId} columns={columns} />
      )}
      {running.length > jobsShown && (
        <PlaceLink to={{ page: 'running' }}>{texts.overview.showAllRunning(running.length)}</PlaceLink>
      )}
    </Card>
  );
}
