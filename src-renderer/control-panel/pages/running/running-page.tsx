/** What is running here, since when, what did it last say? */
import { useState } from 'react';
import type { JobView, WorkerState } from '../../../../src-contract/engine-calls.ts';
import { EmptyState } from '../../../shared/empty-state.tsx';
import { Page } from '../../../shared/page.tsx';
import { DataTable } from '../../../shared/table/data-table.tsx';
import type { Column, Sorting } from '../../../shared/table/sorting.ts';
import { texts } from '../../../texts.ts';
import {
  forColumn,
  lastRecordColumn,
  pickedUpColumn,
  recordsColumn,
  runbookColumn,
  startedByColumn,
  statusColumn,
} from '../../parts/job-columns.tsx';
import { useWorkerView } from '../../state/services.ts';
import { runningJobs } from '../../state/worker-view.ts';

const columns: readonly Column<JobView>[] = [
  runbookColumn,
  statusColumn,
  forColumn,
  { ...pickedUpColumn, showFrom: 'very-wide' },
  startedByColumn,
  recordsColumn,
  lastRecordColumn,
];

export function RunningPage({ worker }: { worker: WorkerState }) {
  const running = runningJobs(useWorkerView());
  const [sorting, setSorting] = useState<Sorting>({ key: 'pickedUp', descending: true });
  return (
    <Page
      mark={running.length === 0 ? 'off' : 'busy'}
      title={texts.running.title(running.length)}
      lead={texts.running.lead(running.length, worker.limit)}
      fills
    >
      {running.length === 0 ? (
        <EmptyState
          title={texts.running.emptyTitle}
          text={
            worker.registration === null
              ? texts.running.emptyUnregistered
              : texts.running.emptyReady(worker.registration.groupName)
          }
        />
      ) : (
        <DataTable
          label={texts.navigation.pages.running}
          rows={running}
          rowKey={(job) => job.sandboxId}
          columns={columns}
          sorting={sorting}
          onSort={setSorting}
          fills
        />
      )}
    </Page>
  );
}
