/** Signatures that were accepted: each is good once. They are forgotten when the clock check would refuse them anyway. */
import type { Writer } from './store.ts';

/** False when it was used before. */
export async function useSignature(tx: Writer, hash: string, now: number): Promise<boolean> {
  const inserted = await tx.db
    .insertInto('usedSignatures')
    .values({ hash, usedAt: now })
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

export async function forgetSignatures(tx: Writer, usedBefore: number): Promise<void> {
  await tx.db.deleteFrom('usedSignatures').where('usedAt', '<', usedBefore).execute();
}
