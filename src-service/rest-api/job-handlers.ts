/** Jobs: start, list, look, stop. */
import { createHash, randomUUID } from 'node:crypto';
import { AppError } from '../../src-contract/app-error.ts';
import { triggerSources, undeclaredKinds } from '../../src-contract/kinds.ts';
import { namePattern } from '../../src-contract/limits.ts';
import type { RestBody } from '../../src-contract/rest.ts';
import type { ServiceContext } from '../context.ts';
import { checkParameters } from '../parameters/check-values.ts';
import { findAsset } from '../store/assets.ts';
import { createJob, findJobByName, isJobId, listJobs, type Job, type JobCreation } from '../store/jobs.ts';
import { findRunbookVersion } from '../store/runbooks.ts';
import type { Writer } from '../store/store.ts';
import { listWorkers, type Worker } from '../store/workers.ts';
import { refuseResume, resumeJob } from '../dispatch/resume.ts';
import type { Caller, HandlersOf } from './handler.ts';
import { summarizeJob, viewJob } from './job-view.ts';
import { readCursor } from './paging.ts';
import { checkName, requireAccount, requireGroup, requireJob, requireRunbook, unknownResource } from './resources.ts';
import { streamHandlers } from './stream-handlers.ts';

const positionalKinds = ['Python3', 'Bash', 'Batch'];

export function jobHandlers(context: ServiceContext): HandlersOf<'jobs'> {
  const { store } = context;
  const find = async ({ accountName, jobName }: { accountName: string; jobName: string }): Promise<Job> => {
    const account = await requireAccount(store.db, accountName);
    return requireJob(store.db, account.id, jobName);
  };

  return {
    ...streamHandlers(context, find),
    'jobs:list': async ({ params, query }) => {
      const account = await requireAccount(store.db, params.accountName);
      const { limit, after } = query;
      const cursor = after === undefined ? undefined : readCursor(after, '.');
      const found = await listJobs(store.db, account.id, {
        status: query.status && [query.status],
        runbookName: query.runbook,
        groupName: query.runOn,
        startedBy: query.startedBy,
        createdFrom: query.from === undefined ? undefined : Date.parse(query.from),
        createdBefore: query.to === undefined ? undefined : Date.parse(query.to),
        after: cursor && { createdAt: cursor[0], id: cursor[1] },
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      const next = found.length > limit && last !== undefined ? `${last.createdAt}.${last.id}` : null;
      return { status: 200, value: { value: page.map(summarizeJob), next } };
    },
    'jobs:start': async ({ params, body, caller }) => {
      checkName(params.jobName, 'jobName');
      const account = await requireAccount(store.db, params.accountName);
      const { kind, job } = await startJob(context, { accountId: account.id, name: params.jobName, body, caller });
      if (kind === 'conflict') throw new AppError('resource-exists', { what: 'job', name: params.jobName });
      return { status: kind === 'created' ? 201 : 200, value: await viewJob(context, job) };
    },
    'jobs:get': async ({ params }) => ({ status: 200, value: await viewJob(context, await find(params)) }),
    'jobs:stop': async ({ params }) => {
      const job = await find(params);
      const result = await context.dispatcher.stopJob(job.accountId, job.id);
      if (result.kind === 'ended') throw new AppError('job-ended', { jobId: job.name, status: result.status });
      if (result.kind === 'unknown') throw unknownResource('job', job.name);
      return { status: 200, value: await viewJob(context, await find(params)) };
    },
    'jobs:resume': async ({ params }) => {
      const job = await find(params);
      const result = await store.write((tx) => resumeJob(tx, job.accountId, job.id, context.clock.now()));
      refuseResume(result, job.id);
      return { status: 200, value: await viewJob(context, await find(params)) };
    },
    'jobs:runbook-content': async ({ params }) => {
      const job = await find(params);
      const version = await findRunbookVersion(store.db, job.accountId, job.runbookVersionId);
      if (version === undefined) throw unknownResource('content of job', job.name);
      return { status: 200, value: version.definition };
    },
  };
}

interface StartRequest {
  accountId: string;
  name: string;
  body: RestBody<'jobs:start'>;
  caller: Caller;
}

async function startJob({ store, clock }: ServiceContext, { accountId, name, body, caller }: StartRequest): Promise<JobCreation> {
  const requestHash = hashRequest(body);
  // Before everything else: a repeated call is answered as it was, whatever has become of the runbook since.
  const there = await findJobByName(store.db, accountId, name);
  if (there !== undefined) return { kind: there.requestHash === requestHash ? 'repeated' : 'conflict', job: there };
  if (!namePattern.test(body.runOn)) throw new AppError('group-name-invalid', { groupName: body.runOn });
  const group = await requireGroup(store.db, accountId, body.runOn);
  const runbook = await requireRunbook(store.db, accountId, body.runbook.name);
  const versionId = runbook.publishedVersionId;
  const version = versionId === null ? undefined : await findRunbookVersion(store.db, accountId, versionId);
  if (version === undefined) throw new AppError('runbook-not-published', { runbook: runbook.name });
  const parameters = await checkParameters({
    runbookName: runbook.name,
    declaration: version.parameters,
    isPositional: positionalKinds.includes(runbook.kind),
    given: body.parameters,
    hasCredential: async (credential) => (await findAsset(store.db, accountId, 'credential', credential)) !== undefined,
  });
  const needsNativeWorkflow = version.verdict?.kind === 'native-only';
  if (version.verdict?.kind === 'native-only') {
    const { line, reason } = version.verdict;
    if (lacksNativeWorkflows(await listWorkers(store.db, accountId, group.name)))
      throw new AppError('workflow-not-translatable', { runbook: runbook.name, line, reason, groupName: group.name });
  }
  return store.write(async (tx) => {
    const job = {
      id: await chooseId(tx, name),
      name,
      requestHash,
      runbook,
      runbookVersionId: version.id,
      isDraft: false,
      groupName: group.name,
      parameters,
      startedBy: body.startedBy ?? caller.name,
      triggerSource: triggerSources.Manual,
      needsNativeWorkflow,
    };
    return createJob(tx, job, clock.now());
  });
}

/** Every worker has said what it can run, and none has Windows PowerShell 5.1. A group without workers may get one that has. */
function lacksNativeWorkflows(workers: readonly Worker[]): boolean {
  return (
    workers.length > 0 &&
    workers.every(({ kinds, lastSeenAt, translatesWorkflows }) => {
      if (lastSeenAt === null) return false;
      return translatesWorkflows || !(kinds ?? undeclaredKinds).includes('PowerShellWorkflow');
    })
  );
}

/** A caller's GUID is the job's id too, unless it is another job's already, in whichever account: ids are the service's. */
async function chooseId(tx: Writer, name: string): Promise<string> {
  const isGuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name);
  return isGuid && !(await isJobId(tx.db, name)) ? name.toLowerCase() : randomUUID();
}

/** Of what was asked for, the order of keys left aside: some languages change it from one run to the next. */
function hashRequest(body: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(body, (_key, value: unknown) => sortKeys(value)))
    .digest('hex');
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
