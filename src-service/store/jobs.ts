/** Jobs: made here, read here. What becomes of them afterwards is decided in dispatch/, which alone changes their state. */
import type { WireParameter } from '../../src-contract/jrds.ts';
import {
  jobStatus,
  rerunPolicy,
  runbookKind,
  type JobStatus,
  type RerunPolicy,
  type RunbookKind,
} from '../../src-contract/kinds.ts';
import { changed } from './changes.ts';
import { flag, nameKey } from './names.ts';
import type { Runbook } from './runbooks.ts';
import type { Row } from './schema.ts';
import { lockRows, type Reader, type Writer } from './store.ts';

export interface Job {
  id: string;
  accountId: string;
  name: string;
  requestHash: string;
  runbookId: string;
  runbookVersionId: string;
  runbookName: string;
  kind: RunbookKind;
  isDraft: boolean;
  groupName: string;
  parameters: WireParameter[];
  rerun: RerunPolicy;
  logVerbose: boolean;
  logDebug: boolean;
  logProgress: boolean;
  status: JobStatus;
  statusDetails: string | null;
  exception: string | null;
  startedBy: string;
  triggerSource: number;
  attemptCount: number;
  attemptsBefore: number;
  needsNativeWorkflow: boolean;
  onlyMachineId: string | null;
  currentSandboxId: string | null;
  lastMachineId: string | null;
  queuedAt: number;
  stopRequestedAt: number | null;
  createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  lastModifiedAt: number;
  lastStatusModifiedAt: number;
  verified: boolean | null;
}

export interface NewJob {
  id: string;
  /** The caller's name for the job; unique in the account. */
  name: string;
  /** SHA-256 (hex) of what the caller asked for. */
  requestHash: string;
  runbook: Runbook;
  runbookVersionId: string;
  isDraft: boolean;
  groupName: string;
  parameters: WireParameter[];
  startedBy: string;
  triggerSource: number;
  needsNativeWorkflow?: boolean;
  onlyMachineId?: string;
}

export type JobCreation = { kind: 'created' | 'repeated'; job: Job } | { kind: 'conflict'; job: Job };

export function toJob(row: Row<'jobs'>): Job {
  const { nameKey: _name, groupKey: _group, ...kept } = row;
  return {
    ...kept,
    kind: runbookKind.parse(row.kind),
    isDraft: row.isDraft === 1,
    needsNativeWorkflow: row.needsNativeWorkflow === 1,
    parameters: JSON.parse(row.parameters) as WireParameter[],
    rerun: rerunPolicy.parse(row.rerun),
    logVerbose: row.logVerbose === 1,
    logDebug: row.logDebug === 1,
    logProgress: row.logProgress === 1,
    status: jobStatus.parse(row.status),
    verified: row.verified === null ? null : row.verified === 1,
  };
}

/** Queues a job. The same name with the same request is the same job; with another request a conflict. */
export async function createJob(tx: Writer, job: NewJob, now: number): Promise<JobCreation> {
  const row: Row<'jobs'> = {
    id: job.id,
    accountId: job.runbook.accountId,
    name: job.name,
    nameKey: nameKey(job.name),
    requestHash: job.requestHash,
    runbookId: job.runbook.id,
    runbookVersionId: job.runbookVersionId,
    runbookName: job.runbook.name,
    kind: job.runbook.kind,
    isDraft: flag(job.isDraft),
    groupName: job.groupName,
    groupKey: nameKey(job.groupName),
    parameters: JSON.stringify(job.parameters),
    rerun: job.runbook.rerun,
    logVerbose: flag(job.runbook.logVerbose),
    logDebug: flag(job.runbook.logDebug),
    logProgress: flag(job.runbook.logProgress),
    status: 'New',
    statusDetails: null,
    exception: null,
    startedBy: job.startedBy,
    triggerSource: job.triggerSource,
    attemptCount: 0,
    attemptsBefore: 0,
    needsNativeWorkflow: flag(job.needsNativeWorkflow ?? false),
    onlyMachineId: job.onlyMachineId ?? null,
    currentSandboxId: null,
    lastMachineId: null,
    queuedAt: now,
    stopRequestedAt: null,
    createdAt: now,
    startedAt: null,
    endedAt: null,
    lastModifiedAt: now,
    lastStatusModifiedAt: now,
    verified: null,
  };
  const inserted = await tx.db
    .insertInto('jobs')
    .values(row)
    .onConflict((conflict) => conflict.columns(['accountId', 'nameKey']).doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 1n) {
    tx.publish(changed.queue(row.accountId, row.groupKey), changed.job(row.id), changed.accountJobs(row.accountId));
    return { kind: 'created', job: toJob(row) };
  }
  const there = await findJobByName(tx.db, row.accountId, job.name);
  if (there === undefined) throw new Error(`The job ${job.name} is there and cannot be found`);
  return { kind: there.requestHash === job.requestHash ? 'repeated' : 'conflict', job: there };
}

export async function findJob(db: Reader, accountId: string, jobId: string): Promise<Job | undefined> {
  const row = await db
    .selectFrom('jobs')
    .selectAll()
    .where('id', '=', jobId.toLowerCase())
    .where('accountId', '=', accountId)
    .executeTakeFirst();
  return row && toJob(row);
}

/** Of any account. */
export async function isJobId(db: Reader, id: string): Promise<boolean> {
  return (await db.selectFrom('jobs').select('id').where('id', '=', id.toLowerCase()).executeTakeFirst()) !== undefined;
}

export async function findJobByName(db: Reader, accountId: string, name: string): Promise<Job | undefined> {
  const row = await db
    .selectFrom('jobs')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('nameKey', '=', nameKey(name))
    .executeTakeFirst();
  return row && toJob(row);
}

