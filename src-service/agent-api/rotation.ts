/** #15 hybridCertificateRotation: announced under the old certificate; both are good for a while. */
import type { FastifyInstance } from 'fastify';
import { AppError } from '../../src-contract/app-error.ts';
import { rotationBody } from '../../src-contract/jrds.ts';
import type { ServiceContext } from '../context.ts';
import { findWorkerByThumbprint, rotateWorkerCertificate } from '../store/workers.ts';
import { invalid, readBody } from './body.ts';
import type { AccountParams } from './calls.ts';
import { workerOnly } from './callers.ts';
import { normalThumbprint } from './peer.ts';

const sha1Digits = 40;

export function addRotationRoute(server: FastifyInstance, context: ServiceContext): void {
  server.post<{ Params: AccountParams }>('/hybridCertificateRotation', async (request) => {
    const worker = workerOnly(request.jrdsCaller);
    const thumbprint = normalThumbprint(readBody(request, rotationBody).Thumbprint);
    if (thumbprint.length !== sha1Digits) throw invalid('body.Thumbprint', 'it is no SHA-1');
    // Asked again because the answer was lost.
    if (thumbprint === worker.thumbprint) return {};
    const now = context.clock.now();
    const other = await findWorkerByThumbprint(context.store.db, thumbprint, now);
    if (other !== undefined && other.machineId !== worker.machineId)
      throw new AppError('already-registered', { groupName: other.groupName, account: other.accountId });
    await context.store.write((tx) => rotateWorkerCertificate(tx, worker, thumbprint, now));
    context.log.info('A worker announced a new certificate', { machineId: worker.machineId, machineName: worker.machineName });
    return {};
  });
}
