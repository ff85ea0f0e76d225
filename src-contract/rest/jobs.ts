/** Jobs: start, look, stop, output, streams. Names and states are Azure Automation's. */
import * as z from 'zod';
import { attemptOutcome, jobStatus, rerunPolicy, runbookKind, streamName } from '../kinds.ts';
import { maxParameterBytes } from '../limits.ts';
import { record } from '../records.ts';
import { nothing, pageOf, pageQuery, time, type Operation } from './operation.ts';

/** Sequence numbers, the first of an attempt's records being 0. Both ends belong to it. */
export const recordRange = z.object({ first: z.int().nonnegative(), last: z.int().nonnegative() }).meta({ id: 'RecordRange' });
export type RecordRange = z.infer<typeof recordRange>;

/** Services of earlier versions say nothing of them. */
const missingRecords = z.array(recordRange).nullable().default(null);

export const attempt = z
  .object({
    attempt: z.int().meta({ description: '1, 2, 3' }),
    sandboxId: z.string(),
    machineId: z.string(),
    workerName: z.string(),
    handedOutTime: time,
    startTime: time.nullable(),
    endTime: time.nullable(),
    outcome: attemptOutcome.nullable(),
    reason: z.string().nullable(),
    exitCode: z.int().nullable(),
    runtime: z.string().nullable(),
    wallMs: z.number().nullable(),
    cpuMs: z.number().nullable(),
    peakMemoryBytes: z.number().nullable(),
    processesLeft: z.int().nullable(),
    recordCount: z.int(),
    recordBytes: z.int(),
    verified: z.boolean().nullable().meta({
      description: 'true: count and hash chain of the records are those that the sandbox reported; null: it did not say.',
    }),
    reportedCount: z.int().nullable().default(null).meta({
      description: 'How many records the sandbox says at its end that it has written; null: it has not said it.',
    }),
    missingRecords: missingRecords.meta({
      description:
        'Which records the sandbox has written and the service does not have. None, although verified is false: the two have different records, or the sandbox has lost some of its own. null: not known.',
    }),
  })
  .meta({ id: 'Attempt' });
export type AttemptView = z.infer<typeof attempt>;

export const job = z
  .object({
    jobId: z.string(),
    name: z.string(),
    runbookName: z.string(),
    kind: runbookKind,
    isDraft: z.boolean(),
    runOn: z.string(),
    startedBy: z.string(),
    parameters: z.record(z.string(), z.unknown()),
    status: jobStatus,
    statusDetails: z.string().nullable(),
    provisioningState: z.enum(['Processing', 'Succeeded', 'Failed', 'Suspended']),
    exception: z.string().nullable(),
    waitingReason: z.string().nullable().meta({ description: 'Why no worker has the job yet, one sentence; null when one has.' }),
    creationTime: time,
    startTime: time.nullable(),
    endTime: time.nullable(),
    lastModifiedTime: time,
    lastStatusModifiedTime: time,
    stopRequestedTime: time.nullable(),
    rerun: rerunPolicy,
    attempts: z.array(attempt),
    recordCount: z.int().meta({ description: 'Records of the latest attempt.' }),
    verified: z.boolean().nullable(),
    missingRecords: missingRecords.meta({ description: 'Of the latest attempt; as there.' }),
  })
  .meta({ id: 'Job' });
export type JobDetails = z.infer<typeof job>;

/** In a list: without attempts. */
export const jobSummary = job
  .omit({ attempts: true, waitingReason: true, recordCount: true, missingRecords: true })
  .meta({ id: 'JobSummary' });
export type JobSummary = z.infer<typeof jobSummary>;

export const startJob = z
  .strictObject({
    runbook: z.strictObject({ name: z.string() }),
    parameters: z
      .record(z.string(), z.unknown())
      .default({})
      .meta({ description: 'Values by name: JSON, or text that holds the value.' }),
    runOn: z.string().meta({ description: 'The worker group.' }),
    startedBy: z
      .string()
      .max(200)
      .regex(/^\P{Cc}*$/u, 'it holds control characters')
      .optional()
      .meta({ description: 'Whom to show as having started it; else the token’s name.' }),
  })
  .meta({ id: 'StartJob' });

export const jobStream = z
  .object({
    jobStreamId: z.string(),
    attempt: z.int(),
    sequence: z.int(),
    time: z.string(),
    streamType: streamName,
    streamText: z.string(),
    part: record.shape.part.meta({
      description: 'Present when one entry was longer than a record may be: its parts follow one another.',
    }),
    value: z.unknown().optional(),
    progress: record.shape.progress,
    position: record.shape.position,
  })
  .meta({ id: 'JobStream' });
