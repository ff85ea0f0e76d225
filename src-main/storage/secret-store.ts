/** Keys, certificates and the proxy's password: one file each, for its owner alone. Nothing here is logged or shown. */
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { errnoOf, writePrivateFile } from './private-files.ts';

export const secretNames = {
  agentKey: 'agent.key.pem',
  agentCertificate: 'agent.cert.pem',
  workerKey: 'worker.key.pem',
  workerCertificate: 'worker.cert.pem',
  proxyPassword: 'proxy-password',
} as const;
export type SecretName = (typeof secretNames)[keyof typeof secretNames];

export class SecretStore {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async read(name: SecretName): Promise<string | undefined> {
    try {
      return await readFile(path.join(this.folder, name), 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async write(name: SecretName, value: string): Promise<void> {
    await writePrivateFile(path.join(this.folder, name), value);
  }

  async remove(name: SecretName): Promise<void> {
    await rm(path.join(this.folder, name), { force: true });
  }
}
