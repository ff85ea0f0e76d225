/** Public keys that an administrator of this machine has chosen: Ed25519, one a PEM file of a folder. Whoever can write there decides what runs. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

export interface TrustedKey {
  /** Its file's name. */
  name: string;
  key: KeyObject;
}

export type TrustedKeys = { kind: 'keys'; keys: TrustedKey[] } | { kind: 'unusable'; reason: string };

const writableByAll = 0o002;
const pemFile = /\.(?:pem|pub)$/i;

export async function readTrustedKeys(folder: string): Promise<TrustedKeys> {
  if (!path.isAbsolute(folder)) return { kind: 'unusable', reason: `${folder} is no absolute path` };
  try {
    const { mode } = await stat(folder);
    if (process.platform !== 'win32' && (mode & writableByAll) !== 0)
      return { kind: 'unusable', reason: `everybody on this machine may write into ${folder}` };
    const files = (await readdir(folder)).filter((file) => pemFile.test(file)).sort();
    const keys = await Promise.all(files.map((name) => readKey(folder, name)));
    const usable = keys.filter((key) => key !== undefined);
    return usable.length > 0
      ? { kind: 'keys', keys: usable }
      : { kind: 'unusable', reason: `there is no Ed25519 public key (PEM, in a file *.pem or *.pub) in ${folder}` };
  } catch (error) {
    return { kind: 'unusable', reason: `${folder} cannot be read (${error instanceof Error ? error.message : String(error)})` };
  }
}

async function readKey(folder: string, name: string): Promise<TrustedKey | undefined> {
  try {
    const key = createPublicKey(await readFile(path.join(folder, name), 'utf8'));
    return key.asymmetricKeyType === 'ed25519' ? { name, key } : undefined;
  } catch {
    // Something else in that folder: the others still count.
    return undefined;
  }
}
