/**
 * Whom we believe to be the service: the system's authorities, one authority alone, or one pinned certificate.
 * Decides on an open connection, before a byte of a call is sent, and says whose certificate it was.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import * as tls from 'node:tls';
import { AppError } from '../../src-contract/app-error.ts';
import type { Trust } from '../../src-contract/settings.ts';

export interface ClientCertificate {
  certificatePem: string;
  privateKeyPem: string;
}

export interface TlsTrust {
  policy: Trust;
  secureContext: tls.SecureContext;
}

/** What the other end showed. */
export interface PresentedChain {
  /** Who issued its certificate: the common name, else the organisation. */
  issuer: string;
  /** SHA-256 of the last certificate shown (an authority, where the service shows one), lower-case hex. */
  fingerprint: string;
}

export function createTlsTrust(policy: Trust, certificate: ClientCertificate | undefined): TlsTrust {
  const options: tls.SecureContextOptions = { minVersion: 'TLSv1.2' };
  if (certificate !== undefined) Object.assign(options, { cert: certificate.certificatePem, key: certificate.privateKeyPem });
  if (policy.kind === 'authority') options.ca = policy.pem;
  if (policy.kind === 'system') options.ca = systemAuthorities();
  return { policy, secureContext: tls.createSecureContext(options) };
}

/** Files that hold the authorities of Debian, Red Hat, SUSE and Alpine. */
const authorityFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * The operating system's authorities: asked of Node where it can (22.15), read where Linux keeps them, else those that Node brings.
 * SSL_CERT_FILE is honoured, as other programs do. On Windows Node's are added, because Windows fetches public roots only when needed.
 */
export function systemAuthorities(): string[] {
  for (const file of [process.env['SSL_CERT_FILE'], ...(process.platform === 'linux' ? authorityFiles : [])]) {
    if (file === undefined || file === '') continue;
    try {
      return [readFileSync(file, 'utf8')];
    } catch {
      // Not this system's place: the next one.
    }
  }
  const asked = 'getCACertificates' in tls ? tls.getCACertificates('system') : [];
  return [...asked, ...tls.rootCertificates];
}

interface ShownCertificate {
  raw?: Buffer;
  issuerCertificate?: ShownCertificate;
}

/** Leaf first, each followed by its issuer, as far as shown (or known here). */
function chainOf(socket: tls.TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  // An empty object stands for no certificate; a root names itself as its issuer.
  let one: ShownCertificate | undefined = socket.getPeerCertificate(true);
  while (one?.raw !== undefined) {
    const certificate = new X509Certificate(one.raw);
    if (chain.some((known) => known.fingerprint256 === certificate.fingerprint256)) break;
    chain.push(certificate);
    one = one.issuerCertificate;
  }
  return chain;
}

function sha256Of(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/** `CN=…` of a name, else its organisation, else all of it on one line. */
function nameOf(distinguishedName: string): string {
  const field = (key: string): string | undefined => new RegExp(`^${key}=(.+)$`, 'm').exec(distinguishedName)?.[1];
  return (field('CN') ?? field('O') ?? distinguishedName.replaceAll('\n', ', ')).slice(0, 200);
}

function describeChain(chain: readonly X509Certificate[]): PresentedChain | undefined {
  const leaf = chain[0];
  const last = chain.at(-1);
  return leaf === undefined || last === undefined ? undefined : { issuer: nameOf(leaf.issuer), fingerprint: sha256Of(last) };
}

/** OpenSSL's words for "this chain does not lead to an authority that you know". */
const otherIssuer = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
]);

/**
 * As Node checks it, but for IPv6: Node 22.23 takes no such address for one (it asks the name's ASCII form, which is empty then), and would
 * refuse every certificate of a service that has no name.
 */
export function checkIdentity(host: string, certificate: tls.PeerCertificate): Error | undefined {
  if (isIP(host) === 6 && new X509Certificate(certificate.raw).checkIP(host) !== undefined) return undefined;
  return tls.checkServerIdentity(host, certificate);
}

export type Judgement = { kind: 'trusted'; chain: PresentedChain } | { kind: 'distrusted'; error: AppError };

/** Whether this is the service. If not, the caller ends the connection. */
export function judgeConnection(socket: tls.TLSSocket, host: string, policy: Trust): Judgement {
  const chain = chainOf(socket);
  const described = describeChain(chain) ?? { issuer: 'nobody', fingerprint: 'none' };
  const error = findDistrust(socket, chain, described, host, policy);
  return error === undefined ? { kind: 'trusted', chain: described } : { kind: 'distrusted', error };
}

function findDistrust(
  socket: tls.TLSSocket,
  chain: readonly X509Certificate[],
  { issuer, fingerprint }: PresentedChain,
  host: string,
  policy: Trust,
): AppError | undefined {
  const leaf = chain[0];
  const untrusted = (reason: string): AppError =>
    new AppError('certificate-untrusted', { host, issuer, fingerprint, reason }, { retryable: true });
  if (leaf === undefined) return untrusted('it showed none');
  if (policy.kind === 'fingerprint') {
    const place = chain.findIndex((one) => sha256Of(one) === policy.sha256);
    if (place === -1)
      return new AppError(
        'certificate-pin-mismatch',
        { host, expected: policy.sha256, actual: fingerprint, issuer },
        { retryable: true },
      );
    const reason = findChainFault(chain.slice(0, place + 1), host);
    return reason === undefined ? undefined : untrusted(reason);
  }
  if (socket.authorized) return undefined;
  // Node's type says Error; it is the code's text.
  const code = String(socket.authorizationError);
  if (policy.kind === 'authority' && otherIssuer.has(code))
    return new AppError('certificate-other-authority', { host, issuer, fingerprint }, { retryable: true });
  return untrusted(describeFault(code, leaf, host));
}

/** Of a chain up to a pinned certificate. A pinned leaf is the service whatever name it carries; an authority vouches for a name. */
function findChainFault(chain: readonly X509Certificate[], host: string): string | undefined {
  const now = Date.now();
  for (const [index, one] of chain.entries()) {
    if (now < Date.parse(one.validFrom)) return describeFault('CERT_NOT_YET_VALID', one, host);
    if (now > Date.parse(one.validTo)) return describeFault('CERT_HAS_EXPIRED', one, host);
    const issuer = chain[index + 1];
    if (issuer === undefined) continue;
    if (!issuer.ca || !one.checkIssued(issuer) || !one.verify(issuer.publicKey))
      return `it is not truly signed by “${nameOf(issuer.subject)}”`;
  }
  const leaf = chain[0];
  if (chain.length < 2 || leaf === undefined) return undefined;
  const isNamed = (isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)) !== undefined;
  return isNamed ? undefined : describeFault('ERR_TLS_CERT_ALTNAME_INVALID', leaf, host);
}

function describeFault(code: string, certificate: X509Certificate, host: string): string {
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return `it ended at ${certificate.validTo}, and this machine’s clock says ${new Date().toISOString()}`;
    case 'CERT_NOT_YET_VALID':
      return `it begins at ${certificate.validFrom}, and this machine’s clock says ${new Date().toISOString()}`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `it is for ${certificate.subjectAltName ?? nameOf(certificate.subject)}, not for ${host}`;
    default:
      return otherIssuer.has(code) ? 'no authority known here has issued it' : `the check says ${code}`;
  }
}
