/**
 * The records themselves: rows of equal height in a monospaced face, tinted for warnings and errors. Stays at the end while the
 * reader follows; scrolling up stops that, and a button leads back. Entries are chosen with a press or the keys, and copied as text.
 */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { ArrowDown16Regular } from '@fluentui/react-icons/svg/arrow-down';
import { Copy20Regular } from '@fluentui/react-icons/svg/copy';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { texts } from '../../texts.ts';
import { formatCount } from '../format.ts';
import { pressed, type Selection } from '../list/selection.ts';
import { useFixedRows } from '../use-fixed-rows.ts';
import type { RecordReader, RecordView } from './record-reader.ts';
import { RecordRow, rowHeight, textColumn, textColumnWithoutTimes } from './record-row.tsx';
import { RecordRows, type Row, type RowChoice } from './record-rows.ts';
import { allEntries, chosenPlaces, isChosen, walkedEntries } from './record-selection.ts';
import { useCopyEntries } from './use-copy-entries.ts';
import { leastColumns } from './record-window.ts';
import { useCellWidth } from './use-cell-width.ts';

const useStyles = makeStyles({
  frame: {
    position: 'relative',
    flexGrow: 1,
    minHeight: '120px',
    display: 'flex',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: '8px',
    overflow: 'hidden',
    backgroundColor: tokens.colorNeutralBackground1,
    ':has(> :focus-visible)': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  scroller: {
    flexGrow: 1,
    overflow: 'auto',
    padding: '8px 0',
    boxSizing: 'border-box',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    // Around the frame: rows would be drawn over one in here.
    outlineStyle: 'none',
  },
  rows: { position: 'relative', minWidth: '100%' },
  entry: { position: 'absolute', top: 0, left: 0, minWidth: '100%' },
  ruler: { position: 'absolute', visibility: 'hidden', whiteSpace: 'pre' },
  back: { position: 'absolute', right: '24px', bottom: '16px', boxShadow: tokens.shadow8 },
  foot: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: '4px 12px',
    flexShrink: 0,
    marginTop: '-8px',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
  },
  none: { padding: '12px 16px', color: tokens.colorNeutralForeground2 },
});

interface RecordListProps {
  reader: RecordReader;
  view: RecordView;
  choice: Pick<RowChoice, 'hidden' | 'search'>;
  wrap: boolean;
  times: boolean;
  running: boolean;
  /** How many entries the choice lets through. */
  onCount: (entries: number) => void;
  /** Where more is wanted than can be copied. */
  onSave: (() => void) | undefined;
}

export function RecordList({ reader, view, choice, wrap, times, running, onCount, onSave }: RecordListProps) {
  const styles = useStyles();
  const idBase = useId();
  const { ruler, cellWidth } = useCellWidth();
  const [width, setWidth] = useState(0);
  const textAt = times ? textColumn : textColumnWithoutTimes;
  const columns = wrap ? Math.max(leastColumns, Math.floor((width - textAt - 32) / cellWidth) - 1) : null;
  const { window } = view;
  const rows = useMemo(() => new RecordRows(window, { ...choice, columns }), [window, choice, columns]);
  // The window grows in place: each new view of it is a reason to look.
  rows.update();
  const { scroller, from, to, totalHeight, scrollToRow } = useFixedRows(rows.rowCount, rowHeight);
  useEffect(() => onCount(rows.entryCount), [onCount, rows.entryCount]);

  // Before the first frame, or lines would be seen broken for a width of nothing.
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller]);

  useFollowing(scroller, reader, view, totalHeight);
  useKeptPlace(rows, from, view.following, scrollToRow);

  const [selection, setSelection] = useState<Selection>();
  const { from: firstChosen, to: behindChosen } = chosenPlaces(rows, selection);
  const { copy, said } = useCopyEntries(rows, { from: firstChosen, to: behindChosen }, times);
  const select = (next: Selection | undefined): void => {
    setSelection(next);
    if (next === undefined) return;
    // Whoever chooses wants the rows to stay where they are.
    reader.follow(false);
    bringIntoSight(scroller.current, rows, next.head);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key === 'a') select(allEntries(rows));
    else if (command && event.key === 'c') {
      // Text that was marked with the mouse is copied by the browser itself.
      if (selection === undefined || hasMarkedText()) return;
      copy();
    } else if (event.key === 'Escape' && selection !== undefined) select(undefined);
    else {
      const top = Math.ceil((scroller.current?.scrollTop ?? 0) / rowHeight);
      const next = walkedEntries(rows, selection, { key: event.key, shiftKey: event.shiftKey, top });
      if (command || event.altKey || next === undefined) return;
      select(next);
    }
    event.preventDefault();
  };
  const entries = drawnEntries(rows, from, to);
  const headPlace = selection === undefined ? undefined : rows.placeOf(selection.head);
  const isHeadDrawn = headPlace !== undefined && entries.some(({ place }) => place === headPlace);
  const behind = view.recordCount - window.next;
  return (
    <>
      <div className={styles.frame}>
        <div
          ref={scroller}
          className={styles.scroller}
          tabIndex={0}
          role={rows.rowCount === 0 ? 'group' : 'listbox'}
          aria-multiselectable={rows.rowCount === 0 ? undefined : true}
          aria-activedescendant={isHeadDrawn ? `${idBase}-${headPlace}` : undefined}
          aria-label={texts.records.list}
          data-testid="records"
          onKeyDown={onKeyDown}
        >
          <span ref={ruler} className={styles.ruler} aria-hidden="true" />
          {rows.rowCount === 0 && <div className={styles.none}>{texts.records.nothingLeft}</div>}
          <div
            className={styles.rows}
            style={{ height: totalHeight, width: wrap ? undefined : textAt + (rows.longestLine + 4) * cellWidth }}
          >
            {entries.map(({ place, rows: [first, ...more] }) => {
              const { entry } = first.row;
              const selected = isChosen(selection, entry);
              return (
                <div
                  key={entry.firstSeq}
                  id={`${idBase}-${place}`}
                  role="option"
                  className={styles.entry}
                  style={{ transform: `translateY(${first.index * rowHeight}px)`, height: (more.length + 1) * rowHeight }}
                  aria-selected={selected}
                  aria-posinset={place + 1}
                  aria-setsize={rows.entryCount}
                  onMouseDown={(event) => {
                    // The browser would mark text from there to here.
                    if (event.shiftKey) event.preventDefault();
                  }}
                  onClick={(event) => {
                    // The end of marking text with the mouse is no press.
                    if (!hasMarkedText()) select(pressed(selection, entry.firstSeq, event.shiftKey));
                  }}
                >
                  {[first, ...more].map(({ row, index }) => (
                    <RecordRow
                      key={index}
                      row={row}
                      index={index - first.index}
                      search={choice.search}
                      times={times}
                      selected={selected}
                    />
                  ))}
                </div>
              );
            })}
          </div>
        </div>
        {!view.following && (running || behind > 0) && (
          <Button className={styles.back} icon={<ArrowDown16Regular />} onClick={() => reader.follow(true)}>
            {behind > 0 ? texts.records.followBehind(formatCount(behind)) : texts.records.follow}
          </Button>
        )}
      </div>
      {behindChosen > firstChosen && (
        <div className={styles.foot}>
          <Button size="small" appearance="subtle" icon={<Copy20Regular />} onClick={copy}>
            {texts.records.copy(behindChosen - firstChosen)}
          </Button>
          <span role="status">{said.words}</span>
          {said.offersFile && onSave !== undefined && (
            <Button size="small" onClick={onSave}>
              {texts.records.saveInstead}
            </Button>
          )}
        </div>
      )}
    </>
  );
}

