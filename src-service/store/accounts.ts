/** Automation accounts. Their keys are sealed; vault/shared-keys.ts makes and opens them. */
import { nameKey } from './names.ts';
import type { Row } from './schema.ts';
import type { Reader, Writer } from './store.ts';

export type Account = Row<'accounts'>;
export type KeyName = 'primary' | 'secondary';

export async function findAccount(db: Reader, name: string): Promise<Account | undefined> {
  return db.selectFrom('accounts').selectAll().where('nameKey', '=', nameKey(name)).executeTakeFirst();
}

export async function findAccountById(db: Reader, id: string): Promise<Account | undefined> {
  return db.selectFrom('accounts').selectAll().where('id', '=', id.toLowerCase()).executeTakeFirst();
}

export async function listAccounts(db: Reader): Promise<Account[]> {
  return db.selectFrom('accounts').selectAll().orderBy('nameKey').execute();
}

/** False when the name is taken. */
export async function insertAccount(tx: Writer, account: Omit<Account, 'nameKey'>): Promise<boolean> {
  const inserted = await tx.db
    .insertInto('accounts')
    .values({ ...account, nameKey: nameKey(account.name) })
    .onConflict((conflict) => conflict.column('nameKey').doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

export async function setAccountKey(tx: Writer, accountId: string, which: KeyName, sealed: string): Promise<void> {
  const column = which === 'primary' ? 'primaryKey' : 'secondaryKey';
  await tx.db
    .updateTable('accounts')
    .set({ [column]: sealed })
    .where('id', '=', accountId)
    .execute();
}
