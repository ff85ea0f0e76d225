/** What our own sandboxes add for workflows: their checkpoints, and that a suspended job goes on. Opaque here: CLIXML of the worker's making. */
import type { FastifyInstance } from 'fastify';
import { AppError } from '../../src-contract/app-error.ts';
import { checkpointContentType, checkpointQuery } from '../../src-contract/jrds.ts';
import { maxCheckpointBytes } from '../../src-contract/limits.ts';
import { contentDigest, digestHeader } from '../../src-contract/node/content-digest.ts';
import type { ServiceContext } from '../context.ts';
import { refuseResume, resumeJob } from '../dispatch/resume.ts';
import { findLatestAttempt, lockAttempt } from '../store/attempts.ts';
import { putCheckpoint, readCheckpoint } from '../store/checkpoints.ts';
import { lockJob } from '../store/jobs.ts';
import { invalid, rawBody } from './body.ts';
import type { JobParams, SandboxJobParams } from './calls.ts';
import { attemptOfSandbox, workerOnly } from './callers.ts';
import { refuseOtherJob } from './status.ts';

export function addCheckpointRoutes(server: FastifyInstance, context: ServiceContext): void {
  const path = '/Sandboxes/:sandboxId/jobs/:jobId/checkpoint';

  server.put<{ Params: SandboxJobParams }>(path, { bodyLimit: maxCheckpointBytes }, async (request) => {
    const attempt = await attemptOfSandbox(context, request.jrdsCaller, request.params.sandboxId);
    refuseOtherJob(attempt, request.params.jobId);
    const query = checkpointQuery.safeParse(request.query);
    if (!query.success) throw invalid('query', query.error.issues[0]?.message ?? 'it does not have the right shape');
    const text = rawBody(request).toString('utf8');
    if (text === '') throw invalid('body', 'it is empty');
    await context.store.write(async (tx) => {
      const job = await lockJob(tx, attempt.jobId);
      const current = await lockAttempt(tx, attempt.sandboxId);
      // Another attempt may be at the job by now: its checkpoints are the newer ones.
      if (current?.endedAt !== null || current.fenced || job?.currentSandboxId !== attempt.sandboxId)
        throw new AppError('attempt-fenced', { sandboxId: attempt.sandboxId });
      await putCheckpoint(tx, context.vault, attempt, { ...query.data, text }, context.clock.now());
    });
    return {};
  });

  server.get<{ Params: SandboxJobParams }>(path, async (request, reply) => {
    const attempt = await attemptOfSandbox(context, request.jrdsCaller, request.params.sandboxId);
    refuseOtherJob(attempt, request.params.jobId);
    const text = await readCheckpoint(context.store.db, context.vault, attempt.jobId);
    if (text === undefined) throw new AppError('resource-unknown', { what: 'checkpoint of job', name: attempt.jobId });
    return reply.header('content-type', checkpointContentType).header(digestHeader, contentDigest(text)).send(text);
  });

  // A worker that ran the job may say that it is to go on, for who sits before its window. A sandbox may not.
  server.post<{ Params: JobParams }>('/jobs/:jobId/resume', async (request) => {
    const worker = workerOnly(request.jrdsCaller);
    const jobId = request.params.jobId.toLowerCase();
    const attempt = await findLatestAttempt(context.store.db, jobId, worker);
    if (attempt === undefined) throw new AppError('resource-unknown', { what: 'job', name: jobId.slice(0, 100) });
    const result = await context.store.write((tx) => resumeJob(tx, worker.accountId, jobId, context.clock.now()));
    refuseResume(result, jobId);
    return {};
  });
}
