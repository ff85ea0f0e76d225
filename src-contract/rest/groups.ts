/** Worker groups, their workers, and what waits for them. */
import * as z from 'zod';
import { workerReadiness } from '../jrds.ts';
import { runbookKind } from '../kinds.ts';
import { nothing, pageOf, pageQuery, time, type Operation } from './operation.ts';

export const workerGroup = z
  .object({
    name: z.string(),
    groupType: z.literal('User'),
    credential: z.string().nullable().meta({ description: 'The credential asset that jobs of the group run as.' }),
    workerCount: z.int(),
    readyCount: z.int(),
    waitingJobs: z.int(),
    creationTime: time,
  })
  .meta({ id: 'HybridRunbookWorkerGroup' });

export const worker = z
  .object({
    workerId: z.string(),
    workerName: z.string(),
    groupName: z.string(),
    state: z.enum(['Ready', 'Full', 'Paused', 'Draining', 'Unable', 'Disconnected', 'Not configured', 'Cloned']).meta({
      description: 'Cloned: two machines use its identity, and neither gets jobs until one of them registers anew.',
    }),
    ip: z.string().nullable(),
    operatingSystem: z.string().nullable(),
    version: z.string().nullable(),
    kinds: z.array(runbookKind).nullable().meta({ description: 'What it said it can run; null: it did not say.' }),
    readiness: workerReadiness.nullable(),
    limit: z.int().nullable(),
    runningJobs: z.int(),
    registeredDateTime: time,
    lastSeenDateTime: time.nullable(),
  })
  .meta({ id: 'HybridRunbookWorker' });
export type WorkerView = z.infer<typeof worker>;

export const waitingJob = z
  .object({ jobId: z.string(), name: z.string(), runbookName: z.string(), creationTime: time, waitingReason: z.string() })
  .meta({ id: 'WaitingJob' });

const groups = '/automationAccounts/{accountName}/hybridRunbookWorkerGroups';

export const groupOperations = {
  'groups:list': {
    method: 'GET',
    path: groups,
    role: 'reader',
    summary: 'Lists the worker groups.',
    query: pageQuery,
    answers: { 200: pageOf(workerGroup).meta({ id: 'HybridRunbookWorkerGroupPage' }) },
    errors: ['resource-unknown'],
  },
  'groups:get': {
    method: 'GET',
    path: `${groups}/{groupName}`,
    role: 'reader',
    summary: 'One worker group.',
    answers: { 200: workerGroup },
    errors: ['resource-unknown'],
  },
  'groups:put': {
    method: 'PUT',
    path: `${groups}/{groupName}`,
    role: 'administrator',
    summary: 'Makes a worker group, or sets its run-as credential. Registering a machine makes its group too.',
    body: z.strictObject({ credential: z.string().nullable().optional() }).meta({ id: 'HybridRunbookWorkerGroupSettings' }),
    answers: { 201: workerGroup, 200: workerGroup },
    errors: ['resource-unknown', 'group-name-invalid'],
  },
  'groups:delete': {
    method: 'DELETE',
    path: `${groups}/{groupName}`,
    role: 'administrator',
    summary: 'Removes a worker group that has no workers and no waiting jobs.',
    answers: { 200: nothing },
    errors: ['resource-unknown', 'resource-in-use'],
  },
  'groups:waiting': {
    method: 'GET',
    path: `${groups}/{groupName}/waiting`,
    role: 'reader',
    summary: 'The jobs that wait for a worker of the group, oldest first, each with the reason.',
    query: pageQuery,
    answers: { 200: pageOf(waitingJob).meta({ id: 'WaitingJobPage' }) },
    errors: ['resource-unknown'],
  },
  'workers:list': {
    method: 'GET',
    path: `${groups}/{groupName}/hybridRunbookWorkers`,
    role: 'reader',
    summary: 'Lists the workers of a group.',
    query: pageQuery,
    answers: { 200: pageOf(worker).meta({ id: 'HybridRunbookWorkerPage' }) },
    errors: ['resource-unknown'],
  },
  'workers:get': {
    method: 'GET',
    path: `${groups}/{groupName}/hybridRunbookWorkers/{workerId}`,
    role: 'reader',
    summary: 'One worker.',
    answers: { 200: worker },
    errors: ['resource-unknown'],
  },
  'workers:delete': {
    method: 'DELETE',
    path: `${groups}/{groupName}/hybridRunbookWorkers/{workerId}`,
    role: 'administrator',
    summary: 'Removes a worker: its certificate is refused from then on.',
    answers: { 200: nothing },
    errors: ['resource-unknown', 'resource-in-use'],
  },
} as const satisfies Record<string, Operation>;
