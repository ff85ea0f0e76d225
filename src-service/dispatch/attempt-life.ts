/**
 * What happens to an attempt and its job, each as one transaction: handed out, called in, advanced, ended, fenced, stopped. (A
 * suspended job is queued again in resume.ts; when an action is handed out again, queue.ts notes the time.) The job's row is locked before the attempt's, always, so that two replicas cannot wait for each other.
 */
import type { AttemptReport } from '../../src-contract/jrds.ts';
import { isTerminal, type AttemptOutcome, type JobStatus } from '../../src-contract/kinds.ts';
import { isAhead } from '../clock.ts';
import { changeAttempt, findAttempt, insertAttempt, listAttempts, lockAttempt, type Attempt } from '../store/attempts.ts';
import { changed } from '../store/changes.ts';
import { deleteCheckpoint, findCheckpoint } from '../store/checkpoints.ts';
import { deleteMessages, sendMessage } from '../store/job-messages.ts';
import { changeJob, lockJob, type Job } from '../store/jobs.ts';
import { nameKey } from '../store/names.ts';
import type { Writer } from '../store/store.ts';
import { decideAfterAttempt, type EndedAttempt, type JobDecision } from './after-attempt.ts';
import { fenceLimitMs } from './fencing.ts';
import { furtherStatus } from './reported-status.ts';

export interface NewSandbox {
  sandboxId: string;
  secretHash: string;
  machineId: string;
  machineName: string;
  holdsCalls: boolean;
}

/** The job, still queued and locked by this transaction, goes to a worker. */
export async function handOut(tx: Writer, job: Job, sandbox: NewSandbox, now: number): Promise<void> {
  const number = job.attemptCount + 1;
  await insertAttempt(tx, { ...sandbox, jobId: job.id, accountId: job.accountId, number }, now);
  await sendMessage(tx, { sandboxId: sandbox.sandboxId, jobId: job.id, kind: 'activate' }, now);
  const change = { attemptCount: number, currentSandboxId: sandbox.sandboxId, lastMachineId: sandbox.machineId };
  await changeJob(tx, job, change, now);
}

/** The sandbox asks for its job actions for the first time: from here on the job has been picked up. */
export async function callIn(tx: Writer, sandboxId: string, now: number): Promise<void> {
  const attempt = await lockAttempt(tx, sandboxId);
  if (attempt?.calledInAt === null) await changeAttempt(tx, attempt, { calledInAt: now, lastSeenAt: now });
}

export async function advance(
  tx: Writer,
  sandboxId: string,
  status: 'Activating' | 'Running' | 'Stopping',
  now: number,
): Promise<void> {
  const { job, attempt } = await lockBoth(tx, sandboxId);
  if (attempt.endedAt !== null) return;
  await changeAttempt(tx, attempt, {
    calledInAt: attempt.calledInAt ?? now,
    activatedAt: attempt.activatedAt ?? now,
    ...(status === 'Running' ? { startedAt: attempt.startedAt ?? now } : {}),
  });
  if (job.currentSandboxId !== sandboxId) return;
  const next = furtherStatus(job.status, status);
  const startedAt = status === 'Running' ? (job.startedAt ?? now) : job.startedAt;
  if (next !== job.status || startedAt !== job.startedAt) await changeJob(tx, job, { status: next, startedAt }, now);
}

export interface AttemptEnding {
  outcome: AttemptOutcome;
  reason: string;
  report?: AttemptReport | null;
  /** null: nobody can say whether every record is here. */
  verified?: boolean | null;
  fenced?: boolean;
  /** A foreign worker suspended the job itself. */
  suspended?: boolean;
}

/**
 * Ends the attempt and decides what becomes of its job. Doing it twice changes nothing. Answers the attempt as it was found: it may have been
 * given up since the caller looked.
 */
export async function endAttempt(tx: Writer, sandboxId: string, ending: AttemptEnding, now: number): Promise<Attempt> {
  const { job, attempt } = await lockBoth(tx, sandboxId);
  if (attempt.endedAt === null) await endLocked(tx, job, attempt, ending, now);
  return attempt;
}

/** The attempt is given up because nobody speaks for it. False when it has ended meanwhile, or was heard from. */
export async function fenceAttempt(tx: Writer, sandboxId: string, silentSince: number, now: number): Promise<boolean> {
  const { job, attempt } = await lockBoth(tx, sandboxId);
  if (attempt.endedAt !== null || (attempt.lastSeenAt > silentSince && !isAhead(attempt.lastSeenAt, now))) return false;
  const seconds = Math.round(fenceLimitMs(attempt) / 1000);
  const ending: AttemptEnding = {
    outcome: attempt.startedAt === null ? 'never-started' : 'interrupted',
    reason: `nothing was heard of it for more than ${String(seconds)} s`,
    fenced: true,
  };
  await endLocked(tx, job, attempt, ending, now);
  return true;
}

