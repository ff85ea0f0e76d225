/** Looks at the room that is left for the data folder, and says so before there is none. Looks often: a runbook fills a disk in minutes. */
import type { Clock } from '../engine/clock.ts';
import { readDiskRoom } from '../platform/disk-room.ts';

const lookEveryMs = 10_000;

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
      const { freeBytes, isLow } = await readDiskRoom(folder);
      tell(isLow ? { freeMebibytes: Math.floor(freeBytes / 1024 / 1024) } : undefined);
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) fault(error, 'look at the room on the disk');
      hasFailed = true;
    }
    await clock.sleep(lookEveryMs, signal);
  }
}
