/**
 * Makes a data folder usable or says why it is not: rights, owner, version. Migrations go forward only, one step a version, each after a copy
 * of what it changes; a folder of a newer version is refused untouched.
 */
import { access, chmod, constants, lstat, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { AppError } from '../../src-contract/app-error.ts';
import { dataLayout, layoutVersion, type DataLayout } from './layout.ts';
import { errnoOf, readTextFile, writePrivateFile } from './private-files.ts';

const versionShape = z.object({ version: z.int().min(1) });

/** Brings a folder from version `from` to `from + 1`. It keeps copies of what it changes in `backupFolder`. */
export interface MigrationStep {
  from: number;
  run: (layout: DataLayout, backupFolder: string) => Promise<void>;
}

export interface DataFolderOptions {
  steps?: readonly MigrationStep[];
  known?: number;
}

/** Throws AppError `data-folder-unusable` or `data-folder-newer`. */
export async function openDataFolder(folder: string, options: DataFolderOptions = {}): Promise<DataLayout> {
  const { steps = [], known = layoutVersion } = options;
  const layout = dataLayout(path.resolve(folder));
  try {
    await refuseForeignContent(layout);
    await preparePrivateFolder(layout.folder, passable);
    await migrate(layout, steps, known);
    for (const inside of [
      layout.secretsFolder,
      layout.controlFolder,
      layout.packsFolder,
      layout.logsFolder,
      layout.journalsFolder,
    ]) {
      await preparePrivateFolder(inside);
    }
    await preparePrivateFolder(layout.sandboxesFolder, passable);
  } catch (error) {
    if (error instanceof AppError || errnoOf(error) === undefined) throw error;
    throw new AppError('data-folder-unusable', { dataFolder: layout.folder, reason: reasonOf(error) }, { cause: error });
  }
  return layout;
}

/** A folder that holds something else (`--data /tmp`, say) would be closed to everybody who uses it. */
async function refuseForeignContent(layout: DataLayout): Promise<void> {
  const found = await readdir(layout.folder).catch((error: unknown): string[] => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  if (found.includes(path.basename(layout.versionFile))) return;
  // The application keeps its window's own files here, and makes them first.
  const foreign = found.find((name) => name !== 'window');
  if (foreign !== undefined) throw unusable(layout.folder, `it holds something else (${foreign})`);
}

/** Where runbooks run as another user, its group may pass through to its jobs: what runs may have been started by an engine before. */
const passable = 0o010;

async function preparePrivateFolder(folder: string, granted = 0): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const facts = await lstat(folder);
  if (!facts.isDirectory()) throw unusable(folder, 'it is not a folder');
  if (process.platform !== 'win32') {
    // A folder that somebody else owns can be filled or swapped by them at any time, whatever its rights say now.
    if (facts.uid !== process.getuid?.()) throw unusable(folder, 'it belongs to another user');
    if ((facts.mode & 0o077 & ~granted) !== 0) await chmod(folder, 0o700);
  }
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
}

async function migrate(layout: DataLayout, steps: readonly MigrationStep[], known: number): Promise<void> {
  const found = await readVersion(layout, known);
  if (found > known) throw new AppError('data-folder-newer', { dataFolder: layout.folder, found, known });
  for (let version = found; version < known; version += 1) {
    const step = steps.find((one) => one.from === version);
    if (step === undefined) throw new Error(`no migration leads from data layout ${String(version)}`);
    const backupFolder = path.join(layout.folder, 'backup', `layout-${String(version)}`);
    await mkdir(backupFolder, { recursive: true, mode: 0o700 });
    await step.run(layout, backupFolder);
    await writeVersion(layout, version + 1);
  }
}

async function readVersion(layout: DataLayout, known: number): Promise<number> {
  const text = await readTextFile(layout.versionFile);
  if (text === undefined) {
    await writeVersion(layout, known);
    return known;
  }
  const parsed = versionShape.safeParse(parseJson(text));
  // Guessing a version could run a migration on files that it does not fit.
  if (!parsed.success) throw unusable(layout.folder, 'layout.json does not say which version the folder has');
  return parsed.data.version;
}

async function writeVersion(layout: DataLayout, version: number): Promise<void> {
  await writePrivateFile(layout.versionFile, `${JSON.stringify({ version })}\n`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unusable(folder: string, reason: string): AppError {
  return new AppError('data-folder-unusable', { dataFolder: folder, reason });
}

function reasonOf(error: unknown): string {
  switch (errnoOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'this user has no right to write there';
    case 'EROFS':
      return 'the disk can only be read';
    case 'ENOSPC':
      return 'the disk is full';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'a part of the path is not a folder';
    case undefined:
    default:
      return `it cannot be opened (${errnoOf(error) ?? 'unknown'})`;
  }
}
