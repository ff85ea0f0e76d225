/** The head of a table: a button for each column that can be sorted by. */
import { mergeClasses } from '@fluentui/react-components';
import { ArrowDown12Regular } from '@fluentui/react-icons/svg/arrow-down';
import { ArrowUp12Regular } from '@fluentui/react-icons/svg/arrow-up';
import { nextSorting, type Column, type Sorting } from './sorting.ts';
import { useTableStyles } from './table-styles.ts';

interface TableHeaderProps<Row> {
  sortable: (column: Column<Row>) => boolean;
  columns: readonly Column<Row>[];
  tracks: string;
  sorting?: Sorting;
  onSort?: (sorting: Sorting) => void;
}

export function TableHeader<Row>({ columns, tracks, sorting, onSort, sortable }: TableHeaderProps<Row>) {
  const styles = useTableStyles();
  return (
    <div role="rowgroup" className={styles.head}>
      <div role="row" aria-rowindex={1} className={styles.headRow} style={{ gridTemplateColumns: tracks }}>
        {columns.map((column) => {
          const sorted = sorting?.key === column.key;
          const order = sorting?.descending === true ? 'descending' : 'ascending';
          return (
            <div
              key={column.key}
              role="columnheader"
              aria-sort={sorted ? order : undefined}
              className={mergeClasses(styles.headCell, column.align === 'end' && styles.end)}
            >
              {sortable(column) && onSort !== undefined ? (
                <button
                  type="button"
                  className={styles.sortButton}
                  onClick={() => onSort(nextSorting(sorting, column.key, column.key !== 'name'))}
                >
                  {column.title}
                  {sorted && (sorting.descending ? <ArrowDown12Regular aria-hidden /> : <ArrowUp12Regular aria-hidden />)}
                </button>
              ) : (
                column.title
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
