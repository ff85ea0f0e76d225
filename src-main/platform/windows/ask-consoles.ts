/**
 * Asks processes to end as a person at their console would: with Ctrl+C. There is no other request that programs of a console know. Those
 * without one (windows, services) cannot be asked.
 */
import { library, type Pointer } from './win32.ts';

const consoles = library<{
  AttachConsole: (pid: number) => boolean;
  FreeConsole: () => boolean;
  GenerateConsoleCtrlEvent: (event: number, group: number) => boolean;
  GetConsoleProcessList: (into: Buffer, room: number) => number;
  SetConsoleCtrlHandler: (handler: Pointer, add: boolean) => boolean;
}>('kernel32.dll', {
  AttachConsole: 'bool __stdcall AttachConsole(uint32 pid)',
  FreeConsole: 'bool __stdcall FreeConsole()',
  GenerateConsoleCtrlEvent: 'bool __stdcall GenerateConsoleCtrlEvent(uint32 event, uint32 group)',
  GetConsoleProcessList: 'uint32 __stdcall GetConsoleProcessList(void *into, uint32 room)',
  SetConsoleCtrlHandler: 'bool __stdcall SetConsoleCtrlHandler(void *handler, bool add)',
});

const ctrlC = 0;
const everybody = 0;
const processesAtMost = 1024;
/** The request comes in a thread of its own, a moment after it was sent. */
const deliveryMs = 1000;

/**
 * A process that was started as the first of its group, as sandboxes are, ignores Ctrl+C, and so does what it starts. Before the first start.
 */
export function letChildrenHearCtrlC(): void {
  consoles().SetConsoleCtrlHandler(null, false);
}

/** Answers those that were reached. */
export function askConsolesOf(pids: readonly number[]): number[] {
  const calls = consoles();
  // A process has one console at a time, or has none but may not attach itself before it has said so (seen under wine).
  calls.FreeConsole();
  const waiting = new Set(pids);
  const reached: number[] = [];
  for (const pid of pids) {
    if (!waiting.has(pid) || !calls.AttachConsole(pid)) continue;
    // We are at that console now, too, and are not to end.
    process.on('SIGINT', stay);
    setTimeout(() => process.off('SIGINT', stay), deliveryMs).unref();
    const list = Buffer.alloc(4 * processesAtMost);
    const count = Math.min(calls.GetConsoleProcessList(list, processesAtMost), processesAtMost);
    const there = Array.from({ length: count }, (_, index) => list.readUInt32LE(4 * index));
    if (calls.GenerateConsoleCtrlEvent(ctrlC, everybody)) reached.push(...there.filter((one) => waiting.has(one)));
    for (const one of there) waiting.delete(one);
    calls.FreeConsole();
  }
  return reached;
}

function stay(): void {
  // Being asked is for the others.
}
