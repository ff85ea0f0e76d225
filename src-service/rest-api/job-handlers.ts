/** Jobs: start, list, look, stop. */
import { AppError } from '../../src-contract/app-error.ts';
import { triggerSources } from '../../src-contract/kinds.ts';
import type { ServiceContext } from '../context.ts';
import { startJob } from '../start-job.ts';
import { listJobs, type Job } from '../store/jobs.ts';
import { findRunbookVersion } from '../store/runbooks.ts';
import { refuseResume, resumeJob } from '../dispatch/resume.ts';
import type { HandlersOf } from './handler.ts';
import { summarizeJob, viewJob } from './job-view.ts';
import { readCursor } from './paging.ts';
import { checkName, requireAccount, requireJob, unknownResource } from './resources.ts';
import { streamHandlers } from './stream-handlers.ts';

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
      const { kind, job } = await startJob(context, {
        accountId: account.id,
        name: params.jobName,
        request: body,
        startedBy: body.startedBy ?? caller.name,
        triggerSource: triggerSources.Manual,
      });
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
