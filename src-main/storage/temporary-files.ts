/**
 * What killed writers have left: files that were to take the place of others, and trials of whether a folder can be written. Only for the
 * engine that holds the folder's lock: it alone writes such files, so any that it is not writing itself are nobody's any more. Folders of
 * sandboxes are not looked into: those that live write there, and those of dead ones go as a whole.
 */
import { readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import type { DataLayout } from './layout.ts';
import { isBeingWritten, siblingEnding } from './private-files.ts';

/** A trial of the folder of sandboxes; the rest of the name is random. */
export const probePrefix = '.probe-';

/** Before anything of this engine writes there. Answers what was removed, as paths below the folder. */
export async function sweepDataFolder(layout: DataLayout): Promise<string[]> {
  const { folder, settingsFile, secretsFolder, controlFolder, packsFolder, packList, sandboxesFolder } = layout;
  const settingsName = path.basename(settingsFile);
  // As the module writes it that conf is built on (atomically, version 2).
  const isUnfinishedSettings = (name: string): boolean => name.startsWith(`${settingsName}.tmp-`);
  const isSibling = (name: string): boolean => siblingEnding.test(name);
  const removed = [
    ...(await removeFrom(folder, (name) => isSibling(name) || isUnfinishedSettings(name))),
    ...(await removeFrom(secretsFolder, isSibling)),
    ...(await removeFrom(controlFolder, (name) => name.endsWith('.new'))),
    ...(await removeFrom(packsFolder, (name) => isSibling(name) || name === `${path.basename(packList)}.new`)),
    ...(await removeFrom(sandboxesFolder, (name) => name.startsWith(probePrefix))),
  ];
  return removed.map((file) => path.relative(folder, file));
}

/** Beside whatever this engine writes there. There may be many folders, so it takes a while. Answers as `sweepDataFolder`. */
export async function sweepJournals({ folder, journalsFolder }: DataLayout, signal: AbortSignal): Promise<string[]> {
  const removed: string[] = [];
  for (const jobId of await namesIn(journalsFolder)) {
    if (signal.aborted) break;
    const ofJob = path.join(journalsFolder, jobId);
    const found = await removeFrom(ofJob, (name) => siblingEnding.test(name));
    // What it held besides went long ago, and this kept the folder. One that holds something stays.
    if (found.length > 0) await rmdir(ofJob).catch(() => undefined);
    removed.push(...found);
  }
  return removed.map((file) => path.relative(folder, file));
}

/** As a person reads it: how many, and the first of them. */
export function describeRemoved(files: readonly string[]): string {
  const named = files.slice(0, 5).join(', ');
  const rest = files.length > 5 ? ` and ${String(files.length - 5)} more` : '';
  return files.length === 1
    ? `a file that was never finished (${named})`
    : `${String(files.length)} files that were never finished (${named}${rest})`;
}

/** What cannot be removed stays for the next start. */
async function removeFrom(folder: string, isLeftover: (name: string) => boolean): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await namesIn(folder)) {
    const file = path.join(folder, name);
    if (!isLeftover(name) || isBeingWritten(file)) continue;
    try {
      await rm(file);
      removed.push(file);
    } catch {
      // Gone meanwhile, a folder, or held by a scanner.
    }
  }
  return removed;
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}
