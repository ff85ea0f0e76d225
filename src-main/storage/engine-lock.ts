/**
 * One engine a data folder. The lock names its owner by (boot id, pid, start time), so a lock that a dead engine left is told apart from a
 * living one's, also after a reboot and when the pid has been given to somebody else. On a full disk, which has room for names but for no
 * content, the lock is empty, and a second name of the same file says whose it is.
 */
import { randomBytes } from 'node:crypto';
import { link, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { AppError } from '../../src-contract/app-error.ts';
import { processIdentity, type ProcessIdentity } from '../../src-contract/sandbox.ts';
import { errnoOf, isDiskFull } from './private-files.ts';

const lockShape = processIdentity.extend({ since: z.string(), mode: z.string() });
export type LockOwner = z.infer<typeof lockShape>;
/** In this order, to be short: a name has 255 bytes. */
const namedShape = z.tuple([z.string(), z.int(), z.string(), z.string(), z.string()]);

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
/** What is beside the lock and says no owner may just be being written. */
const unfinishedMs = 60_000;

/** Throws AppError `engine-already-running`. */
export async function acquireEngineLock(options: EngineLockOptions): Promise<EngineLock> {
  const { file, owner, isAlive } = options;
  const content = contentOf(owner);
  for (let tries = 0; tries < maxTries; tries += 1) {
    if (await linkNew(file, owner)) {
      if ((await readLock(file)) === content) return { release: () => release(file, owner) };
      await rm(namedAfter(file, owner), { force: true });
    }
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

/**
 * Removes what engines that were killed have left beside the lock, and answers the names. For its holder; another that is just trying for it
 * loses nothing.
 */
export async function sweepLockRemains(
  { file, isAlive }: Pick<EngineLockOptions, 'file' | 'isAlive'>,
  now: Date,
): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await namesBeside(file)) {
    const remains = path.join(path.dirname(file), name);
    const facts = await stat(remains).catch(() => undefined);
    if (facts === undefined) continue;
    const owner = ownerInName(file, name) ?? parseOwner((await readLock(remains)) ?? '');
    const isLiving = owner === undefined ? now.getTime() - facts.mtimeMs < unfinishedMs : await isAlive(owner);
    if (isLiving) continue;
    await rm(remains, { force: true });
    removed.push(name);
  }
  return removed;
}

/** The lock appears whole or not at all: it is written beside, then linked to its name, which fails when the name is taken. */
async function linkNew(file: string, owner: LockOwner): Promise<boolean> {
  let sibling = siblingOf(file);
  try {
    await writeWhole(sibling, contentOf(owner));
  } catch (error) {
    await rm(sibling, { force: true });
    if (!isDiskFull(error)) throw error;
    sibling = namedAfter(file, owner);
    await rm(sibling, { force: true });
    await writeWhole(sibling, '');
  }
  let isLinked = false;
  try {
    await link(sibling, file);
    isLinked = true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    // The name that says whose an empty lock is stays as long as the lock.
    if (!isLinked || sibling !== namedAfter(file, owner)) await rm(sibling, { force: true });
  }
  return isLinked;
}

async function writeWhole(file: string, content: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
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
    if ((await readLock(aside, file)) !== expected) await link(aside, file).catch(() => undefined);
  } finally {
    await rm(aside, { force: true });
  }
}

async function release(file: string, owner: LockOwner): Promise<void> {
  if ((await readLock(file)) === contentOf(owner)) await rm(file, { force: true });
  await rm(namedAfter(file, owner), { force: true });
}

/** What an empty one would say is read from its second name, which stands beside the lock. */
async function readLock(file: string, lock: string = file): Promise<string | undefined> {
  try {
    const text = await readFile(file, 'utf8');
    return text === '' ? await readSecondName(file, lock) : text;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function readSecondName(file: string, lock: string): Promise<string> {
  const { ino, dev } = await stat(file, { bigint: true });
  for (const name of await namesBeside(lock)) {
    const owner = ownerInName(lock, name);
    if (owner === undefined) continue;
    const other = await stat(path.join(path.dirname(lock), name), { bigint: true }).catch(() => undefined);
    if (other?.ino === ino && other.dev === dev) return contentOf(owner);
  }
  return '';
}

async function namesBeside(file: string): Promise<string[]> {
  const beginning = `${path.basename(file)}.`;
  return (await readdir(path.dirname(file))).filter((name) => name.startsWith(beginning));
}

function contentOf({ bootId, pid, startTime, since, mode }: LockOwner): string {
  return `${JSON.stringify({ bootId, pid, startTime, since, mode })}\n`;
}

function namedAfter(file: string, { bootId, pid, startTime, since, mode }: LockOwner): string {
  const text = JSON.stringify([bootId, pid, startTime, since, mode] satisfies z.infer<typeof namedShape>);
  return `${file}.of-${Buffer.from(text).toString('base64url')}`;
}

function ownerInName(file: string, name: string): LockOwner | undefined {
  const beginning = `${path.basename(file)}.of-`;
  if (!name.startsWith(beginning)) return undefined;
  try {
    const text = Buffer.from(name.slice(beginning.length), 'base64url').toString('utf8');
    const [bootId, pid, startTime, since, mode] = namedShape.parse(JSON.parse(text));
    return { bootId, pid, startTime, since, mode };
  } catch {
    return undefined;
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
