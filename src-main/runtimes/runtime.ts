/** What a sandbox asks of a language: how its interpreter is started for a runbook, and how what it says of itself is read. */
import type { RunbookKind, StreamName } from '../../src-contract/kinds.ts';

export interface RunbookParameter {
  name: string;
  /** The JSON value; text that was no JSON is a string. */
  value: unknown;
  /** Of a parameter that takes a credential, and whose value named one. */
  credential?: { userName: string; password: string };
}

export interface RuntimeRequest {
  kind: RunbookKind;
  executable: string;
  runbookName: string;
  script: string;
  /** In the order in which a positional runtime gets them. */
  parameters: readonly RunbookParameter[];
  /** The runbook's own; it becomes the current folder. */
  workFolder: string;
  /** Only the sandbox's account may read it. Host scripts go here, and parameters where the host hands them over; positional runtimes get theirs as arguments. */
  privateFolder: string;
  /** Where the host writes its reports; undefined for a runtime that has no host of ours. */
  reportPipe: string | undefined;
  /** Where it reads that it is to stop. */
  controlPipe: string | undefined;
  /** Streams that the runbook's settings switch on. */
  logVerbose: boolean;
  logDebug: boolean;
  logProgress: boolean;
  /** BCP 47; empty: the machine's own. */
  culture: string;
  /** A workflow's checkpoint to go on from. */
  checkpoint: string | undefined;
}

export interface RuntimeCommand {
  file: string;
  arguments: string[];
  /** Beside the sandbox's own base. */
  environment: Record<string, string>;
  /**
   * What a host that is not allowed to open pipes prints on a line of its console before and after the runbook, followed by its version or
   * exit code. Made anew for each run, so that nothing else prints it by chance. Whoever looks for it in the process finds it: what it says
   * is not believed against the process's own exit code.
   */
  consoleMark?: string;
  /** Where the host hands over checkpoints; see powershell/workflow-keeper.ps1. */
  checkpointFolder?: string;
  /** One for each of its two streams, where what it writes there is not UTF-8. */
  decoder?: () => OutputDecoder;
}

/** Bytes of a stream in, UTF-8 out; what waits for its rest comes with `end` at the latest. */
export interface OutputDecoder {
  push(chunk: Buffer): Buffer;
  end(): Buffer;
}

/** Of a runtime that is started before its job is known. */
export type WarmRequest = Pick<
  RuntimeRequest,
  'executable' | 'workFolder' | 'privateFolder' | 'reportPipe' | 'controlPipe' | 'culture'
>;

/** A job for a runtime that was started ahead of it. */
export interface WarmJob {
  /** `privateFolder` is a new folder, of which the runtime knows nothing yet. */
  request: RuntimeRequest;
  /** Variables that only the job has. */
  environment: Record<string, string>;
  /** Whose the script becomes, where the runtime is not the sandbox's own user. The working folder is theirs already. */
  owner: { userId: number; groupId: number } | undefined;
}

export interface WarmHandOver extends Pick<RuntimeCommand, 'checkpointFolder'> {
  /** What the host reads from its control pipe. */
  line: string;
}

export interface RecordPosition {
  line: number;
  column: number;
  script?: string;
}

export interface RecordFacts {
  position?: RecordPosition;
  /** JSON text of the object that the record's text shows. */
  value?: string;
}

export interface Progress {
  activity: string;
  status: string;
  percent?: number;
  done?: boolean;
}

/** What a host of ours has to say, in the order in which it said it. */
export interface HostListener {
  /** Started ahead of a job, it waits for one now. */
  ready(): void;
  /** Its first word: the script is about to be run. */
  begun(version: string): void;
  /** A piece of a record's text, UTF-8; `last` ends the record. */
  text(stream: StreamName, piece: Buffer, last: boolean, about: RecordFacts): void;
  /** How far an activity has come. What came before of the same activity no longer matters. */
  progress(activityId: number, progress: Progress): void;
  /** So many of these were written where they are switched off. */
  progressLeftOut(count: number): void;
  /** Its last word. `exception` is null for a runbook that ended without one. */
  ended(exitCode: number, exception: string | null): void;
  /** The host said something that this version does not understand: nothing after it can be read. */
  garbled(reason: string): void;
}

export interface HostReader {
  push(chunk: Buffer): void;
}

export interface RuntimeDefinition {
  kinds: readonly RunbookKind[];
  /** Why this runbook cannot be run with these parameters, as the job shows it; no other attempt would fare better. */
  refuse?: (request: Pick<RuntimeRequest, 'script' | 'parameters'>) => string | undefined;
  /** Puts script and parameters where the runtime finds them. */
  prepare(request: RuntimeRequest): Promise<RuntimeCommand>;
  /** For runtimes with a host of ours; the others are judged by their exit code alone. */
  readHost?: (listener: HostListener) => HostReader;
  /** For those whose host can wait for its job. */
  warm?: {
    start: (request: WarmRequest) => Promise<RuntimeCommand>;
    give: (job: WarmJob) => Promise<WarmHandOver>;
  };
}

/** A file name that every platform takes; services restrict names, foreign ones perhaps less. */
export function scriptFileName(runbookName: string, extension: string): string {
  const name = runbookName.replaceAll(/[^\w.-]/g, '_').replace(/^[.-]+/, '') || 'runbook';
  return name.slice(0, 120) + extension;
}

/** A value as one argument of a command line: a string as it is, anything else as JSON. */
export function argumentText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
