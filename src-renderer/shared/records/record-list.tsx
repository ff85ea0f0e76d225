/**
 * The records themselves: rows of equal height in a monospaced face, tinted for warnings and errors. Stays at the end while the
 * reader follows; scrolling up stops that, and a button leads back.
 */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { ArrowDown16Regular } from '@fluentui/react-icons/svg/arrow-down';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { texts } from '../../texts.ts';
import { formatCount } from '../format.ts';
import { useFixedRows } from '../use-fixed-rows.ts';
import type { RecordReader, RecordView } from './record-reader.ts';
import { RecordRow, rowHeight, textColumn, textColumnWithoutTimes } from './record-row.tsx';
import { RecordRows, type RowChoice } from './record-rows.ts';
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
  },
  scroller: {
    flexGrow: 1,
    overflow: 'auto',
    padding: '8px 0',
    boxSizing: 'border-box',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    outlineOffset: '-2px',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  rows: { position: 'relative', minWidth: '100%' },
  ruler: { position: 'absolute', visibility: 'hidden', whiteSpace: 'pre' },
  back: { position: 'absolute', right: '24px', bottom: '16px', boxShadow: tokens.shadow8 },
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
}

export function RecordList({ reader, view, choice, wrap, times, running, onCount }: RecordListProps) {
  const styles = useStyles();
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

  const drawn = Array.from({ length: Math.max(0, to - from) }, (_unused, offset) => rows.row(from + offset));
  const behind = view.recordCount - window.next;
  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        className={styles.scroller}
        tabIndex={0}
        role="group"
        aria-label={texts.records.list}
        data-testid="records"
      >
        <span ref={ruler} className={styles.ruler} aria-hidden="true" />
        {rows.rowCount === 0 && <div className={styles.none}>{texts.records.nothingLeft}</div>}
        <div
          className={styles.rows}
          style={{ height: totalHeight, width: wrap ? undefined : textAt + (rows.longestLine + 4) * cellWidth }}
        >
          {drawn.map(
            (row, offset) =>
              row !== undefined && (
                <RecordRow key={from + offset} row={row} index={from + offset} search={choice.search} times={times} />
              ),
          )}
        </div>
      </div>
      {!view.following && (running || behind > 0) && (
        <Button className={styles.back} icon={<ArrowDown16Regular />} onClick={() => reader.follow(true)}>
          {behind > 0 ? texts.records.followBehind(formatCount(behind)) : texts.records.follow}
        </Button>
      )}
    </div>
  );
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
