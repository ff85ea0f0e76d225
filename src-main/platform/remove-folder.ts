/**
 * Takes a folder away in which a runbook may have put anything. Where it belongs to another user than ours, another job of that user could
 * swap a folder for a link while we walk: `rm` walks by open folders and follows nothing, Node's own `rm` goes by names.
 */
import { execFile } from 'node:child_process';
import { chmod, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

/** Throws when something is left. Of a folder that is not there, nothing. */
export async function removeFolder(folder: string): Promise<void> {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) {
    const options = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 };
    try {
      await rm(folder, options);
    } catch {
      await openFolders(folder);
      await rm(folder, options);
    }
    return;
  }
  await new Promise<void>((resolve, reject) => {
    execFile('rm', ['-rf', '--one-file-system', '--', folder], { env: { PATH: '/usr/bin:/bin' } }, (error) => {
      if (error === null) resolve();
      else reject(new Error(`${folder} could not be removed: ${error.message}`));
    });
  });
}

/** Runbooks leave folders that even their owner may not write to (caches of packages are made so): nothing can be removed from those. */
async function openFolders(folder: string): Promise<void> {
  await chmod(folder, 0o700).catch(() => undefined);
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await openFolders(path.join(folder, entry.name));
}
