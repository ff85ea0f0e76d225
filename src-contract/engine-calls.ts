/**
 * What the window and the command line may ask of a worker, and what it tells them: the same map in process (Electron main) and over
 * the control channel (headless worker). Each call names the least role that may make it.
 */
import * as z from 'zod';
import { diagnosis, pathTest } from './diagnostics.ts';
import { eventLevel, logEvent } from './events.ts';
import { attemptOutcome, streamName } from './kinds.ts';
import { waitingJobs } from './jrds.ts';
import { eventPage, jobPage } from './lists.ts';
import { localPolicy, policyQuestion } from './policy.ts';
import { problem } from './problems.ts';
import { record } from './records.ts';
import { asking, consolePiece, maxUsageSamples, sandboxPhase, stopCourse, usageSample } from './sandbox.ts';
import { changeableSettings, proxySettings, settings, trust } from './settings.ts';

export const role = z.enum(['reader', 'operator', 'administrator']);
export type Role = z.infer<typeof role>;

/** A role may do what a lesser one may. */
export function mayActAs(held: Role, needed: Role): boolean {
  return role.options.indexOf(held) >= role.options.indexOf(needed);
}

export const workerStatus = z.enum([
  'not-connected', // no workspace yet
  'connecting', // joining, or waiting for the first answer
  'connected', // an agent; in no group (its pack may still be on the way)
  'ready', // registered, last poll answered, has room
  'full', // as ready, every slot taken
  'unable', // takes nothing for now: no sandbox could be started
  'paused', // takes no new work until resumed
  'draining', // finishes what runs, then ends
  'offline', // registered, but the service cannot be reached or refuses
]);
export type WorkerStatus = z.infer<typeof workerStatus>;

export const workerState = z.object({
  machineName: z.string(),
  version: z.string(),
  mode: z.enum(['app', 'headless']),
  dataFolder: z.string(),
  processId: z.int(),
  startedAt: z.string(),
  status: workerStatus,
  /** The answer to "can this worker take a job now, and if not, why?", one sentence without a full stop. */
  sentence: z.string(),
  connection: z
    .object({
      workspaceId: z.string(),
      workspaceName: z.string(),
      serviceUrl: z.string(),
      trust,
      proxy: proxySettings,
      since: z.string(),
      lastContact: z.string().nullable(),
      account: z.object({ accountId: z.string(), name: z.string(), endpoint: z.string() }).nullable(),
    })
    .nullable(),
  packs: z.array(z.object({ name: z.string(), version: z.string(), receivedAt: z.string(), folder: z.string() })),
  registration: z
    .object({
      groupName: z.string(),
      accountId: z.string(),
      accountName: z.string().nullable(),
      endpoint: z.string(),
      machineId: z.string(),
      thumbprint: z.string(),
      since: z.string(),
      lastContact: z.string().nullable(),
    })
    .nullable(),
  limit: z.int(),
  running: z.int(),
  /** null: this machine’s runtimes are still being looked for. */
  kinds: z.array(z.object({ kind: z.string(), label: z.string(), executable: z.string() })).nullable(),
  /** Whose rights runbooks have. `separated`: they cannot read what is the worker's. */
  runbooks: z.object({ user: z.string(), separated: z.boolean(), sentence: z.string() }),
  /** null: not draining. */
  drain: z.object({ since: z.string(), deadline: z.string().nullable() }).nullable(),
  problems: z.array(problem.extend({ since: z.string(), times: z.int() })),
});
export type WorkerState = z.infer<typeof workerState>;

/** A job of this worker, running or ended: one attempt. Identified by its sandbox id. */
export const jobView = z.object({
  sandboxId: z.string(),
  jobId: z.string(),
  runbookName: z.string(),
  kind: z.string(),
  runtime: z.string().nullable(),
  groupName: z.string(),
  startedBy: z.string().nullable(),
  attempt: z.int().nullable(),
  parameters: z.record(z.string(), z.string()),
  phase: sandboxPhase,
  outcome: attemptOutcome.nullable(),
  outcomeReason: z.string().nullable(),
  exitCode: z.int().nullable(),
  pickedUpAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  processId: z.int().nullable(),
  runtimePid: z.int().nullable(),
  recordCount: z.int(),
  acknowledgedCount: z.int(),
  lastRecord: z.object({ stream: streamName, text: z.string(), time: z.string() }).nullable(),
  wallMs: z.number().nullable(),
  cpuMs: z.number().nullable(),
  peakMemoryBytes: z.number().nullable(),
  /** Jobs of earlier versions say none of these three. */
  runAs: z.string().nullable().default(null),
  limits: z.string().nullable().default(null),
  processesLeft: z.int().nonnegative().nullable().default(null),
  /** true: the service confirmed count and chain; false: it lacks records; null: not yet known. */
  verified: z.boolean().nullable(),
  uploadTrouble: z.string().nullable(),
  /** As the sandbox reports them; jobs of earlier versions say none of these three. */
  oldestWaitingAt: z.string().nullable().default(null),
  hasConsole: z.boolean().default(false),
  stop: stopCourse.nullable().default(null),
  /** A person is to say whether the runbook may run (`policy:question`, `policy:answer`). */
  asking: asking.nullable().default(null),
});
export type JobView = z.infer<typeof jobView>;

