/**
 * Puts packs into `AzureAutomationFiles/<folder>` and takes them away again. A pack's folder is at every moment the whole old version,
 * the whole new one, or (between two renames, mended at the next start) absent: never a mixture.
 *
 * Beside a pack's folder X:  `.X.staging`   being unpacked; worthless after a crash
 *                            `.X.previous`  the old version during the swap; put back if X is missing at a start
 *                            `.X.removed`   being deleted
 *                            `.X.archive`   what was fetched, by whoever fetches it
 * Folder names of packs begin with a letter, so none of these is ever a pack's own.
 */
import { createPublicKey } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../src-contract/app-error.ts';
import { openPack, type OpenedPack, type PackName } from './pack-archive.ts';
import { readReceivedPacks, writeReceivedPacks, type ReceivedPack } from './received-packs.ts';

export interface PackReceiverOptions {
  /** `AzureAutomationFiles`; made when missing. `packs.json` stands in it. */
  folder: string;
  /** SPKI PEM of the publisher's Ed25519 key, built into the worker. */
  publisherKeyPem: string;
  now?: () => Date;
}

export interface PackReceiver {
  /** Packs in place, after `start`. */
  readonly packs: readonly ReceivedPack[];
  /** Mends what a crash left and reads what was received. Before any other call. */
  start(): Promise<void>;
  /** Verifies, unpacks, swaps. The archive stays where it is. @throws AppError `pack-signature-invalid`, `pack-invalid` */
  receive(archiveFile: string, pack: PackName & { sha256: string }): Promise<ReceivedPack>;
  /** Of a pack that is not there, nothing. */
  remove(name: string): Promise<void>;
}

/** Names in the folder that are not packs'. */
const reservedNames = new Set(['packs.json', 'worker.json']);

export function createPackReceiver(options: PackReceiverOptions): PackReceiver {
  const { folder } = options;
  const publisherKey = createPublicKey(options.publisherKeyPem);
  const stateFile = join(folder, 'packs.json');
  let packs: ReceivedPack[] = [];
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: two packs at once could be for one folder. */
  function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const next = last.then(work, work).catch((error: unknown) => {
      throw describeFileError(error, folder);
    });
    last = next.catch(() => undefined);
    return next;
  }

  async function keep(changed: ReceivedPack[]): Promise<void> {
    await writeReceivedPacks(stateFile, changed);
    packs = changed;
  }

  async function mend(): Promise<void> {
    await mkdir(folder, { recursive: true });
    const found = new Set(await readdir(folder));
    for (const name of found) {
      const [, base, what] = /^\.(.+)\.(staging|previous|removed|archive|archive\.part)$/.exec(name) ?? [];
      if (base === undefined) continue;
      if (what === 'previous' && !found.has(base)) await move(join(folder, name), join(folder, base));
      else await rm(join(folder, name), { recursive: true, force: true });
    }
    const known = await readReceivedPacks(stateFile);
    const there = new Set(await readdir(folder));
    const whole = known.filter((one) => there.has(one.folder));
    packs = whole;
    // Where it cannot be written now (a full disk), it is at the next change, or found out again at the next start.
    if (whole.length < known.length) await keep(whole).catch(() => undefined);
  }

  async function place(opened: OpenedPack, pack: PackName & { sha256: string }): Promise<ReceivedPack> {
    const { folder: name } = opened.manifest;
    const owner = packs.find((one) => one.folder.toLowerCase() === name.toLowerCase());
    const isTaken = (owner !== undefined && owner.name !== pack.name) || reservedNames.has(name.toLowerCase());
    if (isTaken)
      throw new AppError('pack-invalid', {
        pack: pack.name,
        version: pack.version,
        reason: `Its folder ${name} belongs to ${owner?.name ?? 'the worker'}.`,
      });
    const beside = (what: string): string => join(folder, `.${name}.${what}`);
    await rm(beside('staging'), { recursive: true, force: true });
    await rm(beside('previous'), { recursive: true, force: true });
    try {
      await unpack(opened, beside('staging'));
    } catch (error) {
      await rm(beside('staging'), { recursive: true, force: true });
      throw error;
    }
    const received: ReceivedPack = {
      name: pack.name,
      version: pack.version,
      folder: name,
      sha256: pack.sha256,
      receivedAt: (options.now?.() ?? new Date()).toISOString(),
      files: opened.manifest.files.map(({ path, sha256 }) => ({ path, sha256 })),
    };
    const formerFolder = packs.find((one) => one.name === pack.name)?.folder;
    await swap(join(folder, name), beside('staging'), beside('previous'));
    await keep([...packs.filter((one) => one.name !== pack.name), received]);
    await rm(beside('previous'), { recursive: true, force: true });
    if (formerFolder !== undefined && formerFolder.toLowerCase() !== name.toLowerCase()) await discard(formerFolder);
    return received;
  }

  async function discard(name: string): Promise<void> {
    const removed = join(folder, `.${name}.removed`);
    await rm(removed, { recursive: true, force: true });
    await move(join(folder, name), removed).catch(ignoreMissing);
    await rm(removed, { recursive: true, force: true });
  }

  return {
    get packs() {
      return packs;
    },
    start: () => inTurn(mend),
    receive: (archiveFile, pack) =>
      inTurn(async () => {
        const opened = await openPack(archiveFile, pack, publisherKey);
        try {
          return await place(opened, pack);
        } finally {
          opened.close();
        }
      }),
    remove: (name) =>
      inTurn(async () => {
        const found = packs.find((one) => one.name === name);
        if (found === undefined) return;
        await discard(found.folder);
        await keep(packs.filter((one) => one !== found));
      }),
  };
}

async function unpack(opened: OpenedPack, staging: string): Promise<void> {
  await mkdir(staging);
  for (const file of opened.manifest.files) {
    // Its parts were checked one by one; `wx` refuses whatever should already stand there.
    const target = join(staging, ...file.path.split('/'));
    await mkdir(dirname(target), { recursive: true });
    const handle = await open(target, 'wx', 0o644);
    try {
      await opened.readFile(file, async (piece) => {
        await handle.writeFile(piece);
      });
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

async function swap(current: string, staging: string, previous: string): Promise<void> {
  await move(current, previous).catch(ignoreMissing);
  try {
    await move(staging, current);
  } catch (error) {
    await move(previous, current).catch(ignoreMissing);
    throw error;
  }
}

/** Windows refuses to move a folder in which a file is open; a scanner or a module that is being loaded lets go soon. */
async function move(from: string, to: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (tries === 10 || (code !== 'EPERM' && code !== 'EBUSY' && code !== 'EACCES')) throw error;
      await sleep(tries * 50);
    }
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

/** A full disk or a missing right passes, or somebody mends it: the pack is offered again. */
function describeFileError(error: unknown, dataFolder: string): unknown {
  const { code, syscall } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code === undefined || syscall === undefined) return error;
  return new AppError(
    'data-folder-unusable',
    { dataFolder, reason: `${syscall} failed with ${code}` },
    { retryable: true, cause: error },
  );
}
