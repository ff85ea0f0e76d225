/**
 * A table of equally high rows, of which only those in sight are drawn: for rows that are all here. Its links and buttons are reached by
 * Tab. Lists whose rows lie in the main process: ../list/list-grid.tsx.
 */
import { mergeClasses } from '@fluentui/react-components';
import { useMemo } from 'react';
import { useFixedRows } from '../use-fixed-rows.ts';
import { shownColumns, sortRows, type Column, type Sorting } from './sorting.ts';
import { TableHeader } from './table-header.tsx';
import { useTableStyles } from './table-styles.ts';
import { useWindowWidth } from './use-window-width.ts';

const rowHeight = 36;

interface DataTableProps<Row> {
  label: string;
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  columns: readonly Column<Row>[];
  sorting?: Sorting;
  onSort?: (sorting: Sorting) => void;
  /** Takes the height that is left and scrolls within; otherwise as high as its rows. */
  fills?: boolean;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, rowKey, sorting, onSort, fills = false } = props;
  const styles = useTableStyles();
  const width = useWindowWidth();
  const columns = useMemo(() => shownColumns(props.columns, width), [props.columns, width]);
  const rows = useMemo(() => sortRows(props.rows, props.columns, sorting), [props.rows, props.columns, sorting]);
  const { scroller, from, to, totalHeight } = useFixedRows(rows.length, rowHeight);
  const tracks = columns.map(({ width }) => width).join(' ');

  return (
    <div
      ref={scroller}
      className={mergeClasses(styles.scroller, fills && styles.fills)}
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      tabIndex={fills ? 0 : undefined}
    >
      <TableHeader
        columns={columns}
        tracks={tracks}
        sortable={({ compare }) => compare !== undefined}
        {...(sorting && { sorting })}
        {...(onSort && { onSort })}
      />
      <div role="rowgroup" className={styles.body} style={{ height: totalHeight }}>
        {rows.slice(from, to).map((row, offset) => {
          const index = from + offset;
          return (
            <div
              key={rowKey(row)}
              role="row"
              aria-rowindex={index + 2}
              className={styles.row}
              style={{ gridTemplateColumns: tracks, transform: `translateY(${index * rowHeight}px)` }}
            >
              {columns.map((column) => (
                <div key={column.key} role="cell" className={mergeClasses(styles.cell, column.align === 'end' && styles.end)}>
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
