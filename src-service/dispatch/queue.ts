/** Taking queued jobs out of the store, and handing out again what no sandbox has called in for. */
import { randomUUID } from 'node:crypto';
import { actionVisibilitySeconds } from '../../src-contract/limits.ts';
import { runbookKind, type RunbookKind } from '../../src-contract/kinds.ts';
import { isAhead } from '../clock.ts';
import { changeAttempt, listLiveAttempts, lockAttempt, type Attempt, type Member } from '../store/attempts.ts';
import { toJob } from '../store/jobs.ts';
import { lockFreeRows, type Reader, type Writer } from '../store/store.ts';
import { handOut } from './attempt-life.ts';
import type { QueuedJob } from './matching.ts';
import { hashSandboxSecret, type SandboxSecrets } from './sandbox-secret.ts';
import type { HandedOut, HeldPoll } from './waiting-polls.ts';

/** How many queued jobs of a group are looked at in one go: more than the workers that wait together have slots for. */
const lookAhead = 200;
const visibilityMs = actionVisibilitySeconds * 1000;

/** Of these kinds, oldest first. Jobs that nobody who waits can run would otherwise stand before those that somebody can. */
export async function listQueuedJobs(
  db: Reader,
  accountId: string,
  groupKey: string,
  {
    kinds,
    isNative,
  }: { kinds: readonly RunbookKind[]; /** One of those who wait has Windows PowerShell 5.1. */ isNative: boolean },
): Promise<QueuedJob[]> {
  if (kinds.length === 0) return [];
  const query = db
    .selectFrom('jobs')
    .select(['id', 'kind', 'needsNativeWorkflow', 'lastMachineId', 'onlyMachineId', 'queuedAt'])
    .where('accountId', '=', accountId)
    .where('groupKey', '=', groupKey)
    .where('kind', 'in', kinds)
    .where('status', '=', 'New')
    .where('currentSandboxId', 'is', null)
    .orderBy('queuedAt')
    .orderBy('id')
    .limit(lookAhead);
  const rows = await (isNative ? query : query.where('needsNativeWorkflow', '=', 0)).execute();
  return rows.map((row) => ({ ...row, kind: runbookKind.parse(row.kind), needsNativeWorkflow: row.needsNativeWorkflow === 1 }));
}

/** Undefined when another replica has the job, or it was stopped meanwhile. */
export async function takeJob(
  tx: Writer,
  jobId: string,
  poll: HeldPoll,
  secrets: SandboxSecrets,
  now: number,
): Promise<HandedOut | undefined> {
  const row = await lockFreeRows(
    tx,
    tx.db
      .selectFrom('jobs')
      .selectAll()
      .where('id', '=', jobId)
      .where('status', '=', 'New')
      .where('currentSandboxId', 'is', null),
  ).executeTakeFirst();
  if (row === undefined) return undefined;
  const sandboxId = randomUUID();
  const secret = secrets.secretOf(sandboxId);
  const { machineId, machineName, holdsCalls } = poll;
  const job = toJob(row);
  await handOut(tx, job, { sandboxId, secretHash: hashSandboxSecret(secret), machineId, machineName, holdsCalls }, now);
  return { sandboxId, secret, kind: job.kind };
}

/** Attempts whose action was handed out some time ago and whose sandbox has not called in: the answer was lost, or the worker restarted. */
export function dueAgain(attempts: readonly Attempt[], now: number): Attempt[] {
  return attempts.filter(
    ({ calledInAt, handedOutAt }) => calledInAt === null && (handedOutAt + visibilityMs <= now || isAhead(handedOutAt, now)),
  );
}

export async function handOutAgain(tx: Writer, member: Member, secrets: SandboxSecrets, now: number): Promise<HandedOut[]> {
  const handed: HandedOut[] = [];
  for (const { sandboxId } of dueAgain(await listLiveAttempts(tx.db, { member }), now)) {
    const attempt = await lockAttempt(tx, sandboxId);
    if (attempt?.calledInAt !== null || attempt.endedAt !== null) continue;
    await changeAttempt(tx, attempt, { handedOutAt: now });
    const { kind } = await tx.db.selectFrom('jobs').select('kind').where('id', '=', attempt.jobId).executeTakeFirstOrThrow();
    handed.push({ sandboxId, secret: secrets.secretOf(sandboxId), kind: runbookKind.parse(kind) });
  }
  return handed;
}

/** The worker went away before it was answered: its next poll gets the action at once. */
export async function putBack(tx: Writer, actions: readonly HandedOut[]): Promise<void> {
  for (const { sandboxId } of actions) {
    const attempt = await lockAttempt(tx, sandboxId);
    if (attempt?.calledInAt === null) await changeAttempt(tx, attempt, { handedOutAt: 0 });
  }
}
