/** Looks at the room that is left for the data folder, and says so before there is none. Looks often: a runbook fills a disk in minutes. */
import { statfs } from 'node:fs/promises';
import type { Clock } from '../engine/clock.ts';

const lookEveryMs = 10_000;
/** Enough for the journals of many jobs while somebody makes room; on a small disk a twentieth of it. */
const leastFreeBytes = 256 * 1024 * 1024;
const leastShare = 1 / 20;

export interface DiskSpaceOptions {
  folder: string;
  clock: Clock;
  signal: AbortSignal;
  /** undefined: there is room. */
  tell: (low: { freeMebibytes: number } | undefined) => void;
  /** The disk cannot even be asked. */
  fault: (error: unknown, what: string) => void;
}

/** Resolves when the signal has fired. */
export async function watchDiskSpace({ folder, clock, signal, tell, fault }: DiskSpaceOptions): Promise<void> {
  let hasFailed = false;
  while (!signal.aborted) {
    try {
      const { bavail, blocks, bsize } = await statfs(folder);
      const free = bavail * bsize;
      const isLow = free < Math.min(leastFreeBytes, blocks * bsize * leastShare);
      tell(isLow ? { freeMebibytes: Math.floor(free / 1024 / 1024) } : undefined);
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) fault(error, 'look at the room on the disk');
      hasFailed = true;
    }
    await clock.sleep(lookEveryMs, signal);
  }
}
