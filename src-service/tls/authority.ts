/**
 * The service's own certificate authority: made at the first start, and the server certificate that it signs. Agents trust the
 * authority (its PEM or its fingerprint), so the server's certificate may be renewed at any time, and the authority itself before its
 * end: it keeps its key, so that agents that hold the earlier certificate go on verifying while that one is valid. Replicas have one
 * authority, and each a server certificate of its own.
 */
import { webcrypto, X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
// @peculiar/x509 is built on a container that wants this polyfill before it.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

type CryptoKeyPair = webcrypto.CryptoKeyPair;

x509.cryptoProvider.set(webcrypto);

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 60 * 60 * 1000;
/** Agents pin the authority: it lives long, and is made anew when a third of its life is left. */
const authorityDays = 20 * 365;
/** Below the 398 days that browsers accept of a server certificate. */
const serverDays = 397;
/** Clocks of agents may be a little behind. */
const backdatedMs = dayMs;

export interface Authority {
  /** PEM of the authority's certificate, and where it stands. */
  readonly caPem: string;
  readonly caFile: string;
  /** SHA-256 of the authority's certificate, lower-case hex. */
  readonly caFingerprint: string;
  /** For `tls.createServer` and `setSecureContext`: the server's key, and its certificate followed by the authority's. */
  serverCredentials(): { key: string; cert: string };
  /** The authority that this folder had before, of its own, and that another one has replaced: where it lies now. */
  readonly setAside: string | undefined;
  /** Renews what has used up two thirds of its life. True when the server's credentials are new: `setSecureContext` is due. */
  renewIfDue(): Promise<boolean>;
}

/** An authority as it is handed on: its certificate and its private key (PKCS #8), both PEM. */
export interface AuthorityPems {
  certificate: string;
  key: string;
}

export interface AuthorityOptions {
  folder: string;
  /** Host names and addresses that the server certificate is for. */
  names: readonly string[];
  now: () => Date;
  /**
   * Given the authority of this folder, answers the one to use: of replicas the first one's, or agents that trust one of them would refuse
   * the others. It is then kept in this folder too.
   */
  agree?: (own: AuthorityPems) => Promise<AuthorityPems>;
}

export async function openAuthority({ folder, names, now, agree }: AuthorityOptions): Promise<Authority> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const caFile = join(folder, 'authority.pem');
  const caKeyFile = join(folder, 'authority.key.pem');
  const serverFile = join(folder, 'server.pem');
  const serverKeyFile = join(folder, 'server.key.pem');

  let caKey = await readKey(caKeyFile);
  if (caKey === undefined) {
    caKey = await makeKey();
    await writeKey(caKeyFile, caKey);
  }
  let signingKey = caKey;
  let caPem = readIfAny(caFile);
  let setAside: string | undefined;
  const hadOwn = caPem !== undefined;
  let server = { key: readIfAny(serverKeyFile), cert: readIfAny(serverFile) };

  async function renewAuthority(): Promise<void> {
    caPem = await issueAuthority(signingKey, now());
    writeAtomically(caFile, caPem, 0o644);
  }

  async function renewServer(issuerPem: string): Promise<void> {
    const key = await makeKey();
    const cert = await issueServer(issuerPem, signingKey, key, names, now());
    await writeKey(serverKeyFile, key);
    writeAtomically(serverFile, cert, 0o644);
    server = { key: await keyPem(key), cert };
  }

  async function renewIfDue(): Promise<boolean> {
    if (caPem === undefined || isDue(caPem, now())) await renewAuthority();
    const issuerPem = caPem ?? '';
    if (
      server.cert !== undefined &&
      server.key !== undefined &&
      serves(server.cert, issuerPem, names) &&
      !isDue(server.cert, now())
    )
      return false;
    await renewServer(issuerPem);
    return true;
  }

  async function settle(): Promise<void> {
    if (agree === undefined) return;
    if (caPem === undefined) await renewAuthority();
    const own = { certificate: caPem ?? '', key: await keyPem(signingKey) };
    const agreed = await agree(own);
    if (agreed.key === own.key) return;
    signingKey = await importKey(agreed.key);
    caPem = agreed.certificate;
    if (hadOwn) {
      // Somebody's agents may trust it: nothing of it is lost.
      setAside = `${caFile}.${now().toISOString().replaceAll(/[:.]/g, '-')}`;
      renameSync(caFile, setAside);
      renameSync(caKeyFile, `${setAside}.key`);
    }
    // The key last: until it is there, the next start agrees anew.
    writeAtomically(caFile, caPem, 0o644);
    await writeKey(caKeyFile, signingKey);
  }

  await settle();
  await renewIfDue();
  return {
    caFile,
    setAside,
    get caPem() {
      return caPem ?? '';
    },
    get caFingerprint() {
      return fingerprint(caPem ?? '');
    },
    serverCredentials: () => ({ key: server.key ?? '', cert: `${server.cert ?? ''}\n${caPem ?? ''}` }),
    renewIfDue,
  };
}

