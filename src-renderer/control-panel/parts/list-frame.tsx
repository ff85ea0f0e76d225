/**
 * A long list with all that belongs to one: search, filters, order, chosen rows that can be copied, export of everything that fits, and
 * what stands in its place while there are no rows. The page gives it columns, filters and words.
 */
import {
  Button,
  Menu,
  MenuButton,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  makeStyles,
  tokens,
} from '@fluentui/react-components';
import { Copy20Regular } from '@fluentui/react-icons/svg/copy';
import { ArrowDownload20Regular } from '@fluentui/react-icons/svg/arrow-download';
import { Pause20Regular } from '@fluentui/react-icons/svg/pause';
import { ArrowUp20Regular } from '@fluentui/react-icons/svg/arrow-up';
import { use, useCallback, useEffect, useRef, useState } from 'react';
import type { Problem } from '../../../src-contract/problems.ts';
import type { ShellArguments } from '../../../src-contract/window-calls.ts';
import { useAction } from '../../shared/call.ts';
import { CopyContext } from '../../shared/copy-button.tsx';
import { EmptyState, Waiting } from '../../shared/empty-state.tsx';
import { ListGrid } from '../../shared/list/list-grid.tsx';
import type { PagedList, PagedView } from '../../shared/list/paged-list.ts';
import { rangeOf, type Selection } from '../../shared/list/selection.ts';
import { ProblemCard } from '../../shared/problem-card.tsx';
import type { Column, Sorting } from '../../shared/table/sorting.ts';
import { TryAgainButton } from '../../shared/try-again-button.tsx';
import { texts } from '../../texts.ts';
import { useServices } from '../state/services.ts';
import { SearchField } from './search-field.tsx';
import { copiedText, mostRowsCopied } from '../../shared/list/copied-rows.ts';

/** What came of copying or exporting. */
interface Said {
  words: string;
  /** Rows that cannot be copied can be exported. */
  offersExport?: boolean;
}
const nothingSaid: Said = { words: '' };

const useStyles = makeStyles({
  bar: { display: 'flex', gap: '8px 12px', alignItems: 'center', flexWrap: 'wrap', flexShrink: 0 },
  actions: { display: 'flex', gap: '8px', marginLeft: 'auto', alignItems: 'center' },
  button: { whiteSpace: 'nowrap' },
  // Above the list's head, which stays in sight while the list scrolls.
  menu: { zIndex: 10 },
  foot: {
    display: 'flex',
    gap: '12px',
    alignItems: 'center',
    justifyContent: 'space-between',
    minHeight: '24px',
    flexShrink: 0,
    marginTop: '-8px',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
  },
  said: { overflowWrap: 'anywhere', flexGrow: 1, display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: '4px 12px' },
});

export interface ListFrameProps<Query, Row, More> {
  label: string;
  /** In the search box: "Search events". */
  what: string;
  list: PagedList<Query, Row, More>;
  view: PagedView<Row, More>;
  rowKey: (row: Row) => string;
  columns: readonly Column<Row>[];
  sorting: Sorting;
  onSort: (sorting: Sorting) => void;
  search: string;
  onSearch: (search: string) => void;
  filters: React.ReactNode;
  /** Below the bar, where some of the filters need room. */
  moreFilters?: React.ReactNode;
  /** One row as a line of text, its cells parted by tabs. */
  rowText: (row: Row) => string;
  exported: (format: 'csv' | 'json') => ShellArguments<'shell:export-list'>;
  onOpen?: (row: Row) => void;
  selection: Selection | undefined;
  onSelect: (selection: Selection | undefined) => void;
  onStandStill: () => void;
  onGoAlong: () => void;
  waitingFor: string;
  empty: { title: string; text: string };
  /** Set where a search or filter left nothing. */
  onClear: (() => void) | undefined;
}

