import { X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createMachineIdentity,
  readMachineIdentity,
  writeMachineIdentity,
} from '../../src-main/service-link/machine-identity.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const machineId = '0f0e0d0c-0000-4000-8000-000000000001';

function filesIn(folder: string) {
  return { certificateFile: join(folder, 'worker.cert.pem'), privateKeyFile: join(folder, 'worker.key.pem') };
}

describe('the machine’s certificate', () => {
  it('is a self-signed RSA 2048 pair for a year, named as the protocol says, with the machine id', async () => {
    const now = new Date('2026-11-23T10:00:00Z');
    const identity = await createMachineIdentity(machineId, now);
    const certificate = new X509Certificate(identity.certificatePem);
    expect(certificate.publicKey.asymmetricKeyType).toBe('rsa');
    expect(certificate.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subject.split('\n')).toEqual([
      'C=US',
      'ST=Washington',
      'L=Redmond',
      'O=Microsoft Corporation',
      'OU=Azure Automation',
      'CN=Hybrid Runbook Worker',
      `serialNumber=${machineId}`,
    ]);
    expect(identity.notAfter.toISOString()).toBe('2027-11-23T10:00:00.000Z');
    expect(Date.parse(certificate.validFrom)).toBeLessThan(now.getTime());
    expect(identity.thumbprint).toMatch(/^[0-9A-F]{40}$/);
    expect(identity.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is another one each time', async () => {
    const one = await createMachineIdentity(machineId);
    const two = await createMachineIdentity(machineId);
    expect(one.thumbprint).not.toBe(two.thumbprint);
  });

  it('is read back as it was written, its key for its owner alone', async () => {
    const files = filesIn(await tempFolder());
    const identity = await createMachineIdentity(machineId);
    await writeMachineIdentity(identity, files);
    // Left by an earlier try that was interrupted, with more rights than it may have.
    await writeFile(`${files.privateKeyFile}.new`, 'torn', { mode: 0o644 });
    await writeMachineIdentity(identity, files);
    expect(await readMachineIdentity(files)).toEqual(identity);
    if (process.platform !== 'win32') expect((await stat(files.privateKeyFile)).mode & 0o777).toBe(0o600);
    expect(await readFile(files.privateKeyFile, 'utf8')).toContain('BEGIN PRIVATE KEY');
  });

  it('is not there when a file is missing, damaged, or of another pair', async () => {
    const files = filesIn(await tempFolder());
    expect(await readMachineIdentity(files)).toBeUndefined();
    await writeMachineIdentity(await createMachineIdentity(machineId), files);
    const other = await createMachineIdentity(machineId);
    await writeFile(files.privateKeyFile, other.privateKeyPem);
    expect(await readMachineIdentity(files)).toBeUndefined();
    await writeFile(files.privateKeyFile, 'torn');
    expect(await readMachineIdentity(files)).toBeUndefined();
  });
});
