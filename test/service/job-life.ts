/** Steps of a job's life over the wire, for the tests of the agent port. */
import type { Job } from '../../src-service/store/jobs.ts';
import { findJob } from '../../src-service/store/jobs.ts';
import type { Answer, CallOptions, Connection } from '../fakes/scripted-worker.ts';
import { ownHeaders, type RegisteredWorker, type StartedService } from './started-service.ts';
import { sampleJob, sampleRunbook } from './store-samples.ts';

export interface Sandbox {
  sandboxId: string;
  secret: string;
  job: Job;
  /** A call below `…/Sandboxes/{id}/jobs`, with the sandbox's secret. */
  call: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
  /** A call below the account. */
  accountCall: (method: string, path: string, options?: CallOptions) => Promise<Answer>;
}

export interface Action {
  SandboxId: string;
  SandboxCookie: string;
}

export interface JobAction {
  MessageMetadata: { PopReceipt: string; MessageId: string };
  MessageSource: string;
  LockToken: string;
  JobId: string;
}

export function actionsOf(answer: Answer): Action[] {
  return (answer.json as { value: Action[] }).value;
}

export function jobActionsOf(answer: Answer): JobAction[] {
  return (answer.json as { value: JobAction[] }).value;
}

let runbookCount = 0;

/** A job of a new Bash runbook, queued for the group. */
export async function queueJob(
  started: StartedService,
  groupName: string,
  options: Parameters<typeof sampleRunbook>[2] & { now?: number } = {},
): Promise<Job> {
  runbookCount += 1;
  const { store, clock } = started.service.context;
  const runbook = await sampleRunbook(store, started.account.id, { name: `Runbook${runbookCount}`, ...options });
  return sampleJob(store, runbook, { groupName, now: options.now ?? clock.now() });
}

export async function readJob(started: StartedService, job: Job): Promise<Job> {
  const found = await findJob(started.service.context.store.db, job.accountId, job.id);
  if (found === undefined) throw new Error(`the job ${job.id} is not there`);
  return found;
}

/** Queues a job, has the worker take it as our own worker does, and gives its sandbox, which presents no certificate. */
export async function takeJob(
  started: StartedService,
  worker: RegisteredWorker,
  groupName: string,
  options: Parameters<typeof queueJob>[2] = {},
): Promise<Sandbox> {
  const job = await queueJob(started, groupName, options);
  // Sandboxes of tests before this one may live on: they take slots.
  return sandboxOf(started, job, await worker.poll({ headers: ownHeaders({ wait: 5, limit: 50 }) }));
}

/** The sandbox of the one action in this answer. */
export function sandboxOf(started: StartedService, job: Job, answer: Answer): Sandbox {
  const [action] = actionsOf(answer);
  if (action === undefined) throw new Error(`no action: ${answer.body.toString('utf8')}`);
  const connection = started.connect();
  return { sandboxId: action.SandboxId, secret: action.SandboxCookie, job, ...callsOf(started, connection, action, true) };
}

/** As `sandboxOf`, for a foreign worker: it has no secret, its sandbox calls with the worker's certificate. */
export function foreignSandboxOf(started: StartedService, worker: RegisteredWorker, job: Job, answer: Answer): Sandbox {
  const [action] = actionsOf(answer);
  if (action === undefined) throw new Error(`no action: ${answer.body.toString('utf8')}`);
  return { sandboxId: action.SandboxId, secret: '', job, ...callsOf(started, worker.connection, action, false) };
}

function callsOf(started: StartedService, connection: Connection, action: Action, withSecret: boolean) {
  const at = (path: string): string => `${path}${path.includes('?') ? '&' : '?'}api-version=1.0`;
  const withHeaders = (options: CallOptions = {}): CallOptions =>
    withSecret ? { ...options, headers: { authorization: `Bearer ${action.SandboxCookie}`, ...options.headers } } : options;
  return {
    call: (method: string, path: string, options?: CallOptions) =>
      connection.call(method, at(`${started.jrds}/Sandboxes/${action.SandboxId}/jobs${path}`), withHeaders(options)),
    accountCall: (method: string, path: string, options?: CallOptions) =>
      connection.call(method, at(`${started.jrds}${path}`), withHeaders(options)),
  };
}

export function changeStatus(sandbox: Sandbox, jobStatus: string | number, more: object = {}): Promise<Answer> {
  const isFinalStatus = ['Completed', 'Failed', 'Stopped', 3, 4, 5].includes(jobStatus);
  const body = { jobStatus, isFinalStatus, exception: null, extendedProperty: null, ...more };
  return sandbox.call('POST', `/${sandbox.job.id}/changeStatus`, { body });
}

/** #2 and #3, then Activating and Running. */
export async function start(sandbox: Sandbox): Promise<void> {
  const actions = jobActionsOf(await sandbox.call('GET', '/getJobActions'));
  const MessageMetadatas = actions.map((action) => action.MessageMetadata);
  await sandbox.call('POST', '/AcknowledgeJobActions', { body: { MessageMetadatas } });
  await changeStatus(sandbox, 'Activating');
  await changeStatus(sandbox, 'Running');
}

export function unload(sandbox: Sandbox): Promise<Answer> {
  const body = { subscriptionId: '', jobId: sandbox.job.id, isTest: false, startTime: '', executionTimeInSeconds: 2 };
  return sandbox.call('POST', `/${sandbox.job.id}/unload`, { body });
}

/** Lets time pass as the service lives it: a sweep each few seconds, or it would take the step for a gap in its own life. */
export async function passTime({ clock, service }: StartedService, milliseconds: number): Promise<void> {
  const stepMs = 5000;
  for (let passed = 0; passed < milliseconds; passed += stepMs) {
    clock.advance(Math.min(stepMs, milliseconds - passed));
    await service.context.dispatcher.sweep();
  }
}
