/** Assets as rows: the content is sealed, and this file never opens it. vault/asset-content.ts says what is inside. */
import { flag, nameKey } from './names.ts';
import type { Row } from './schema.ts';
import { lockRows, type Reader, type Writer } from './store.ts';

export const assetKinds = ['variable', 'credential', 'connection', 'certificate'] as const;
export type AssetKind = (typeof assetKinds)[number];

export type Asset = Omit<Row<'assets'>, 'nameKey' | 'isEncrypted' | 'kind'> & { kind: AssetKind; isEncrypted: boolean };

function toAsset(row: Row<'assets'>): Asset {
  const { nameKey: _key, ...kept } = row;
  return { ...kept, kind: row.kind as AssetKind, isEncrypted: row.isEncrypted === 1 };
}

export async function findAsset(db: Reader, accountId: string, kind: AssetKind, name: string): Promise<Asset | undefined> {
  const row = await db
    .selectFrom('assets')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('kind', '=', kind)
    .where('nameKey', '=', nameKey(name))
    .executeTakeFirst();
  return row && toAsset(row);
}

export async function listAssets(db: Reader, accountId: string, kind: AssetKind): Promise<Asset[]> {
  const rows = await db
    .selectFrom('assets')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('kind', '=', kind)
    .orderBy('nameKey')
    .execute();
  return rows.map(toAsset);
}

/** Undefined when the name is taken. */
export async function insertAsset(
  tx: Writer,
  asset: Omit<Asset, 'createdAt' | 'changedAt'>,
  now: number,
): Promise<Asset | undefined> {
  const made: Asset = { ...asset, createdAt: now, changedAt: now };
  const inserted = await tx.db
    .insertInto('assets')
    .values({ ...made, nameKey: nameKey(asset.name), isEncrypted: flag(asset.isEncrypted) })
    .onConflict((conflict) => conflict.columns(['accountId', 'kind', 'nameKey']).doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n ? made : undefined;
}

/** Replaces content, description or both. Whether a variable is encrypted is decided when it is made, and never again. */
export async function changeAsset(
  tx: Writer,
  key: { accountId: string; kind: AssetKind; name: string },
  change: { content?: string; description?: string },
  now: number,
): Promise<Asset | undefined> {
  const found = await lockRows(
    tx,
    tx.db
      .selectFrom('assets')
      .selectAll()
      .where('accountId', '=', key.accountId)
      .where('kind', '=', key.kind)
      .where('nameKey', '=', nameKey(key.name)),
  ).executeTakeFirst();
  if (found === undefined) return undefined;
  const changed = {
    content: change.content ?? found.content,
    description: change.description ?? found.description,
    changedAt: now,
  };
  await tx.db
    .updateTable('assets')
    .set(changed)
    .where('accountId', '=', key.accountId)
    .where('kind', '=', key.kind)
    .where('nameKey', '=', found.nameKey)
    .execute();
  return toAsset({ ...found, ...changed });
}

export async function deleteAsset(tx: Writer, accountId: string, kind: AssetKind, name: string): Promise<boolean> {
  const deleted = await tx.db
    .deleteFrom('assets')
    .where('accountId', '=', accountId)
    .where('kind', '=', kind)
    .where('nameKey', '=', nameKey(name))
    .executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}
