/** What a table's columns are, and how its rows are ordered. Pure. */
import { isAtLeast, type WindowWidth } from './window-width.ts';

export interface Column<Row> {
  key: string;
  title: string;
  /** A track of a CSS grid: `120px`, `minmax(0, 2fr)`. */
  width: string;
  cell: (row: Row) => React.ReactNode;
  /** Ascending; a column without one is not sorted by where all rows are here. */
  compare?: (one: Row, other: Row) => number;
  /** The main process puts a long list in this order; a column without it is not sorted by there. */
  order?: string;
  align?: 'end';
  /** Left out where the window is narrower. */
  showFrom?: WindowWidth;
  /** What it gives way to in a window that is tiny: what a row cannot be without keeps its place then. */
  tiny?: { width: string; cell: (row: Row) => React.ReactNode };
}

/** The columns that there is room for. */
export function shownColumns<Row>(columns: readonly Column<Row>[], width: WindowWidth): readonly Column<Row>[] {
  return columns
    .filter(({ showFrom }) => showFrom === undefined || isAtLeast(width, showFrom))
    .map((column) => (width === 'tiny' ? { ...column, ...column.tiny } : column));
}

export interface Sorting {
  key: string;
  descending: boolean;
}

/** Rows that compare as equal keep the order they came in. */
export function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sorting: Sorting | undefined,
): readonly Row[] {
  const compare = columns.find(({ key }) => key === sorting?.key)?.compare;
  if (sorting === undefined || compare === undefined) return rows;
  const direction = sorting.descending ? -1 : 1;
  return [...rows].sort((one, other) => direction * compare(one, other));
}

/** The first press on a column sorts it the useful way round, the next turns it. Times and counts: largest first. */
export function nextSorting(before: Sorting | undefined, key: string, descendingFirst: boolean): Sorting {
  if (before?.key !== key) return { key, descending: descendingFirst };
  return { key, descending: !before.descending };
}

/** Nothing known sorts before everything known. */
export function compareKnown<Value extends string | number>(one: Value | null, other: Value | null): number {
  if (one === other) return 0;
  if (one === null) return -1;
  if (other === null) return 1;
  return one < other ? -1 : 1;
}
