/** Files that only their owner may read, written whole or not at all. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** Written to a sibling, flushed, renamed: a reader finds the old content or the new, also after a power cut. */
export async function writePrivateFile(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const sibling = `${file}.${randomBytes(6).toString('hex')}.new`;
  try {
    const handle = await open(sibling, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(sibling, file);
  } catch (error) {
    await rm(sibling, { force: true });
    throw error;
  }
}

/** Of files that are not there, nothing. */
export async function removeFiles(...files: string[]): Promise<void> {
  for (const file of files) await rm(file, { force: true });
}

/** undefined: there is no such file. Any other trouble is thrown: "absent" and "unreadable" are two things. */
export async function readTextFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Renames a file that cannot be read, so that nothing is lost; answers its new path. */
export async function setAside(file: string, now: Date): Promise<string> {
  const stamp = now.toISOString().replaceAll(/[:.]/g, '-');
  const aside = `${file}.unreadable-${stamp}`;
  await rename(file, aside);
  return aside;
}
