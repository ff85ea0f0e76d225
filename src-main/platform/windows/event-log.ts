/** Our own log in Windows' event log, readable in Event Viewer: a winston transport beside the files that the window reads. */
import Transport from 'winston-transport';
import { eventChannel, type EventLevel, type LogEvent } from '../../../src-contract/events.ts';
import { deleteRegistryKey, setRegistryValues } from './registry.ts';
import { library, refused, type Pointer } from './win32.ts';

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
}>('advapi32.dll', {
  RegisterEventSourceW: 'void *__stdcall RegisterEventSourceW(str16 machine, str16 source)',
  DeregisterEventSource: 'bool __stdcall DeregisterEventSource(void *log)',
  ReportEventW:
    'bool __stdcall ReportEventW(void *log, uint16 type, uint16 category, uint32 id, void *user, uint16 texts, uint32 bytes, str16 *text, void *data)',
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

/** `messageFile`: hrw-messages.dll, with the texts of our ids and the names of our channels. Takes an administrator; throws WindowsError. */
export function registerEventLog(messageFile: string): void {
  setRegistryValues(`${logsKey}\\${windowsLogName}\\${windowsLogSource}`, {
    EventMessageFile: messageFile,
    CategoryMessageFile: messageFile,
    CategoryCount: eventChannel.options.length,
    TypesSupported: allTypes,
  });
}

/** With everything in it. One that is not there is no failure. */
export function unregisterEventLog(): void {
  deleteRegistryKey(`${logsKey}\\${windowsLogName}`);
}
