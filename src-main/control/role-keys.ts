/** One random key a role: who can read the file has the role. */
import { randomBytes } from 'node:crypto';
import { chmod, link, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { role as roleShape, type Role } from '../../src-contract/engine-calls.ts';

/** From the least to the most. */
export const roles: readonly Role[] = roleShape.options;

export function keyFile(controlFolder: string, role: Role): string {
  return path.join(controlFolder, `${role}.key`);
}

/** Reads every role's key, making the missing ones. */
export async function ensureRoleKeys(controlFolder: string): Promise<Map<string, Uint8Array>> {
  const keys = new Map<string, Uint8Array>();
  for (const role of roles) {
    const found = await readRoleKey(controlFolder, role);
    keys.set(role, found.kind === 'key' ? found.key : await makeRoleKey(controlFolder, role));
  }
  return keys;
}

/** `absent`: no worker has ever run here. `closed`: this user may not have the role. */
export type FoundKey = { kind: 'key'; key: Uint8Array } | { kind: 'absent' } | { kind: 'closed' };

export async function readRoleKey(controlFolder: string, role: Role): Promise<FoundKey> {
  try {
    const text = (await readFile(keyFile(controlFolder, role), 'utf8')).trim();
    return /^[0-9a-f]{64}$/.test(text) ? { kind: 'key', key: Buffer.from(text, 'hex') } : { kind: 'absent' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EACCES' || code === 'EPERM') return { kind: 'closed' };
    return { kind: 'absent' };
  }
}

async function makeRoleKey(controlFolder: string, role: Role): Promise<Uint8Array> {
  const key = randomBytes(32);
  const file = keyFile(controlFolder, role);
  const sibling = `${file}.new`;
  await rm(sibling, { force: true });
  const handle = await open(sibling, 'wx', 0o600);
  try {
    await handle.writeFile(`${key.toString('hex')}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(sibling, 0o600);
  // A damaged key is replaced: nobody can use it anyway.
  await rm(file, { force: true });
  await link(sibling, file);
  await rm(sibling, { force: true });
  return key;
}
