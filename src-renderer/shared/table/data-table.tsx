/**
 * A table of equally high rows, of which only those in sight are drawn. With `onSelect` it is a grid that is walked with the arrow
 * keys; without, a plain table whose links and buttons are reached by Tab.
 */
import { mergeClasses } from '@fluentui/react-components';
import { useEffect, useId, useMemo } from 'react';
import { useFixedRows } from '../use-fixed-rows.ts';
import { sortRows, type Column, type Sorting } from './sorting.ts';
import { TableHeader } from './table-header.tsx';
import { useTableStyles } from './table-styles.ts';
import { isAtLeast, useWindowWidth } from './use-window-width.ts';

const rowHeight = 36;
/** More is asked for before the reader reaches the end. */
const rowsBeforeEnd = 40;

interface DataTableProps<Row> {
  label: string;
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  columns: readonly Column<Row>[];
  sorting?: Sorting;
  onSort?: (sorting: Sorting) => void;
  /** Takes the height that is left and scrolls within; otherwise as high as its rows. */
  fills?: boolean;
  /** The reader comes near the last row. */
  onNearEnd?: () => void;
  selectedKey?: string | undefined;
  onSelect?: (row: Row) => void;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, rowKey, sorting, onSort, fills = false, onNearEnd, selectedKey, onSelect } = props;
  const styles = useTableStyles();
  const idBase = useId();
  const width = useWindowWidth();
  const columns = useMemo(
    () => props.columns.filter(({ showFrom }) => showFrom === undefined || isAtLeast(width, showFrom)),
    [props.columns, width],
  );
  const rows = useMemo(() => sortRows(props.rows, props.columns, sorting), [props.rows, props.columns, sorting]);
  const { scroller, from, to, totalHeight } = useFixedRows(rows.length, rowHeight);
  const tracks = columns.map(({ width }) => width).join(' ');
  const isGrid = onSelect !== undefined;
  const selectedIndex = isGrid ? rows.findIndex((row) => rowKey(row) === selectedKey) : -1;

  useEffect(() => {
    if (rows.length > 0 && to >= rows.length - rowsBeforeEnd) onNearEnd?.();
  }, [to, rows.length, onNearEnd]);

  const walk = (event: React.KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || onSelect === undefined || event.target !== event.currentTarget) return;
    event.preventDefault();
    const wanted = Math.min(rows.length - 1, Math.max(0, selectedIndex === -1 ? 0 : selectedIndex + step));
    const row = rows[wanted];
    if (row === undefined) return;
    onSelect(row);
    bringIntoSight(scroller.current, wanted);
  };

  return (
    <div
      ref={scroller}
      className={mergeClasses(styles.scroller, fills && styles.fills)}
      role={isGrid ? 'grid' : 'table'}
      aria-label={label}
      aria-rowcount={rows.length + 1}
      tabIndex={isGrid || fills ? 0 : undefined}
      aria-activedescendant={selectedIndex === -1 ? undefined : `${idBase}-${selectedIndex}`}
      onKeyDown={isGrid ? walk : undefined}
    >
      <TableHeader columns={columns} tracks={tracks} {...(sorting && { sorting })} {...(onSort && { onSort })} />
      <div role="rowgroup" className={styles.body} style={{ height: totalHeight }}>
        {rows.slice(from, to).map((row, offset) => {
          const index = from + offset;
          return (
            <div
              key={rowKey(row)}
              id={`${idBase}-${index}`}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={isGrid ? index === selectedIndex : undefined}
              className={mergeClasses(styles.row, isGrid && styles.pressable, index === selectedIndex && styles.selected)}
              style={{ gridTemplateColumns: tracks, transform: `translateY(${index * rowHeight}px)` }}
              onClick={isGrid ? () => onSelect(row) : undefined}
            >
              {columns.map((column) => (
                <div
                  key={column.key}
                  role={isGrid ? 'gridcell' : 'cell'}
                  className={mergeClasses(styles.cell, column.align === 'end' && styles.end)}
                >
                  {column.cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function bringIntoSight(scroller: HTMLElement | null, index: number): void {
  if (scroller === null) return;
  const top = index * rowHeight;
  const room = scroller.clientHeight - 2 * rowHeight;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top > scroller.scrollTop + room) scroller.scrollTop = top - room;
}