/** The newest job with that runbook version which the machine was given. */
export async function findJobOfMachine(db: Reader, machineId: string, runbookVersionId: string): Promise<Job | undefined> {
  const row = await db
    .selectFrom('jobs')
    .selectAll()
    .where('runbookVersionId', '=', runbookVersionId)
    .where((where) =>
      where.exists(
        where
          .selectFrom('attempts')
          .select('attempts.sandboxId')
          .whereRef('attempts.jobId', '=', 'jobs.id')
          .where('attempts.machineId', '=', machineId),
      ),
    )
    .orderBy('createdAt', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toJob(row);
}

export interface JobFilter {
  status?: readonly JobStatus[] | undefined;
  runbookName?: string | undefined;
  groupName?: string | undefined;
  startedBy?: string | undefined;
  createdFrom?: number | undefined;
  createdBefore?: number | undefined;
  /** Goes on after this job: newest first, so the page holds older ones. */
  after?: { createdAt: number; id: string } | undefined;
  limit: number;
}

/** Newest first. */
export async function listJobs(db: Reader, accountId: string, filter: JobFilter): Promise<Job[]> {
  let query = db.selectFrom('jobs').selectAll().where('accountId', '=', accountId);
  const { status, runbookName, groupName, startedBy, createdFrom, createdBefore, after } = filter;
  if (status !== undefined) query = query.where('status', 'in', status);
  if (runbookName !== undefined)
    query = query.where((where) => where(where.fn('lower', ['runbookName']), '=', nameKey(runbookName)));
  if (groupName !== undefined) query = query.where('groupKey', '=', nameKey(groupName));
  if (startedBy !== undefined) query = query.where('startedBy', '=', startedBy);
  if (createdFrom !== undefined) query = query.where('createdAt', '>=', createdFrom);
  if (createdBefore !== undefined) query = query.where('createdAt', '<', createdBefore);
  if (after !== undefined) {
    query = query.where((where) =>
      where.or([
        where('createdAt', '<', after.createdAt),
        where.and([where('createdAt', '=', after.createdAt), where('id', '<', after.id)]),
      ]),
    );
  }
  const rows = await query.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(filter.limit).execute();
  return rows.map(toJob);
}

/** Of a group, oldest first. Handed out or not: a job that no sandbox has taken waits. */
export async function listWaiting(
  db: Reader,
  accountId: string,
  groupName: string,
  { limit, after }: { limit: number; after?: { queuedAt: number; id: string } | undefined },
): Promise<{ jobs: Job[]; total: number }> {
  const waiting = db
    .selectFrom('jobs')
    .where('accountId', '=', accountId)
    .where('groupKey', '=', nameKey(groupName))
    .where('status', '=', 'New');
  const rest =
    after === undefined
      ? waiting
      : waiting.where((where) =>
          where.or([
            where('queuedAt', '>', after.queuedAt),
            where.and([where('queuedAt', '=', after.queuedAt), where('id', '>', after.id)]),
          ]),
        );
  const rows = await rest.selectAll().orderBy('queuedAt').orderBy('id').limit(limit).execute();
  const { total } = await waiting.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  return { jobs: rows.map(toJob), total };
}

/** A job for that machine alone that waits or runs. */
export async function findUnendedFor(db: Reader, accountId: string, machineId: string): Promise<Job | undefined> {
  const row = await db
    .selectFrom('jobs')
    .selectAll()
    .where('accountId', '=', accountId)
    .where('onlyMachineId', '=', machineId)
    .where('endedAt', 'is', null)
    .orderBy('createdAt')
    .executeTakeFirst();
  return row && toJob(row);
}

export async function countUnfinishedJobs(
  db: Reader,
  accountId: string,
  of: { runbookId?: string; groupName?: string },
): Promise<number> {
  let query = db
    .selectFrom('jobs')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('accountId', '=', accountId)
    .where('endedAt', 'is', null);
  if (of.runbookId !== undefined) query = query.where('runbookId', '=', of.runbookId);
  if (of.groupName !== undefined) query = query.where('groupKey', '=', nameKey(of.groupName));
  return (await query.executeTakeFirstOrThrow()).count;
}

/** The job as this transaction may change it. */
export async function lockJob(tx: Writer, jobId: string): Promise<Job | undefined> {
  const row = await lockRows(tx, tx.db.selectFrom('jobs').selectAll().where('id', '=', jobId)).executeTakeFirst();
  return row && toJob(row);
}

/** What dispatch/ may change of a job. */
export type JobChange = Partial<
  Pick<
    Job,
    | 'status'
    | 'statusDetails'
    | 'exception'
    | 'attemptCount'
    | 'attemptsBefore'
    | 'currentSandboxId'
    | 'lastMachineId'
    | 'queuedAt'
    | 'stopRequestedAt'
    | 'startedAt'
    | 'endedAt'
    | 'verified'
  >
>;

export async function changeJob(tx: Writer, job: Job, change: JobChange, now: number): Promise<Job> {
  const times = {
    lastModifiedAt: now,
    lastStatusModifiedAt: change.status === undefined || change.status === job.status ? job.lastStatusModifiedAt : now,
  };
  const { verified, ...others } = change;
  await tx.db
    .updateTable('jobs')
    .set({ ...others, ...times, ...(verified === undefined ? {} : { verified: verified === null ? null : flag(verified) }) })
    .where('id', '=', job.id)
    .execute();
  tx.publish(changed.job(job.id), changed.accountJobs(job.accountId));
  return { ...job, ...change, ...times };
}
