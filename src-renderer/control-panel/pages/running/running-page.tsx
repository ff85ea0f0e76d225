/** What is running here, since when, what did it last say? */
import { Button, makeStyles } from '@fluentui/react-components';
import { useMemo } from 'react';
import * as z from 'zod';
import type { JobView, WorkerState } from '../../../../src-contract/engine-calls.ts';
import { EmptyState } from '../../../shared/empty-state.tsx';
import { Page } from '../../../shared/page.tsx';
import { DataTable } from '../../../shared/table/data-table.tsx';
import { sortRows, type Column } from '../../../shared/table/sorting.ts';
import type { UsageHistory } from '../../../shared/usage-history.ts';
import { texts } from '../../../texts.ts';
import { forColumn, lastRecordColumn, statusColumn } from '../../parts/job-columns.tsx';
import { jobTextColumns } from '../../parts/job-text-columns.ts';
import { SearchField } from '../../parts/search-field.tsx';
import { TableTools, type TextColumn } from '../../parts/table-tools.tsx';
import { useKept } from '../../state/kept.ts';
import { useWorkerView } from '../../state/services.ts';
import { useUsage } from '../../state/use-usage.ts';
import { isGone, runningJobs } from '../../state/worker-view.ts';
import { recordsColumn, runbookColumn, stopColumn, usageColumn } from './running-columns.tsx';

function columnsWith(usage: UsageHistory): readonly Column<JobView>[] {
  return [
    runbookColumn,
    { ...statusColumn, width: '96px' },
    { ...forColumn, width: '64px' },
    usageColumn('processor', usage),
    usageColumn('memory', usage),
    recordsColumn,
    // The room that is left: what a job last said is what people look for here. What measures it gives way first; its own page has that.
    { ...lastRecordColumn, width: 'minmax(120px, 5fr)', showFrom: 'middle' },
    stopColumn,
  ];
}

const texted = jobTextColumns;
/** What is copied and saved. */
const textColumns: readonly TextColumn<JobView>[] = [
  texted.runbook,
  texted.status,
  texted.pickedUp,
  texted.started,
  texted.startedBy,
  texted.runtime,
  texted.process,
  texted.records,
  texted.atService,
  texted.lastRecord,
  texted.jobId,
  texted.sandboxId,
];

/** Kept for as long as the page is elsewhere, as the filters of every list are. */
const choice = z.object({ key: z.string(), descending: z.boolean(), search: z.string().max(200) });
const usual: z.infer<typeof choice> = { key: 'pickedUp', descending: true, search: '' };

const useStyles = makeStyles({
  bar: { display: 'flex', gap: '8px 12px', alignItems: 'center', flexWrap: 'wrap', flexShrink: 0 },
  tools: { marginLeft: 'auto', display: 'flex', flexDirection: 'column', gap: '8px', maxWidth: '100%' },
});

function says({ runbookName, startedBy, jobId, runtime, lastRecord }: JobView, wanted: string): boolean {
  const said = [runbookName, startedBy, jobId, runtime, lastRecord?.text];
  return said.some((words) => words?.toLowerCase().includes(wanted) === true);
}

export function RunningPage({ worker }: { worker: WorkerState }) {
  const styles = useStyles();
  const view = useWorkerView();
  const running = runningJobs(view);
  const gone = isGone(view);
  const usage = useUsage(null, running.length > 0 && !gone);
  const columns = useMemo(() => columnsWith(usage), [usage]);
  const [chosen, keep] = useKept('running', choice, usual);
  const wanted = chosen.search.trim().toLowerCase();
  const found = sortRows(wanted === '' ? running : running.filter((job) => says(job, wanted)), columns, chosen);
  return (
    <Page
      mark={gone ? 'bad' : running.length === 0 ? 'off' : 'busy'}
      title={gone ? texts.running.unknownTitle : texts.running.title(running.length)}
      lead={gone ? texts.running.unknownText : texts.running.lead(running.length, worker.limit)}
      fills
    >
      {running.length === 0 && gone ? null : running.length === 0 ? (
        <EmptyState
          title={texts.running.emptyTitle}
          text={
            worker.registration === null
              ? texts.running.emptyUnregistered
              : texts.running.emptyReady(worker.registration.groupName)
          }
        />
      ) : (
        <>
          <div className={styles.bar} role="group" aria-label={texts.list.bar}>
            <SearchField search={chosen.search} onSearch={(search) => keep({ ...chosen, search })} what={texts.running.what} />
            {found.length > 0 && (
              <div className={styles.tools}>
                <TableTools name="running-jobs" columns={textColumns} rows={found} />
              </div>
            )}
          </div>
          {found.length === 0 ? (
            <EmptyState
              title={texts.running.noneFits}
              text={texts.running.noneFitsText(running.length)}
              action={<Button onClick={() => keep({ ...chosen, search: '' })}>{texts.running.clear}</Button>}
            />
          ) : (
            <DataTable
              label={gone ? texts.running.lastHeard : texts.navigation.pages.running}
              rows={found}
              rowKey={(job) => job.sandboxId}
              columns={columns}
              sorting={chosen}
              onSort={(sorting) => keep({ ...chosen, ...sorting })}
              fills
            />
          )}
        </>
      )}
    </Page>
  );
}
