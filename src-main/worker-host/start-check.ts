/** Whether a sandbox could be made now: somebody to run it as, and a folder that takes what it writes. */
import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../src-contract/app-error.ts';
import { probePrefix } from '../storage/temporary-files.ts';
import type { WorkerParts } from './parts.ts';
import type { RunbookRights } from './runbook-rights.ts';

/** A full disk often has room for a name and a few bytes. */
const probeBytes = 256 * 1024;

/** What is found is a problem on the overview, and gone from there when it is gone. */
export async function checkStart({ layout, engine }: WorkerParts, rights: RunbookRights): Promise<AppError | undefined> {
  await rights.user();
  const folder = layout.sandboxesFolder;
  const reason = await whyUnwritable(folder);
  const unusable = reason === undefined ? undefined : new AppError('sandbox-folder-unusable', { folder, reason });
  if (unusable === undefined) engine().clear('sandbox-folder');
  else engine().raise('sandbox-folder', unusable.toProblem());
  return rights.unavailable ?? unusable;
}

async function whyUnwritable(folder: string): Promise<string | undefined> {
  const probe = path.join(folder, `${probePrefix}${randomUUID()}`);
  try {
    const file = await open(probe, 'wx', 0o600);
    try {
      await file.writeFile(Buffer.alloc(probeBytes));
      await file.sync();
    } finally {
      await file.close();
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}
