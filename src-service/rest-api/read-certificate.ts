/** Reads what a certificate asset must show of an uploaded file: DER, PEM or PKCS #12. */
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { AppError } from '../../src-contract/app-error.ts';

export interface CertificateFacts {
  /** SHA-1, upper-case hex. */
  thumbprint: string;
  /** ISO 8601, UTC. */
  expiryTime: string;
}

export function readCertificate(bytes: Buffer, password: string | undefined): CertificateFacts {
  const certificate = readPlain(bytes) ?? readPkcs12(bytes, password);
  if (certificate === undefined) {
    const reason = 'it is neither a certificate (DER or PEM) nor a PKCS #12 file that this password opens';
    throw new AppError('request-invalid', { where: 'body.base64Value', reason });
  }
  return {
    thumbprint: certificate.fingerprint.replaceAll(':', ''),
    expiryTime: new Date(certificate.validTo).toISOString(),
  };
}

function readPlain(bytes: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(bytes);
  } catch {
    return undefined;
  }
}

/** Node opens PKCS #12 for TLS alone; the context that it then holds gives the certificate (as Node's own TLS sockets ask for it). */
function readPkcs12(pfx: Buffer, passphrase: string | undefined): X509Certificate | undefined {
  try {
    const secure = createSecureContext({ pfx, ...(passphrase === undefined ? {} : { passphrase }) });
    const der = (secure.context as { getCertificate: () => Buffer | null }).getCertificate();
    return der === null ? undefined : new X509Certificate(der);
  } catch {
    return undefined;
  }
}
