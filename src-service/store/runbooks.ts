/** Runbooks: a draft that changes, and published versions that never do. A job names the version it runs. */
import { randomUUID } from 'node:crypto';
import { rerunPolicy, runbookKind, type RerunPolicy, type RunbookKind } from '../../src-contract/kinds.ts';
import { workflowVerdict, type WorkflowVerdict } from '../../src-contract/rest/runbooks.ts';
import type { Declaration } from '../parameters/declaration.ts';
import { flag, nameKey } from './names.ts';
import type { Row } from './schema.ts';
import { lockRows, type Reader, type Writer } from './store.ts';

export interface Runbook {
  id: string;
  accountId: string;
  name: string;
  kind: RunbookKind;
  description: string;
  rerun: RerunPolicy;
  logVerbose: boolean;
  logDebug: boolean;
  logProgress: boolean;
  draftVersionId: string | null;
  publishedVersionId: string | null;
  createdAt: number;
  changedAt: number;
}

export interface RunbookVersion {
  id: string;
  runbookId: string;
  accountId: string;
  definition: string;
  parameters: Declaration;
  /** Of a workflow; null for other kinds, and before it was published. */
  verdict: WorkflowVerdict | null;
  createdAt: number;
  publishedAt: number | null;
}

export type RunbookSettings = Pick<Runbook, 'description' | 'rerun' | 'logVerbose' | 'logDebug' | 'logProgress'>;

function toRunbook(row: Row<'runbooks'>): Runbook {
  const { nameKey: _key, ...kept } = row;
  return {
    ...kept,
    kind: runbookKind.parse(row.kind),
    rerun: rerunPolicy.parse(row.rerun),
    logVerbose: row.logVerbose === 1,
    logDebug: row.logDebug === 1,
    logProgress: row.logProgress === 1,
  };
}

function toVersion(row: Row<'runbookVersions'>): RunbookVersion {
  const verdict = row.verdict === null ? null : workflowVerdict.parse(JSON.parse(row.verdict));
  return { ...row, parameters: JSON.parse(row.parameters) as Declaration, verdict };
}

/** Azure Automation's word for where a runbook stands. */
export function runbookState(runbook: Runbook): 'New' | 'Edit' | 'Published' {
  if (runbook.publishedVersionId === null) return 'New';
  return runbook.draftVersionId === null ? 'Published' : 'Edit';
}

export async function findRunbook(db: Reader, accountId: string, name: string): Promise<Runbook | undefined> {
  const row = await db
    .selectFrom('runbooks')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('nameKey', '=', nameKey(name))
    .executeTakeFirst();
  return row && toRunbook(row);
}

export async function listRunbooks(db: Reader, accountId: string): Promise<Runbook[]> {
  const rows = await db.selectFrom('runbooks').selectAll().where('accountId', '=', accountId).orderBy('nameKey').execute();
  return rows.map(toRunbook);
}

export async function findRunbookVersion(db: Reader, accountId: string, versionId: string): Promise<RunbookVersion | undefined> {
  const row = await db
    .selectFrom('runbookVersions')
    .selectAll()
    .where('id', '=', versionId.toLowerCase())
    .where('accountId', '=', accountId)
    .executeTakeFirst();
  return row && toVersion(row);
}

