/**
 * Between the engine and its sandboxes. The hand-over goes over stdin as one JSON line, the acknowledgement comes back as one line on
 * stdout; then both are closed and the two talk over the sandbox's control endpoint (line channel, see node/line-channel.ts).
 * Versioned: an engine adopts sandboxes of its own contract version and of the one before.
 */
import * as z from 'zod';
import { attemptOutcome, runbookKind, streamName } from './kinds.ts';
import { localPolicy, policyQuestion } from './policy.ts';
import { trust, proxySettings } from './settings.ts';

export const sandboxContractVersion = 1;

export const jrdsAddress = z.object({
  jrdsUri: z.string(),
  accountId: z.string(),
  trust,
  proxy: proxySettings,
});
export type JrdsAddress = z.infer<typeof jrdsAddress>;

export const sandboxCredential = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('sandbox-secret'), secret: z.string() }),
  /** Only for services that give no sandbox secret. */
  z.object({ kind: z.literal('worker-certificate'), certificatePem: z.string(), privateKeyPem: z.string() }),
]);

export type SandboxCredential = z.infer<typeof sandboxCredential>;

/** Whose rights a runbook has. */
export const runbookUser = z.discriminatedUnion('kind', [
  /** Those of the worker itself. */
  z.object({ kind: z.literal('own'), name: z.string() }),
  z.object({ kind: z.literal('other'), name: z.string(), userId: z.int().positive(), groupId: z.int().positive() }),
  /** The settings name a user that cannot be used: nothing is run then, in no other's name. */
  z.object({ kind: z.literal('unavailable'), name: z.string(), reason: z.string() }),
]);
export type RunbookUser = z.infer<typeof runbookUser>;

/** Of all processes of one job together; null: no limit. */
export const jobLimits = z.object({
  memoryBytes: z.int().positive().nullable(),
  processes: z.int().positive().nullable(),
  cpuPercent: z.int().positive().nullable(),
});
export type JobLimits = z.infer<typeof jobLimits>;
export const noLimits: JobLimits = { memoryBytes: null, processes: null, cpuPercent: null };

export const sandboxHandOver = z.strictObject({
  contractVersion: z.literal(sandboxContractVersion),
  sandboxId: z.string(),
  address: jrdsAddress,
  credential: sandboxCredential,
  /** Absolute; the sandbox makes what is inside. */
  sandboxFolder: z.string(),
  journalsFolder: z.string(),
  /** Kinds of runbook that the engine found a runtime for, by their names, with the executables: absolute paths. */
  runtimes: z.array(z.object({ kind: z.string(), executable: z.string(), label: z.string() })),
  groupName: z.string(),
  /** What this machine's administrator lets run, as it was when the job was picked up. */
  policy: localPolicy,
  /** Stop ladder: how long to wait after asking before the tree is ended. */
  stopGraceSeconds: z.number().positive(),
  /** How long a runtime's host may take until it begins the runbook. */
  startLimitSeconds: z.number().positive(),
  /** Culture of PowerShell runbooks, BCP 47; empty: the machine's own. */
  culture: z.string(),
  /** Who the runtime runs as; the sandbox itself stays what it is. */
  runAs: runbookUser,
  limits: jobLimits,
  /** Only for a foreign service that puts several jobs into one sandbox id: this process takes just this job. */
  onlyJobId: z.string().optional(),
});
export type SandboxHandOver = z.infer<typeof sandboxHandOver>;

/**
 * Instead of a hand-over, for a sandbox that is started before its job is there: it makes ready what it can, acknowledges, and waits for the
 * hand-over as a second line. The end of its standard input is its end: nobody needs it any more.
 */
export const warmOrder = z.strictObject({
  contractVersion: z.literal(sandboxContractVersion),
  /** Absolute, and there. Home of the runtime, of which no other job knows. */
  warmFolder: z.string(),
  /** To be started as well; one whose host cannot wait for a job is left out. */
  runtime: z.object({ kind: runbookKind, executable: z.string() }).nullable(),
  culture: z.string(),
  runAs: runbookUser,
  limits: jobLimits,
});
export type WarmOrder = z.infer<typeof warmOrder>;

