/** Folders for tests. Each test file has a folder of its own as TMPDIR, so that what a program leaves behind is seen. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { runsInTest } from './scope.ts';

const livingAsLongAsTheFile = new Set<string>();

/** Goes away after the test; made in `beforeAll` or at the top of a file, it goes away after the last test of the file. */
export async function tempFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'hrw-')));
  if (runsInTest()) onTestFinished(() => removeFolder(folder));
  else livingAsLongAsTheFile.add(folder);
  return folder;
}

export function isFoldersOfTheFile(folder: string): boolean {
  return livingAsLongAsTheFile.has(folder);
}

export async function removeFoldersOfTheFile(): Promise<void> {
  for (const folder of livingAsLongAsTheFile) await removeFolder(folder);
  livingAsLongAsTheFile.clear();
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
