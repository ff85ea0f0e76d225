/**
 * A Job Object: what holds the processes of a job together on Windows. Whatever a member starts is born a member and cannot leave, and when
 * the last handle to it closes (with the sandbox, however that dies) Windows ends everything in it.
 */
import { availableParallelism } from 'node:os';
import type { JobLimits } from '../../../src-contract/sandbox.ts';
import type { LimitName } from '../tree-notions.ts';
import { kernel32, processAccess, withProcess } from './kernel.ts';
import {
  errorNumber,
  lastErrorNumber,
  library,
  must,
  refused,
  structure,
  WindowsError,
  type Pointer,
  type Wide,
} from './win32.ts';

/** JOBOBJECT_EXTENDED_LIMIT_INFORMATION, its basic part and its counters of input and output spelled out. */
export const extendedLimits = structure<{
  processUserTime: Wide;
  jobUserTime: Wide;
  flags: number;
  leastWorkingSet: Wide;
  mostWorkingSet: Wide;
  activeProcesses: number;
  affinity: Wide;
  priorityClass: number;
  schedulingClass: number;
  readOperations: Wide;
  writeOperations: Wide;
  otherOperations: Wide;
  readBytes: Wide;
  writtenBytes: Wide;
  otherBytes: Wide;
  processMemory: Wide;
  jobMemory: Wide;
  peakProcessMemory: Wide;
  peakJobMemory: Wide;
}>(() => ({
  processUserTime: 'int64',
  jobUserTime: 'int64',
  flags: 'uint32',
  leastWorkingSet: 'uint64',
  mostWorkingSet: 'uint64',
  activeProcesses: 'uint32',
  affinity: 'uint64',
  priorityClass: 'uint32',
  schedulingClass: 'uint32',
  readOperations: 'uint64',
  writeOperations: 'uint64',
  otherOperations: 'uint64',
  readBytes: 'uint64',
  writtenBytes: 'uint64',
  otherBytes: 'uint64',
  processMemory: 'uint64',
  jobMemory: 'uint64',
  peakProcessMemory: 'uint64',
  peakJobMemory: 'uint64',
}));

/** JOBOBJECT_BASIC_ACCOUNTING_INFORMATION */
export const basicAccounting = structure<{
  userTime: Wide;
  kernelTime: Wide;
  periodUserTime: Wide;
  periodKernelTime: Wide;
  pageFaults: number;
  totalProcesses: number;
  activeProcesses: number;
  terminatedProcesses: number;
}>(() => ({
  userTime: 'int64',
  kernelTime: 'int64',
  periodUserTime: 'int64',
  periodKernelTime: 'int64',
  pageFaults: 'uint32',
  totalProcesses: 'uint32',
  activeProcesses: 'uint32',
  terminatedProcesses: 'uint32',
}));

/** JOBOBJECT_BASIC_PROCESS_ID_LIST up to its list. */
export const processIdList = structure<{ assigned: number; listed: number }>(() => ({ assigned: 'uint32', listed: 'uint32' }));

/** JOBOBJECT_CPU_RATE_CONTROL_INFORMATION with the rate of a hard cap: hundredths of a percent of the whole machine. */
export const cpuRateControl = structure<{ flags: number; rate: number }>(() => ({ flags: 'uint32', rate: 'uint32' }));

const information = { accounting: 1, processIds: 3, extendedLimits: 9, cpuRate: 15 } as const;
const flag = {
  activeProcesses: 0x0008,
  jobMemory: 0x0200,
  /** A member that crashes ends, instead of waiting behind a window that nobody sees. */
  dieOnUnhandledException: 0x0400,
  silentBreakaway: 0x1000,
  killOnClose: 0x2000,
} as const;
const cpuRate = { enable: 0x1, hardCap: 0x4 } as const;
/** JOB_OBJECT_SET_ATTRIBUTES | JOB_OBJECT_QUERY | JOB_OBJECT_TERMINATE */
const reopenAccess = 0x0002 | 0x0004 | 0x0008;
const ticksPerMs = 10_000;
const endedExitCode = 1;

