/**
 * The key and the self-signed certificate by which a service knows this machine: one pair for the agent, one for each registration.
 * The service looks a certificate up by its SHA-1 thumbprint and compares its SHA-256.
 */
import { X509Certificate, createPrivateKey, webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
// @peculiar/x509 is built on a container that wants this polyfill before it.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { writePrivateFile } from '../storage/private-files.ts';
import { readSecretFile, writeSecretFile } from '../storage/secret-files.ts';

export interface MachineIdentity {
  certificatePem: string;
  privateKeyPem: string;
  /** SHA-1 of the certificate, upper-case hex: the protocol's look-up key. */
  thumbprint: string;
  /** Lower-case hex. */
  sha256: string;
  issuer: string;
  subject: string;
  notAfter: Date;
}

export interface IdentityFiles {
  certificateFile: string;
  privateKeyFile: string;
}

const validDays = 365;
const dayMs = 24 * 60 * 60 * 1000;
/** The service's clock may be behind ours by as much as it accepts. */
const backdateMs = 15 * 60 * 1000;
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 };

/** The id that the subject names, as Node prints it. undefined: it is not one of ours. */
export function machineIdOf({ subject }: Pick<MachineIdentity, 'subject'>): string | undefined {
  return /(?:^|, )serialNumber=([0-9a-f-]{36})(?:$|, )/i.exec(subject)?.[1];
}

/** All workers of this protocol carry the same subject; ours adds the machine id, so that a person can tell two apart. */
const subjectOf = (machineId: string): string =>
  `C=US, ST=Washington, L=Redmond, O=Microsoft Corporation, OU=Azure Automation, CN=Hybrid Runbook Worker, 2.5.4.5=${machineId}`;

export async function createMachineIdentity(machineId: string, now = new Date()): Promise<MachineIdentity> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: subjectOf(machineId),
      notBefore: new Date(now.getTime() - backdateMs),
      notAfter: new Date(now.getTime() + validDays * dayMs),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      ],
    },
    webcrypto,
  );
  const privateKey = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const privateKeyPem = createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }).export({
    type: 'pkcs8',
    format: 'pem',
  });
  return describeIdentity(certificate.toString('pem'), privateKeyPem.toString());
}

function describeIdentity(certificatePem: string, privateKeyPem: string): MachineIdentity {
  const certificate = new X509Certificate(certificatePem);
  return {
    certificatePem,
    privateKeyPem,
    thumbprint: certificate.fingerprint.replaceAll(':', ''),
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    issuer: certificate.issuer.replaceAll('\n', ', '),
    subject: certificate.subject.replaceAll('\n', ', '),
    notAfter: new Date(certificate.validTo),
  };
}

/** The key first: a certificate whose key does not fit is what `readMachineIdentity` takes for a half-written pair. */
export async function writeMachineIdentity(identity: MachineIdentity, files: IdentityFiles): Promise<void> {
  await writeSecretFile(files.privateKeyFile, identity.privateKeyPem);
  await writePrivateFile(files.certificateFile, identity.certificatePem);
}

/** undefined where there is no whole pair: a file is missing, unreadable, or the two do not belong together. */
export async function readMachineIdentity(files: IdentityFiles): Promise<MachineIdentity | undefined> {
  try {
    const certificatePem = await readFile(files.certificateFile, 'utf8');
    const privateKeyPem = await readSecretFile(files.privateKeyFile);
    if (privateKeyPem === undefined) return undefined;
    const fits = new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem));
    return fits ? describeIdentity(certificatePem, privateKeyPem) : undefined;
  } catch {
    return undefined;
  }
}
