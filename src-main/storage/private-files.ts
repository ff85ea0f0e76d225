/** Files that only their owner may read, written whole or not at all. */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** Siblings that this process has not finished: whoever clears away those of others leaves them. */
const unfinished = new Set<string>();

/** How a sibling's name ends that is not finished yet, or whose writer was killed. */
export const siblingEnding = /\.[0-9a-f]{12}\.new$/;

export function isBeingWritten(file: string): boolean {
  return unfinished.has(file);
}

/** Whole beside its place, and flushed. It takes its place, which needs no room on the disk, or goes; each once. */
export interface PreparedFile {
  place(): Promise<void>;
  discard(): Promise<void>;
}

/** Throws what the disk says, and leaves nothing then. */
export async function preparePrivateFile(file: string, content: string | Uint8Array): Promise<PreparedFile> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const sibling = `${file}.${randomBytes(6).toString('hex')}.new`;
  const discard = async (): Promise<void> => {
    await rm(sibling, { force: true });
    unfinished.delete(sibling);
  };
  unfinished.add(sibling);
  try {
    const handle = await open(sibling, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    discard,
    place: async () => {
      try {
        await rename(sibling, file);
        unfinished.delete(sibling);
      } catch (error) {
        await discard();
        throw error;
      }
    },
  };
}

/** Written to a sibling, flushed, renamed: a reader finds the old content or the new, also after a power cut. */
export async function writePrivateFile(file: string, content: string | Uint8Array): Promise<void> {
  const prepared = await preparePrivateFile(file, content);
  await prepared.place();
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

/** No room, or none for this user. */
export function isDiskFull(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** Renames a file that cannot be read, so that nothing is lost; answers its new path. */
export async function setAside(file: string, now: Date): Promise<string> {
  const stamp = now.toISOString().replaceAll(/[:.]/g, '-');
  const aside = `${file}.unreadable-${stamp}`;
  await rename(file, aside);
  return aside;
}
