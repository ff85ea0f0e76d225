/** An authority for tests: issues server certificates of any name and validity. Keys are small curves, because tests make many. */
import { X509Certificate, webcrypto } from 'node:crypto';
// @peculiar/x509 is built on a container that wants this polyfill before it.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 24 * 60 * 60 * 1000;

export interface ServerCertificate {
  key: string;
  /** The leaf, followed by the authority. */
  cert: string;
  /** SHA-256 of the leaf, lower-case hex. */
  sha256: string;
}

interface IssueOptions {
  names?: string[];
  notBefore?: Date;
  notAfter?: Date;
  /** Leave the authority out of what the server shows. */
  withoutAuthority?: boolean;
  /** Name the authority, but not its key: then only the signature tells it from another of its name. */
  withoutKeyIdentifier?: boolean;
}

export interface FakeAuthority {
  pem: string;
  sha256: string;
  issue(options?: IssueOptions): Promise<ServerCertificate>;
}

const defaultNames = ['localhost', '127.0.0.1'];

export async function createAuthority(commonName: string): Promise<FakeAuthority> {
  const keys = await makeKeys();
  const authority = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${commonName}`,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + dayMs),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  const pem = authority.toString('pem');
  return {
    pem,
    sha256: sha256Of(pem),
    async issue({ names = defaultNames, notBefore, notAfter, withoutAuthority = false, withoutKeyIdentifier = false } = {}) {
      const own = await makeKeys();
      const leaf = await x509.X509CertificateGenerator.create(
        {
          subject: `CN=${names[0] ?? 'nobody'}`,
          issuer: authority.subject,
          notBefore: notBefore ?? new Date(Date.now() - dayMs),
          notAfter: notAfter ?? new Date(Date.now() + dayMs),
          signingAlgorithm: algorithm,
          publicKey: own.publicKey,
          signingKey: keys.privateKey,
          extensions: [
            namesExtension(names),
            ...(withoutKeyIdentifier
              ? []
              : [await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey, false, webcrypto)]),
          ],
        },
        webcrypto,
      );
      const leafPem = leaf.toString('pem');
      const cert = withoutAuthority ? leafPem : `${leafPem}\n${pem}`;
      return { key: await keyPem(own.privateKey), cert, sha256: sha256Of(leafPem) };
    },
  };
}

/** A server that made its own certificate. */
export async function selfSigned(names = defaultNames): Promise<ServerCertificate> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${names[0] ?? 'nobody'}`,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + dayMs),
      signingAlgorithm: algorithm,
      keys,
      extensions: [namesExtension(names)],
    },
    webcrypto,
  );
  const cert = certificate.toString('pem');
  return { key: await keyPem(keys.privateKey), cert, sha256: sha256Of(cert) };
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function namesExtension(names: string[]): x509.SubjectAlternativeNameExtension {
  return new x509.SubjectAlternativeNameExtension(
    names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value }) as const),
  );
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function sha256Of(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}