export type JobStream = z.infer<typeof jobStream>;

/** Server-sent events of a job; the data is JSON of these shapes. */
export const liveEvents = {
  /** `id` is `<attempt>/<sequence>` of the last record in it. */
  records: z.object({ records: z.array(jobStream) }).meta({ id: 'LiveRecords' }),
  status: job.omit({ parameters: true }).meta({ id: 'LiveStatus' }),
  /** Nothing follows. */
  end: z.object({ status: jobStatus }).meta({ id: 'LiveEnd' }),
} as const;

const streamFilter = {
  streamType: streamName.optional(),
  attempt: z.coerce.number().int().min(1).optional().meta({ description: 'Only this attempt; else every one, in order.' }),
};
const path = '/automationAccounts/{accountName}/jobs/{jobName}';

export const jobOperations = {
  'jobs:list': {
    method: 'GET',
    path: '/automationAccounts/{accountName}/jobs',
    role: 'reader',
    summary: 'Lists jobs, newest first.',
    query: pageQuery.extend({
      status: jobStatus.optional(),
      runbook: z.string().optional(),
      runOn: z.string().optional(),
      startedBy: z.string().optional(),
      from: time.optional().meta({ description: 'Made at or after this time.' }),
      to: time.optional().meta({ description: 'Made before this time.' }),
    }),
    answers: { 200: pageOf(jobSummary).meta({ id: 'JobPage' }) },
    errors: ['resource-unknown'],
  },
  'jobs:start': {
    method: 'PUT',
    path,
    role: 'operator',
    summary: 'Starts a published runbook on a worker group. The name is the caller’s: the same call twice is one job.',
    body: startJob,
    maxBodyBytes: 2 * maxParameterBytes,
    answers: { 201: job, 200: job },
    errors: [
      'resource-unknown',
      'resource-exists',
      'runbook-not-published',
      'group-name-invalid',
      'parameter-unknown',
      'parameter-missing',
      'parameter-wrong-type',
      'parameters-too-large',
      'workflow-not-translatable',
    ],
  },
  'jobs:get': {
    method: 'GET',
    path,
    role: 'reader',
    summary: 'One job: its state, why it waits, and each attempt with what came of it.',
    answers: { 200: job },
    errors: ['resource-unknown'],
  },
  'jobs:stop': {
    method: 'POST',
    path: `${path}/stop`,
    role: 'operator',
    summary: 'Asks for the job to be stopped. One that still waits is stopped at once.',
    body: nothing,
    answers: { 200: job },
    errors: ['resource-unknown', 'job-ended'],
  },
  'jobs:resume': {
    method: 'POST',
    path: `${path}/resume`,
    role: 'operator',
    summary:
      'Lets a suspended job go on: from its checkpoint where it has one, on any worker of its group; else from the beginning.',
    body: nothing,
    answers: { 200: job },
    errors: ['resource-unknown', 'job-not-suspended'],
  },
  'jobs:output': {
    method: 'GET',
    path: `${path}/output`,
    role: 'reader',
    summary: 'The Output stream of the latest attempt as text, an entry a line.',
    query: z.strictObject({ attempt: streamFilter.attempt }),
    answers: { 200: { media: 'text/plain', description: 'The output so far.' } },
    errors: ['resource-unknown'],
  },
  'jobs:streams': {
    method: 'GET',
    path: `${path}/streams`,
    role: 'reader',
    summary: 'Records in order, a page at a time.',
    query: pageQuery.extend({ ...streamFilter, from: time.optional().meta({ description: 'Written at or after this time.' }) }),
    answers: { 200: pageOf(jobStream).meta({ id: 'JobStreamPage' }) },
    errors: ['resource-unknown'],
  },
  'jobs:live': {
    method: 'GET',
    path: `${path}/streams/live`,
    role: 'reader',
    summary:
      'Records and status as server-sent events until the job has ended: `records`, `status`, `end`. `Last-Event-ID` goes on after that record.',
    query: z.strictObject({ streamType: streamFilter.streamType }),
    answers: { 200: { media: 'text/event-stream', description: 'Events with the data of LiveRecords, LiveStatus and LiveEnd.' } },
    errors: ['resource-unknown'],
  },
  'jobs:runbook-content': {
    method: 'GET',
    path: `${path}/runbookContent`,
    role: 'reader',
    summary: 'The script that the job runs or ran.',
    answers: { 200: { media: 'text/plain', description: 'The script, UTF-8.' } },
    errors: ['resource-unknown'],
  },
} as const satisfies Record<string, Operation>;
