/** What workers trace (some 25 lines a job): a ring of the newest, for whoever looks into trouble. Losing some is no loss. */
import type { Row } from './schema.ts';
import type { Reader, Writer } from './store.ts';

export const maxTraces = 20_000;

export type NewTrace = Omit<Row<'traces'>, 'id'>;

export async function insertTraces(tx: Writer, traces: NewTrace[]): Promise<void> {
  if (traces.length > 0) await tx.db.insertInto('traces').values(traces).execute();
}

export async function trimTraces(tx: Writer): Promise<void> {
  const newest = await tx.db.selectFrom('traces').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst();
  if (newest !== undefined)
    await tx.db
      .deleteFrom('traces')
      .where('id', '<=', newest.id - maxTraces)
      .execute();
}

/** Newest first. */
export async function listTraces(
  db: Reader,
  accountId: string,
  machineId: string | undefined,
  limit: number,
): Promise<Row<'traces'>[]> {
  let query = db.selectFrom('traces').selectAll().where('accountId', '=', accountId);
  if (machineId !== undefined) query = query.where('machineId', '=', machineId);
  return query.orderBy('id', 'desc').limit(limit).execute();
}
