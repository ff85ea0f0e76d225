/** Calls of kernel32 and ntdll that more than one part of this room makes. */
import { library, type Pointer } from './win32.ts';

export const kernel32 = library<{
  CloseHandle: (handle: Pointer) => boolean;
  GetCurrentProcess: () => Pointer;
  OpenProcess: (access: number, inherit: boolean, pid: number) => Pointer;
  TerminateProcess: (process: Pointer, exitCode: number) => boolean;
  WaitForSingleObject: (handle: Pointer, milliseconds: number) => number;
  GetProcessTimes: (process: Pointer, created: Buffer, ended: Buffer, kernel: Buffer, user: Buffer) => boolean;
  LocalFree: (memory: Pointer) => Pointer;
  QueryFullProcessImageNameW: (process: Pointer, how: number, into: Buffer, length: [number]) => boolean;
}>('kernel32.dll', {
  CloseHandle: 'bool __stdcall CloseHandle(void *handle)',
  GetCurrentProcess: 'void *__stdcall GetCurrentProcess()',
  OpenProcess: 'void *__stdcall OpenProcess(uint32 access, bool inherit, uint32 pid)',
  TerminateProcess: 'bool __stdcall TerminateProcess(void *process, uint32 exitCode)',
  WaitForSingleObject: 'uint32 __stdcall WaitForSingleObject(void *handle, uint32 milliseconds)',
  GetProcessTimes: 'bool __stdcall GetProcessTimes(void *process, void *created, void *ended, void *kernel, void *user)',
  LocalFree: 'void *__stdcall LocalFree(void *memory)',
  QueryFullProcessImageNameW:
    'bool __stdcall QueryFullProcessImageNameW(void *process, uint32 how, void *into, _Inout_ uint32 *length)',
});

export const processAccess = {
  terminate: 0x0001,
  query: 0x0400,
  queryLimited: 0x1000,
  synchronize: 0x0010_0000,
} as const;

/** The handle lives no longer than `use`. Undefined where Windows gives none. */
export function withProcess<Result>(pid: number, access: number, use: (process: Pointer) => Result): Result | undefined {
  const { OpenProcess, CloseHandle } = kernel32();
  const process = OpenProcess(access, false, pid);
  if (process === null) return undefined;
  try {
    return use(process);
  } finally {
    CloseHandle(process);
  }
}

/** Windows' longest path, in characters. */
const maxPath = 32_768;

/** The program's file. Undefined where there is no such process, or where Windows does not tell. */
export function imageOf(pid: number): string | undefined {
  return withProcess(pid, processAccess.queryLimited, (process) => {
    const into = Buffer.alloc(2 * maxPath);
    const length: [number] = [maxPath];
    if (!kernel32().QueryFullProcessImageNameW(process, 0, into, length)) return undefined;
    return into.toString('utf16le', 0, 2 * length[0]);
  });
}

/** One that has ended is no failure. */
export function endProcess(pid: number): void {
  withProcess(pid, processAccess.terminate, (process) => kernel32().TerminateProcess(process, 1));
}
