/** #4 job, #5 updatable data, #6 runbook: what a sandbox reads before it starts the runtime. */
import type { FastifyInstance } from 'fastify';
import { AppError } from '../../src-contract/app-error.ts';
import type { ServiceContext } from '../context.ts';
import { findAccountById, type Account } from '../store/accounts.ts';
import type { Attempt } from '../store/attempts.ts';
import { findCheckpoint } from '../store/checkpoints.ts';
import { findJob, findJobOfMachine, type Job } from '../store/jobs.ts';
import { findRunbookVersion } from '../store/runbooks.ts';
import type { AccountParams, JobParams } from './calls.ts';
import { attemptOfJob, type Caller } from './callers.ts';
import { jobAnswer, runbookAnswer, updatableDataAnswer } from './job-answers.ts';

interface VersionParams extends AccountParams {
  versionId: string;
}

export function addJobDataRoutes(server: FastifyInstance, context: ServiceContext): void {
  server.get<{ Params: JobParams }>('/jobs/:jobId', async (request) =>
    jobAnswer(await readParts(context, request.jrdsCaller, request.params.jobId)),
  );

  server.get<{ Params: JobParams }>('/jobs/:jobId/getUpdatableData', async (request) => {
    const parts = await readParts(context, request.jrdsCaller, request.params.jobId);
    const checkpoint = await findCheckpoint(context.store.db, parts.job.id);
    return updatableDataAnswer({ ...parts, hasCheckpoint: checkpoint !== undefined });
  });

  server.get<{ Params: VersionParams }>('/runbooks/:versionId', async (request) => {
    const { db } = context.store;
    const { versionId } = request.params;
    const job = await jobThatRuns(context, request.jrdsCaller, versionId.toLowerCase());
    const version = job && (await findRunbookVersion(db, job.accountId, versionId));
    if (job === undefined || version === undefined)
      throw new AppError('resource-unknown', { what: 'runbook version', name: versionId.slice(0, 100) });
    return runbookAnswer(job, version);
  });
}

async function readParts(
  context: ServiceContext,
  caller: Caller,
  jobId: string,
): Promise<{ account: Account; job: Job; attempt: Attempt }> {
  const { db } = context.store;
  const attempt = await attemptOfJob(context, caller, jobId);
  const job = await findJob(db, attempt.accountId, attempt.jobId);
  const account = await findAccountById(db, attempt.accountId);
  if (job === undefined || account === undefined) throw new AppError('resource-unknown', { what: 'job', name: attempt.jobId });
  return { account, job, attempt };
}

/** A runbook's text is given for a job that the caller was given, and to nobody else. */
async function jobThatRuns(context: ServiceContext, caller: Caller, versionId: string): Promise<Job | undefined> {
  const { db } = context.store;
  if (caller.kind === 'worker') return findJobOfMachine(db, caller.worker.machineId, versionId);
  const { accountId, jobId } = await attemptOfJob(context, caller, caller.attempt.jobId);
  const job = await findJob(db, accountId, jobId);
  return job?.runbookVersionId === versionId ? job : undefined;
}
