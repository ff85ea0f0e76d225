/** Publishing packs, and which version a workspace gives. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import { compareVersions } from '../../src-contract/versions.ts';
import type { ServiceContext } from '../context.ts';
import type { Reader, Writer } from '../store/store.ts';
import {
  assignPack,
  findPack,
  insertPack,
  listAssignedPacks,
  listPacks,
  listWorkspaces,
  type PackSummary,
} from '../store/workspaces.ts';
import { readPackArchive } from './pack-archive.ts';
import { publisherKey } from './publisher-key.ts';

export interface PublishedPack {
  isNew: boolean;
  pack: PackSummary;
}

/** The same archive twice is one pack; a version with another content is refused. */
export async function publishPack({ store, clock }: ServiceContext, archive: Buffer): Promise<PublishedPack> {
  const { name, version, description } = await readPackArchive(archive, publisherKey());
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const pack = { name, version, description, sha256, bytes: archive.length, publishedAt: clock.now() };
  return store.write(async (tx) => {
    const newestBefore = await findNewestPack(tx.db, name);
    if (await insertPack(tx, { ...pack, archive })) {
      if (newestBefore !== undefined && compareVersions(version, newestBefore.version) > 0) await moveOn(tx, newestBefore, pack);
      return { isNew: true, pack };
    }
    const there = await findPack(tx.db, name, version);
    if (there?.sha256 !== sha256) throw new AppError('resource-exists', { what: 'pack', name: `${name} ${version}` });
    return { isNew: false, pack: there };
  });
}

/** Workspaces that give the newest version go on giving the newest; one that was given an older version on purpose keeps it. */
async function moveOn(tx: Writer, from: PackSummary, to: PackSummary): Promise<void> {
  for (const { id } of await listWorkspaces(tx.db)) {
    const given = await listAssignedPacks(tx.db, id);
    if (given.some(({ name, version }) => name === from.name && version === from.version)) {
      await assignPack(tx, id, to.name, to.version, to.publishedAt);
    }
  }
}

export async function findNewestPack(db: Reader, name: string): Promise<PackSummary | undefined> {
  const versions = (await listPacks(db)).filter((pack) => pack.name === name);
  return versions.sort((one, other) => compareVersions(other.version, one.version))[0];
}

/** Publishes the packs that lie beside the program. One that is no good is logged and left out: the service starts without it. */
export async function seedPacks(context: ServiceContext, folder: string): Promise<void> {
  for (const file of await listArchives(folder)) {
    try {
      const { isNew, pack } = await publishPack(context, await readFile(join(folder, file)));
      if (isNew) context.log.info('Published the pack that came with the service', { pack: pack.name, version: pack.version });
    } catch (error) {
      if (!isAppError(error)) throw error;
      const { title, text } = error.toProblem();
      context.log.warn('A pack that came with the service was left out', { file, problem: title, text });
    }
  }
}

async function listArchives(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((file) => file.endsWith('.zip')).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
