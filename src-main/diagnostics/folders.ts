/** Room on the disk, and whether the worker's folders are its own: usable by it, and closed to others where secrets lie. */
import { access, constants, stat } from 'node:fs/promises';
import type { Finding } from '../../src-contract/diagnostics.ts';
import { formatBytes } from '../../src-contract/format-bytes.ts';
import { readDiskRoom } from '../platform/disk-room.ts';
import { evidence } from './evidence.ts';

export interface FolderFacts {
  dataFolder: string;
  /** In words, with the path; `secret`: nobody else may look into it. Folders that are not there yet are left out. */
  folders: readonly { what: string; path: string; secret: boolean }[];
  platform: NodeJS.Platform;
}

const mebibyte = 1024 * 1024;
/** Nothing is wrong yet, but worth knowing. */
const scarceBytes = 1024 * mebibyte;

export async function judgeFolders({ dataFolder, folders, platform }: FolderFacts): Promise<Finding> {
  const rule = 'disk-and-folders';
  const { freeBytes: free, totalBytes, isLow } = await readDiskRoom(dataFolder);
  const looked = await Promise.all(folders.map(async (folder) => ({ folder, fault: await faultOf(folder, platform) })));
  const seen = evidence([
    ['data folder', dataFolder],
    ['free', `${formatBytes(free)} of ${formatBytes(totalBytes)}`],
    ...looked.map(({ folder, fault }): [string, string] => [folder.what, fault ?? 'in order']),
  ]);
  const wrong = looked.filter(({ fault }) => fault !== undefined);
  const closed = wrong.find(({ fault }) => fault !== openToOthers);
  if (closed !== undefined)
    return {
      rule,
      result: 'failed',
      sentence: `The worker cannot use ${closed.folder.path}: ${closed.fault ?? ''}`,
      evidence: seen,
      repair: 'Give the folder back to the user that the worker runs as, with the right to write.',
    };
  if (isLow)
    return {
      rule,
      result: 'failed',
      sentence: `The disk is nearly full: ${formatBytes(free)} are left`,
      evidence: seen,
      repair: makeRoom,
    };
  if (wrong.length > 0)
    return {
      rule,
      result: 'failed',
      sentence: `${wrong.map(({ folder }) => folder.path).join(', ')}: other users of this machine can look into it`,
      evidence: seen,
      repair: `Close it: chmod -R go-rwx ${wrong.map(({ folder }) => folder.path).join(' ')}. Whoever could read the keys meanwhile may have them: register again.`,
    };
  if (free < scarceBytes)
    return { rule, result: 'attention', sentence: `The disk has ${formatBytes(free)} left`, evidence: seen, repair: makeRoom };
  return {
    rule,
    result: 'good',
    sentence: `The disk has ${formatBytes(free)} left, and every folder is the worker’s own`,
    evidence: seen,
    repair: null,
  };
}

const makeRoom =
  'Make room on the disk, or keep less: the settings “Keep jobs for” and “Keep at most” decide what journals take.';
const openToOthers = 'other users can look into it';

/** Windows says who may do what in access lists, which the service's start looks at; here whether it can be used counts. */
async function faultOf(folder: FolderFacts['folders'][number], platform: NodeJS.Platform): Promise<string | undefined> {
  try {
    const { mode, uid } = await stat(folder.path);
    await access(folder.path, constants.R_OK | constants.W_OK | constants.X_OK);
    if (platform === 'win32') return undefined;
    const own = process.getuid?.();
    if (own !== undefined && uid !== own) return `it belongs to user ${String(uid)}`;
    return folder.secret && (mode & 0o077) !== 0 ? openToOthers : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? undefined : (code ?? 'it cannot be looked at');
  }
}
