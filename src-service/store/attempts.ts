/** Attempts: one sandbox id each. dispatch/ alone decides what becomes of one. */
import { attemptReport, type AttemptReport } from '../../src-contract/jrds.ts';
import { attemptOutcome, type AttemptOutcome } from '../../src-contract/kinds.ts';
import { aheadMs } from '../clock.ts';
import { flag } from './names.ts';
import type { Row } from './schema.ts';
import { lockRows, type Reader, type Writer } from './store.ts';

export interface Attempt {
  sandboxId: string;
  jobId: string;
  accountId: string;
  number: number;
  machineId: string;
  machineName: string;
  holdsCalls: boolean;
  createdAt: number;
  handedOutAt: number;
  calledInAt: number | null;
  activatedAt: number | null;
  startedAt: number | null;
  endedAt: number | null;
  unloadedAt: number | null;
  lastSeenAt: number;
  fenced: boolean;
  outcome: AttemptOutcome | null;
  reason: string | null;
  report: AttemptReport | null;
  verified: boolean | null;
  recordCount: number;
  chain: string;
  chunkCount: number;
  recordBytes: number;
}

export const emptyChainHex = '0'.repeat(64);

export function toAttempt(row: Row<'attempts'>): Attempt {
  const { secretHash: _secret, ...kept } = row;
  return {
    ...kept,
    holdsCalls: row.holdsCalls === 1,
    fenced: row.fenced === 1,
    outcome: row.outcome === null ? null : attemptOutcome.parse(row.outcome),
    report: row.report === null ? null : attemptReport.parse(JSON.parse(row.report)),
    verified: row.verified === null ? null : row.verified === 1,
  };
}

export type NewAttempt = Pick<
  Attempt,
  'sandboxId' | 'jobId' | 'accountId' | 'number' | 'machineId' | 'machineName' | 'holdsCalls'
> & { secretHash: string };

export async function insertAttempt(tx: Writer, attempt: NewAttempt, now: number): Promise<void> {
  await tx.db
    .insertInto('attempts')
    .values({
      ...attempt,
      holdsCalls: flag(attempt.holdsCalls),
      createdAt: now,
      handedOutAt: now,
      calledInAt: null,
      activatedAt: null,
      startedAt: null,
      endedAt: null,
      unloadedAt: null,
      lastSeenAt: now,
      fenced: 0,
      outcome: null,
      reason: null,
      report: null,
      verified: null,
      recordCount: 0,
      chain: emptyChainHex,
      chunkCount: 0,
      recordBytes: 0,
    })
    .execute();
}

/** A machine as a worker of an account. It may have been another's before, and attempts of that time are not this one's. */
export interface Member {
  accountId: string;
  machineId: string;
}

export async function findAttempt(db: Reader, sandboxId: string): Promise<Attempt | undefined> {
  const row = await db.selectFrom('attempts').selectAll().where('sandboxId', '=', sandboxId.toLowerCase()).executeTakeFirst();
  return row && toAttempt(row);
}

export async function findAttemptBySecret(db: Reader, secretHash: string): Promise<Attempt | undefined> {
  const row = await db.selectFrom('attempts').selectAll().where('secretHash', '=', secretHash).executeTakeFirst();
  return row && toAttempt(row);
}

/** The machine's newest attempt at the job. */
export async function findLatestAttempt(
  db: Reader,
  jobId: string,
  { accountId, machineId }: Member,
): Promise<Attempt | undefined> {
  const row = await db
    .selectFrom('attempts')
    .selectAll()
    .where('jobId', '=', jobId)
    .where('accountId', '=', accountId)
    .where('machineId', '=', machineId)
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && toAttempt(row);
}

/** In order of their numbers. */
export async function listAttempts(db: Reader, jobId: string): Promise<Attempt[]> {
  const rows = await db.selectFrom('attempts').selectAll().where('jobId', '=', jobId).orderBy('number').execute();
  return rows.map(toAttempt);
}

/** The attempts that have not ended: all of them, or those of some machines. */
export async function listLiveAttempts(
  db: Reader,
  of: { member?: Member; machineIds?: readonly string[] } & (
    { silentSince: number; now: number } | { silentSince?: undefined }
  ) = {},
): Promise<Attempt[]> {
  if (of.machineIds?.length === 0) return [];
  let query = db.selectFrom('attempts').selectAll().where('endedAt', 'is', null);
  if (of.member !== undefined)
    query = query.where('accountId', '=', of.member.accountId).where('machineId', '=', of.member.machineId);
  if (of.machineIds !== undefined) query = query.where('machineId', 'in', of.machineIds);
  if (of.silentSince !== undefined) {
    const { silentSince, now } = of;
    query = query.where((is) => is.or([is('lastSeenAt', '<=', silentSince), is('lastSeenAt', '>', now + aheadMs)]));
  }
  const rows = await query.orderBy('createdAt').execute();
  return rows.map(toAttempt);
}

export async function lockAttempt(tx: Writer, sandboxId: string): Promise<Attempt | undefined> {
  const row = await lockRows(tx, tx.db.selectFrom('attempts').selectAll().where('sandboxId', '=', sandboxId)).executeTakeFirst();
  return row && toAttempt(row);
}

export type AttemptChange = Partial<
  Omit<Attempt, 'sandboxId' | 'jobId' | 'accountId' | 'number' | 'machineId' | 'machineName' | 'createdAt'>
>;

export async function changeAttempt(tx: Writer, attempt: Attempt, change: AttemptChange): Promise<Attempt> {
  const { holdsCalls, fenced, verified, report, ...others } = change;
  await tx.db
    .updateTable('attempts')
    .set({
      ...others,
      ...(holdsCalls === undefined ? {} : { holdsCalls: flag(holdsCalls) }),
      ...(fenced === undefined ? {} : { fenced: flag(fenced) }),
      ...(verified === undefined ? {} : { verified: verified === null ? null : flag(verified) }),
      ...(report === undefined ? {} : { report: report === null ? null : JSON.stringify(report) }),
    })
    .where('sandboxId', '=', attempt.sandboxId)
    .execute();
  return { ...attempt, ...change };
}

/** Never sets the time back, unless the clock was. */
export async function touchAttempt(tx: Writer, sandboxId: string, seenAt: number): Promise<void> {
  await tx.db
    .updateTable('attempts')
    .set({ lastSeenAt: seenAt })
    .where('sandboxId', '=', sandboxId)
    .where((is) => is.or([is('lastSeenAt', '<', seenAt), is('lastSeenAt', '>', seenAt + aheadMs)]))
    .execute();
}
