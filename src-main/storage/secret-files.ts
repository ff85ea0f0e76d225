/** Secrets at rest: private files, which on Windows are sealed for this machine besides. See docs/security.md. */
import { readFile } from 'node:fs/promises';
import { openSecret, sealSecret } from '../platform/secret-seal.ts';
import { errnoOf, writePrivateFile } from './private-files.ts';

export async function writeSecretFile(file: string, secret: string): Promise<void> {
  await writePrivateFile(file, sealSecret(secret));
}

/** undefined: there is no such file. Whatever else keeps it from being read is thrown. */
export async function readSecretFile(file: string): Promise<string | undefined> {
  try {
    return openSecret(await readFile(file)).toString('utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
