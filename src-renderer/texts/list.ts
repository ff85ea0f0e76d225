/** What every long list has. */
import { counts, many } from './counting.ts';

export const list = {
  search: (what: string) => `Search ${what}`,
  bar: 'Filters and actions',
  export: 'Export',
  exporting: 'Exporting',
  asCsv: 'As CSV, for spreadsheets',
  asJson: 'As JSON, for programs',
  exported: (count: number, file: string) => `${many(count, 'row')} written to ${file}`,
  milliseconds: 'Milliseconds',
  copy: (count: number) => `Copy ${many(count, 'row')}`,
  copied: (count: number) => `${many(count, 'row')} copied`,
  tooManyToCopy: (most: number) => `At most ${counts.format(most)} rows can be copied at once. A file takes any number`,
  tooLongToCopy: 'These rows are too long for the clipboard. A file takes any length',
  exportInstead: 'Export the list as CSV',
  notCopied: 'The rows could not be copied',
  pause: 'Pause this list',
  standing: (newer: number) => (newer === 0 ? 'Standing still' : `Standing still; ${many(newer, 'newer row')} not shown`),
  goAlong: 'Show the newest',
  clear: 'Clear search and filters',
} as const;
