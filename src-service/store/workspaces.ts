/** Workspaces, the agents that joined them, and the packs they give. */
import type { KeyName } from './accounts.ts';
import { changed } from './changes.ts';
import { nameKey } from './names.ts';
import type { Row } from './schema.ts';
import type { Reader, Writer } from './store.ts';

export type Workspace = Row<'workspaces'>;
export type Agent = Row<'agents'>;
export type PackSummary = Omit<Row<'packs'>, 'archive'>;
export type Pack = Row<'packs'>;

export async function findWorkspaceById(db: Reader, id: string): Promise<Workspace | undefined> {
  return db.selectFrom('workspaces').selectAll().where('id', '=', id.toLowerCase()).executeTakeFirst();
}

export async function findWorkspace(db: Reader, name: string): Promise<Workspace | undefined> {
  return db.selectFrom('workspaces').selectAll().where('nameKey', '=', nameKey(name)).executeTakeFirst();
}

export async function listWorkspaces(db: Reader): Promise<Workspace[]> {
  return db.selectFrom('workspaces').selectAll().orderBy('nameKey').execute();
}

/** False when the name is taken. */
export async function insertWorkspace(tx: Writer, workspace: Omit<Workspace, 'nameKey'>): Promise<boolean> {
  const inserted = await tx.db
    .insertInto('workspaces')
    .values({ ...workspace, nameKey: nameKey(workspace.name) })
    .onConflict((conflict) => conflict.column('nameKey').doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

export async function linkWorkspace(tx: Writer, workspaceId: string, accountId: string | null): Promise<void> {
  await tx.db.updateTable('workspaces').set({ accountId }).where('id', '=', workspaceId).execute();
  tx.publish(changed.workspace(workspaceId));
}

export async function setWorkspaceKey(tx: Writer, workspaceId: string, which: KeyName, sealed: string): Promise<void> {
  const column = which === 'primary' ? 'primaryKey' : 'secondaryKey';
  await tx.db
    .updateTable('workspaces')
    .set({ [column]: sealed })
    .where('id', '=', workspaceId)
    .execute();
}

export async function findAgent(db: Reader, workspaceId: string, machineId: string): Promise<Agent | undefined> {
  return db
    .selectFrom('agents')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where('machineId', '=', machineId.toLowerCase())
    .executeTakeFirst();
}

export async function findAgentByCertificate(db: Reader, workspaceId: string, sha256: string): Promise<Agent | undefined> {
  return db
    .selectFrom('agents')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .where('certificateSha256', '=', sha256)
    .executeTakeFirst();
}

export async function listAgents(db: Reader, workspaceId: string): Promise<Agent[]> {
  return db.selectFrom('agents').selectAll().where('workspaceId', '=', workspaceId).orderBy('machineName').execute();
}

/** Joining again replaces certificate, name and version. */
export async function putAgent(tx: Writer, agent: Agent): Promise<void> {
  await tx.db
    .insertInto('agents')
    .values(agent)
    .onConflict((conflict) => conflict.columns(['workspaceId', 'machineId']).doUpdateSet(agent))
    .execute();
}

export async function touchAgent(tx: Writer, workspaceId: string, machineId: string, now: number): Promise<void> {
  await tx.db
    .updateTable('agents')
    .set({ lastSeenAt: now })
    .where('workspaceId', '=', workspaceId)
    .where('machineId', '=', machineId)
    .execute();
}

export async function deleteAgent(tx: Writer, workspaceId: string, machineId: string): Promise<boolean> {
  const deleted = await tx.db
    .deleteFrom('agents')
    .where('workspaceId', '=', workspaceId)
    .where('machineId', '=', machineId.toLowerCase())
    .executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}

const packSummaryColumns = ['name', 'version', 'description', 'sha256', 'bytes', 'publishedAt'] as const;

export async function listPacks(db: Reader): Promise<PackSummary[]> {
  return db.selectFrom('packs').select(packSummaryColumns).orderBy('name').orderBy('publishedAt').execute();
}

export async function findPack(db: Reader, name: string, version: string): Promise<PackSummary | undefined> {
  return db
    .selectFrom('packs')
    .select(packSummaryColumns)
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst();
}

/** The archive's bytes, up to `maxPackBytes`. */
export async function readPackArchive(db: Reader, name: string, version: string): Promise<Buffer | undefined> {
  const found = await db
    .selectFrom('packs')
    .select('archive')
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst();
  return found && Buffer.from(found.archive.buffer, found.archive.byteOffset, found.archive.byteLength);
}

/** False when that version exists. A version is never replaced: agents remember what they have by it. */
export async function insertPack(tx: Writer, pack: Pack): Promise<boolean> {
  const inserted = await tx.db
    .insertInto('packs')
    .values(pack)
    .onConflict((conflict) => conflict.columns(['name', 'version']).doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

export async function listAssignedPacks(db: Reader, workspaceId: string): Promise<PackSummary[]> {
  return db
    .selectFrom('packAssignments')
    .innerJoin('packs', (join) =>
      join.onRef('packs.name', '=', 'packAssignments.packName').onRef('packs.version', '=', 'packAssignments.packVersion'),
    )
    .select(['packs.name', 'packs.version', 'packs.description', 'packs.sha256', 'packs.bytes', 'packs.publishedAt'])
    .where('packAssignments.workspaceId', '=', workspaceId)
    .orderBy('packs.name')
    .execute();
}

/** A workspace gives one version of a pack; assigning another replaces it. */
export async function assignPack(tx: Writer, workspaceId: string, name: string, version: string, now: number): Promise<void> {
  const row = { workspaceId, packName: name, packVersion: version, assignedAt: now };
  await tx.db
    .insertInto('packAssignments')
    .values(row)
    .onConflict((conflict) => conflict.columns(['workspaceId', 'packName']).doUpdateSet(row))
    .execute();
  tx.publish(changed.workspace(workspaceId));
}

/** False when the workspace did not have it. */
export async function unassignPack(tx: Writer, workspaceId: string, name: string): Promise<boolean> {
  const deleted = await tx.db
    .deleteFrom('packAssignments')
    .where('workspaceId', '=', workspaceId)
    .where('packName', '=', name)
    .executeTakeFirst();
  tx.publish(changed.workspace(workspaceId));
  return deleted.numDeletedRows > 0n;
}

/** Names of the workspaces that give this version. */
export async function listAssignments(db: Reader, name: string, version: string): Promise<string[]> {
  const rows = await db
    .selectFrom('packAssignments')
    .innerJoin('workspaces', 'workspaces.id', 'packAssignments.workspaceId')
    .select('workspaces.name')
    .where('packName', '=', name)
    .where('packVersion', '=', version)
    .execute();
  return rows.map((row) => row.name);
}

/** The caller has made sure that no workspace gives it. */
export async function deletePack(tx: Writer, name: string, version: string): Promise<void> {
  await tx.db.deleteFrom('packs').where('name', '=', name).where('version', '=', version).execute();
}
