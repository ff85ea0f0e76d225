/** How busy this machine is, looked at when somebody asks and not otherwise. */
import { cpus, freemem, totalmem } from 'node:os';
import type { EngineValue } from '../../src-contract/engine-calls.ts';
import type { Clock } from '../engine/clock.ts';
import { readDiskRoom } from '../platform/disk-room.ts';

/** Long enough for the kernel's counters (a hundredth of a second each), short enough for whoever waits. */
const measureMs = 200;

interface Times {
  busy: number;
  all: number;
}

/** Of all cores together, since the machine started. */
function readTimes(): Times {
  const times = { busy: 0, all: 0 };
  for (const { times: core } of cpus()) {
    const busy = core.user + core.nice + core.sys + core.irq;
    times.busy += busy;
    times.all += busy + core.idle;
  }
  return times;
}

export function percentBetween(before: Times, after: Times): number {
  const all = after.all - before.all;
  return all <= 0 ? 0 : Math.round((100 * (after.busy - before.busy)) / all);
}

export async function measureLoad(folder: string, clock: Clock, signal: AbortSignal): Promise<EngineValue<'worker:load'>> {
  const before = readTimes();
  await clock.sleep(measureMs, signal);
  const { freeBytes, totalBytes } = await readDiskRoom(folder);
  return {
    processorPercent: percentBetween(before, readTimes()),
    memoryBytes: totalmem(),
    memoryFreeBytes: freemem(),
    diskBytes: totalBytes,
    diskFreeBytes: freeBytes,
  };
}
