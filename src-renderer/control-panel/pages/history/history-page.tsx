/** What ran here, and what went wrong? */
import { Dropdown, Option, makeStyles } from '@fluentui/react-components';
import { useEffect, useRef, useState } from 'react';
import * as z from 'zod';
import type { EngineValue, JobView } from '../../../../src-contract/engine-calls.ts';
import { attemptOutcome, outcomeLabels, type AttemptOutcome } from '../../../../src-contract/kinds.ts';
import { jobOrder, type JobQuery } from '../../../../src-contract/lists.ts';
import type { ReadRows } from '../../../shared/list/paged-list.ts';
import type { Selection } from '../../../shared/list/selection.ts';
import type { MarkName } from '../../../shared/marks.tsx';
import { Page } from '../../../shared/page.tsx';
import type { Column } from '../../../shared/table/sorting.ts';
import { texts } from '../../../texts.ts';
import {
  outcomeColumn,
  pickedUpColumn,
  ranForColumn,
  recordsColumn,
  runbookColumn,
  startedByColumn,
} from '../../parts/job-columns.tsx';
import { ListFrame } from '../../parts/list-frame.tsx';
import { useKept } from '../../state/kept.ts';
import { useServices, useWorkerView } from '../../state/services.ts';
import { usePagedList } from '../../state/use-paged-list.ts';
import { historyQuery, jobText } from './job-query.ts';

type Counts = EngineValue<'jobs:list'>['counts'];

const columns: readonly Column<JobView>[] = [
  runbookColumn,
  outcomeColumn,
  pickedUpColumn,
  ranForColumn,
  startedByColumn,
  recordsColumn,
];

const choice = z.object({
  outcome: attemptOutcome.nullable(),
  search: z.string().max(200),
  by: jobOrder,
  descending: z.boolean(),
});
type Choice = z.infer<typeof choice>;
const usual: Choice = { outcome: null, search: '', by: 'pickedUp', descending: true };

const useStyles = makeStyles({ filter: { minWidth: '160px', width: '200px' } });

export function HistoryPage() {
  const { bridge, place } = useServices();
  const { endings } = useWorkerView();
  const [chosen, keep] = useKept('history', choice, usual);
  const [selection, setSelection] = useState<Selection>();
  const query = historyQuery(chosen, null);
  const [read] = useState(() => readJobs(bridge));
  const { list, view } = usePagedList(query, read);
  const seenEndings = useRef(endings);
  useEffect(() => {
    if (endings === seenEndings.current) return;
    list.grew(endings - seenEndings.current);
    seenEndings.current = endings;
  }, [list, endings]);
  const change = (more: Partial<Choice>): void => {
    setSelection(undefined);
    keep({ ...chosen, ...more });
  };
  const isNarrowed = chosen.search !== '' || chosen.outcome !== null;
  return (
    <Page {...titleOf(view.more, { failed: view.problem !== null, isNarrowed })} fills>
      <ListFrame<JobQuery, JobView, Counts>
        label={texts.navigation.pages.history}
        what={texts.history.what}
        list={list}
        view={view}
        rowKey={(job) => job.sandboxId}
        columns={columns}
        sorting={{ key: chosen.by, descending: chosen.descending }}
        onSort={({ key, descending }) => change({ by: jobOrder.parse(key), descending })}
        search={chosen.search}
        onSearch={(search) => change({ search })}
        filters={<OutcomeFilter outcome={chosen.outcome} counts={view.more} onOutcome={(outcome) => change({ outcome })} />}
        rowText={jobText}
        exported={(format) => ({ list: 'jobs', query, format })}
        onOpen={(job) => place.open({ page: 'job', id: job.sandboxId })}
        selection={selection}
        onSelect={setSelection}
        onStandStill={() => list.standStill(historyQuery(chosen, new Date().toISOString()))}
        onGoAlong={() => {
          setSelection(undefined);
          list.goAlong(query);
        }}
        waitingFor={texts.history.reading}
        empty={
          isNarrowed
            ? { title: texts.history.noneFits, text: texts.history.noneFitsText }
            : { title: texts.history.emptyTitle, text: texts.history.emptyText }
        }
        onClear={isNarrowed ? () => change({ outcome: null, search: '' }) : undefined}
      />
    </Page>
  );
}

function readJobs(bridge: ReturnType<typeof useServices>['bridge']): ReadRows<JobQuery, JobView, Counts> {
  return async (query, page) => {
    const answer = await bridge.call('jobs:list', { ...query, ...page });
    if (!answer.ok) return answer;
    const { jobs, total, counts } = answer.value;
    return { ok: true, value: { rows: jobs, total, more: counts } };
  };
}

function titleOf(
  counts: Counts | undefined,
  { failed, isNarrowed }: { failed: boolean; isNarrowed: boolean },
): { title: string; lead?: string; mark?: MarkName } {
  if (failed) return { title: texts.history.titleFailed, mark: 'bad' };
  if (counts === undefined) return { title: texts.navigation.pages.history };
  const countOf = (outcome: AttemptOutcome): number => counts[outcome] ?? 0;
  const total = attemptOutcome.options.reduce((sum, outcome) => sum + countOf(outcome), 0);
  if (total === 0) return { title: isNarrowed ? texts.history.titleNoneFits : texts.history.titleEmpty, mark: 'off' };
  const unwell = total - countOf('completed') - countOf('stopped') - countOf('suspended');
  return {
    title: texts.history.title(total, unwell),
    mark: unwell > 0 ? 'attention' : 'good',
    lead: attemptOutcome.options
      .filter((name) => countOf(name) > 0)
      .map((name) => `${outcomeLabels[name]} ${countOf(name).toLocaleString('en-GB')}`)
      .join(' · '),
  };
}

interface OutcomeProps {
  outcome: AttemptOutcome | null;
  counts: Counts | undefined;
  onOutcome: (outcome: AttemptOutcome | null) => void;
}

function OutcomeFilter({ outcome, counts, onOutcome }: OutcomeProps) {
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
        <Option key={name} value={name} text={outcomeLabels[name]}>
          {`${outcomeLabels[name]}${counts?.[name] === undefined ? '' : ` (${counts[name].toLocaleString('en-GB')})`}`}
        </Option>
      ))}
    </Dropdown>
  );
}