/** What is known of a version, without its text. */
export async function findFindings(
  db: Reader,
  versionId: string,
): Promise<Pick<RunbookVersion, 'parameters' | 'verdict'> | undefined> {
  const row = await db
    .selectFrom('runbookVersions')
    .select(['parameters', 'verdict'])
    .where('id', '=', versionId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const verdict = row.verdict === null ? null : workflowVerdict.parse(JSON.parse(row.verdict));
  return { parameters: JSON.parse(row.parameters) as Declaration, verdict };
}

/** Undefined when the name is taken. */
export async function insertRunbook(
  tx: Writer,
  runbook: Pick<Runbook, 'accountId' | 'name' | 'kind'> & RunbookSettings,
  now: number,
): Promise<Runbook | undefined> {
  const row: Row<'runbooks'> = {
    ...runbook,
    id: randomUUID(),
    nameKey: nameKey(runbook.name),
    logVerbose: flag(runbook.logVerbose),
    logDebug: flag(runbook.logDebug),
    logProgress: flag(runbook.logProgress),
    draftVersionId: null,
    publishedVersionId: null,
    createdAt: now,
    changedAt: now,
  };
  const inserted = await tx.db
    .insertInto('runbooks')
    .values(row)
    .onConflict((conflict) => conflict.columns(['accountId', 'nameKey']).doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n ? toRunbook(row) : undefined;
}

export async function changeRunbook(
  tx: Writer,
  runbookId: string,
  settings: { [Name in keyof RunbookSettings]?: RunbookSettings[Name] | undefined } & { kind?: RunbookKind | undefined },
  now: number,
): Promise<void> {
  const { logVerbose, logDebug, logProgress, ...others } = settings;
  await tx.db
    .updateTable('runbooks')
    .set({
      ...others,
      ...(logVerbose === undefined ? {} : { logVerbose: flag(logVerbose) }),
      ...(logDebug === undefined ? {} : { logDebug: flag(logDebug) }),
      ...(logProgress === undefined ? {} : { logProgress: flag(logProgress) }),
      changedAt: now,
    })
    .where('id', '=', runbookId)
    .execute();
}

/** Writes the draft's text, making a draft where there was none. Returns the draft. */
export async function putDraft(
  tx: Writer,
  runbookId: string,
  content: { definition: string; parameters: Declaration; verdict?: WorkflowVerdict | null },
  now: number,
): Promise<RunbookVersion> {
  const runbook = await lockedRunbook(tx, runbookId);
  const { definition, verdict = null } = content;
  const written = {
    definition,
    parameters: JSON.stringify(content.parameters),
    verdict: verdict === null ? null : JSON.stringify(verdict),
  };
  const id = runbook.draftVersionId ?? randomUUID();
  const row = { id, runbookId, accountId: runbook.accountId, ...written, createdAt: now, publishedAt: null };
  if (runbook.draftVersionId === null) await tx.db.insertInto('runbookVersions').values(row).execute();
  else await tx.db.updateTable('runbookVersions').set(written).where('id', '=', id).execute();
  await tx.db.updateTable('runbooks').set({ draftVersionId: id, changedAt: now }).where('id', '=', runbookId).execute();
  return toVersion(row);
}

/** The draft becomes the published version; jobs that were queued keep theirs. False when there is no draft. */
export async function publishDraft(tx: Writer, runbookId: string, now: number): Promise<boolean> {
  const runbook = await lockedRunbook(tx, runbookId);
  if (runbook.draftVersionId === null) return false;
  await tx.db.updateTable('runbookVersions').set({ publishedAt: now }).where('id', '=', runbook.draftVersionId).execute();
  await tx.db
    .updateTable('runbooks')
    .set({ publishedVersionId: runbook.draftVersionId, draftVersionId: null, changedAt: now })
    .where('id', '=', runbookId)
    .execute();
  return true;
}

/** Throws the draft away. False when there was none. */
export async function discardDraft(tx: Writer, runbookId: string, now: number): Promise<boolean> {
  const runbook = await lockedRunbook(tx, runbookId);
  if (runbook.draftVersionId === null) return false;
  await tx.db.updateTable('runbooks').set({ draftVersionId: null, changedAt: now }).where('id', '=', runbookId).execute();
  await tx.db.deleteFrom('runbookVersions').where('id', '=', runbook.draftVersionId).execute();
  return true;
}

/** Its versions stay, because jobs name them. */
export async function deleteRunbook(tx: Writer, runbookId: string): Promise<boolean> {
  const deleted = await tx.db.deleteFrom('runbooks').where('id', '=', runbookId).executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}

async function lockedRunbook(tx: Writer, runbookId: string): Promise<Row<'runbooks'>> {
  return lockRows(tx, tx.db.selectFrom('runbooks').selectAll().where('id', '=', runbookId)).executeTakeFirstOrThrow();
}
