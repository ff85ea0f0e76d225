/**
 * Who calls the job runtime data service: a worker by its certificate, or a sandbox by its secret. And what they may touch: a worker the
 * attempts that it was given, a sandbox its own. Everything else is refused as if it were not there.
 */
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../src-contract/app-error.ts';
import type { ServiceContext } from '../context.ts';
import { hashSandboxSecret } from '../dispatch/sandbox-secret.ts';
import { findAttempt, findAttemptBySecret, findLatestAttempt, type Attempt } from '../store/attempts.ts';
import { findWorkerByThumbprint, setWorkerCertificate, type Worker } from '../store/workers.ts';
import { peerCertificate } from './peer.ts';
import { Refusal } from './refusal.ts';
import { textHeader } from './signed-call.ts';

export type Caller = { kind: 'worker'; worker: Worker } | { kind: 'sandbox'; attempt: Attempt };

declare module 'fastify' {
  interface FastifyRequest {
    /** On every call below /jrds. */
    jrdsCaller: Caller;
  }
}

/** @throws AppError, answered with 401 */
export async function identifyCaller(context: ServiceContext, request: FastifyRequest, accountId: string): Promise<Caller> {
  const secret = /^Bearer\s+(\S+)$/i.exec(textHeader(request, 'authorization') ?? '')?.[1];
  const caller = secret === undefined ? await workerOf(context, request) : await sandboxOf(context, secret);
  const own = caller.kind === 'worker' ? caller.worker.accountId : caller.attempt.accountId;
  if (own !== accountId.toLowerCase())
    throw notAccepted(caller.kind === 'worker' ? caller.worker.groupName : 'of another account');
  return caller;
}

async function workerOf(context: ServiceContext, request: FastifyRequest): Promise<Caller> {
  const certificate = peerCertificate(request);
  if (certificate === undefined) throw new AppError('certificate-not-proven', { thumbprint: 'a worker’s certificate' });
  const worker = await findWorkerByThumbprint(context.store.db, certificate.thumbprint, context.clock.now());
  if (worker === undefined) throw notAccepted('it named');
  if (worker.thumbprint === certificate.thumbprint && worker.certificateSha256 === null) {
    // The first call after a rotation: the thumbprint was announced under the old certificate, the rest is proven now.
    await context.store.write((tx) => setWorkerCertificate(tx, worker.machineId, certificate.sha256));
    return { kind: 'worker', worker: { ...worker, certificateSha256: certificate.sha256 } };
  }
  const expected = worker.thumbprint === certificate.thumbprint ? worker.certificateSha256 : worker.previousSha256;
  if (expected !== certificate.sha256) throw notAccepted(worker.groupName);
  return { kind: 'worker', worker };
}

async function sandboxOf(context: ServiceContext, secret: string): Promise<Caller> {
  const attempt = await findAttemptBySecret(context.store.db, hashSandboxSecret(secret));
  if (attempt === undefined) throw notAccepted('it named');
  return { kind: 'sandbox', attempt };
}

function notAccepted(groupName: string): AppError<'worker-not-accepted'> {
  return new AppError('worker-not-accepted', { groupName });
}

/** @throws AppError when the caller is a sandbox */
export function workerOnly(caller: Caller): Worker {
  if (caller.kind === 'worker') return caller.worker;
  throw notAccepted('that a sandbox cannot speak for');
}

/** The attempt with this sandbox id as it is now, when the caller may speak for it. Refused as the protocol ends a sandbox. */
export async function attemptOfSandbox(context: ServiceContext, caller: Caller, sandboxId: string): Promise<Attempt> {
  return seen(context, await ownAttempt(context, caller, sandboxId));
}

/**
 * The same while a call is held: that it is still open is no sign of life. Of a machine that lost its power or its network nothing tells us,
 * and its attempt would be given up a whole hold later than promised.
 */
export async function attemptOfHeldCall(context: ServiceContext, caller: Caller, sandboxId: string): Promise<Attempt> {
  return unfenced(await ownAttempt(context, caller, sandboxId));
}

async function ownAttempt(context: ServiceContext, caller: Caller, sandboxId: string): Promise<Attempt> {
  const attempt = await findAttempt(context.store.db, sandboxId);
  const isOwn =
    caller.kind === 'sandbox'
      ? attempt?.sandboxId === caller.attempt.sandboxId
      : attempt?.machineId === caller.worker.machineId && attempt.accountId === caller.worker.accountId;
  if (attempt === undefined || !isOwn)
    throw new Refusal(401, new AppError('resource-unknown', { what: 'sandbox', name: sandboxId.slice(0, 100) }));
  return attempt;
}

/** Calls that name a job but no sandbox: a foreign worker means its latest attempt at it. */
export async function attemptOfJob(context: ServiceContext, caller: Caller, jobId: string): Promise<Attempt> {
  const id = jobId.toLowerCase();
  const attempt = caller.kind === 'sandbox' ? caller.attempt : await findLatestAttempt(context.store.db, id, caller.worker);
  if (attempt?.jobId !== id) throw new AppError('resource-unknown', { what: 'job', name: jobId.slice(0, 100) });
  return seen(context, attempt);
}

function seen(context: ServiceContext, attempt: Attempt): Attempt {
  unfenced(attempt);
  if (attempt.endedAt === null) context.dispatcher.noteAttemptSeen(attempt.sandboxId);
  return attempt;
}

/** Throws AppError `attempt-fenced`. */
export function unfenced(attempt: Attempt): Attempt {
  if (attempt.fenced) throw new AppError('attempt-fenced', { sandboxId: attempt.sandboxId });
  return attempt;
}
