/** Worker groups and the workers in them. */
import { workerReadiness, type WorkerReadiness } from '../../src-contract/jrds.ts';
import { undeclaredKinds, type RunbookKind } from '../../src-contract/kinds.ts';
import { changed } from './changes.ts';
import { flag, nameKey } from './names.ts';
import type { Row } from './schema.ts';
import type { Reader, Writer } from './store.ts';

export type Group = Omit<Row<'groups'>, 'nameKey'>;

/** After a rotation the old certificate is still good for this long: calls under way, and a client that failed to swap its files. */
export const rotationOverlapMs = 24 * 60 * 60 * 1000;

export interface Worker {
  accountId: string;
  machineId: string;
  machineName: string;
  groupName: string;
  ipAddress: string | null;
  operatingSystem: string | null;
  thumbprint: string;
  certificateSha256: string | null;
  previousThumbprint: string | null;
  previousSha256: string | null;
  previousUntil: number | null;
  turnNumber: number | null;
  turnNonce: string | null;
  turnStrikes: number;
  turnStruckAt: number | null;
  clonedAt: number | null;
  registeredAt: number;
  lastSeenAt: number | null;
  version: string | null;
  /** null: it declares none; see `kindsOf`. */
  kinds: RunbookKind[] | null;
  readiness: WorkerReadiness | null;
  freeSlots: number | null;
  slotLimit: number | null;
  /** It has no Windows PowerShell 5.1, and runs only workflows that can be translated. */
  translatesWorkflows: boolean;
  holdsCalls: boolean;
}

/** How many jobs at once a worker gets that declares no limit (a foreign one). Azure Automation hands out about as many per poll. */
export const undeclaredSlots = 4;

/** What a worker says of itself with a poll. */
export type WorkerPresence = Pick<
  Worker,
  'lastSeenAt' | 'version' | 'kinds' | 'readiness' | 'freeSlots' | 'slotLimit' | 'translatesWorkflows' | 'holdsCalls'
>;

export type WorkerTurn = Pick<Worker, 'turnNumber' | 'turnNonce' | 'turnStrikes' | 'turnStruckAt' | 'clonedAt'>;

export function kindsOf(worker: Pick<Worker, 'kinds'>): readonly RunbookKind[] {
  return worker.kinds ?? undeclaredKinds;
}

function toWorker(row: Row<'workers'>): Worker {
  const { groupKey: _key, ...kept } = row;
  return {
    ...kept,
    kinds: row.kinds === null ? null : (JSON.parse(row.kinds) as RunbookKind[]),
    readiness: row.readiness === null ? null : workerReadiness.parse(row.readiness),
    translatesWorkflows: row.translatesWorkflows === 1,
    holdsCalls: row.holdsCalls === 1,
  };
}

export async function findGroup(db: Reader, accountId: string, name: string): Promise<Group | undefined> {
  return db
    .selectFrom('groups')
    .select(['accountId', 'name', 'credentialName', 'createdAt'])
    .where('accountId', '=', accountId)
    .where('nameKey', '=', nameKey(name))
    .executeTakeFirst();
}

export async function listGroups(db: Reader, accountId: string): Promise<Group[]> {
  return db
    .selectFrom('groups')
    .select(['accountId', 'name', 'credentialName', 'createdAt'])
    .where('accountId', '=', accountId)
    .orderBy('nameKey')
    .execute();
}

/** The group of that name, made when there is none. */
export async function ensureGroup(tx: Writer, accountId: string, name: string, now: number): Promise<Group> {
  await tx.db
    .insertInto('groups')
    .values({ accountId, name, nameKey: nameKey(name), credentialName: null, createdAt: now })
    .onConflict((conflict) => conflict.columns(['accountId', 'nameKey']).doNothing())
    .execute();
  const found = await findGroup(tx.db, accountId, name);
  if (found === undefined) throw new Error(`The group ${name} was made and is not there`);
  return found;
}

export async function setGroupCredential(
  tx: Writer,
  accountId: string,
  name: string,
  credentialName: string | null,
): Promise<void> {
  await tx.db
    .updateTable('groups')
    .set({ credentialName })
    .where('accountId', '=', accountId)
    .where('nameKey', '=', nameKey(name))
    .execute();
}

/** The caller has made sure that no worker is in it and no job waits for it. */
export async function deleteGroup(tx: Writer, accountId: string, name: string): Promise<boolean> {
  const deleted = await tx.db
    .deleteFrom('groups')
    .where('accountId', '=', accountId)
    .where('nameKey', '=', nameKey(name))
    .executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}

