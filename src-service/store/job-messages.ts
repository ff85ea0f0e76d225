/**
 * What a sandbox is to be told of its job (activate, stop), as a storage queue gives it: a message that was read is invisible for a
 * while and comes back unless it is acknowledged with the receipt of that reading.
 */
import { randomUUID } from 'node:crypto';
import type { ExpressionBuilder } from 'kysely';
import { aheadMs } from '../clock.ts';
import { changed } from './changes.ts';
import type { Tables } from './schema.ts';
import { lockRows, type Reader, type Writer } from './store.ts';

/** Longer than a foreign sandbox takes from reading to acknowledging (its five retries wait 6 to 60 s, but only after an error). */
export const messageVisibilityMs = 30_000;

/** One that is to be seen much later than any reading can have put off was put off by a clock that has been set back since. */
function isVisible(now: number) {
  return (is: ExpressionBuilder<Tables, 'jobMessages'>) =>
    is.or([is('visibleAt', '<=', now), is('visibleAt', '>', now + messageVisibilityMs + aheadMs)]);
}

export interface ReceivedMessage {
  id: string;
  jobId: string;
  kind: 'activate' | 'stop';
  popReceipt: string;
}

export async function sendMessage(
  tx: Writer,
  message: { sandboxId: string; jobId: string; kind: ReceivedMessage['kind'] },
  now: number,
): Promise<void> {
  await tx.db
    .insertInto('jobMessages')
    .values({ ...message, id: randomUUID(), createdAt: now, visibleAt: now, popReceipt: null })
    .execute();
  tx.publish(changed.sandbox(message.sandboxId));
}

export async function hasVisibleMessages(db: Reader, sandboxId: string, now: number): Promise<boolean> {
  const found = await db
    .selectFrom('jobMessages')
    .select('id')
    .where('sandboxId', '=', sandboxId)
    .where(isVisible(now))
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

export async function receiveMessages(tx: Writer, sandboxId: string, now: number): Promise<ReceivedMessage[]> {
  const rows = await lockRows(
    tx,
    tx.db
      .selectFrom('jobMessages')
      .select(['id', 'jobId', 'kind'])
      .where('sandboxId', '=', sandboxId)
      .where(isVisible(now))
      .orderBy('createdAt'),
  ).execute();
  const received: ReceivedMessage[] = [];
  for (const row of rows) {
    const popReceipt = randomUUID();
    await tx.db
      .updateTable('jobMessages')
      .set({ popReceipt, visibleAt: now + messageVisibilityMs })
      .where('id', '=', row.id)
      .execute();
    received.push({ id: row.id, jobId: row.jobId, kind: row.kind as ReceivedMessage['kind'], popReceipt });
  }
  return received;
}

/** Acknowledging twice, or with the receipt of an earlier reading, does nothing. */
export async function acknowledgeMessage(tx: Writer, sandboxId: string, id: string, popReceipt: string): Promise<boolean> {
  const deleted = await tx.db
    .deleteFrom('jobMessages')
    .where('sandboxId', '=', sandboxId)
    .where('id', '=', id)
    .where('popReceipt', '=', popReceipt)
    .executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}

export async function deleteMessages(tx: Writer, sandboxId: string): Promise<void> {
  await tx.db.deleteFrom('jobMessages').where('sandboxId', '=', sandboxId).execute();
}
