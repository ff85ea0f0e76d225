/** The certificate that the other side of the connection has shown, and thereby proven: TLS checks that it holds the key. */
import { createHash, type X509Certificate } from 'node:crypto';
import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';

export interface PeerCertificate {
  /** SHA-1, upper-case hex without colons: the protocol's look-up key. */
  thumbprint: string;
  /** SHA-256, lower-case hex: what is compared. */
  sha256: string;
  validFrom: number;
  validTo: number;
}

/** A connection shows one certificate for all its calls. */
const known = new WeakMap<TLSSocket, PeerCertificate>();

export function peerCertificate(request: FastifyRequest): PeerCertificate | undefined {
  const { socket } = request.raw;
  if (!(socket instanceof TLSSocket)) return undefined;
  const found = known.get(socket);
  if (found !== undefined) return found;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const described = describe(certificate);
  known.set(socket, described);
  return described;
}

function describe(certificate: X509Certificate): PeerCertificate {
  return {
    thumbprint: createHash('sha1').update(certificate.raw).digest('hex').toUpperCase(),
    sha256: createHash('sha256').update(certificate.raw).digest('hex'),
    validFrom: Date.parse(certificate.validFrom),
    validTo: Date.parse(certificate.validTo),
  };
}

/** Thumbprints are written with and without colons, in either case. */
export function normalThumbprint(thumbprint: string): string {
  return thumbprint.replaceAll(/[^0-9a-fA-F]/g, '').toUpperCase();
}
