/** What ran here, and what went wrong? */
import { Dropdown, Option, makeStyles } from '@fluentui/react-components';
import { useCallback, useEffect, useState } from 'react';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { attemptOutcome, outcomeLabels, type AttemptOutcome } from '../../../../src-contract/kinds.ts';
import { EmptyState, Waiting } from '../../../shared/empty-state.tsx';
import type { MarkName } from '../../../shared/marks.tsx';
import { useObservable } from '../../../shared/observable.ts';
import { Page } from '../../../shared/page.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { DataTable } from '../../../shared/table/data-table.tsx';
import type { Column, Sorting } from '../../../shared/table/sorting.ts';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { useThrottled } from '../../../shared/use-throttled.ts';
import { texts } from '../../../texts.ts';
import {
  outcomeColumn,
  pickedUpColumn,
  ranForColumn,
  recordsColumn,
  runbookColumn,
  startedByColumn,
} from '../../parts/job-columns.tsx';
import { useServices, useWorkerView } from '../../state/services.ts';
import { HistoryReader } from './history-reader.ts';
import { useOutcomeCounts } from './use-outcome-counts.ts';

const columns: readonly Column<JobView>[] = [
  runbookColumn,
  outcomeColumn,
  pickedUpColumn,
  ranForColumn,
  startedByColumn,
  recordsColumn,
];
const newestFirst: Sorting = { key: 'pickedUp', descending: true };

const useStyles = makeStyles({ filter: { minWidth: '200px' } });

const readAgainMs = 1000;

export function HistoryPage() {
  const [outcome, setOutcome] = useState<AttemptOutcome | null>(null);
  return <OutcomeHistory key={outcome ?? ''} outcome={outcome} onOutcome={setOutcome} />;
}

interface OutcomeProps {
  outcome: AttemptOutcome | null;
  onOutcome: (outcome: AttemptOutcome | null) => void;
}

function OutcomeHistory({ outcome, onOutcome }: OutcomeProps) {
  const { bridge } = useServices();
  const { endings } = useWorkerView();
  const [sorting, setSorting] = useState(newestFirst);
  const [reader] = useState(
    () => new HistoryReader((limit, before) => bridge.call('jobs:list', { limit, before, outcome, runbookName: null })),
  );
  const { jobs, before, problem } = useObservable(reader.view);
  const shownEndings = useThrottled(endings, readAgainMs);
  useEffect(() => reader.loadMore(), [reader]);
  useEffect(() => reader.refresh(), [reader, shownEndings]);
  const onNearEnd = useCallback(() => reader.loadMore(), [reader]);

  const sort = (wanted: Sorting): void => {
    setSorting(wanted);
    // The pages come newest first.
    if (wanted.key !== newestFirst.key || !wanted.descending) reader.loadAll();
  };
  const isKnown = before !== undefined;
  return (
    <Page {...useTitle(problem !== null)} actions={<OutcomeFilter outcome={outcome} onOutcome={onOutcome} />} fills>
      {problem !== null && <ProblemCard problem={problem} actions={<TryAgainButton onClick={onNearEnd} />} />}
      {!isKnown && problem === null && <Waiting forWhat={texts.history.reading} />}
      {isKnown && jobs.length === 0 && <NoJobs outcome={outcome} />}
      {jobs.length > 0 && (
        <DataTable
          label={texts.navigation.pages.history}
          rows={jobs}
          rowKey={(job) => job.sandboxId}
          columns={columns}
          sorting={sorting}
          onSort={sort}
          onNearEnd={onNearEnd}
          fills
        />
      )}
    </Page>
  );
}

function useTitle(failed: boolean): { title: string; lead?: string; mark?: MarkName } {
  const counts = useOutcomeCounts();
  if (failed) return { title: texts.history.titleFailed, mark: 'bad' };
  if (counts === undefined) return { title: texts.navigation.pages.history };
  const { total, ...outcomes } = counts;
  if (total === 0) return { title: texts.history.titleEmpty, mark: 'off' };
  const unwell = total - outcomes.completed - outcomes.stopped - outcomes.suspended;
  return {
    title: texts.history.title(total, unwell),
    mark: unwell > 0 ? 'attention' : 'good',
    lead: attemptOutcome.options
      .filter((name) => outcomes[name] > 0)
      .map((name) => `${outcomeLabels[name]} ${outcomes[name].toLocaleString('en-GB')}`)
      .join(' · '),
  };
}

function OutcomeFilter({ outcome, onOutcome }: OutcomeProps) {
  const styles = useStyles();
  const everything = 'everything';
  return (
    <Dropdown
      className={styles.filter}
      aria-label={texts.history.filterLabel}
      value={outcome === null ? texts.history.everyOutcome : outcomeLabels[outcome]}
      selectedOptions={[outcome ?? everything]}
      onOptionSelect={(_event, { optionValue }) => onOutcome(attemptOutcome.safeParse(optionValue).data ?? null)}
    >
      <Option value={everything}>{texts.history.everyOutcome}</Option>
      {attemptOutcome.options.map((name) => (
        <Option key={name} value={name}>
          {outcomeLabels[name]}
        </Option>
      ))}
    </Dropdown>
  );
}

function NoJobs({ outcome }: { outcome: AttemptOutcome | null }) {
  if (outcome === null) return <EmptyState title={texts.history.emptyTitle} text={texts.history.emptyText} />;
  return <EmptyState title={texts.history.emptyOutcomeTitle(outcomeLabels[outcome])} text={texts.history.emptyOutcomeText} />;
}
