/**
 * The service's data folder, held by one service at a time. The lock is one that the operating system gives back when its holder dies: an
 * exclusive transaction on a small SQLite file of its own. Beside it stands who holds it, for the message to the second one.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import * as z from 'zod';
import { AppError } from '../src-contract/app-error.ts';

export interface DataFolder {
  readonly path: string;
  readonly databaseFile: string;
  readonly vaultKeyFile: string;
  readonly logsFolder: string;
  /** Names of files that a service which was killed had not finished, and that have been removed. */
  readonly neverFinished: readonly string[];
  release: () => void;
}

const owner = z.object({ pid: z.int(), since: z.string() });

/** @throws AppError `service-already-running` or `data-folder-unusable` */
export function holdDataFolder(path: string): DataFolder {
  makeFolder(path);
  const lockFile = join(path, 'service.lock');
  const ownerFile = join(path, 'service.owner.json');
  const lock = takeLock(path, lockFile, ownerFile);
  writeFileSync(ownerFile, `${JSON.stringify({ pid: process.pid, since: new Date().toISOString() })}\n`);
  return {
    path,
    databaseFile: join(path, 'automation.sqlite'),
    vaultKeyFile: join(path, 'vault.key'),
    logsFolder: join(path, 'logs'),
    neverFinished: removeUnfinished(path),
    release: () => {
      if (lock.isOpen) lock.close();
    },
  };
}

/** Written beside their places (tls/authority.ts), keys among them. Whoever holds the folder is the only one who writes there. */
function removeUnfinished(folder: string): string[] {
  const found = readdirSync(folder).filter((name) => name.endsWith('.pem.new'));
  for (const name of found) rmSync(join(folder, name), { force: true });
  return found;
}

function makeFolder(path: string): void {
  try {
    // Only what is made here is closed to others: a folder that was there has the rights that somebody gave it.
    if (mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(path, 0o700);
  } catch (error) {
    throw new AppError('data-folder-unusable', { dataFolder: path, reason: (error as Error).message }, { cause: error });
  }
}

function takeLock(path: string, lockFile: string, ownerFile: string): InstanceType<typeof DatabaseSync> {
  let lock: InstanceType<typeof DatabaseSync> | undefined;
  try {
    lock = new DatabaseSync(lockFile);
    lock.exec('begin exclusive');
    return lock;
  } catch (error) {
    lock?.close();
    if (!isBusy(error))
      throw new AppError('data-folder-unusable', { dataFolder: path, reason: (error as Error).message }, { cause: error });
    const { pid, since } = readOwner(ownerFile);
    throw new AppError('service-already-running', { dataFolder: path, pid, since }, { cause: error });
  }
}

/** SQLITE_BUSY. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function readOwner(file: string): z.infer<typeof owner> {
  try {
    return owner.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return { pid: 0, since: 'an unknown time' };
  }
}