export function ListFrame<Query, Row, More>(props: ListFrameProps<Query, Row, More>) {
  const { label, list, view, selection, onSelect, onStandStill, onGoAlong, sorting, search, columns, rowKey, onSort } = props;
  const styles = useStyles();
  const [said, setSaid] = useState<Said>(nothingSaid);
  const copy = useCopyRows(props, setSaid);
  const exporting = useExport(props.exported, setSaid);
  const { total, newer, problem } = view;
  const standStill = useRef(onStandStill);
  useEffect(() => {
    standStill.current = onStandStill;
  });
  // One and the same at each drawing: told only when something else comes into sight, or whoever asks for the newest rows would stand still
  // again before the list is back at its top.
  const onSight = useCallback(
    (from: number, to: number) => {
      list.show(from, to);
      // Whoever reads further down wants the rows to stay where they are.
      if (from > 0) standStill.current();
    },
    [list],
  );
  const select = (next: Selection | undefined): void => {
    onSelect(next);
    if (next !== undefined) onStandStill();
  };
  return (
    <>
      <div className={styles.bar} role="group" aria-label={texts.list.bar}>
        <SearchField search={search} onSearch={props.onSearch} what={props.what} />
        {props.filters}
        <div className={styles.actions}>
          <ExportMenu exporting={exporting} disabled={(total ?? 0) === 0} />
        </div>
        {props.moreFilters}
      </div>
      {exporting.problem !== null && <ProblemCard problem={exporting.problem} announce />}
      {problem !== null && <ProblemCard problem={problem} actions={<TryAgainButton onClick={() => list.readAgain()} />} />}
      {total === undefined && problem === null && <FirstPage list={list} waitingFor={props.waitingFor} />}
      {total === 0 && (
        <EmptyState
          {...props.empty}
          action={props.onClear !== undefined && <Button onClick={props.onClear}>{texts.list.clear}</Button>}
        />
      )}
      {total !== undefined && total > 0 && (
        <>
          <ListGrid
            label={label}
            view={view}
            rowKey={rowKey}
            columns={columns}
            sorting={sorting}
            onSort={onSort}
            selection={selection}
            onSelect={select}
            onSight={onSight}
            {...(props.onOpen !== undefined && { onOpen: props.onOpen })}
            onCopy={copy}
            topKey={view.goneAlong}
          />
          <div className={styles.foot}>
            {selection !== undefined && (
              <Button size="small" appearance="subtle" icon={<Copy20Regular />} onClick={copy}>
                {texts.list.copy(rangeOf(selection).to - rangeOf(selection).from)}
              </Button>
            )}
            <span className={styles.said}>
              <span role="status">{said.words}</span>
              {said.offersExport && (
                <Button size="small" disabled={exporting.pending} onClick={() => exporting.run('csv')}>
                  {texts.list.exportInstead}
                </Button>
              )}
            </span>
            {newer === null ? (
              <Button size="small" appearance="subtle" icon={<Pause20Regular />} onClick={onStandStill}>
                {texts.list.pause}
              </Button>
            ) : (
              <Button size="small" appearance="subtle" icon={<ArrowUp20Regular />} onClick={onGoAlong}>
                {`${texts.list.standing(newer)}. ${texts.list.goAlong}`}
              </Button>
            )}
          </div>
        </>
      )}
    </>
  );
}

/** There is no grid yet that would say what is in sight. */
function FirstPage<Query, Row, More>({ list, waitingFor }: { list: PagedList<Query, Row, More>; waitingFor: string }) {
  useEffect(() => list.show(0, 1), [list]);
  return <Waiting forWhat={waitingFor} />;
}

type Format = 'csv' | 'json';

interface Exporting {
  pending: boolean;
  problem: Problem | null;
  run: (format: Format) => void;
}

function useExport(exported: (format: Format) => ShellArguments<'shell:export-list'>, say: (said: Said) => void): Exporting {
  const { bridge } = useServices();
  const save = useAction((format: Format) => bridge.shell('shell:export-list', exported(format)));
  const run = async (format: Format): Promise<void> => {
    say(nothingSaid);
    const value = await save.run(format);
    if (value !== undefined && value.file !== null) say({ words: texts.list.exported(value.rows, value.file) });
  };
  return { pending: save.pending, problem: save.problem, run: (format) => void run(format) };
}

function ExportMenu({ exporting, disabled }: { exporting: Exporting; disabled: boolean }) {
  const styles = useStyles();
  return (
    // Within the page's landmark, where those who go by landmarks look for it.
    <Menu inline positioning="below-end">
      <MenuTrigger disableButtonEnhancement>
        <MenuButton className={styles.button} icon={<ArrowDownload20Regular />} disabled={disabled || exporting.pending}>
          {exporting.pending ? texts.list.exporting : texts.list.export}
        </MenuButton>
      </MenuTrigger>
      <MenuPopover className={styles.menu}>
        <MenuList>
          <MenuItem onClick={() => exporting.run('csv')}>{texts.list.asCsv}</MenuItem>
          <MenuItem onClick={() => exporting.run('json')}>{texts.list.asJson}</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

function useCopyRows<Query, Row, More>(props: ListFrameProps<Query, Row, More>, say: (said: Said) => void): () => void {
  const copy = use(CopyContext);
  const { list, selection, rowText } = props;
  const run = async (): Promise<void> => {
    if (selection === undefined) return;
    const { from, to } = rangeOf(selection);
    if (to - from > mostRowsCopied) {
      say({ words: texts.list.tooManyToCopy(mostRowsCopied), offersExport: true });
      return;
    }
    const answer = await list.rows(from, to);
    if (!answer.ok) {
      say({ words: texts.list.notCopied });
      return;
    }
    const text = copiedText(answer.value, rowText);
    if (text === undefined) say({ words: texts.list.tooLongToCopy, offersExport: true });
    else say({ words: (await copy(text)) ? texts.list.copied(to - from) : texts.list.notCopied });
  };
  return () => void run();
}
