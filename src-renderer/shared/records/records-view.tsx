/** An attempt's records: switches for the streams, search, the list, and what is not shown and why. */
import { Button, SearchBox, ToggleButton, makeStyles, tokens } from '@fluentui/react-components';
import { Clock20Regular } from '@fluentui/react-icons/svg/clock';
import { TextWrap20Regular } from '@fluentui/react-icons/svg/text-wrap';
import { useDeferredValue, useMemo, useState } from 'react';
import type { StreamName } from '../../../src-contract/kinds.ts';
import { texts } from '../../texts.ts';
import { EmptyState, Waiting } from '../empty-state.tsx';
import { useObservable } from '../observable.ts';
import { ProblemCard } from '../problem-card.tsx';
import { TryAgainButton } from '../try-again-button.tsx';
import { RecordList } from './record-list.tsx';
import type { RecordReader, RecordView } from './record-reader.ts';
import { windowBounds } from './record-window.ts';
import { Words } from '../words.tsx';
import { StreamSwitches } from './stream-switches.tsx';

const useStyles = makeStyles({
  bar: { display: 'flex', alignItems: 'center', gap: '8px', rowGap: '8px', flexWrap: 'wrap', flexShrink: 0 },
  search: { width: '190px' },
  standing: {
    marginLeft: 'auto',
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    fontVariantNumeric: 'tabular-nums',
  },
  notice: {
    display: 'flex',
    alignItems: 'center',
    gap: '12px',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    flexShrink: 0,
  },
});

/** Thousands of progress records would hide what a script says; the page says that they are off. */
const hiddenAtFirst: ReadonlySet<StreamName> = new Set(['Progress']);

interface RecordsViewProps {
  reader: RecordReader;
  running: boolean;
  /** How many the job has written, as it says itself: the journal may hold none of them any more. */
  recordCount: number;
  /** Where they are then. */
  goneText: string;
  /** Saves all of them as a file. */
  onSave?: () => void;
}

export function RecordsView({ reader, running, recordCount, goneText, onSave }: RecordsViewProps) {
  const styles = useStyles();
  const view = useObservable(reader.view);
  const [hidden, setHidden] = useState(hiddenAtFirst);
  const [search, setSearch] = useState('');
  const [wrap, setWrap] = useState(true);
  const [times, setTimes] = useState(true);
  const [found, setFound] = useState(0);
  const deferredSearch = useDeferredValue(search);
  const choice = useMemo(() => ({ hidden, search: deferredSearch.trim().toLowerCase() }), [hidden, deferredSearch]);
  const isEmpty = view.window.entries.length === 0;
  return (
    <>
      <div className={styles.bar}>
        <SearchBox
          className={styles.search}
          placeholder={texts.records.search}
          aria-label={texts.records.search}
          value={search}
          onChange={(_event, { value }) => setSearch(value)}
        />
        <StreamSwitches counts={view.window.counts} hidden={hidden} onChange={setHidden} />
        <ToggleButton
          appearance="subtle"
          icon={<TextWrap20Regular />}
          checked={wrap}
          onClick={() => setWrap(!wrap)}
          aria-label={texts.records.wrap}
          title={texts.records.wrap}
        />
        <ToggleButton
          appearance="subtle"
          icon={<Clock20Regular />}
          checked={times}
          onClick={() => setTimes(!times)}
          aria-label={texts.records.times}
          title={texts.records.times}
        />
        <span className={styles.standing} role="status">
          {standing(view, running, choice.search === '' ? null : found)}
        </span>
      </div>
      <Notices reader={reader} view={view} />
      {isEmpty ? (
        <NoRecords
          view={view}
          running={running}
          recordCount={recordCount}
          goneText={goneText}
          onTryAgain={() => reader.tryAgain()}
        />
      ) : (
        <RecordList
          reader={reader}
          view={view}
          choice={choice}
          wrap={wrap}
          times={times}
          onCount={setFound}
          running={running}
          onSave={onSave}
        />
      )}
    </>
  );
}

function standing(view: RecordView, running: boolean, found: number | null): string {
  const words = texts.records;
  if (view.status === 'reading' && view.window.next - view.window.first > 0) {
    return words.readingSoFar(view.window.next - view.window.first);
  }
  if (found !== null) return words.found(found);
  if (!running) return '';
  return view.following ? words.following : words.notFollowing;
}

/** What the list lacks, and how to see it. */
function Notices({ reader, view }: { reader: RecordReader; view: RecordView }) {
  const styles = useStyles();
  const { window, recordCount } = view;
  const earlier = window.first;
  const later = window.isFull() && !view.following ? recordCount - window.next : 0;
  const step = windowBounds.maxRecords / 2;
  return (
    <>
      {view.problem !== null && (
        <ProblemCard problem={view.problem} actions={<TryAgainButton onClick={() => reader.tryAgain()} />} announce />
      )}
      {view.damaged !== null && <div className={styles.notice}>{texts.records.damaged(view.damaged)}</div>}
      {(earlier > 0 || later > 0) && (
        <div className={styles.notice}>
          {texts.records.part(window.first, window.next - 1, recordCount)}
          {earlier > 0 && (
            <Button size="small" onClick={() => reader.goTo(window.first - step)}>
              {texts.records.earlier}
            </Button>
          )}
          {later > 0 && (
            <Button size="small" onClick={() => reader.goTo(window.next - step)}>
              {texts.records.later}
            </Button>
          )}
        </div>
      )}
    </>
  );
}

interface NoRecordsProps {
  view: RecordView;
  running: boolean;
  recordCount: number;
  goneText: string;
  onTryAgain: () => void;
}

/** Why there is none to see: none was written, none has come yet, or none is there any more. */
function NoRecords({ view, running, recordCount, goneText, onTryAgain }: NoRecordsProps) {
  const words = texts.records;
  if (view.problem !== null) return null;
  if (view.status === 'reading' && view.recordCount > 0) return <Waiting forWhat={words.reading} />;
  if (recordCount === 0) {
    return running ? (
      <EmptyState title={words.noneYet} text={words.noneYetText} />
    ) : (
      <EmptyState title={words.none} text={words.noneText} />
    );
  }
  const again = <TryAgainButton onClick={onTryAgain} />;
  if (view.damaged !== null)
    return <EmptyState title={words.unreadable(recordCount)} text={words.unreadableText} action={again} />;
  if (running) return <EmptyState title={words.notReadYet(recordCount)} text={words.notReadYetText} action={again} />;
  return <EmptyState title={words.gone(recordCount)} text={<Words>{goneText}</Words>} action={again} />;
}
