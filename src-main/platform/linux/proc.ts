/** What Linux says of processes in /proc. Synchronous: each file is some hundred bytes that the kernel makes at once. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

export interface ProcessFacts {
  pid: number;
  parent: number;
  session: number;
  /** One letter of proc(5): Z is a zombie, X is dead. */
  state: string;
  /** Clock ticks since boot, as text: with boot id and pid the name of a process. */
  startTime: string;
  /** User and system time, its own and that of children it waited for. */
  cpuMs: number;
  residentBytes: number;
}

/** USER_HZ and the page size of every Linux that Node runs on, but for 16 and 64 KiB pages on some arm64: there memory reads low. */
const ticksPerSecond = 100;
const pageBytes = 4096;

export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Undefined when there is no such process (any more). */
export function readProcess(pid: number): ProcessFacts | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name stands in parentheses and may hold spaces and parentheses itself: the fields start after the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (index: number): number => Number(fields[index] ?? 0);
  return {
    pid,
    state: fields[0] ?? 'X',
    parent: number(1),
    session: number(3),
    cpuMs: ((number(11) + number(12) + number(13) + number(14)) * 1000) / ticksPerSecond,
    startTime: fields[19] ?? '',
    residentBytes: number(21) * pageBytes,
  };
}

/** Undefined when there is no such process, or when it has ended and only waits for its parent. */
export function readStartTime(pid: number): string | undefined {
  const facts = readProcess(pid);
  return facts !== undefined && isLiving(facts) ? facts.startTime : undefined;
}

export function isLiving(facts: ProcessFacts): boolean {
  return facts.state !== 'Z' && facts.state !== 'X';
}

export function listProcesses(): ProcessFacts[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((facts) => facts !== undefined);
}

/** Does the environment that the process was started with hold this variable? False where it may not be read. */
export function hasEnvironment(pid: number, name: string, value: string): boolean {
  const text = readText(`/proc/${pid}/environ`);
  return text !== undefined && `\0${text}`.includes(`\0${name}=${value}\0`);
}

/** Largest resident size so far, of one process. */
export function readPeakBytes(pid: number): number | undefined {
  const found = /^VmHWM:\s+(\d+) kB/m.exec(readText(`/proc/${pid}/status`) ?? '');
  return found?.[1] === undefined ? undefined : Number(found[1]) * 1024;
}

/** From now on the largest resident size counts anew. Where that may not be asked for, the old one stays. */
export function forgetPeakBytes(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // It has ended, or is not ours.
  }
}

export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
