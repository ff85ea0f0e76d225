/** Our own log in Windows' event log, readable in Event Viewer: a winston transport beside the files that the window reads. */
import Transport from 'winston-transport';
import { eventChannel, type EventLevel, type LogEvent } from '../../../src-contract/events.ts';
import { library, refused, WindowsError, type Pointer } from './win32.ts';

const windowsLogName = 'Hybrid Runbook Worker';
/** The source of our events; the log of the same name holds nothing else. */
const windowsLogSource = 'Hybrid Runbook Worker';

const logsKey = 'SYSTEM\\CurrentControlSet\\Services\\EventLog';
const types: Record<EventLevel, number> = { Error: 1, Warning: 2, Information: 4 };
const allTypes = 7;
/** Windows takes 31,839 characters of a text. */
const maxTextLength = 30_000;

const events = library<{
  RegisterEventSourceW: (machine: null, source: string) => Pointer;
  DeregisterEventSource: (log: Pointer) => boolean;
  ReportEventW: (
    log: Pointer,
    type: number,
    category: number,
    id: number,
    user: null,
    texts: number,
    bytes: number,
    text: string[],
    data: null,
  ) => boolean;
  RegCreateKeyExW: (
    root: bigint,
    key: string,
    reserved: number,
    kind: null,
    options: number,
    access: number,
    security: null,
    made: [Pointer],
    how: null,
  ) => number;
  RegSetValueExW: (key: Pointer, name: string, reserved: number, type: number, value: Buffer, bytes: number) => number;
  RegDeleteTreeW: (root: bigint, key: string) => number;
  RegCloseKey: (key: Pointer) => number;
}>('advapi32.dll', {
  RegisterEventSourceW: 'void *__stdcall RegisterEventSourceW(str16 machine, str16 source)',
  DeregisterEventSource: 'bool __stdcall DeregisterEventSource(void *log)',
  ReportEventW:
    'bool __stdcall ReportEventW(void *log, uint16 type, uint16 category, uint32 id, void *user, uint16 texts, uint32 bytes, str16 *text, void *data)',
  RegCreateKeyExW:
    'uint32 __stdcall RegCreateKeyExW(uint64 root, str16 key, uint32 reserved, void *kind, uint32 options, uint32 access, void *security, _Out_ void **made, void *how)',
  RegSetValueExW:
    'uint32 __stdcall RegSetValueExW(void *key, str16 name, uint32 reserved, uint32 type, void *value, uint32 bytes)',
  RegDeleteTreeW: 'uint32 __stdcall RegDeleteTreeW(uint64 root, str16 key)',
  RegCloseKey: 'uint32 __stdcall RegCloseKey(void *key)',
});

/** Category 1 is the first channel, and so on: the message file names them so. */
function categoryOf(channel: LogEvent['channel']): number {
  return eventChannel.options.indexOf(channel) + 1;
}

/** Opens the log for writing; `RegisterEventSource` gives a handle also where our log is not registered: then it is that of applications. */
export class WindowsEventWriter {
  readonly #log: Pointer;

  /** Throws WindowsError. */
  constructor() {
    this.#log = events().RegisterEventSourceW(null, windowsLogSource);
    if (this.#log === null) throw refused('RegisterEventSource');
  }

  /** False where Windows did not take it: its log is full, or its service does not run. */
  write({ message, jobId, level, channel, id }: LogEvent): boolean {
    const text = `${message}${jobId === undefined ? '' : `\r\n\r\nJob ${jobId}`}`.slice(0, maxTextLength);
    return events().ReportEventW(this.#log, types[level], categoryOf(channel), id, null, 1, 0, [text], null);
  }

  close(): void {
    events().DeregisterEventSource(this.#log);
  }
}

/** The files hold every event, too: what Windows does not take is not missed, and must not end the worker. */
export class WindowsEventTransport extends Transport {
  readonly #writer = new WindowsEventWriter();

  override log(info: { event: LogEvent }, next: () => void): void {
    this.#writer.write(info.event);
    next();
  }

  override close(): void {
    this.#writer.close();
  }
}

const localMachine = 0xffff_ffff_8000_0002n;
const writeAccess = 0x2_0006;
const registryTypes = { text: 1, number: 4 } as const;

/** `messageFile`: hrw-messages.dll, with the texts of our ids and the names of our channels. Takes an administrator; throws WindowsError. */
export function registerEventLog(messageFile: string): void {
  const key: [Pointer] = [null];
  const name = `${logsKey}\\${windowsLogName}\\${windowsLogSource}`;
  mustRegistry(events().RegCreateKeyExW(localMachine, name, 0, null, 0, writeAccess, null, key, null), 'RegCreateKeyEx');
  try {
    const set = (value: string, type: number, bytes: Buffer): void =>
      mustRegistry(events().RegSetValueExW(key[0], value, 0, type, bytes, bytes.length), `RegSetValueEx (${value})`);
    const text = Buffer.from(`${messageFile}\0`, 'utf16le');
    const number = (of: number): Buffer => Buffer.from([of, 0, 0, 0]);
    set('EventMessageFile', registryTypes.text, text);
    set('CategoryMessageFile', registryTypes.text, text);
    set('CategoryCount', registryTypes.number, number(eventChannel.options.length));
    set('TypesSupported', registryTypes.number, number(allTypes));
  } finally {
    events().RegCloseKey(key[0]);
  }
}

/** With everything in it. One that is not there is no failure. */
export function unregisterEventLog(): void {
  const answer = events().RegDeleteTreeW(localMachine, `${logsKey}\\${windowsLogName}`);
  if (answer !== 2) mustRegistry(answer, 'RegDeleteTree');
}

function mustRegistry(answer: number, call: string): void {
  if (answer !== 0) throw new WindowsError(call, answer);
}
