import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { memo } from 'react';
import { texts } from '../../texts.ts';
import { formatMomentInFull, formatRecordTime } from '../format.ts';
import type { Row } from './record-rows.ts';

export const rowHeight = 20;
/** Where the text begins: after time and stream. */
export const textColumn = 212;
export const textColumnWithoutTimes = 110;

const useStyles = makeStyles({
  row: {
    position: 'absolute',
    left: 0,
    minWidth: '100%',
    height: '20px',
    lineHeight: '20px',
    whiteSpace: 'pre',
    boxSizing: 'border-box',
    paddingRight: '16px',
  },
  // What is marked with the mouse is what the script wrote; with time and stream, entries are copied (record-list.tsx).
  time: {
    position: 'absolute',
    left: '16px',
    color: tokens.colorNeutralForeground3,
    fontVariantNumeric: 'tabular-nums',
    userSelect: 'none',
  },
  stream: { position: 'absolute', left: '118px', color: tokens.colorNeutralForeground2, userSelect: 'none' },
  streamAlone: { left: '16px' },
  text: { marginLeft: `${textColumn}px`, unicodeBidi: 'isolate' },
  textAlone: { marginLeft: `${textColumnWithoutTimes}px` },
  gap: { color: tokens.colorStatusWarningForeground1, fontStyle: 'italic' },
  Warning: { backgroundColor: tokens.colorStatusWarningBackground1, color: tokens.colorStatusWarningForeground1 },
  Error: { backgroundColor: tokens.colorStatusDangerBackground1, color: tokens.colorStatusDangerForeground1 },
  // Contrast colours take the tints away; an edge stays.
  edged: { '@media (forced-colors: active)': { borderLeft: '6px solid CanvasText' } },
  // The words of a stream still say what it is.
  selected: {
    backgroundColor: tokens.colorBrandBackground2,
    color: tokens.colorNeutralForeground1,
    boxShadow: `inset 3px 0 0 ${tokens.colorBrandStroke1}`,
    '@media (forced-colors: active)': { outline: '1px solid Highlight', outlineOffset: '-1px' },
  },
  quiet: { color: tokens.colorNeutralForeground3 },
  inherit: { color: 'inherit' },
  found: {
    backgroundColor: tokens.colorPaletteYellowBackground2,
    color: tokens.colorNeutralForeground1,
    borderRadius: '2px',
  },
});

const quietStreams = new Set(['Verbose', 'Debug', 'Progress']);

interface RecordRowProps {
  row: Row;
  /** Among those of its entry that are drawn. */
  index: number;
  search: string;
  times: boolean;
  selected: boolean;
}

export const RecordRow = memo(function RecordRow({ row, index, search, times, selected }: RecordRowProps) {
  const styles = useStyles();
  const { stream, time, firstSeq, lastSeq } = row.entry;
  if (row.missing !== undefined) {
    return (
      <div className={styles.row} style={{ transform: `translateY(${index * rowHeight}px)` }} data-testid="gap">
        <span className={mergeClasses(styles.text, !times && styles.textAlone, styles.gap)}>
          {texts.records.gap(row.missing.first, row.missing.count)}
        </span>
      </div>
    );
  }
  const tint = stream === 'Warning' || stream === 'Error' ? styles[stream] : undefined;
  return (
    <div
      className={mergeClasses(styles.row, tint, tint && styles.edged, selected && styles.selected)}
      style={{ transform: `translateY(${index * rowHeight}px)` }}
      data-stream={stream}
    >
      {row.leads && (
        <>
          {times && (
            <time
              className={mergeClasses(styles.time, tint && styles.inherit)}
              dateTime={time}
              title={`${formatMomentInFull(new Date(time))}, ${texts.records.sequences(firstSeq, lastSeq)}`}
            >
              {formatRecordTime(new Date(time))}
            </time>
          )}
          <span
            className={mergeClasses(styles.stream, !times && styles.streamAlone, tint && styles.inherit)}
            title={texts.records.sequences(firstSeq, lastSeq)}
          >
            {stream}
          </span>
        </>
      )}
      <span className={mergeClasses(styles.text, !times && styles.textAlone, quietStreams.has(stream) && styles.quiet)}>
        <Found text={row.text} search={search} />
      </span>
    </div>
  );
}, isSame);

/** Rows are made anew each time they are looked up, their entries are not. */
function isSame(one: RecordRowProps, other: RecordRowProps): boolean {
  const sameRow =
    one.row.entry === other.row.entry &&
    one.row.leads === other.row.leads &&
    one.row.missing?.count === other.row.missing?.count &&
    one.row.text === other.row.text;
  const sameLook = one.search === other.search && one.times === other.times && one.selected === other.selected;
  return sameRow && sameLook && one.index === other.index;
}

/** The text with what was searched for marked. */
function Found({ text, search }: { text: string; search: string }) {
  const styles = useStyles();
  if (search === '') return <>{text}</>;
  const pieces: React.ReactNode[] = [];
  const lower = text.toLowerCase();
  let at = 0;
  for (let hit = lower.indexOf(search); hit !== -1; hit = lower.indexOf(search, at)) {
    pieces.push(
      text.slice(at, hit),
      <mark key={hit} className={styles.found}>
        {text.slice(hit, hit + search.length)}
      </mark>,
    );
    at = hit + search.length;
  }
  return (
    <>
      {pieces}
      {text.slice(at)}
    </>
  );
}