interface DrawnEntry {
  place: number;
  /** Those in sight, at least one. */
  rows: [DrawnRow, ...DrawnRow[]];
}
interface DrawnRow {
  row: Row;
  index: number;
}

/** What an entry has in sight, together: it is one thing to choose, however many rows it takes. */
function drawnEntries(rows: RecordRows, from: number, to: number): DrawnEntry[] {
  const entries: DrawnEntry[] = [];
  for (let index = from; index < to; index += 1) {
    const row = rows.row(index);
    if (row === undefined) continue;
    const last = entries.at(-1);
    if (last?.rows[0].row.entry === row.entry) last.rows.push({ row, index });
    else entries.push({ place: rows.placeOfRow(index), rows: [{ row, index }] });
  }
  return entries;
}

function hasMarkedText(): boolean {
  return document.getSelection()?.isCollapsed === false;
}

/** Whole, where the list is high enough for it. */
function bringIntoSight(scroller: HTMLElement | null, rows: RecordRows, sequence: number): void {
  if (scroller === null) return;
  const { from, to } = rows.rowsOfPlace(rows.placeOf(sequence));
  const room = scroller.clientHeight - 2 * rowHeight;
  if (from * rowHeight < scroller.scrollTop) scroller.scrollTop = from * rowHeight;
  else if (to * rowHeight > scroller.scrollTop + room) scroller.scrollTop = Math.min(from * rowHeight, to * rowHeight - room);
}

/** Keeps the end in sight while following, and notices when the reader of the page scrolls away or comes back. */
function useFollowing(
  scrollerRef: React.RefObject<HTMLDivElement | null>,
  reader: RecordReader,
  view: RecordView,
  totalHeight: number,
): void {
  const last = useRef({ top: 0, height: 0 });
  useLayoutEffect(() => {
    const element = scrollerRef.current;
    if (element === null || !view.following) return;
    element.scrollTop = element.scrollHeight;
    last.current = { top: element.scrollTop, height: element.scrollHeight };
  }, [scrollerRef, view.following, totalHeight, view]);

  useEffect(() => {
    const element = scrollerRef.current;
    if (element === null) return;
    const notice = (): void => {
      const { top, height } = last.current;
      last.current = { top: element.scrollTop, height: element.scrollHeight };
      // A list that became shorter moves by itself; only with the same height was it somebody's hand.
      if (element.scrollHeight !== height) return;
      const fromEnd = element.scrollHeight - element.scrollTop - element.clientHeight;
      if (element.scrollTop < top && fromEnd > rowHeight) reader.follow(false);
      else if (element.scrollTop > top && fromEnd <= rowHeight && !reader.isHeldBack()) reader.follow(true);
    };
    element.addEventListener('scroll', notice, { passive: true });
    return () => element.removeEventListener('scroll', notice);
  }, [scrollerRef, reader]);
}

/** When streams are switched or the width changes, the record at the top stays at the top. */
function useKeptPlace(rows: RecordRows, from: number, following: boolean, scrollToRow: (row: number) => void): void {
  const top = useRef({ rows, sequence: 0 });
  useLayoutEffect(() => {
    if (top.current.rows !== rows) {
      if (!following) scrollToRow(rows.rowOfSequence(top.current.sequence));
      top.current = { rows, sequence: top.current.sequence };
      return;
    }
    top.current = { rows, sequence: rows.row(from)?.entry.firstSeq ?? 0 };
  }, [rows, from, following, scrollToRow]);
}
