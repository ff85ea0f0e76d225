/**
 * The Job Runtime Data Service: everything between a registered worker (and its sandboxes) and the service.
 * Keys and casing are those that Microsoft's workers need; what our own workers add is under the key `hrw` or in HRW- headers.
 */
import * as z from 'zod';
import { attemptOutcome, jobStatus } from './kinds.ts';

export const apiVersion = '1.0';

export const headers = {
  version: 'hrw-version',
  kinds: 'hrw-kinds',
  freeSlots: 'hrw-free-slots',
  limit: 'hrw-limit',
  state: 'hrw-state',
  features: 'hrw-features',
  /** `translated`: the worker runs workflows, but only those that workflow compatibility can translate. */
  workflows: 'hrw-workflows',
  /** A call for work brings what the last answer had in it, or `first`: so a copied worker is noticed. */
  turn: 'hrw-turn',
} as const;

/** What a service may offer beyond the protocol, in `HRW-Features`, comma separated. */
export const featureNames = [
  'wait',
  'record-batches',
  'sandbox-secret',
  'outcome',
  'checkpoints',
  'child-jobs',
  'own-group',
] as const;
export type FeatureName = (typeof featureNames)[number];
export const framesContentType = 'application/vnd.hrw.journal-frames';
export const checkpointContentType = 'application/vnd.hrw.checkpoint+xml';

/** What a worker says of itself with each poll. */
export const workerReadiness = z.enum(['ready', 'full', 'paused', 'draining', 'unable']);
export type WorkerReadiness = z.infer<typeof workerReadiness>;

/** #1 GET …/Sandboxes/GetSandboxActions. MSISecret must be present for Microsoft's worker. */
export const sandboxActions = z.object({
  value: z.array(
    z.object({
      SandboxId: z.string(),
      ConnectionEndpoint: z.string().nullish(),
      ConnectionPort: z.int().nullish(),
      /** Our service: base64 of the sandbox secret. */
      SandboxCookie: z.string().nullish(),
      /** Our service: the kind of the job's runbook, as a number, so that a worker takes from what it keeps ready what the job needs. */
      RunbookKind: z.int().nullish(),
      CredentialName: z.string().nullish(),
      MSISecret: z.string().nullish(),
    }),
  ),
});
export type SandboxActions = z.infer<typeof sandboxActions>;

/** #2 GET …/Sandboxes/{id}/jobs/getJobActions. */
export const jobActions = z.object({
  value: z.array(
    z.object({
      MessageMetadata: z.object({ PopReceipt: z.string(), MessageId: z.string() }),
      MessageSource: z.string().nullish(),
      LockToken: z.string().nullish(),
      JobId: z.string(),
    }),
  ),
});
export type JobActions = z.infer<typeof jobActions>;

/** #3 POST …/jobs/AcknowledgeJobActions. */
export const acknowledgeBody = z.object({
  MessageMetadatas: z.array(z.object({ PopReceipt: z.string(), MessageId: z.string() })),
});

/** `Value` is JSON text; text that is no JSON stands for itself. */
export const wireParameter = z.object({ Name: z.string().nullish(), Value: z.string().nullable() });
export type WireParameter = z.infer<typeof wireParameter>;

/** #4 GET …/jobs/{jobId}: all keys are required by Microsoft's sandbox. A client of ours reads those named here. */
export const jobDataRead = z.object({
  jobId: z.string(),
  jobStatus: z.int(),
  pendingAction: z.int().nullable(),
  parameters: z.array(wireParameter).nullable(),
  runbookName: z.string(),
  runbookVersionId: z.string(),
  runOn: z.string().nullish(),
  startRequestTime: z.string().nullish(),
  accountName: z.string().nullish(),
  trackingId: z.string().nullish(),
  subscriptionId: z.string().nullish(),
  resourceGroupName: z.string().nullish(),
});
export type JobDataRead = z.infer<typeof jobDataRead>;

/** #5 GET …/jobs/{jobId}/getUpdatableData. `hrw` is ours. */
export const updatableDataRead = z.object({
  isDraft: z.boolean(),
  logVerbose: z.boolean().nullish(),
  logDebug: z.boolean().nullish(),
  logProgress: z.boolean().nullish(),
  jobStartedBy: z.string().nullish(),
  hrw: z
    .object({
      attempt: z.int(),
      rerun: z.string(),
      /** There is a checkpoint to go on from. */
      hasCheckpoint: z.boolean().optional(),
    })
    .optional(),
});
export type UpdatableDataRead = z.infer<typeof updatableDataRead>;

/** #6 GET …/runbooks/{runbookVersionId}. `ParameterType.Name` is a .NET type name. */
export const runbookRead = z.object({
  name: z.string(),
  definition: z.string(),
  runbookDefinitionKind: z.int(),
  runbookVersionId: z.string(),
  parameters: z.array(z.object({ Name: z.string(), ParameterType: z.object({ Name: z.string() }).nullish() })).nullable(),
});
export type RunbookRead = z.infer<typeof runbookRead>;

/** What our sandbox (or the engine for a dead one) reports with the final status. */
export const attemptReport = z.object({
  outcome: attemptOutcome,
  reason: z.string(),
  exitCode: z.int().nullable(),
  /** Records of the attempt and the chain after the last record frame, lower-case hex. The service compares both. */
  recordCount: z.int().nonnegative(),
  chain: z.string(),
  runtime: z.string(),
  processId: z.int().nullable(),
  wallMs: z.number().nonnegative(),
  cpuMs: z.number().nonnegative().nullable(),
  peakMemoryBytes: z.number().nonnegative().nullable(),
  /** Processes of the job's tree still alive after the end, counted. */
  processesLeft: z.int().nonnegative(),
  /** The user that the runtime ran as, and the limits that held, in words. Earlier versions say neither. */
  runAs: z.string().nullish(),
  limits: z.string().nullish(),
});
export type AttemptReport = z.infer<typeof attemptReport>;

