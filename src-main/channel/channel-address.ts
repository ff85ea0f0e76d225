/**
 * Where a channel of a folder listens. Windows: a pipe whose name is derived from the folder (pipes have no folders). Elsewhere: a socket in
 * the folder, or, where that path is too long for a socket, in a private folder under the temporary one, its name derived likewise.
 */
import { createHash } from 'node:crypto';
import { rm, rmdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

/** A Unix socket's path holds 107 bytes on Linux and 103 on macOS; older Node cut longer ones without a word. */
const maxSocketPathBytes = 103;

export interface AddressFacts {
  platform: NodeJS.Platform;
  temporaryFolder: string;
  userId: number;
}

export function channelAddress(folder: string, name: string, facts: AddressFacts = factsOfThisMachine()): string {
  if (facts.platform === 'win32') {
    // File names on Windows do not tell case apart, so two spellings of a folder must give one pipe.
    return `\\\\.\\pipe\\hrw-${nameDerivedFrom(path.win32.resolve(folder).toLowerCase())}-${name}`;
  }
  const beside = path.posix.join(folder, `${name}.sock`);
  if (Buffer.byteLength(beside) <= maxSocketPathBytes) return beside;
  return path.posix.join(sharedFolder(facts), `${nameDerivedFrom(path.posix.resolve(folder)).slice(0, 24)}-${name}.sock`);
}

/** What a socket leaves on disk, its shared folder under the temporary one included when it was the last. Safe to repeat. */
export async function removeAddress(
  address: string,
  folder: 'with its folder' | 'keep the folder' = 'with its folder',
): Promise<void> {
  if (process.platform === 'win32') return;
  await rm(address, { force: true });
  const isShared = path.dirname(address) === sharedFolder(factsOfThisMachine());
  // Fails while another socket is in it, as it should.
  if (isShared && folder === 'with its folder') await rmdir(path.dirname(address)).catch(() => undefined);
}

function sharedFolder({ temporaryFolder, userId }: AddressFacts): string {
  return path.posix.join(temporaryFolder, `hrw-${String(userId)}`);
}

function nameDerivedFrom(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 32);
}

function factsOfThisMachine(): AddressFacts {
  // A long TMPDIR would defeat the purpose.
  const temporaryFolder = Buffer.byteLength(tmpdir()) > 40 ? '/tmp' : tmpdir();
  return { platform: process.platform, temporaryFolder, userId: userInfo().uid };
}
