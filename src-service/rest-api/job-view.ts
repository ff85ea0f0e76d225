/** Jobs as REST shows them. */
import type { WireParameter } from '../../src-contract/jrds.ts';
import type { JobStatus } from '../../src-contract/kinds.ts';
import type { AttemptView, JobDetails, JobSummary, RecordRange } from '../../src-contract/rest/jobs.ts';
import type { ServiceContext } from '../context.ts';
import { listAttempts, type Attempt } from '../store/attempts.ts';
import type { Job } from '../store/jobs.ts';
import { findMissingRecords } from '../store/missing-records.ts';
import { isoTime, isoTimeOrNull } from './times.ts';

export async function viewJob(context: ServiceContext, job: Job): Promise<JobDetails> {
  const { db } = context.store;
  const attempts = await listAttempts(db, job.id);
  const views: AttemptView[] = [];
  for (const attempt of attempts) views.push(viewAttempt(attempt, await findMissingRecords(db, attempt)));
  return {
    ...summarizeJob(job),
    waitingReason: await context.dispatcher.explainWaiting(job),
    attempts: views,
    recordCount: attempts.at(-1)?.recordCount ?? 0,
    missingRecords: views.at(-1)?.missingRecords ?? null,
  };
}

export function summarizeJob(job: Job): JobSummary {
  return {
    jobId: job.id,
    name: job.name,
    runbookName: job.runbookName,
    kind: job.kind,
    isDraft: job.isDraft,
    runOn: job.groupName,
    startedBy: job.startedBy,
    parameters: Object.fromEntries(job.parameters.map((one, index) => [one.Name ?? String(index), readValue(one)])),
    status: job.status,
    statusDetails: job.statusDetails,
    provisioningState: provisioningStateOf(job.status),
    exception: job.exception,
    creationTime: isoTime(job.createdAt),
    startTime: isoTimeOrNull(job.startedAt),
    endTime: isoTimeOrNull(job.endedAt),
    lastModifiedTime: isoTime(job.lastModifiedAt),
    lastStatusModifiedTime: isoTime(job.lastStatusModifiedAt),
    stopRequestedTime: isoTimeOrNull(job.stopRequestedAt),
    rerun: job.rerun,
    verified: job.verified,
  };
}

function readValue({ Value }: WireParameter): unknown {
  if (Value === null) return null;
  try {
    return JSON.parse(Value) as unknown;
  } catch {
    return Value;
  }
}

function provisioningStateOf(status: JobStatus): JobSummary['provisioningState'] {
  if (status === 'Failed') return 'Failed';
  if (status === 'Suspended') return 'Suspended';
  return status === 'Completed' || status === 'Stopped' ? 'Succeeded' : 'Processing';
}

function viewAttempt(attempt: Attempt, missingRecords: RecordRange[] | null): AttemptView {
  const { report } = attempt;
  return {
    attempt: attempt.number,
    sandboxId: attempt.sandboxId,
    machineId: attempt.machineId,
    workerName: attempt.machineName,
    handedOutTime: isoTime(attempt.handedOutAt),
    startTime: isoTimeOrNull(attempt.startedAt),
    endTime: isoTimeOrNull(attempt.endedAt),
    outcome: attempt.outcome,
    reason: attempt.reason,
    exitCode: report?.exitCode ?? null,
    runtime: report?.runtime ?? null,
    wallMs: report?.wallMs ?? null,
    cpuMs: report?.cpuMs ?? null,
    peakMemoryBytes: report?.peakMemoryBytes ?? null,
    processesLeft: report?.processesLeft ?? null,
    recordCount: attempt.recordCount,
    recordBytes: attempt.recordBytes,
    verified: attempt.verified,
    reportedCount: report?.recordCount ?? null,
    missingRecords,
  };
}