/** #7 POST …/changeStatus. Status is a name or a number. */
export const changeStatusBody = z.object({
  jobStatus: z.union([z.string(), z.int()]),
  isFinalStatus: z.boolean().nullish(),
  exception: z.string().nullish(),
  extendedProperty: z.unknown().optional(),
  hrw: attemptReport.optional(),
});
export type ChangeStatusBody = z.infer<typeof changeStatusBody>;

/** Answer to a records upload, to `records/acknowledged`, and in the 409 of either upload or final status. */
export const acknowledged = z.object({
  /** Records the service has without a gap: the sequence of the next one it wants. */
  acknowledged: z.int().nonnegative(),
  /** The service's chain at that point, lower-case hex; 64 zeros before the first frame. */
  chain: z.string(),
});
export type Acknowledged = z.infer<typeof acknowledged>;

/**
 * Ours, `checkpoints`: PUT …/Sandboxes/{id}/jobs/{jobId}/checkpoint keeps the body (CLIXML, opaque to the service) instead of the one before;
 * GET answers it. `suspend`: the sandbox is about to report the outcome suspended.
 */
export const checkpointQuery = z.object({ kind: z.enum(['checkpoint', 'suspend']), line: z.coerce.number().int().nonnegative() });
export type CheckpointQuery = z.infer<typeof checkpointQuery>;

/** #8 POST …/postJobStream: foreign workers, and ours with a foreign service. */
export const postStreamBody = z.object({
  AccountId: z.string().nullish(),
  JobId: z.string().nullish(),
  RecordTime: z.string().nullish(),
  RunbookVersionId: z.string().nullish(),
  SequenceNumber: z.int().nonnegative(),
  StreamRecord: z.unknown().optional(),
  StreamRecordText: z.string().nullable(),
  Type: z.string(),
  extendedProperty: z.unknown().optional(),
});
export type PostStreamBody = z.infer<typeof postStreamBody>;

/** #9 POST …/unload. */
export const unloadBody = z.object({
  subscriptionId: z.string().nullish(),
  jobId: z.string().nullish(),
  isTest: z.boolean().nullish(),
  startTime: z.string().nullish(),
  executionTimeInSeconds: z.number().nullish(),
});

/** #10 POST …/logs. */
export const traceBody = z.object({
  eventId: z.int(),
  activityId: z.string().nullish(),
  logtype: z.int().nullish(),
  args: z.array(z.unknown()).nullish(),
});
/** Inner places of `args` for eventId 16000. */
export const traceArgs = {
  accountId: 0,
  subscriptionId: 1,
  group: 2,
  machineId: 3,
  component: 4,
  innerEventId: 5,
  workerVersion: 11,
  message: 12,
} as const;

/** #11–#14 assets, as the protocol gives them. */
export const variableRead = z.object({ name: z.string(), value: z.string().nullable(), isEncrypted: z.boolean() });
export const variableWrite = z.object({ name: z.string(), value: z.string().nullable(), isEncrypted: z.boolean().nullish() });
export const credentialRead = z.object({
  name: z.string(),
  userName: z.string(),
  value: z.string(),
  description: z.string().nullish(),
});
export const connectionRead = z.object({
  connectionFields: z.record(z.string(), z.unknown()),
  encryptedFieldNames: z.array(z.string()),
});
export const certificateRead = z.object({
  name: z.string(),
  thumbprint: z.string(),
  isExportable: z.boolean(),
  value: z.string(),
  expiryTime: z.string().nullish(),
});

/** #15 POST …/hybridCertificateRotation, sent with the old certificate. */
export const rotationBody = z.object({
  Thumbprint: z.string(),
  Issuer: z.string().nullish(),
  Subject: z.string().nullish(),
  NotBefore: z.string().nullish(),
  NotAfter: z.string().nullish(),
});

/** Ours: PUT …/Sandboxes/{sandboxId}/jobs/{jobId}/children/{childId}. The id is the sandbox's: the same call twice is one job. */
export const childJobBody = z.object({
  runbookName: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  /** null: the group of the job that starts it. */
  runOn: z.string().nullable(),
});
export type ChildJobBody = z.infer<typeof childJobBody>;
/** Its answer, and that of GET. */
export const childJob = z.object({
  jobId: z.string(),
  runbookName: z.string(),
  status: jobStatus,
  exception: z.string().nullable(),
});
export type ChildJob = z.infer<typeof childJob>;

/** Feature `own-group`. Of the caller's group, oldest first, at most so many; `total` says how many there are. */
export const mostWaitingJobs = 20;
export const waitingJobs = z.object({
  value: z.array(
    z.object({
      jobId: z.string(),
      runbookName: z.string(),
      startedBy: z.string(),
      queuedAt: z.string(),
      /** One sentence without a full stop. */
      reason: z.string(),
    }),
  ),
  total: z.int().nonnegative(),
});
export type WaitingJobs = z.infer<typeof waitingJobs>;

export const testJob = z.object({ jobId: z.string() });
export type TestJob = z.infer<typeof testJob>;
