import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { Card } from '../../../shared/card.tsx';
import { EmptyState } from '../../../shared/empty-state.tsx';
import { Moment } from '../../../shared/moment.tsx';
import { DataTable } from '../../../shared/table/data-table.tsx';
import type { Column } from '../../../shared/table/sorting.ts';
import { texts } from '../../../texts.ts';

type Pack = WorkerState['packs'][number];
const words = texts.connection.packs;

const columns: readonly Column<Pack>[] = [
  { key: 'name', title: words.name, width: 'minmax(120px, 2fr)', cell: (pack) => pack.name },
  { key: 'version', title: words.version, width: '90px', cell: (pack) => pack.version },
  {
    key: 'received',
    title: words.received,
    width: '160px',
    cell: (pack) => <Moment time={pack.receivedAt} />,
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

export function PacksCard({ packs }: { packs: readonly Pack[] }) {
  return (
    <Card title={words.title}>
      {packs.length === 0 ? (
        <EmptyState title={words.noneTitle} text={words.noneText} />
      ) : (
        <DataTable label={words.title} rows={packs} rowKey={(pack) => pack.name} columns={columns} />
      )}
    </Card>
  );
}
