/** #2 getJobActions and #3 AcknowledgeJobActions: the sandbox's queue. 401 is how the protocol ends a sandbox. */
import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { AppError } from '../../src-contract/app-error.ts';
import { acknowledgeBody, type JobActions } from '../../src-contract/jrds.ts';
import type { ServiceContext } from '../context.ts';
import { callIn } from '../dispatch/attempt-life.ts';
import type { Attempt } from '../store/attempts.ts';
import { changed } from '../store/changes.ts';
import { acknowledgeMessage, hasVisibleMessages, receiveMessages } from '../store/job-messages.ts';
import { findJob } from '../store/jobs.ts';
import { readBody } from './body.ts';
import { holdCall, type SandboxParams } from './calls.ts';
import { attemptOfHeldCall, attemptOfSandbox } from './callers.ts';
import { Refusal } from './refusal.ts';

/** After its job's end a sandbox has this long to unload it; then it is ended all the same. */
export const unloadPatienceMs = 60_000;
/** A message that nobody acknowledged becomes visible again without a change that would wake the call. */
const lookAgainMs = 10_000;

export function addJobActionRoutes(server: FastifyInstance, context: ServiceContext, closing: AbortSignal): void {
  server.get<{ Params: SandboxParams }>('/Sandboxes/:sandboxId/jobs/getJobActions', async (request, reply) => {
    const { sandboxId } = request.params;
    let isFirst = true;
    const look = async (): Promise<JobActions | undefined> => {
      // Looked up anew each time: while the call is held the attempt may end or be fenced.
      const find = isFirst ? attemptOfSandbox : attemptOfHeldCall;
      isFirst = false;
      const attempt = await find(context, request.jrdsCaller, sandboxId);
      await refuseFinished(context, attempt);
      const actions = await receive(context, attempt);
      return actions.value.length > 0 ? actions : undefined;
    };
    const wakeOn = [changed.sandbox(sandboxId.toLowerCase())];
    return holdCall(context, request, reply, { look, wakeOn, lookAgainMs, otherwise: { value: [] }, closing });
  });

  server.post<{ Params: SandboxParams }>('/Sandboxes/:sandboxId/jobs/AcknowledgeJobActions', async (request) => {
    const attempt = await attemptOfSandbox(context, request.jrdsCaller, request.params.sandboxId);
    const { MessageMetadatas } = readBody(request, acknowledgeBody);
    await context.store.write(async (tx) => {
      for (const { MessageId, PopReceipt } of MessageMetadatas)
        await acknowledgeMessage(tx, attempt.sandboxId, MessageId, PopReceipt);
    });
    return {};
  });
}

async function refuseFinished(context: ServiceContext, attempt: Attempt): Promise<void> {
  if (attempt.endedAt === null) return;
  const wasPickedUp = attempt.calledInAt !== null;
  const mayStillUnload = wasPickedUp && attempt.unloadedAt === null && context.clock.now() - attempt.endedAt < unloadPatienceMs;
  if (mayStillUnload) return;
  const job = await findJob(context.store.db, attempt.accountId, attempt.jobId);
  throw new Refusal(401, new AppError('job-ended', { jobId: attempt.jobId, status: job?.status ?? 'removed' }));
}

async function receive(context: ServiceContext, attempt: Attempt): Promise<JobActions> {
  const now = context.clock.now();
  const isNew = attempt.calledInAt === null;
  if (!isNew && !(await hasVisibleMessages(context.store.db, attempt.sandboxId, now))) return { value: [] };
  const messages = await context.store.write(async (tx) => {
    if (isNew) await callIn(tx, attempt.sandboxId, now);
    return receiveMessages(tx, attempt.sandboxId, now);
  });
  return {
    value: messages.map(({ id, jobId, popReceipt }) => ({
      MessageMetadata: { PopReceipt: popReceipt, MessageId: id },
      MessageSource: 'Queue',
      LockToken: randomUUID(),
      JobId: jobId,
    })),
  };
}
