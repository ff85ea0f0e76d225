/** What a sandbox needs from the other rooms. The composition root (sandbox.ts) hands it in; tests hand in their own. */
import type { z } from 'zod';
import type {
  AttemptReport,
  certificateRead,
  ChildJob,
  ChildJobBody,
  CheckpointQuery,
  connectionRead,
  credentialRead,
  JobActions,
  JobDataRead,
  PostStreamBody,
  RunbookRead,
  unloadBody,
  UpdatableDataRead,
  variableRead,
} from '../../src-contract/jrds.ts';
import type { JobStatus, RunbookKind, StreamName } from '../../src-contract/kinds.ts';
import type { FrameSink } from '../journal/journal-uploader.ts';

export interface Ending {
  signal?: AbortSignal;
}

/** The job runtime data service, one attempt a call. The JRDS client satisfies it. Failures are AppErrors. */
export interface JobService extends FrameSink {
  readonly features: ReadonlySet<string>;
  getJobActions(
    sandboxId: string,
    options: { waitSeconds: number; signal: AbortSignal },
  ): Promise<{ kind: 'actions'; actions: JobActions['value']; held: boolean } | { kind: 'unloaded' }>;
  acknowledge(
    sandboxId: string,
    messages: readonly JobActions['value'][number]['MessageMetadata'][],
    options?: Ending,
  ): Promise<void>;
  getJob(jobId: string, options?: Ending): Promise<JobDataRead>;
  getUpdatableData(jobId: string, options?: Ending): Promise<UpdatableDataRead>;
  getRunbook(runbookVersionId: string, options?: Ending): Promise<RunbookRead>;
  changeStatus(
    sandboxId: string,
    jobId: string,
    change: Ending & { status: JobStatus; isFinal?: boolean; exception?: string; job?: JobDataRead; report?: AttemptReport },
  ): Promise<{ kind: 'accepted' } | { kind: 'records-missing'; acknowledged: number; chain: string }>;
  /** Only where the service offers `checkpoints`. */
  putCheckpoint(sandboxId: string, jobId: string, checkpoint: Ending & CheckpointQuery & { body: Buffer }): Promise<void>;
  getCheckpoint(sandboxId: string, jobId: string, options?: Ending): Promise<string>;
  postStream(jobId: string, body: PostStreamBody, options?: Ending): Promise<void>;
  getVariable(name: string, options?: Ending): Promise<z.infer<typeof variableRead>>;
  setVariable(name: string, value: string | null, options?: Ending): Promise<{ isEncrypted: boolean }>;
  getCredential(name: string, options?: Ending): Promise<z.infer<typeof credentialRead>>;
  getConnection(name: string, options?: Ending): Promise<z.infer<typeof connectionRead>>;
  getCertificate(name: string, options?: Ending): Promise<z.infer<typeof certificateRead>>;
  startChildJob(sandboxId: string, jobId: string, childId: string, body: ChildJobBody, options?: Ending): Promise<ChildJob>;
  getChildJob(sandboxId: string, jobId: string, childId: string, options?: Ending): Promise<ChildJob>;
  unload(sandboxId: string, jobId: string, body: z.infer<typeof unloadBody>, options?: Ending): Promise<void>;
}

/** Repeats a call for as long as its failure is one that passes. Others are thrown. */
export type Retry = <Value>(
  operation: () => Promise<Value>,
  options: { onFailure: (error: Error) => void; signal: AbortSignal },
) => Promise<Value>;

export interface Timing {
  now: () => Date;
  /** Ends early, without an error, when the signal is aborted. */
  delay: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  retry: Retry;
  retryDelayMs: (failures: number, error: unknown) => number;
}

/** What the runtimes room offers; see its runtime.ts, which says more of each field. */
export interface RuntimeRequest {
  kind: RunbookKind;
  executable: string;
  runbookName: string;
  script: string;
  parameters: readonly { name: string; value: unknown; credential?: { userName: string; password: string } }[];
  workFolder: string;
  privateFolder: string;
  reportPipe: string | undefined;
  controlPipe: string | undefined;
  logVerbose: boolean;
  logDebug: boolean;
  logProgress: boolean;
  culture: string;
  checkpoint: string | undefined;
}

export interface RuntimeCommand {
  file: string;
  arguments: string[];
  environment: Record<string, string>;
  consoleMark?: string;
  checkpointFolder?: string;
  decoder?: () => OutputDecoder;
}

export interface OutputDecoder {
  push(chunk: Buffer): Buffer;
  end(): Buffer;
}

export type WarmRequest = Pick<
  RuntimeRequest,
  'executable' | 'workFolder' | 'privateFolder' | 'reportPipe' | 'controlPipe' | 'culture'
>;

export interface WarmJob {
  request: RuntimeRequest;
  environment: Record<string, string>;
  owner: { userId: number; groupId: number } | undefined;
}

export interface WarmHandOver extends Pick<RuntimeCommand, 'checkpointFolder'> {
  line: string;
}

export interface RecordPosition {
  line: number;
  column: number;
  script?: string;
}

export interface RecordFacts {
  position?: RecordPosition;
  value?: string;
}

export interface Progress {
  activity: string;
  status: string;
  percent?: number;
  done?: boolean;
}

export interface HostListener {
  ready(): void;
  begun(version: string): void;
  text(stream: StreamName, piece: Buffer, last: boolean, about: RecordFacts): void;
  progress(activityId: number, progress: Progress): void;
  /** So many of these were written where they are switched off. */
  progressLeftOut(count: number): void;
  ended(exitCode: number, exception: string | null): void;
  garbled(reason: string): void;
}

export interface Runtime {
  kinds: readonly RunbookKind[];
  refuse?: (request: Pick<RuntimeRequest, 'script' | 'parameters'>) => string | undefined;
  prepare(request: RuntimeRequest): Promise<RuntimeCommand>;
  readHost?: (listener: HostListener) => { push(chunk: Buffer): void };
  warm?: {
    start: (request: WarmRequest) => Promise<RuntimeCommand>;
    give: (job: WarmJob) => Promise<WarmHandOver>;
  };
}
