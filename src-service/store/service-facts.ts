/** Facts about the service as a whole, set once: which vault key the database belongs to, that it was set up. */
import type { Reader, Writer } from './store.ts';

export async function findFact(db: Reader, name: string): Promise<string | undefined> {
  const row = await db.selectFrom('serviceFacts').select('value').where('name', '=', name).executeTakeFirst();
  return row?.value;
}

/** The value that stands there afterwards: the given one, or another replica's that was first. */
export async function settleFact(tx: Writer, name: string, value: string): Promise<string> {
  await tx.db
    .insertInto('serviceFacts')
    .values({ name, value })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  return (await findFact(tx.db, name)) ?? value;
}
