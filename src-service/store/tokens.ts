/** Bearer tokens of the REST API: only their hashes are kept. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Row } from './schema.ts';
import type { Reader, Writer } from './store.ts';

export const tokenRoles = ['reader', 'operator', 'administrator'] as const;
export type TokenRole = (typeof tokenRoles)[number];
export type Token = Omit<Row<'tokens'>, 'hash' | 'role'> & { role: TokenRole };

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Returns the token, for the one time that it is shown. */
export async function createToken(
  tx: Writer,
  role: TokenRole,
  name: string,
  now: number,
): Promise<{ id: string; token: string }> {
  const id = randomUUID();
  const token = `hrw_${randomBytes(32).toString('base64url')}`;
  await tx.db
    .insertInto('tokens')
    .values({ id, name, role, hash: hashToken(token), createdAt: now, revokedAt: null })
    .execute();
  return { id, token };
}

/** Undefined for tokens that are unknown or revoked. */
export async function findToken(db: Reader, token: string): Promise<Token | undefined> {
  const row = await db
    .selectFrom('tokens')
    .select(['id', 'name', 'role', 'createdAt', 'revokedAt'])
    .where('hash', '=', hashToken(token))
    .where('revokedAt', 'is', null)
    .executeTakeFirst();
  return row as Token | undefined;
}

export async function listTokens(db: Reader): Promise<Token[]> {
  const rows = await db
    .selectFrom('tokens')
    .select(['id', 'name', 'role', 'createdAt', 'revokedAt'])
    .orderBy('createdAt')
    .execute();
  return rows as Token[];
}

export async function revokeToken(tx: Writer, id: string, now: number): Promise<boolean> {
  const updated = await tx.db
    .updateTable('tokens')
    .set({ revokedAt: now })
    .where('id', '=', id)
    .where('revokedAt', 'is', null)
    .executeTakeFirst();
  return updated.numUpdatedRows > 0n;
}
