/** A suspended job goes back into the queue: any worker of its group may take it, and goes on from the checkpoint if there is one. */
import { AppError } from '../../src-contract/app-error.ts';
import type { JobStatus } from '../../src-contract/kinds.ts';
import { changed } from '../store/changes.ts';
import { findCheckpoint } from '../store/checkpoints.ts';
import { changeJob, lockJob } from '../store/jobs.ts';
import { nameKey } from '../store/names.ts';
import type { Writer } from '../store/store.ts';

export type ResumeResult = { kind: 'resumed' } | { kind: 'not-suspended'; status: JobStatus } | { kind: 'unknown' };

export async function resumeJob(tx: Writer, accountId: string, jobId: string, now: number): Promise<ResumeResult> {
  const job = await lockJob(tx, jobId);
  if (job?.accountId !== accountId) return { kind: 'unknown' };
  if (job.status !== 'Suspended') return { kind: 'not-suspended', status: job.status };
  const checkpoint = await findCheckpoint(tx.db, jobId);
  const from = checkpoint === undefined ? 'the beginning' : `the checkpoint of line ${String(checkpoint.line)}`;
  await changeJob(
    tx,
    job,
    {
      status: 'New',
      statusDetails: `Resumed from ${from}`,
      exception: null,
      currentSandboxId: null,
      // Whoever had it may have it again at once: it was not lost there.
      lastMachineId: null,
      // Lost attempts are counted anew.
      attemptsBefore: job.attemptCount,
      startedAt: null,
      endedAt: null,
      verified: null,
      stopRequestedAt: null,
      queuedAt: now,
    },
    now,
  );
  tx.publish(changed.queue(job.accountId, nameKey(job.groupName)));
  return { kind: 'resumed' };
}

/** @throws AppError */
export function refuseResume(result: ResumeResult, jobId: string): void {
  if (result.kind === 'not-suspended') throw new AppError('job-not-suspended', { jobId, status: result.status });
  if (result.kind === 'unknown') throw new AppError('resource-unknown', { what: 'job', name: jobId });
}
