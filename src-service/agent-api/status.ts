/** #7 changeStatus and #9 unload: what a sandbox says of its job. */
import type { FastifyInstance } from 'fastify';
import { AppError } from '../../src-contract/app-error.ts';
import { changeStatusBody, type Acknowledged, type AttemptReport } from '../../src-contract/jrds.ts';
import type { ServiceContext } from '../context.ts';
import { advance, endAttempt, type AttemptEnding } from '../dispatch/attempt-life.ts';
import { readReportedStatus } from '../dispatch/reported-status.ts';
import { changeAttempt, lockAttempt, type Attempt } from '../store/attempts.ts';
import { changed } from '../store/changes.ts';
import { wasChain } from '../store/record-chunks.ts';
import { invalid, readBody } from './body.ts';
import type { SandboxJobParams } from './calls.ts';
import { attemptOfSandbox, unfenced } from './callers.ts';
import { RecordClaims } from './record-claims.ts';

export function addStatusRoutes(server: FastifyInstance, context: ServiceContext): void {
  const claims = new RecordClaims();

  server.post<{ Params: SandboxJobParams }>('/Sandboxes/:sandboxId/jobs/:jobId/changeStatus', async (request, reply) => {
    const attempt = await attemptOfSandbox(context, request.jrdsCaller, request.params.sandboxId);
    refuseOtherJob(attempt, request.params.jobId);
    const body = readBody(request, changeStatusBody);
    const reported = readReportedStatus(body);
    const now = context.clock.now();
    switch (reported.kind) {
      case 'unknown':
        throw invalid('body.jobStatus', `“${String(body.jobStatus).slice(0, 50)}” is no status that a sandbox reports`);
      case 'progress':
        await context.store.write((tx) => advance(tx, attempt.sandboxId, reported.status, now));
        return {};
      case 'end': {
        if (attempt.endedAt !== null) {
          await context.store.durable();
          return {};
        }
        const { outcome, reason, suspended } = reported;
        const ending: AttemptEnding = { outcome, reason, suspended };
        if (body.hrw !== undefined) {
          const missing = await findMissing(context, attempt, body.hrw, claims);
          if (missing !== undefined) return reply.status(409).send(missing);
          ending.report = body.hrw;
          ending.verified = isComplete(attempt, body.hrw);
        }
        unfenced(await context.store.write((tx) => endAttempt(tx, attempt.sandboxId, ending, now)));
        claims.forget(attempt.sandboxId);
        context.log.info('An attempt ended', {
          jobId: attempt.jobId,
          sandboxId: attempt.sandboxId,
          machineName: attempt.machineName,
          outcome,
          records: attempt.recordCount,
          verified: ending.verified,
        });
        return {};
      }
    }
  });

  server.post<{ Params: SandboxJobParams }>('/Sandboxes/:sandboxId/jobs/:jobId/unload', async (request) => {
    const own = await attemptOfSandbox(context, request.jrdsCaller, request.params.sandboxId);
    refuseOtherJob(own, request.params.jobId);
    const { sandboxId } = own;
    // Its times are not read: clients send the unload's time as the start, and a constant as the duration.
    await context.store.write(async (tx) => {
      const attempt = await lockAttempt(tx, sandboxId);
      if (attempt?.unloadedAt === null) await changeAttempt(tx, attempt, { unloadedAt: context.clock.now() });
      tx.publish(changed.sandbox(sandboxId));
    });
    return {};
  });
}

export function refuseOtherJob(attempt: Attempt, jobId: string): void {
  if (attempt.jobId !== jobId.toLowerCase()) throw new AppError('resource-unknown', { what: 'job', name: jobId.slice(0, 100) });
}

function isComplete(attempt: Attempt, report: AttemptReport): boolean {
  return report.recordCount === attempt.recordCount && report.chain === attempt.chain;
}

/**
 * What the sandbox is to send before its end is accepted; undefined when nothing can be missing. A journal that has less than the service
 * (its disk lost the tail) cannot send more, and one that claims the same gap again and again has nothing to close it with.
 */
async function findMissing(
  context: ServiceContext,
  attempt: Attempt,
  report: AttemptReport,
  claims: RecordClaims,
): Promise<Acknowledged | undefined> {
  if (isComplete(attempt, report)) return undefined;
  if (report.recordCount < attempt.recordCount || (await wasChain(context.store.db, attempt.sandboxId, report.chain)))
    return undefined;
  if (claims.isExhausted(attempt, report)) {
    context.log.warn('An attempt ended although records of it are missing: its sandbox cannot send them', {
      sandboxId: attempt.sandboxId,
      has: attempt.recordCount,
      claimed: report.recordCount,
    });
    return undefined;
  }
  return { acknowledged: attempt.recordCount, chain: attempt.chain };
}