/** SHA-256 of a certificate, lower-case hex without colons. */
export function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}

async function issueAuthority(key: CryptoKeyPair, now: Date): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=Hybrid Runbook Worker automation service',
    notBefore: new Date(now.getTime() - backdatedMs),
    notAfter: new Date(now.getTime() + authorityDays * dayMs),
    keys: key,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(key.publicKey),
    ],
  });
  return certificate.toString('pem');
}

async function issueServer(
  issuerPem: string,
  issuerKey: CryptoKeyPair,
  key: CryptoKeyPair,
  names: readonly string[],
  now: Date,
): Promise<string> {
  const issuer = new x509.X509Certificate(issuerPem);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${(names[0] ?? 'localhost').slice(0, 64)}`,
    issuer: issuer.subject,
    notBefore: new Date(now.getTime() - backdatedMs),
    notAfter: new Date(now.getTime() + serverDays * dayMs),
    publicKey: key.publicKey,
    signingKey: issuerKey.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(key.publicKey),
    ],
  });
  return certificate.toString('pem');
}

function isDue(pem: string, now: Date): boolean {
  const { validFrom, validTo } = new X509Certificate(pem);
  const from = Date.parse(validFrom);
  const to = Date.parse(validTo);
  return now.getTime() > from + ((to - from) * 2) / 3;
}

/** Is this certificate signed by that authority, and good for every name? */
function serves(pem: string, issuerPem: string, names: readonly string[]): boolean {
  const certificate = new X509Certificate(pem);
  return (
    certificate.verify(new X509Certificate(issuerPem).publicKey) &&
    names.every((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined)
  );
}

/** Positive, 16 bytes: RFC 5280 wants it unique for this authority and at most 20 bytes. */
function serialNumber(): string {
  const bytes = Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)));
  bytes[0] = (bytes.readUInt8(0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function makeKey(): Promise<CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function keyPem(key: CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key.privateKey), 'PRIVATE KEY');
}

async function writeKey(file: string, key: CryptoKeyPair): Promise<void> {
  writeAtomically(file, await keyPem(key), 0o600);
}

async function readKey(file: string): Promise<CryptoKeyPair | undefined> {
  const pem = readIfAny(file);
  return pem === undefined ? undefined : await importKey(pem);
}

async function importKey(pem: string): Promise<CryptoKeyPair> {
  const privateKey = await webcrypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decode(pem)[0] ?? new ArrayBuffer(0),
    algorithm,
    true,
    ['sign'],
  );
  const { kty, crv, x, y } = await webcrypto.subtle.exportKey('jwk', privateKey);
  const parts = {
    ...(kty === undefined ? {} : { kty }),
    ...(crv === undefined ? {} : { crv }),
    ...(x === undefined ? {} : { x }),
    ...(y === undefined ? {} : { y }),
  };
  return { privateKey, publicKey: await webcrypto.subtle.importKey('jwk', parts, algorithm, true, ['verify']) };
}

function readIfAny(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function writeAtomically(file: string, text: string, mode: number): void {
  const sibling = `${file}.new`;
  writeFileSync(sibling, text, { mode });
  chmodSync(sibling, mode);
  renameSync(sibling, file);
}