const jobs = library<{
  CreateJobObjectW: (security: Pointer, name: string) => Pointer;
  OpenJobObjectW: (access: number, inherit: boolean, name: string) => Pointer;
  AssignProcessToJobObject: (job: Pointer, process: Pointer) => boolean;
  SetInformationJobObject: (job: Pointer, kind: number, bytes: Buffer, size: number) => boolean;
  QueryInformationJobObject: (job: Pointer, kind: number, into: Buffer, size: number, used: Pointer) => boolean;
  IsProcessInJob: (process: Pointer, job: Pointer, answer: [number]) => boolean;
}>('kernel32.dll', {
  CreateJobObjectW: 'void *__stdcall CreateJobObjectW(void *security, str16 name)',
  OpenJobObjectW: 'void *__stdcall OpenJobObjectW(uint32 access, bool inherit, str16 name)',
  AssignProcessToJobObject: 'bool __stdcall AssignProcessToJobObject(void *job, void *process)',
  SetInformationJobObject: 'bool __stdcall SetInformationJobObject(void *job, int kind, void *bytes, uint32 size)',
  QueryInformationJobObject: 'bool __stdcall QueryInformationJobObject(void *job, int kind, void *into, uint32 size, void *used)',
  IsProcessInJob: 'bool __stdcall IsProcessInJob(void *process, void *job, _Out_ int32 *answer)',
});

export class JobObject {
  readonly name: string;
  readonly #handle: Pointer;
  #flags = flag.killOnClose | flag.dieOnUnhandledException;
  #activeProcesses = 0;
  #jobMemory: Wide = 0;
  /** How many wait for its end just now. */
  #closings = 0;

  private constructor(name: string, handle: Pointer) {
    this.name = name;
    this.#handle = handle;
  }

  /** Throws WindowsError; also where somebody has made one of this name. */
  static create(name: string): JobObject {
    const handle = jobs().CreateJobObjectW(null, name);
    const error = lastErrorNumber();
    if (handle === null) throw new WindowsError('CreateJobObject', error);
    const job = new JobObject(name, handle);
    if (error === errorNumber.alreadyExists) {
      job.close();
      throw new WindowsError('CreateJobObject', error);
    }
    job.#writeLimits();
    return job;
  }

  /** Undefined when there is none any more: everything in it has ended then. Throws WindowsError when it may not be opened. */
  static open(name: string): JobObject | undefined {
    const handle = jobs().OpenJobObjectW(reopenAccess, false, name);
    if (handle !== null) return new JobObject(name, handle);
    if (lastErrorNumber() === errorNumber.fileNotFound) return undefined;
    throw refused('OpenJobObject');
  }

