/**
 * The bodies of the calls #4, #5 and #6. Microsoft's sandbox dies of a missing key, so every key is here, in its casing, null where we
 * have nothing to say. The …Key numbers were database keys once; clients want a number there.
 */
import { jobStatusNumbers, pendingActions, runbookKinds } from '../../src-contract/kinds.ts';
import { wireTime, wireTimeOrNull } from '../clock.ts';
import type { Account } from '../store/accounts.ts';
import type { Attempt } from '../store/attempts.ts';
import type { Job } from '../store/jobs.ts';
import type { RunbookVersion } from '../store/runbooks.ts';

/** The protocol comes from a cloud with subscriptions; here there is one, and it has no name. */
const subscriptionId = '00000000-0000-0000-0000-000000000000';
const tierName = 'Basic';

interface JobParts {
  account: Account;
  job: Job;
  attempt: Attempt;
  hasCheckpoint: boolean;
}

/** 1 until the sandbox has taken the job on, 5 from a stop on, else null (never 0: clients call that unsupported). */
export function pendingActionOf(
  job: Pick<Job, 'stopRequestedAt'>,
  attempt: Pick<Attempt, 'activatedAt' | 'endedAt'>,
): number | null {
  if (attempt.endedAt !== null) return null;
  if (job.stopRequestedAt !== null) return pendingActions.Stop;
  return attempt.activatedAt === null ? pendingActions.Activate : null;
}

export function jobAnswer({ account, job, attempt }: Omit<JobParts, 'hasCheckpoint'>): Record<string, unknown> {
  return {
    accountId: account.id,
    accountKey: 0,
    accountName: account.name,
    creationTime: wireTime(job.createdAt),
    endTime: wireTimeOrNull(job.endedAt),
    fullWorkflowScript: null,
    invokedRunbookVersions: [],
    jobException: job.exception,
    jobId: job.id,
    jobKey: 0,
    jobStatus: jobStatusNumbers[job.status],
    jobStatusDetails: 0,
    lastModifiedTime: wireTime(job.lastModifiedAt),
    lastStatusModifiedTime: wireTime(job.lastStatusModifiedAt),
    moduleInfo: [],
    noPersistEvictionsCount: 0,
    parameters: job.parameters.length === 0 ? null : job.parameters,
    partitionId: 0,
    pendingAction: pendingActionOf(job, attempt),
    pendingActionData: null,
    resourceGroupName: account.name,
    runbookKey: 0,
    runbookName: job.runbookName,
    runbookVersion: job.runbookVersionId,
    runbookVersionId: job.runbookVersionId,
    runbookVersionKey: 0,
    runOn: job.groupName,
    startRequestTime: wireTime(job.createdAt),
    startTime: wireTimeOrNull(job.startedAt),
    status: null,
    subscriptionId,
    tierName,
    trackingId: attempt.sandboxId,
    triggerScope: 0,
    triggerSource: job.triggerSource,
    workflowInstanceId: null,
  };
}

/** `hrw` is ours; others do not look at it. */
export function updatableDataAnswer({ account, job, attempt, hasCheckpoint }: JobParts): Record<string, unknown> {
  return {
    AccountKey: 0,
    JobKey: 0,
    RunbookKey: 0,
    accountName: account.name,
    isDraft: job.isDraft,
    jobId: job.id,
    jobRunDestination: job.groupName,
    jobStartedBy: job.startedBy,
    jobStatus: jobStatusNumbers[job.status],
    jobStatusDetails: 0,
    logActivityTrace: 0,
    logDebug: job.logDebug,
    logProgress: job.logProgress,
    logVerbose: job.logVerbose,
    noPersistEvictionsCount: 0,
    partitionId: 0,
    pendingAction: pendingActionOf(job, attempt),
    pendingActionData: null,
    resourceGroupName: account.name,
    subscriptionId,
    tierName,
    triggerSource: job.triggerSource,
    workflowInstanceId: null,
    hrw: { attempt: attempt.number, rerun: job.rerun, hasCheckpoint },
  };
}

/** Name and kind are the job's: a version's runbook may have been renamed or deleted since the job was queued. */
export function runbookAnswer(job: Job, version: RunbookVersion): Record<string, unknown> {
  const { parameters } = version;
  return {
    name: job.runbookName,
    accountId: version.accountId,
    runbookId: version.runbookId,
    definition: version.definition,
    runbookDefinitionKind: runbookKinds[job.kind],
    runbookVersionId: version.id,
    parameters: parameters?.map(({ name, type }) => ({ Name: name, ParameterType: { Name: type } })) ?? null,
  };
}