export async function findWorker(db: Reader, machineId: string): Promise<Worker | undefined> {
  const row = await db.selectFrom('workers').selectAll().where('machineId', '=', machineId.toLowerCase()).executeTakeFirst();
  return row && toWorker(row);
}

/** By the current thumbprint, or by the one before a rotation while that is still accepted. */
export async function findWorkerByThumbprint(db: Reader, thumbprint: string, now: number): Promise<Worker | undefined> {
  const row = await db
    .selectFrom('workers')
    .selectAll()
    .where((where) =>
      where.or([
        where('thumbprint', '=', thumbprint),
        where.and([where('previousThumbprint', '=', thumbprint), where('previousUntil', '>', now)]),
      ]),
    )
    .executeTakeFirst();
  return row && toWorker(row);
}

export async function listWorkers(db: Reader, accountId: string, groupName?: string): Promise<Worker[]> {
  let query = db.selectFrom('workers').selectAll().where('accountId', '=', accountId);
  if (groupName !== undefined) query = query.where('groupKey', '=', nameKey(groupName));
  const rows = await query.orderBy('machineName').orderBy('machineId').execute();
  return rows.map(toWorker);
}

/** Which of these machines are in the group now. */
export async function listMembers(
  db: Reader,
  accountId: string,
  groupKey: string,
  machineIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('workers')
    .select('machineId')
    .where('accountId', '=', accountId)
    .where('groupKey', '=', groupKey)
    .where('machineId', 'in', machineIds)
    .execute();
  return new Set(rows.map((row) => row.machineId));
}

/** Registering: the row of that machine, and one of the same certificate under another machine id, are replaced. */
export async function putWorker(tx: Writer, worker: Worker): Promise<void> {
  const row: Row<'workers'> = {
    ...worker,
    groupKey: nameKey(worker.groupName),
    kinds: worker.kinds === null ? null : JSON.stringify(worker.kinds),
    translatesWorkflows: flag(worker.translatesWorkflows),
    holdsCalls: flag(worker.holdsCalls),
  };
  await tx.db
    .deleteFrom('workers')
    .where((where) => where.or([where('machineId', '=', worker.machineId), where('thumbprint', '=', worker.thumbprint)]))
    .execute();
  await tx.db.insertInto('workers').values(row).execute();
  tx.publish(changed.workers(worker.accountId));
}

export async function setPresence(tx: Writer, machineId: string, presence: WorkerPresence): Promise<void> {
  await tx.db
    .updateTable('workers')
    .set({
      ...presence,
      kinds: presence.kinds === null ? null : JSON.stringify(presence.kinds),
      translatesWorkflows: flag(presence.translatesWorkflows),
      holdsCalls: flag(presence.holdsCalls),
    })
    .where('machineId', '=', machineId)
    .execute();
}

export async function setTurn(tx: Writer, { machineId, accountId }: Worker, turn: WorkerTurn): Promise<void> {
  await tx.db.updateTable('workers').set(turn).where('machineId', '=', machineId).execute();
  if (turn.clonedAt !== null) tx.publish(changed.workers(accountId));
}

/** The first call with a new certificate proves it: its SHA-256 is kept and compared from then on. */
export async function setWorkerCertificate(tx: Writer, machineId: string, certificateSha256: string): Promise<void> {
  await tx.db.updateTable('workers').set({ certificateSha256 }).where('machineId', '=', machineId).execute();
}

export interface Rotation {
  /** The machine's from now on. */
  thumbprint: string;
  /** The one that it was announced with, good for the time of the overlap. */
  kept: { thumbprint: string | null; sha256: string | null };
}

export async function rotateWorkerCertificate(
  tx: Writer,
  machineId: string,
  { thumbprint, kept }: Rotation,
  now: number,
): Promise<void> {
  await tx.db
    .updateTable('workers')
    .set({
      thumbprint,
      certificateSha256: null,
      previousThumbprint: kept.thumbprint,
      previousSha256: kept.sha256,
      previousUntil: now + rotationOverlapMs,
    })
    .where('machineId', '=', machineId)
    .execute();
}

export async function deleteWorker(tx: Writer, accountId: string, machineId: string): Promise<boolean> {
  const deleted = await tx.db
    .deleteFrom('workers')
    .where('accountId', '=', accountId)
    .where('machineId', '=', machineId.toLowerCase())
    .executeTakeFirst();
  tx.publish(changed.workers(accountId));
  return deleted.numDeletedRows > 0n;
}
