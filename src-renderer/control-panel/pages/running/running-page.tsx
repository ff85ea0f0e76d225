/** What is running here, since when, what did it last say? */
import { useMemo, useState } from 'react';
import type { JobView, WorkerState } from '../../../../src-contract/engine-calls.ts';
import { EmptyState } from '../../../shared/empty-state.tsx';
import { Page } from '../../../shared/page.tsx';
import { DataTable } from '../../../shared/table/data-table.tsx';
import type { Column, Sorting } from '../../../shared/table/sorting.ts';
import type { UsageHistory } from '../../../shared/usage-history.ts';
import { texts } from '../../../texts.ts';
import { forColumn, lastRecordColumn, runbookColumn, statusColumn } from '../../parts/job-columns.tsx';
import { useWorkerView } from '../../state/services.ts';
import { useUsage } from '../../state/use-usage.ts';
import { runningJobs } from '../../state/worker-view.ts';
import { recordsColumn, runtimeColumn, stopColumn, usageColumn } from './running-columns.tsx';

function columnsWith(usage: UsageHistory): readonly Column<JobView>[] {
  return [
    { ...runbookColumn, width: 'minmax(100px, 4fr)' },
    { ...statusColumn, width: '96px' },
    { ...forColumn, width: '64px' },
    runtimeColumn,
    usageColumn('processor', usage),
    usageColumn('memory', usage),
    recordsColumn,
    { ...lastRecordColumn, width: 'minmax(52px, 2fr)', showFrom: 'wide' },
    stopColumn,
  ];
}

export function RunningPage({ worker }: { worker: WorkerState }) {
  const running = runningJobs(useWorkerView());
  const usage = useUsage(null, running.length > 0);
  const columns = useMemo(() => columnsWith(usage), [usage]);
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
