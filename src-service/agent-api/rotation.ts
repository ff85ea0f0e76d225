/** #15 hybridCertificateRotation: announced under the old certificate; both are good for a while. */
import type { FastifyInstance } from 'fastify';
import { AppError } from '../../src-contract/app-error.ts';
import { rotationBody } from '../../src-contract/jrds.ts';
import type { ServiceContext } from '../context.ts';
import { findWorkerByThumbprint, rotateWorkerCertificate, type Worker } from '../store/workers.ts';
import { invalid, readBody } from './body.ts';
import type { AccountParams } from './calls.ts';
import { workerOnly } from './callers.ts';
import { normalThumbprint, peerCertificate } from './peer.ts';

const sha1Digits = 40;

export function addRotationRoute(server: FastifyInstance, context: ServiceContext): void {
  server.post<{ Params: AccountParams }>('/hybridCertificateRotation', async (request) => {
    const worker = workerOnly(request.jrdsCaller);
    const thumbprint = normalThumbprint(readBody(request, rotationBody).Thumbprint);
    if (thumbprint.length !== sha1Digits) throw invalid('body.Thumbprint', 'it is no SHA-1');
    // Asked again because the answer was lost.
    if (thumbprint === worker.thumbprint) return {};
    const now = context.clock.now();
    const isBefore = peerCertificate(request)?.thumbprint === worker.previousThumbprint;
    // The new one is in use: the old one is only for calls that were under way.
    if (isBefore && worker.certificateSha256 !== null) throw new AppError('worker-not-accepted', { groupName: worker.groupName });
    const other = await findWorkerByThumbprint(context.store.db, thumbprint, now);
    if (other !== undefined && other.machineId !== worker.machineId)
      throw new AppError('already-registered', { groupName: other.groupName, account: other.accountId });
    // One that was announced and never shown is lost; the worker goes on with the one before it.
    const kept = isBefore ? { thumbprint: worker.previousThumbprint, sha256: worker.previousSha256 } : currentOf(worker);
    await context.store.write((tx) => rotateWorkerCertificate(tx, worker.machineId, { thumbprint, kept }, now));
    context.log.info('A worker announced a new certificate', { machineId: worker.machineId, machineName: worker.machineName });
    return {};
  });
}

function currentOf({ thumbprint, certificateSha256 }: Worker) {
  return { thumbprint, sha256: certificateSha256 };
}
