/** Attempts at this job that ran here, and how each ended. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { useReading } from '../../../shared/call.ts';
import { Waiting } from '../../../shared/empty-state.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { DataTable } from '../../../shared/table/data-table.tsx';
import { sortRows, type Column, type Sorting } from '../../../shared/table/sorting.ts';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { texts } from '../../../texts.ts';
import { endedColumn, outcomeColumn, pickedUpColumn, ranForColumn, recordsColumn } from '../../parts/job-columns.tsx';
import { jobTextColumns } from '../../parts/job-text-columns.ts';
import { PlaceLink } from '../../parts/place-link.tsx';
import { TableTools } from '../../parts/table-tools.tsx';
import { useServices } from '../../state/services.ts';

const useStyles = makeStyles({
  head: { display: 'flex', justifyContent: 'space-between', gap: '8px 12px', flexWrap: 'wrap', alignItems: 'center' },
  about: { margin: 0, flex: '1 1 320px', color: tokens.colorNeutralForeground2 },
  frame: { display: 'flex', flexDirection: 'column', minHeight: '120px', flexGrow: 1 },
});

const {
  attempt,
  status,
  reason,
  pickedUp,
  started,
  ended,
  milliseconds,
  records,
  atService,
  sandboxId: sandbox,
} = jobTextColumns;
/** What is copied and saved. */
const textColumns = [attempt, status, reason, pickedUp, started, ended, milliseconds, records, atService, sandbox];

export function JobAttempts({ job }: { job: JobView }) {
  const styles = useStyles();
  const { bridge } = useServices();
  const { jobId, sandboxId } = job;
  const { reading, readAgain } = useReading(() => bridge.call('jobs:attempts', { jobId }), `${jobId} ${job.phase}`);
  const words = texts.job.attempts;
  const [sorting, setSorting] = useState<Sorting>({ key: 'pickedUp', descending: false });
  if (reading.status === 'reading') return <Waiting forWhat={words.reading} />;
  if (reading.status === 'failed')
    return <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} />;
  // One that has not been kept yet is at least what this page shows.
  const kept = reading.value.attempts;
  const attempts = kept.some((one) => one.sandboxId === sandboxId)
    ? kept.map((one) => (one.sandboxId === sandboxId ? job : one))
    : [...kept, job];
  const attemptColumn: Column<JobView> = {
    key: 'attempt',
    title: words.attempt,
    width: 'minmax(96px, 1fr)',
    cell: (one) =>
      one.sandboxId === sandboxId ? (
        <strong aria-current="page">{words.thisOne(one.attempt)}</strong>
      ) : (
        <PlaceLink to={{ page: 'job', id: one.sandboxId }}>{words.name(one.attempt)}</PlaceLink>
      ),
    compare: (one, other) => (one.attempt ?? 0) - (other.attempt ?? 0),
  };
  const reasonColumn: Column<JobView> = {
    key: 'reason',
    title: words.reason,
    width: 'minmax(104px, 3fr)',
    cell: ({ outcomeReason }) => <span title={outcomeReason ?? undefined}>{outcomeReason?.split('\n', 1)[0]}</span>,
    showFrom: 'wide',
  };
  const columns = [attemptColumn, outcomeColumn, pickedUpColumn, endedColumn, ranForColumn, recordsColumn, reasonColumn];
  const sorted = sortRows(attempts, columns, sorting);
  return (
    <>
      <div className={styles.head}>
        <p className={styles.about}>{words.about}</p>
        <TableTools name="attempts" columns={textColumns} rows={sorted} />
      </div>
      <div className={styles.frame}>
        <DataTable
          label={words.label}
          rows={sorted}
          rowKey={(one) => one.sandboxId}
          columns={columns}
          sorting={sorting}
          onSort={setSorting}
          fills
        />
      </div>
    </>
  );
}
