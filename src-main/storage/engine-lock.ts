/**
 * One engine a data folder. The lock names its owner by (boot id, pid, start time), so a lock that a dead engine left is told apart from a
 * living one's, also after a reboot and when the pid has been given to somebody else.
 */
import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import * as z from 'zod';
import { AppError } from '../../src-contract/app-error.ts';
import { processIdentity, type ProcessIdentity } from '../../src-contract/sandbox.ts';
import { errnoOf } from './private-files.ts';

const lockShape = processIdentity.extend({ since: z.string(), mode: z.string() });
export type LockOwner = z.infer<typeof lockShape>;

export interface EngineLockOptions {
  file: string;
  owner: LockOwner;
  isAlive: (identity: ProcessIdentity) => boolean | Promise<boolean>;
}

export interface EngineLock {
  /** Removes the lock if it is still ours. Safe to call twice. */
  release(): Promise<void>;
}

/** Tries that end in a lost race; two engines starting at once need two, more mean that something keeps writing the file. */
const maxTries = 20;

/** Throws AppError `engine-already-running`. */
export async function acquireEngineLock(options: EngineLockOptions): Promise<EngineLock> {
  const { file, owner, isAlive } = options;
  const content = `${JSON.stringify(owner)}\n`;
  for (let tries = 0; tries < maxTries; tries += 1) {
    if ((await linkNew(file, content)) && (await readLock(file)) === content) return { release: () => release(file, content) };
    const found = await readLock(file);
    if (found === undefined) continue;
    const other = parseOwner(found);
    if (other !== undefined && (await isAlive(other))) {
      throw new AppError('engine-already-running', { owner: describeOwner(other), pid: other.pid });
    }
    await removeStale(file, found);
  }
  throw new AppError('engine-already-running', { owner: 'not known', pid: 0 });
}

/** The lock appears whole or not at all: it is written beside, then linked to its name, which fails when the name is taken. */
async function linkNew(file: string, content: string): Promise<boolean> {
  const sibling = siblingOf(file);
  const handle = await open(sibling, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(sibling, file);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(sibling, { force: true });
  }
}

/** Two engines may find the same dead lock: the one that renames a newer one by mistake puts it back. */
async function removeStale(file: string, expected: string): Promise<void> {
  const aside = siblingOf(file);
  try {
    await rename(file, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    if ((await readLock(aside)) !== expected) await link(aside, file).catch(() => undefined);
  } finally {
    await rm(aside, { force: true });
  }
}

async function release(file: string, content: string): Promise<void> {
  if ((await readLock(file)) === content) await rm(file, { force: true });
}

async function readLock(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    return lockShape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function describeOwner(owner: LockOwner): string {
  const kind = owner.mode === 'app' ? 'the application' : 'hrw run';
  return `${kind}, since ${owner.since}`;
}

function siblingOf(file: string): string {
  return `${file}.${randomBytes(6).toString('hex')}`;
}