export const processIdentity = z.object({ bootId: z.string(), pid: z.int(), startTime: z.string() });
/** (boot id, pid, start time): the only safe name of a process. startTime is the platform's own unit, compared as text. */
export type ProcessIdentity = z.infer<typeof processIdentity>;

export const sandboxAcknowledgement = z.object({ ready: z.literal(true), process: processIdentity });

export const sandboxPhase = z.enum(['starting', 'loading', 'running', 'stopping', 'uploading', 'ended']);
export type SandboxPhase = z.infer<typeof sandboxPhase>;

/**
 * How far the stop ladder has got: a runtime with a host has its runbook asked first (its `finally` blocks have the whole grace), then every
 * process of the job is asked, then what is left is ended. `processes`: how many there were as the step began.
 */
export const stopCourse = z.object({
  reason: z.string(),
  /** Until then what was asked may end by itself. */
  deadline: z.string(),
  steps: z.array(z.object({ step: z.enum(['ask-runbook', 'ask-processes', 'end']), at: z.string(), processes: z.int() })).max(3),
  /** The runbook had not come to its end when the grace was over. */
  isCutOff: z.literal(true).optional(),
  /** Processes that could not be ended; null while the stop is under way. */
  left: z.int().nonnegative().nullable(),
});
export type StopCourse = z.infer<typeof stopCourse>;

/** Without an answer until then the runbook is refused. */
export const asking = z.object({ since: z.string(), until: z.string() });

/** All processes of a job together, at one moment. `cpuMs` only grows. */
export const usageSample = z.object({
  time: z.string(),
  cpuMs: z.number().nonnegative(),
  memoryBytes: z.number().nonnegative(),
  processes: z.int().nonnegative(),
});
export type UsageSample = z.infer<typeof usageSample>;
export const maxUsageSamples = 400;