  /** This process, and everything that it starts from now on. For good: nothing leaves a job. */
  assignThisProcess(): void {
    must(jobs().AssignProcessToJobObject(this.#handle, kernel32().GetCurrentProcess()), 'AssignProcessToJobObject');
  }

  /**
   * Answers which of them Windows keeps. `own`: what the sandbox, which is inside, needs beside its job. CPU is refused where sessions share
   * the processors by Windows' own rule (Remote Desktop's), and by wine.
   */
  limit({ memoryBytes, processes, cpuPercent }: JobLimits, own: { memoryBytes: number; processes: number }): LimitName[] {
    const kept: LimitName[] = [];
    if (memoryBytes !== null) {
      this.#flags |= flag.jobMemory;
      this.#jobMemory = memoryBytes + own.memoryBytes;
      kept.push('memoryBytes');
    }
    if (processes !== null) {
      this.#flags |= flag.activeProcesses;
      this.#activeProcesses = processes + own.processes;
      kept.push('processes');
    }
    this.#writeLimits();
    if (cpuPercent !== null && this.#limitCpu(cpuPercent)) kept.push('cpuPercent');
    return kept;
  }

  /** The ids of its processes, this one among them where it is inside. */
  processIds(): number[] {
    const { size, read } = processIdList();
    for (let room = 256; ; room *= 4) {
      const bytes = Buffer.alloc(size + 8 * room);
      const isWhole = jobs().QueryInformationJobObject(this.#handle, information.processIds, bytes, bytes.length, null);
      if (!isWhole && lastErrorNumber() !== errorNumber.moreData) throw refused('QueryInformationJobObject');
      const { listed } = read(bytes);
      if (isWhole) return Array.from({ length: listed }, (_, index) => Number(bytes.readBigUInt64LE(size + 8 * index)));
    }
  }

  /** Ends it, if it is a member still: its id may have been given to another process meanwhile. */
  endMember(pid: number): void {
    // Windows would be content with the limited query; wine is not.
    const access = processAccess.terminate | processAccess.query;
    withProcess(pid, access, (process) => {
      const isMember: [number] = [0];
      if (!jobs().IsProcessInJob(process, this.#handle, isMember) || isMember[0] === 0) return;
      kernel32().TerminateProcess(process, endedExitCode);
    });
  }

  /** While something is being ended nothing may be born in it: no more than one process is let live. Safe to call while it goes on. */
  async withoutBirths<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#closings += 1;
    this.#writeLimits();
    try {
      return await work();
    } finally {
      this.#closings -= 1;
      this.#writeLimits();
    }
  }

  /** What is started by `start` is no member. So is what a member starts in the same moment. */
  whileOpen(start: () => void): void {
    const flags = this.#flags;
    this.#flags |= flag.silentBreakaway;
    this.#writeLimits();
    try {
      start();
    } finally {
      this.#flags = flags;
      this.#writeLimits();
    }
  }

  /** Of everything that ever ran inside. `refused`: processes that were ended because they were too many. */
  accounting(): { cpuMs: number; refused: number } {
    const found = basicAccounting().read(this.#query(information.accounting, basicAccounting().size));
    return { cpuMs: (Number(found.userTime) + Number(found.kernelTime)) / ticksPerMs, refused: found.terminatedProcesses };
  }

  /** Has it once had all the memory that it may have? */
  hasFilledItsMemory(): boolean {
    if ((this.#flags & flag.jobMemory) === 0) return false;
    const { peakJobMemory } = extendedLimits().read(this.#query(information.extendedLimits, extendedLimits().size));
    // Windows refuses what would go beyond, so that the peak stays a little below.
    return Number(peakJobMemory) > Number(this.#jobMemory) - 1024 * 1024;
  }

  /** The last handle: everything inside ends, this process too where it is inside. */
  close(): void {
    kernel32().CloseHandle(this.#handle);
  }

  #limitCpu(cpuPercent: number): boolean {
    const rate = Math.min(10_000, Math.max(1, Math.round((cpuPercent * 100) / availableParallelism())));
    const bytes = cpuRateControl().bytes({ flags: cpuRate.enable | cpuRate.hardCap, rate });
    return jobs().SetInformationJobObject(this.#handle, information.cpuRate, bytes, bytes.length);
  }

  #writeLimits(): void {
    const isClosed = this.#closings > 0;
    const bytes = extendedLimits().bytes({
      flags: isClosed ? this.#flags | flag.activeProcesses : this.#flags,
      activeProcesses: isClosed ? 1 : this.#activeProcesses,
      jobMemory: this.#jobMemory,
    });
    must(
      jobs().SetInformationJobObject(this.#handle, information.extendedLimits, bytes, bytes.length),
      'SetInformationJobObject',
    );
  }

  #query(kind: number, size: number): Buffer {
    const bytes = Buffer.alloc(size);
    must(jobs().QueryInformationJobObject(this.#handle, kind, bytes, size, null), 'QueryInformationJobObject');
    return bytes;
  }
}