export type StopResult =
  /** It had not been picked up: it is Stopped already. */
  | { kind: 'stopped' }
  /** Its sandbox is told. */
  | { kind: 'stopping' }
  | { kind: 'ended'; status: JobStatus }
  | { kind: 'unknown' };

export async function requestStop(tx: Writer, accountId: string, jobId: string, now: number): Promise<StopResult> {
  const job = await lockJob(tx, jobId);
  if (job?.accountId !== accountId) return { kind: 'unknown' };
  if (isTerminal(job.status)) return { kind: 'ended', status: job.status };
  const attempt = job.currentSandboxId === null ? undefined : await lockAttempt(tx, job.currentSandboxId);
  if (attempt === undefined) {
    await changeJob(tx, job, { status: 'Stopped', stopRequestedAt: now, endedAt: now }, now);
    return { kind: 'stopped' };
  }
  if (attempt.calledInAt === null) {
    const asked = await changeJob(tx, job, { stopRequestedAt: now }, now);
    await endLocked(tx, asked, attempt, { outcome: 'stopped', reason: 'stopped before it was picked up' }, now);
    return { kind: 'stopped' };
  }
  if (job.stopRequestedAt === null) {
    await changeJob(tx, job, { status: 'Stopping', stopRequestedAt: now }, now);
    await sendMessage(tx, { sandboxId: attempt.sandboxId, jobId, kind: 'stop' }, now);
  }
  return { kind: 'stopping' };
}

/** Records that came after the end have closed the gap: everything that was reported is here. */
export async function confirmRecords(tx: Writer, sandboxId: string, now: number): Promise<void> {
  const { job, attempt } = await lockBoth(tx, sandboxId);
  await changeAttempt(tx, attempt, { verified: true });
  if (job.endedAt !== null && job.attemptCount === attempt.number) await changeJob(tx, job, { verified: true }, now);
}

async function endLocked(tx: Writer, job: Job, attempt: Attempt, ending: AttemptEnding, now: number): Promise<void> {
  const { outcome, reason } = await afterSuspending(tx, attempt, ending);
  const { report = null, verified = null, fenced = false } = ending;
  await changeAttempt(tx, attempt, { outcome, reason, report, verified, fenced, endedAt: now });
  await deleteMessages(tx, attempt.sandboxId);
  tx.publish(changed.sandbox(attempt.sandboxId));
  if (job.currentSandboxId !== attempt.sandboxId) return;

  const earlier = (await listAttempts(tx.db, job.id))
    .filter((one) => one.number < attempt.number && one.number > job.attemptsBefore)
    .map(ended);
  const last = { number: attempt.number, machineName: attempt.machineName, outcome, reason };
  const decision: JobDecision =
    ending.suspended === true
      ? { kind: 'ended', status: 'Suspended', exception: reason }
      : decideAfterAttempt({ rerun: job.rerun, stopRequested: job.stopRequestedAt !== null }, [...earlier, last]);
  if (decision.kind === 'again') {
    const change = { status: 'New', currentSandboxId: null, startedAt: null, queuedAt: now } as const;
    await changeJob(tx, job, { ...change, statusDetails: `Attempt ${String(attempt.number)} was lost: ${reason}` }, now);
    tx.publish(changed.queue(job.accountId, nameKey(job.groupName)));
  } else {
    const { status, exception, details = null } = decision;
    // What was suspended may be resumed; nothing else goes on.
    if (status !== 'Suspended') await deleteCheckpoint(tx, job.id);
    await changeJob(tx, job, { status, exception, statusDetails: details, currentSandboxId: null, endedAt: now, verified }, now);
  }
}

/**
 * An attempt that was lost between its Suspend-Workflow's checkpoint and its last word had suspended its job: nobody has said yet that
 * it is to go on.
 */
async function afterSuspending(
  tx: Writer,
  { jobId, sandboxId }: Attempt,
  { outcome, reason }: AttemptEnding,
): Promise<Pick<AttemptEnding, 'outcome' | 'reason'>> {
  if (outcome !== 'interrupted' && outcome !== 'sandbox-crashed') return { outcome, reason };
  const checkpoint = await findCheckpoint(tx.db, jobId);
  if (checkpoint?.kind !== 'suspend' || checkpoint.sandboxId !== sandboxId) return { outcome, reason };
  return {
    outcome: 'suspended',
    reason: `the workflow suspended itself at line ${String(checkpoint.line)}, and was lost before it could say so (${reason})`,
  };
}

function ended(attempt: Attempt): EndedAttempt {
  const { number, machineName, outcome, reason } = attempt;
  return { number, machineName, outcome: outcome ?? 'interrupted', reason: reason ?? '' };
}

async function lockBoth(tx: Writer, sandboxId: string): Promise<{ job: Job; attempt: Attempt }> {
  const found = await findAttempt(tx.db, sandboxId);
  const job = found && (await lockJob(tx, found.jobId));
  const attempt = job && (await lockAttempt(tx, sandboxId));
  if (job === undefined || attempt === undefined) throw new Error(`Attempt ${sandboxId} or its job is not there`);
  return { job, attempt };
}
