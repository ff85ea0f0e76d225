/** The worker as its commands see it; the composition root hands in how it is reached and how it is run. */
import type { Answer } from '../../../src-contract/app-error.ts';
import type { EngineArguments, EngineCallName, EngineEvent, EngineValue, Role } from '../../../src-contract/engine-calls.ts';
import type { MachineService } from '../../../src-contract/machine-service.ts';
import type { LogEvent } from '../../../src-contract/events.ts';

export interface WorkerConnection {
  readonly role: Role;
  call<Name extends EngineCallName>(name: Name, callArguments: EngineArguments<Name>): Promise<Answer<EngineValue<Name>>>;
  subscribe(listener: (event: EngineEvent) => void): () => void;
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export interface RunOptions {
  dataFolder: string;
  /** The first signal drains (finishes what runs) instead of leaving it to the next worker. */
  drainOnSignal: boolean;
  /** An event of the worker, for the terminal. */
  onEvent: (event: LogEvent) => void;
  /** Something that the person at the terminal should know. */
  say: (words: string) => void;
  /** Asked by the system that has started the worker as its service. */
  steering?: WorkerSteering;
}

export interface WorkerSteering {
  /** The worker is there and takes jobs. */
  started: () => void;
  /** End; jobs go on without the worker. */
  stop: AbortSignal;
  /** Take no new job, and end when what runs has ended, or `drainSeconds` later; what still runs then is left to the next worker. */
  drain: AbortSignal;
  /** A fault that nobody has caught: the service ends as failed, so that whoever keeps it starts it again. Does not return. */
  fail: (error: unknown) => void;
}

/** `check`: only whether anything speaks against installing; `test`: only whether the service is reached. */
export type SetupKind = 'check' | 'install' | 'remove' | 'test';

export interface WorkerAccess {
  /** Where the worker's data lies unless a command says otherwise. */
  defaultDataFolder: () => string;
  /** And where it lies for a service of this machine. */
  serviceDataFolder: () => string;
  /** Throws AppError `engine-not-running`, `control-refused`, `control-taken`. */
  connect: (dataFolder: string) => Promise<WorkerConnection>;
  /** Starts the application, or tells the one that runs, to open there. Throws AppError `display-missing`, `control-panel-missing`, `control-panel-failed`. */
  openControlPanel: (options: { dataFolder: string; place: string }) => Promise<void>;
  /** Resolves when the worker has ended. Throws AppError when it cannot start. */
  run: (options: RunOptions) => Promise<void>;
  /** This worker among the services of the machine. */
  service: () => MachineService;
  /** As the installer's parameters say; answers its exit code and a sentence for whoever installs. Throws AppError `setup-not-here`. */
  setUp: (kind: SetupKind, given: readonly string[], show: (line: string) => void) => Promise<{ code: number; words: string }>;
  /** A command line of Windows without the program at its beginning. */
  splitCommandLine: (text: string) => string[];
  /** For the system, which starts us so: the worker as its service. Returns only where the system has not started us. */
  runAsService: (run: (steering: WorkerSteering) => Promise<void>, onFault: (error: unknown) => void) => Promise<void>;
}
