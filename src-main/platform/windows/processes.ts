/** What Windows says of processes: the whole list at once, and of one its start. */
import { kernel32, processAccess, withProcess } from './kernel.ts';
import { errorNumber, lastErrorNumber, library, structure, WindowsError, type Pointer, type Wide } from './win32.ts';

export interface WindowsProcess {
  pid: number;
  parent: number;
  session: number;
  /** 100 ns since 1601, as text: with boot id and pid the name of a process. */
  startTime: string;
  cpuMs: number;
  residentBytes: number;
  /** The largest that it has been. */
  peakBytes: number;
}

/** SYSTEM_PROCESS_INFORMATION of winternl.h, with what its reserved members hold since Windows 7. */
export const systemProcessInformation = structure<{
  nextEntryOffset: number;
  threads: number;
  privateWorkingSet: Wide;
  hardFaults: number;
  mostThreads: number;
  cycles: Wide;
  createTime: Wide;
  userTime: Wide;
  kernelTime: Wide;
  nameLength: number;
  nameMaximum: number;
  name: Pointer;
  basePriority: number;
  pid: Wide;
  parent: Wide;
  handles: number;
  session: number;
  key: Wide;
  peakVirtualSize: Wide;
  virtualSize: Wide;
  pageFaults: number;
  peakWorkingSet: Wide;
  workingSet: Wide;
}>(() => ({
  nextEntryOffset: 'uint32',
  threads: 'uint32',
  privateWorkingSet: 'int64',
  hardFaults: 'uint32',
  mostThreads: 'uint32',
  cycles: 'uint64',
  createTime: 'int64',
  userTime: 'int64',
  kernelTime: 'int64',
  nameLength: 'uint16',
  nameMaximum: 'uint16',
  name: 'void *',
  basePriority: 'int32',
  pid: 'uint64',
  parent: 'uint64',
  handles: 'uint32',
  session: 'uint32',
  key: 'uint64',
  peakVirtualSize: 'uint64',
  virtualSize: 'uint64',
  pageFaults: 'uint32',
  peakWorkingSet: 'uint64',
  workingSet: 'uint64',
}));

/** SYSTEM_TIMEOFDAY_INFORMATION, its first members. */
export const systemTimeOfDay = structure<{
  bootTime: Wide;
  currentTime: Wide;
  timeZoneBias: Wide;
  timeZoneId: number;
  reserved: number;
  bootTimeBias: Wide;
  sleepTimeBias: Wide;
}>(() => ({
  bootTime: 'int64',
  currentTime: 'int64',
  timeZoneBias: 'int64',
  timeZoneId: 'uint32',
  reserved: 'uint32',
  bootTimeBias: 'uint64',
  sleepTimeBias: 'uint64',
}));

const information = { timeOfDay: 3, processes: 5 } as const;
const lengthMismatch = 0xc000_0004;
const systemPid = 4;
const waitTimedOut = 0x102;
const ticksPerMs = 10_000;

const ntdll = library<{
  NtQuerySystemInformation: (kind: number, into: Buffer, bytes: number, needed: [number]) => number;
}>('ntdll.dll', {
  NtQuerySystemInformation: 'uint32 __stdcall NtQuerySystemInformation(int kind, void *into, uint32 bytes, _Out_ uint32 *needed)',
});

/** Every process of the machine, whoever it belongs to. */
export function listProcesses(): WindowsProcess[] {
  const { read, offsetOf } = systemProcessInformation();
  const nextAt = offsetOf('nextEntryOffset');
  const bytes = query(information.processes, 512 * 1024);
  const found: WindowsProcess[] = [];
  for (let at = 0; ;) {
    const facts = read(bytes, at);
    found.push({
      pid: Number(facts.pid),
      parent: Number(facts.parent),
      session: facts.session,
      startTime: String(facts.createTime),
      cpuMs: (Number(facts.userTime) + Number(facts.kernelTime)) / ticksPerMs,
      residentBytes: Number(facts.workingSet),
      peakBytes: Number(facts.peakWorkingSet),
    });
    const next = bytes.readUInt32LE(at + nextAt);
    if (next === 0) return found;
    at += next;
  }
}

let bootId: string | undefined;

/**
 * When the process System was made, which Windows does with each boot and never changes; the time of the boot itself would move with the
 * clock. Wine has no such process and keeps the time at which its server started.
 */
export function readBootId(): string {
  bootId ??=
    listProcesses().find(({ pid }) => pid === systemPid)?.startTime ??
    String(systemTimeOfDay().read(query(information.timeOfDay, systemTimeOfDay().size)).bootTime);
  return bootId;
}

/** Undefined when there is no such process, or when it has ended and somebody still holds it. */
export function readStartTime(pid: number): string | undefined {
  const access = processAccess.queryLimited | processAccess.synchronize;
  const found = withProcess(pid, access, (process) => (hasEnded(process) ? 'ended' : startOf(process)));
  if (found !== undefined) return found === 'ended' ? undefined : found;
  // A process of another account: the list shows it all the same.
  if (lastErrorNumber() !== errorNumber.accessDenied) return undefined;
  return listProcesses().find((one) => one.pid === pid)?.startTime;
}

function hasEnded(process: Pointer): boolean {
  return kernel32().WaitForSingleObject(process, 0) !== waitTimedOut;
}

function startOf(process: Pointer): string | undefined {
  return readTimes(process)?.created.toString();
}

/** `cpuMs` of the process alone, `created` in 100 ns since 1601. */
export function readTimes(process: Pointer): { created: bigint; cpuMs: number } | undefined {
  const [created, ended, kernel, user] = [Buffer.alloc(8), Buffer.alloc(8), Buffer.alloc(8), Buffer.alloc(8)];
  if (!kernel32().GetProcessTimes(process, created, ended, kernel, user)) return undefined;
  const cpuMs = Number(kernel.readBigUInt64LE() + user.readBigUInt64LE()) / ticksPerMs;
  return { created: created.readBigUInt64LE(), cpuMs };
}

function query(kind: number, size: number): Buffer {
  const needed: [number] = [0];
  for (let bytes = Buffer.alloc(size); ; bytes = Buffer.alloc(Math.max(needed[0], bytes.length) * 2)) {
    const status = ntdll().NtQuerySystemInformation(kind, bytes, bytes.length, needed);
    if (status === 0) return bytes;
    if (status !== lengthMismatch || bytes.length > 256 * 1024 * 1024) throw new WindowsError('NtQuerySystemInformation', status);
  }
}
