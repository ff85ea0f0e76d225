/** The room on the disk that a folder lies on, and what counts as little. */
import { statfs } from 'node:fs/promises';

export interface DiskRoom {
  /** For this process: what is kept back for root is not free. */
  freeBytes: number;
  totalBytes: number;
  /** Time to make room, before there is none. */
  isLow: boolean;
}

/** Enough for the journals of many jobs while somebody makes room; on a small disk a twentieth of it. */
const leastFreeBytes = 256 * 1024 * 1024;
const leastShare = 1 / 20;

/** Throws what the system says. */
export async function readDiskRoom(folder: string): Promise<DiskRoom> {
  const { bavail, blocks, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const totalBytes = blocks * bsize;
  return { freeBytes, totalBytes, isLow: freeBytes < Math.min(leastFreeBytes, totalBytes * leastShare) };
}