export const recordNote = z.object({ time: z.string(), text: z.string(), after: z.int().nonnegative() });
export type RecordNote = z.infer<typeof recordNote>;

/** One call to the service and how far it came. */
export const wayTest = z.object({
  /** The proxy that was gone through, without its user's password; null: none. */
  proxy: z.string().nullable(),
  /** Where a system's setting decided it: which one, in words. */
  because: z.string().nullable(),
  stages: z.array(z.object({ stage: z.enum(['name', 'reached', 'proxy', 'tunnel', 'encrypted', 'answer']), tookMs: z.number() })),
  /** Whose certificate was shown and believed. */
  certificate: z.object({ issuer: z.string(), fingerprint: z.string() }).nullable(),
  /** null: the service answered. */
  problem: problem.nullable(),
});
export type WayTest = z.infer<typeof wayTest>;

const nothing = z.strictObject({});

/** Steps of registering, in order. */
export type RegistrationStep = 'pack' | 'service' | 'key' | 'register' | 'poll';
export const progressStep = z.object({
  operation: z.enum(['connect', 'change', 'register', 'unregister']),
  step: z.string(),
  label: z.string(),
  status: z.enum(['started', 'done', 'failed']),
  detail: z.string(),
});
export type ProgressStep = z.infer<typeof progressStep>;

