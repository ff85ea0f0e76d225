/** The only safe name of a process is (boot id, pid, start time): pids are used again, and every boot starts them anew. */
import type { ProcessIdentity } from '../../src-contract/sandbox.ts';
import { readBootId as readLinuxBootId, readStartTime as readLinuxStartTime } from './linux/proc.ts';
import { readBootId as readWindowsBootId, readStartTime as readWindowsStartTime } from './windows/processes.ts';

const onWindows = process.platform === 'win32';
const readBootId = onWindows ? readWindowsBootId : readLinuxBootId;
const readStartTime = onWindows ? readWindowsStartTime : readLinuxStartTime;

/** Undefined when there is no such process, or when it has ended and only waits for its parent. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startTime = readStartTime(pid);
  return startTime === undefined ? undefined : { bootId: readBootId(), pid, startTime };
}

export function identifyThisProcess(): ProcessIdentity {
  const own = identifyProcess(process.pid);
  if (own === undefined) throw new Error('the system does not show this process');
  return own;
}

/** Is exactly this process still running? After a reboot nothing is. */
export function isRunning(identity: ProcessIdentity): boolean {
  const found = identifyProcess(identity.pid);
  return found !== undefined && found.startTime === identity.startTime && found.bootId === identity.bootId;
}