/** What a sandbox says of itself: in state.json (rewritten on each phase change) and, more often, over its control endpoint. */
export const sandboxReport = z.object({
  contractVersion: z.int(),
  sandboxId: z.string(),
  process: processIdentity,
  /** Unix socket path or Windows pipe name. */
  controlAddress: z.string(),
  phase: sandboxPhase,
  since: z.string(),
  jobId: z.string().nullable(),
  runbookName: z.string().nullable(),
  kind: z.string().nullable(),
  runtime: z.string().nullable(),
  runtimePid: z.int().nullable(),
  startedBy: z.string().nullable(),
  attempt: z.int().nullable(),
  parameters: z.record(z.string(), z.string()),
  journalPath: z.string().nullable(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  recordCount: z.int().nonnegative(),
  /** Size of the journal, with what is about to be written; absent from sandboxes that did not count it yet. */
  journalBytes: z.number().nonnegative().default(0),
  acknowledgedCount: z.int().nonnegative(),
  lastRecord: z.object({ stream: streamName, text: z.string(), time: z.string() }).nullable(),
  outcome: attemptOutcome.nullable(),
  outcomeReason: z.string().nullable(),
  exitCode: z.int().nullable(),
  wallMs: z.number().nullable(),
  cpuMs: z.number().nullable(),
  peakMemoryBytes: z.number().nullable(),
  /** Sandboxes of earlier versions say none of these three. */
  runAs: z.string().nullable().default(null),
  /** Which limits hold for the job and how they are kept, in words; null: none. */
  limits: z.string().nullable().default(null),
  /** Processes of the job still alive after everything was tried, counted at its end. */
  processesLeft: z.int().nonnegative().nullable().default(null),
  /** The service confirmed count and chain, or says what it lacks; null while running or with a foreign service. */
  verified: z.boolean().nullable(),
  /** What keeps the upload waiting, in words; null when nothing does. */
  uploadTrouble: z.string().nullable(),
  /** When the oldest record was written that the service does not have; null: it has all. Earlier versions say none of these three. */
  oldestWaitingAt: z.string().nullable().default(null),
  /** The runtime writes to a console beside its records. */
  hasConsole: z.boolean().default(false),
  /** null: nobody has asked it to stop, or nothing ran that could be. */
  stop: stopCourse.nullable().default(null),
  /** A person is being asked whether the runbook may run. Earlier versions never ask. */
  asking: asking.nullable().default(null),
});
export type SandboxReport = z.infer<typeof sandboxReport>;

/** What a sandbox knows before it has a job. */
export const reportWithoutJob = {
  jobId: null,
  runbookName: null,
  kind: null,
  runtime: null,
  runtimePid: null,
  startedBy: null,
  attempt: null,
  parameters: {},
  journalPath: null,
  startedAt: null,
  endedAt: null,
  recordCount: 0,
  journalBytes: 0,
  acknowledgedCount: 0,
  lastRecord: null,
  outcome: null,
  outcomeReason: null,
  exitCode: null,
  wallMs: null,
  cpuMs: null,
  peakMemoryBytes: null,
  runAs: null,
  limits: null,
  processesLeft: null,
  verified: null,
  uploadTrouble: null,
  oldestWaitingAt: null,
  hasConsole: false,
  stop: null,
  asking: null,
} as const satisfies Partial<SandboxReport>;

/**
 * A stretch of the runtime's console: what it wrote beside its records, control sequences included. Where the beginning is no longer kept,
 * `from` is more than was asked for.
 */
export const consolePiece = z.strictObject({
  from: z.int().nonnegative(),
  /** Bytes ever written: where to go on. */
  next: z.int().nonnegative(),
  /** Base64. */
  bytes: z.string(),
  columns: z.int(),
  rows: z.int(),
});

export type ConsolePiece = z.infer<typeof consolePiece>;

/** Engine → sandbox calls over the control endpoint; the sandbox pushes `report` and `console` events. */
export const sandboxCalls = {
  'sandbox:report': { arguments: z.strictObject({}), value: sandboxReport },
  'sandbox:console': { arguments: z.strictObject({ from: z.int().nonnegative() }), value: consolePiece },
  /** Samples after `since` (ISO), of the last minutes, with one of now. A sandbox of an earlier version has no such call. */
  'sandbox:usage': {
    arguments: z.strictObject({ since: z.string().nullable() }),
    value: z.strictObject({ samples: z.array(usageSample).max(maxUsageSamples) }),
  },
  /** null: nobody is asked anything. A sandbox of an earlier version has neither of these two calls. */
  'sandbox:question': {
    arguments: z.strictObject({}),
    value: z.strictObject({ question: policyQuestion.nullable() }),
  },
  'sandbox:answer': {
    arguments: z.strictObject({ sha256: z.string(), allow: z.boolean() }),
    value: z.strictObject({ accepted: z.boolean() }),
  },
  'sandbox:stop': { arguments: z.strictObject({ reason: z.string() }), value: z.strictObject({ accepted: z.boolean() }) },
} as const;
export const sandboxEvents = {
  report: sandboxReport,
  /** The console has grown to so many bytes: at most ten times a second. */
  console: z.strictObject({ next: z.int().nonnegative() }),
} as const;

/** Header line of the journal's first frame. */
export const journalBegin = z.object({
  kind: z.literal('begin'),
  contractVersion: z.int(),
  jobId: z.string(),
  sandboxId: z.string(),
  attempt: z.int().nullable(),
  runbookName: z.string(),
  runbookKind: z.string(),
  time: z.string(),
});
/** Header line of a frame of records: `count` JSON lines follow, `first` is the sequence of the first. */
export const journalRecords = z.object({ kind: z.literal('records'), first: z.int().nonnegative(), count: z.int().positive() });
/** Header line of the last frame: what the attempt came to (never uploaded; recordCount and chain are of the frames before it). */
export const journalEnd = z.object({
  kind: z.literal('end'),
  time: z.string(),
  outcome: attemptOutcome,
  reason: z.string(),
  exitCode: z.int().nullable(),
});
/** Something decided about this journal (quota reached, tail cut). */
export const journalDecision = z.object({ kind: z.literal('decision'), time: z.string(), text: z.string() });
export const journalHeader = z.discriminatedUnion('kind', [journalBegin, journalRecords, journalEnd, journalDecision]);
export type JournalHeader = z.infer<typeof journalHeader>;