export const engineCalls = {
  'worker:state': { role: 'reader', arguments: nothing, value: workerState },
  /** Measured while it is asked: takes a fifth of a second. */
  'worker:load': {
    role: 'reader',
    arguments: nothing,
    value: z.object({
      /** Of all cores together. */
      processorPercent: z.number(),
      memoryBytes: z.number(),
      memoryFreeBytes: z.number(),
      /** Of the disk that the data folder lies on. */
      diskBytes: z.number(),
      diskFreeBytes: z.number(),
    }),
  },
  'worker:pause': { role: 'operator', arguments: nothing, value: workerState },
  'worker:resume': { role: 'operator', arguments: nothing, value: workerState },
  /** Takes nothing new; the engine ends once what runs has ended. After the deadline what still runs is stopped. */
  'worker:drain': {
    role: 'operator',
    arguments: z.strictObject({ deadlineSeconds: z.number().min(0).max(2_592_000).optional() }),
    value: workerState,
  },
  /** Ends the engine now; running sandboxes go on and are found at the next start. */
  'worker:quit': { role: 'administrator', arguments: nothing, value: nothing },
  'connection:connect': {
    role: 'administrator',
    arguments: z.strictObject({
      workspaceId: z.string(),
      workspaceKey: z.string(),
      serviceUrl: z.string(),
      trust,
      proxy: proxySettings,
    }),
    value: workerState,
  },
  /** Trust and proxy of the connection that is there, tried first and kept only then. Needs no workspace key: this machine's certificate says who asks. */
  'connection:change': { role: 'administrator', arguments: z.strictObject({ trust, proxy: proxySettings }), value: workerState },
  /** Whether the service is reached in a way that need not be the present one. Changes nothing, and tells the service nothing. */
  'connection:test': {
    role: 'administrator',
    arguments: z.strictObject({ serviceUrl: z.string(), trust, proxy: proxySettings }),
    value: wayTest,
  },
  'connection:disconnect': { role: 'administrator', arguments: nothing, value: workerState },
  'registration:register': {
    role: 'administrator',
    arguments: z.strictObject({ groupName: z.string(), endpoint: z.string(), token: z.string() }),
    value: workerState,
  },
  'registration:unregister': {
    role: 'administrator',
    /** `local`: forget it here only, when the service cannot be reached or no longer knows this machine. */
    arguments: z.strictObject({ token: z.string().nullable(), local: z.boolean() }),
    value: workerState,
  },
  /** Jobs that wait for a worker of this one's group, and why; asked of the service. null: it does not tell. */
  'jobs:waiting': {
    role: 'reader',
    arguments: nothing,
    value: z.object({ waiting: z.object({ jobs: waitingJobs.shape.value, total: z.int().nonnegative() }).nullable() }),
  },
  /** Starts the service's sample `Test-HybridWorker` on this worker alone. null: the service has none. */
  'jobs:test': { role: 'operator', arguments: nothing, value: z.object({ jobId: z.string().nullable() }) },
  'jobs:running': { role: 'reader', arguments: nothing, value: z.array(jobView) },
  'jobs:list': {
    role: 'reader',
    arguments: jobPage,
    /** `counts`: jobs by outcome that fit everything but the filter by outcome. */
    value: z.object({ jobs: z.array(jobView), total: z.int(), counts: z.partialRecord(attemptOutcome, z.int()) }),
  },
  /** Jobs that ended, by hour and outcome; hours without any are left out. */
  'jobs:activity': {
    role: 'reader',
    arguments: z.strictObject({ since: z.string() }),
    value: z.object({
      hours: z.array(z.object({ start: z.string(), counts: z.partialRecord(attemptOutcome, z.int()) })).max(1000),
    }),
  },
  'jobs:get': { role: 'reader', arguments: z.strictObject({ id: z.string() }), value: jobView },
  'jobs:records': {
    role: 'reader',
    arguments: z.strictObject({ sandboxId: z.string(), from: z.int().nonnegative(), limit: z.int().min(1).max(2000) }),
    /** `next`: where to go on; `recordCount`: what the journal holds now. At most about 1 MiB of text a page. */
    value: z.object({ records: z.array(record), next: z.int(), recordCount: z.int(), damaged: z.string().nullable() }),
  },
  /** What the worker itself has noted beside an attempt's records: what was left out, how a stop went. `after`: so many records stood there. */
  'jobs:notes': {
    role: 'reader',
    arguments: z.strictObject({ sandboxId: z.string() }),
    value: z.object({ notes: z.array(recordNote) }),
  },
  /** Attempts at one job that ran here, oldest first. Those of other workers are known to the service alone. */
  'jobs:attempts': {
    role: 'reader',
    arguments: z.strictObject({ jobId: z.string() }),
    value: z.object({ attempts: z.array(jobView) }),
  },
  /**
   * What the runtime of a running job writes to its console, masked as its records are. Held until there is something after `from`, but at
   * most ten seconds: whoever looks on asks again and again. null: no sandbox of that id runs any more, or it has no console.
   */
  'jobs:console': {
    role: 'reader',
    arguments: z.strictObject({ sandboxId: z.string(), from: z.int().nonnegative() }),
    value: z.object({ piece: consolePiece.nullable() }),
  },
  /** What running jobs use, from `since` (ISO) on: of one, or of all. */
  'jobs:usage': {
    role: 'reader',
    arguments: z.strictObject({ sandboxId: z.string().nullable(), since: z.string().nullable() }),
    value: z.object({
      jobs: z.array(z.object({ sandboxId: z.string(), samples: z.array(usageSample).max(maxUsageSamples) })),
    }),
  },
  'jobs:stop': { role: 'operator', arguments: z.strictObject({ sandboxId: z.string() }), value: jobView },
  /** A suspended job goes back into the service's queue, for any worker of its group. Answers what is known of it here. */
  'jobs:resume': { role: 'operator', arguments: z.strictObject({ sandboxId: z.string() }), value: jobView },
  'events:list': {
    role: 'reader',
    arguments: eventPage,
    /**
     * `counts`: events by level that fit everything but the filter by level. `newest`: the highest number of all, whatever fits; 0: none.
     * `located`: how many events stand before the one to be located; null: it is not in the list, or none was asked for.
     */
    value: z.object({
      events: z.array(logEvent),
      more: z.boolean(),
      total: z.int(),
      newest: z.int(),
      located: z.int().nonnegative().nullable(),
      counts: z.record(eventLevel, z.int()),
    }),
  },
  /** Asks the service, the disk and the runtimes anew: takes a second or two, and half a minute where the service does not answer. */
  'diagnostics:run': { role: 'operator', arguments: nothing, value: diagnosis },
  /** Whether runbooks can list a folder, with the rights that they have here. */
  'diagnostics:test-path': {
    role: 'administrator',
    arguments: z.strictObject({ path: z.string().min(1).max(32_767) }),
    value: pathTest,
  },
  'settings:get': { role: 'reader', arguments: nothing, value: settings },
  'settings:change': { role: 'administrator', arguments: changeableSettings, value: settings },
  /** What this machine lets run, whatever the service sends. */
  'policy:get': { role: 'reader', arguments: nothing, value: localPolicy },
  /** For jobs that are picked up from then on. Rules that are not given stay as they are. */
  'policy:change': { role: 'administrator', arguments: localPolicy.partial(), value: localPolicy },
  /** What would run, where a person is to say whether it may. */
  'policy:question': { role: 'operator', arguments: z.strictObject({ sandboxId: z.string() }), value: policyQuestion },
  /** `sha256`: of the script that the person was shown. */
  'policy:answer': {
    role: 'administrator',
    arguments: z.strictObject({ sandboxId: z.string(), sha256: z.string(), allow: z.boolean() }),
    value: jobView,
  },
} as const satisfies Record<string, { role: Role; arguments: z.ZodType; value: z.ZodType }>;

export type EngineCallName = keyof typeof engineCalls;
export type EngineArguments<Name extends EngineCallName> = z.infer<(typeof engineCalls)[Name]['arguments']>;
export type EngineValue<Name extends EngineCallName> = z.infer<(typeof engineCalls)[Name]['value']>;

/** Past tense: told to everybody who subscribed. */
export const engineEvents = {
  'worker-changed': workerState,
  /** At most ten a second per job. */
  'job-changed': jobView,
  'event-logged': logEvent,
  'progress-made': progressStep,
} as const;
export type EngineEventName = keyof typeof engineEvents;
export type EngineEvent = {
  [Name in EngineEventName]: { event: Name; payload: z.infer<(typeof engineEvents)[Name]> };
}[EngineEventName];
