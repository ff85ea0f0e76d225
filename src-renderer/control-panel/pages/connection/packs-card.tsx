import { useState } from 'react';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { Card } from '../../../shared/card.tsx';
import { EmptyState } from '../../../shared/empty-state.tsx';
import { Moment } from '../../../shared/moment.tsx';
import { DataTable } from '../../../shared/table/data-table.tsx';
import { sortRows, type Column, type Sorting } from '../../../shared/table/sorting.ts';
import { texts } from '../../../texts.ts';
import { TableTools, type TextColumn } from '../../parts/table-tools.tsx';

type Pack = WorkerState['packs'][number];
const words = texts.connection.packs;

const columns: readonly Column<Pack>[] = [
  {
    key: 'name',
    title: words.name,
    width: 'minmax(120px, 2fr)',
    cell: (pack) => pack.name,
    compare: (one, other) => one.name.localeCompare(other.name),
  },
  {
    key: 'version',
    title: words.version,
    width: '90px',
    cell: (pack) => pack.version,
    compare: (one, other) => one.version.localeCompare(other.version, 'en', { numeric: true }),
  },
  {
    key: 'received',
    title: words.received,
    width: '160px',
    cell: (pack) => <Moment time={pack.receivedAt} />,
    compare: (one, other) => one.receivedAt.localeCompare(other.receivedAt),
    showFrom: 'narrow',
  },
  {
    key: 'folder',
    title: words.folder,
    width: 'minmax(120px, 4fr)',
    cell: (pack) => <span title={pack.folder}>{pack.folder}</span>,
    showFrom: 'wide',
  },
];

/** What is copied and saved. */
const textColumns: readonly TextColumn<Pack>[] = [
  { key: 'name', title: words.name, text: ({ name }) => name },
  { key: 'version', title: words.version, text: ({ version }) => version },
  { key: 'receivedAt', title: words.received, text: ({ receivedAt }) => receivedAt },
  { key: 'folder', title: words.folder, text: ({ folder }) => folder },
];

export function PacksCard({ packs }: { packs: readonly Pack[] }) {
  const [sorting, setSorting] = useState<Sorting>({ key: 'name', descending: false });
  const sorted = sortRows(packs, columns, sorting);
  return (
    <Card title={words.title}>
      {packs.length === 0 ? (
        <EmptyState title={words.noneTitle} text={words.noneText} />
      ) : (
        <>
          <TableTools name="packs" columns={textColumns} rows={sorted} />
          <DataTable
            label={words.title}
            rows={sorted}
            rowKey={(pack) => pack.name}
            columns={columns}
            sorting={sorting}
            onSort={setSorting}
          />
        </>
      )}
    </Card>
  );
}
