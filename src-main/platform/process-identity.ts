/** The only safe name of a process is (boot id, pid, start time): pids are used again, and every boot starts them anew. */
import type { ProcessIdentity } from '../../src-contract/sandbox.ts';
import { isLiving, readBootId, readProcess } from './linux/proc.ts';

/** Undefined when there is no such process, or when it has ended and only waits for its parent. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  assertLinux();
  const facts = readProcess(pid);
  return facts === undefined || !isLiving(facts) ? undefined : { bootId: readBootId(), pid, startTime: facts.startTime };
}

export function identifyThisProcess(): ProcessIdentity {
  const own = identifyProcess(process.pid);
  if (own === undefined) throw new Error('/proc does not show this process');
  return own;
}

/** Is exactly this process still running? After a reboot nothing is. */
export function isRunning(identity: ProcessIdentity): boolean {
  const found = identifyProcess(identity.pid);
  return found !== undefined && found.startTime === identity.startTime && found.bootId === identity.bootId;
}

/** Boot id and start time on Windows come with the Windows part of this room. */
function assertLinux(): void {
  if (process.platform !== 'linux') throw new Error(`Processes cannot be identified on ${process.platform} yet`);
}
