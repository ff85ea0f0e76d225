/**
 * Calls that prove a shared key: registering, deregistering, joining a workspace. In this order: the signature over the bytes as they
 * came, then the date (which is only then worth reading), then that this signature was not used before.
 */
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { AppError } from '../../src-contract/app-error.ts';
import { maxClockSkewSeconds } from '../../src-contract/limits.ts';
import { parseSignatureDate, verifyShared } from '../../src-contract/node/shared-signature.ts';
import type { ServiceContext } from '../context.ts';
import { useSignature } from '../store/used-signatures.ts';
import type { SharedKeys } from '../vault/shared-keys.ts';
import { invalid, rawBody } from './body.ts';
import { normalThumbprint, peerCertificate, type PeerCertificate } from './peer.ts';

/** `refused`: what to say of a wrong key. @throws AppError */
export async function checkSignedCall(
  context: Pick<ServiceContext, 'store' | 'clock'>,
  request: FastifyRequest,
  keys: SharedKeys,
  refused: () => AppError,
): Promise<void> {
  const date = textHeader(request, 'x-ms-date') ?? '';
  const signature = /^Shared\s+(\S+)$/i.exec(textHeader(request, 'authorization') ?? '')?.[1] ?? '';
  const body = rawBody(request);
  if (![keys.primary, keys.secondary].some((key) => verifyShared(key, body, date, signature))) throw refused();

  const now = context.clock.now();
  const signedAt = parseSignatureDate(date);
  if (signedAt === undefined) throw invalid('x-ms-date', `“${date.slice(0, 50)}” is no date`);
  const aheadMs = signedAt - now;
  if (Math.abs(aheadMs) > maxClockSkewSeconds * 1000) {
    const direction = aheadMs > 0 ? 'ahead' : 'behind';
    throw new AppError('clock-skewed', { minutes: Math.round(Math.abs(aheadMs) / 60_000), direction });
  }

  const hash = createHash('sha256').update(signature).digest('hex');
  if (!(await context.store.write((tx) => useSignature(tx, hash, now)))) throw new AppError('request-replayed', {});
}

/** The certificate that a body names must be the one that this connection has proven. @throws AppError `certificate-not-proven` */
export function provenCertificate(request: FastifyRequest, thumbprint: string): PeerCertificate {
  const certificate = peerCertificate(request);
  const named = normalThumbprint(thumbprint);
  if (certificate === undefined || certificate.thumbprint !== named)
    throw new AppError('certificate-not-proven', { thumbprint: named === '' ? 'no certificate' : named });
  return certificate;
}

export function textHeader(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
