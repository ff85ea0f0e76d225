/**
 * A grid over a list whose rows lie in the main process: only rows in sight are drawn, and only those near are there at all. Walked with
 * the arrow keys; with the shift key, or a press with it, several rows are chosen.
 */
import { mergeClasses } from '@fluentui/react-components';
import { memo, useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef } from 'react';
import { shownColumns, type Column, type Sorting } from '../table/sorting.ts';
import { TableHeader } from '../table/table-header.tsx';
import { useTableStyles } from '../table/table-styles.ts';
import { useWindowWidth } from '../table/use-window-width.ts';
import { useFixedRows } from '../use-fixed-rows.ts';
import { rowAt, type PagedView } from './paged-list.ts';
import { isSelected, pressed, walked, type Selection } from './selection.ts';

const rowHeight = 36;

interface ListGridProps<Row> {
  label: string;
  view: Pick<PagedView<Row, unknown>, 'total' | 'pages'>;
  rowKey: (row: Row) => string;
  columns: readonly Column<Row>[];
  sorting: Sorting;
  onSort: (sorting: Sorting) => void;
  selection: Selection | undefined;
  onSelect: (selection: Selection | undefined) => void;
  onSight: (from: number, to: number) => void;
  /** Enter, or a double press. */
  onOpen?: (row: Row) => void;
  onCopy: () => void;
  /** Scrolled back to the top when it changes. */
  topKey: number;
}

export function ListGrid<Row>(props: ListGridProps<Row>) {
  const { label, view, rowKey, sorting, onSort, selection, onSelect, onSight, onOpen, onCopy, topKey } = props;
  const styles = useTableStyles();
  const idBase = useId();
  const width = useWindowWidth();
  const columns = useMemo(() => shownColumns(props.columns, width), [props.columns, width]);
  const count = view.total ?? 0;
  const { scroller, from, to, totalHeight, scrollToRow } = useFixedRows(count, rowHeight);
  const tracks = columns.map(({ width }) => width).join(' ');
  // Before anybody is told what is in sight: the rows that were there are not what the reader looks at now.
  useLayoutEffect(() => scrollToRow(0), [scrollToRow, topKey]);
  useEffect(() => onSight(from, to), [onSight, from, to]);

  // Also when details open below, and leave less room for the list; and when the list begins anew with the same row chosen.
  const head = selection?.head;
  useEffect(() => {
    if (head !== undefined) bringIntoSight(scroller.current, head);
  }, [scroller, head, topKey]);

  // The same functions at each drawing, so that rows need not be drawn again.
  const latest = useRef({ selection, onSelect, onOpen });
  useEffect(() => {
    latest.current = { selection, onSelect, onOpen };
  });
  const press = useCallback(
    (index: number, extend: boolean) => latest.current.onSelect(pressed(latest.current.selection, index, extend)),
    [],
  );
  const openRow = useCallback((row: Row) => latest.current.onOpen?.(row), []);

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.target !== event.currentTarget) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key === 'a' && count > 0) onSelect({ anchor: 0, head: count - 1 });
    else if (command && event.key === 'c') onCopy();
    else if (event.key === 'Escape') onSelect(undefined);
    else if (event.key === 'Enter' && selection !== undefined) {
      const row = rowAt(view, selection.head);
      if (row !== undefined) onOpen?.(row);
    } else {
      const next = walked(selection, event.key, event.shiftKey, count);
      if (next === undefined) return;
      onSelect(next);
    }
    event.preventDefault();
  };
  const active = selection !== undefined && selection.head >= from && selection.head < to;

  return (
    <div
      ref={scroller}
      className={mergeClasses(styles.scroller, styles.fills)}
      role="grid"
      aria-label={label}
      aria-rowcount={count + 1}
      aria-multiselectable
      tabIndex={0}
      aria-activedescendant={active ? `${idBase}-${selection.head}` : undefined}
      onKeyDown={onKeyDown}
    >
      <TableHeader
        columns={columns}
        tracks={tracks}
        sortable={({ order }) => order !== undefined}
        sorting={sorting}
        onSort={onSort}
      />
      <div role="rowgroup" className={styles.body} style={{ height: totalHeight }}>
        {Array.from({ length: Math.max(0, to - from) }, (_unused, offset) => {
          const index = from + offset;
          const row = rowAt(view, index);
          return (
            <GridRow
              key={row === undefined ? `row ${String(index)}` : rowKey(row)}
              id={`${idBase}-${index}`}
              index={index}
              row={row}
              columns={columns}
              tracks={tracks}
              selected={isSelected(selection, index)}
              press={press}
              openRow={openRow}
            />
          );
        })}
      </div>
    </div>
  );
}

interface GridRowProps<Row> {
  id: string;
  index: number;
  row: Row | undefined;
  columns: readonly Column<Row>[];
  tracks: string;
  selected: boolean;
  press: (index: number, extend: boolean) => void;
  openRow: (row: Row) => void;
}

/** Drawn once, however often the list moves. */
const GridRow = memo(function GridRow<Row>(props: GridRowProps<Row>) {
  const { id, index, row, columns, tracks, selected, press, openRow } = props;
  const styles = useTableStyles();
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected}
      className={mergeClasses(styles.row, styles.pressable, selected && styles.selected)}
      style={{ gridTemplateColumns: tracks, transform: `translateY(${index * rowHeight}px)` }}
      onMouseDown={(event) => {
        // The browser would mark text from there to here.
        if (event.shiftKey) event.preventDefault();
      }}
      onClick={(event) => press(index, event.shiftKey)}
      onDoubleClick={() => row !== undefined && openRow(row)}
    >
      {columns.map((column) => (
        <div key={column.key} role="gridcell" className={mergeClasses(styles.cell, column.align === 'end' && styles.end)}>
          {row === undefined ? <div className={styles.toCome} /> : column.cell(row)}
        </div>
      ))}
    </div>
  );
}) as <Row>(props: GridRowProps<Row>) => React.ReactNode;

function bringIntoSight(scroller: HTMLElement | null, index: number): void {
  if (scroller === null) return;
  const top = index * rowHeight;
  const room = scroller.clientHeight - 2 * rowHeight;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top > scroller.scrollTop + room) scroller.scrollTop = top - room;
}
