/**
 * This process as a service: speaks with the service control manager from the first moment to the last. The dispatcher's call stays in one of
 * Node's four threads for as long as the service lives.
 */
import { lazily, nativeCalls } from '../native-calls.ts';
import { serviceStatusTypes, type ServiceStatusFields } from './service-status.ts';
import { library, refused, structure, type Pointer } from './win32.ts';

/** SERVICE_TABLE_ENTRYW */
export const serviceTableEntry = structure<{ name: string | null; main: Pointer }>(() => ({ name: 'str16', main: 'void *' }));
/** SERVICE_STATUS */
export const serviceStatus = structure<ServiceStatusFields>(() => serviceStatusTypes);

const ownProcess = 0x10;
const state = { stopped: 1, startPending: 2, stopPending: 3, running: 4 } as const;
const accepts = { stop: 0x1, preshutdown: 0x100 } as const;
const control = { stop: 1, interrogate: 4, preshutdown: 15 } as const;
const noError = 0;
const notImplemented = 120;
const specificError = 1066;
const pendingMs = 30_000;

export interface ServiceWork {
  /** Resolves when the work is over. `started` once it can be used; the signals ask for the end; `fail` ends it at once, as failed. */
  (steering: { started: () => void; stop: AbortSignal; drain: AbortSignal; fail: (error: unknown) => void }): Promise<void>;
}

type Dispatch = (table: Buffer) => boolean;

const services = library<{
  StartServiceCtrlDispatcherW: Dispatch & {
    async: (table: Buffer, done: (error: Error | null, result: boolean) => void) => void;
  };
  RegisterServiceCtrlHandlerExW: (name: string, handler: bigint, context: null) => Pointer;
  SetServiceStatus: (handle: Pointer, status: Buffer) => boolean;
}>('advapi32.dll', {
  StartServiceCtrlDispatcherW: 'bool __stdcall StartServiceCtrlDispatcherW(void *table)',
  RegisterServiceCtrlHandlerExW: 'void *__stdcall RegisterServiceCtrlHandlerExW(str16 name, void *handler, void *context)',
  SetServiceStatus: 'bool __stdcall SetServiceStatus(void *handle, void *status)',
});

const exitProcess = lazily(
  () => nativeCalls().load('kernel32.dll').func('void __stdcall ExitProcess(uint32 code)') as unknown as (code: number) => void,
);

/**
 * Never returns when Windows has started us: the process ends with the service. Throws WindowsError 1063 when it has not. What `work` throws
 * is handed to `onFault` and makes the service fail, so that Windows starts it again.
 */
export function runAsService(name: string, work: ServiceWork, onFault: (error: unknown) => void): Promise<never> {
  const koffi = nativeCalls();
  const stop = new AbortController();
  const drain = new AbortController();
  let handle: Pointer = null;
  let now: number = state.startPending;
  const tell = (next: number, exitCode = 0): void => {
    now = next;
    const isPending = next === state.startPending || next === state.stopPending;
    const status = serviceStatus().bytes({
      type: ownProcess,
      state: next,
      accepted: next === state.running ? accepts.stop | accepts.preshutdown : 0,
      exitCode: exitCode === 0 ? noError : specificError,
      specificExitCode: exitCode,
      checkPoint: isPending ? 1 : 0,
      waitHint: isPending ? pendingMs : 0,
    });
    services().SetServiceStatus(handle, status);
  };
  const handlerType = koffi.proto('uint32 __stdcall HrwServiceHandler(uint32 control, uint32 event, void *data, void *context)');
  const handler = koffi.register((asked: number): number => {
    switch (asked) {
      case control.interrogate:
        return noError;
      case control.stop:
        if (now === state.running) tell(state.stopPending);
        stop.abort();
        return noError;
      case control.preshutdown:
        drain.abort();
        return noError;
      default:
        return notImplemented;
    }
  }, koffi.pointer(handlerType));
  const mainType = koffi.proto('void __stdcall HrwServiceMain(uint32 count, void *given)');
  const main = koffi.register(() => {
    handle = services().RegisterServiceCtrlHandlerExW(name, handler, null);
    tell(state.startPending);
    const started = (): void => {
      if (now === state.startPending) tell(state.running);
    };
    void work({ started, stop: stop.signal, drain: drain.signal, fail }).then(() => end(0), fail);
  }, koffi.pointer(mainType));
  const end = (exitCode: number): void => {
    tell(state.stopped, exitCode);
    // process.exit would wait for the dispatcher, which waits for the other services of a process.
    exitProcess()(exitCode);
  };
  const fail = (error: unknown): void => {
    onFault(error);
    end(1);
  };
  const table = Buffer.concat([serviceTableEntry().bytes({ name, main }), serviceTableEntry().bytes({})]);
  return new Promise((_resolve, reject) => {
    services().StartServiceCtrlDispatcherW.async(table, (error, isDone) => {
      if (error !== null) reject(error);
      else if (!isDone) reject(refused('StartServiceCtrlDispatcher'));
    });
  });
}
