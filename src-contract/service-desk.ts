/**
 * What the window asks of the service itself, through the Electron main process: for whoever has a token of the REST API. The engine has
 * no part in it, and the token never goes back to the window.
 */
import * as z from 'zod';
import { engineCalls } from './engine-calls.ts';
import { job } from './rest/jobs.ts';
import { workerGroup } from './rest/groups.ts';
import { runbook } from './rest/runbooks.ts';

const nothing = z.strictObject({});

/** `encrypted`: by the operating system, for this user alone. `file`: in a file that only this user may read. */
export const tokenKeeping = z.enum(['encrypted', 'file']);
export type TokenKeeping = z.infer<typeof tokenKeeping>;

export const serviceAccess = z.object({
  /** null: this machine is in no group, or its service named no REST address or no account name. */
  service: z.object({ restApiUri: z.string(), accountName: z.string(), groupName: z.string() }).nullable(),
  /** Of the token for that service; null: none is kept. */
  kept: z.object({ how: tokenKeeping, file: z.string(), since: z.string() }).nullable(),
  /** What would become of one that is given now. */
  wouldKeep: tokenKeeping,
});
export type ServiceAccessView = z.infer<typeof serviceAccess>;

export const startChoices = z.object({
  /** Published ones, by name. */
  runbooks: z.array(runbook.pick({ name: true, kind: true, description: true, parameters: true })),
  groups: z.array(workerGroup.pick({ name: true, workerCount: true, readyCount: true })),
});
export type StartChoices = z.infer<typeof startChoices>;
export type StartableRunbook = StartChoices['runbooks'][number];

/** Parameters may be secrets: the window that started the job has no need to read them back. */
export const serviceJob = job.omit({ parameters: true });
export type ServiceJob = z.infer<typeof serviceJob>;

const jobName = z.string().regex(/^[\w.-]{1,80}$/);

export const serviceDeskCalls = {
  'service:access': { arguments: nothing, value: serviceAccess },
  /** Tried at the service first: one that it refuses is not kept. */
  'service:keep-token': { arguments: z.strictObject({ token: z.string().min(1).max(4096) }), value: serviceAccess },
  'service:forget-token': { arguments: nothing, value: serviceAccess },
  'service:choices': { arguments: nothing, value: startChoices },
  /** The name is the caller's: the same call twice is one job. */
  'service:start-job': {
    arguments: z.strictObject({
      jobName: z.uuid(),
      runbook: z.string(),
      runOn: z.string(),
      parameters: z.record(z.string(), z.string()),
    }),
    value: serviceJob,
  },
  'service:job': { arguments: z.strictObject({ jobName }), value: serviceJob },
  'service:stop-job': { arguments: z.strictObject({ jobName }), value: serviceJob },
  /** As `jobs:records` has those of this machine's jobs. */
  'service:records': {
    arguments: z.strictObject({
      jobName,
      attempt: z.int().min(1),
      from: z.int().nonnegative(),
      limit: z.int().min(1).max(2000),
    }),
    value: engineCalls['jobs:records'].value,
  },
} as const;
