/** The worker as the shell sees it: in this process or over the control channel, it cannot tell. */
import type { Answer } from '../../src-contract/app-error.ts';
import type { EngineArguments, EngineCallName, EngineEvent, EngineValue, Role } from '../../src-contract/engine-calls.ts';
import type { Problem } from '../../src-contract/problems.ts';
import type { WindowEvent } from '../../src-contract/window-calls.ts';

export interface Callable {
  call<Name extends EngineCallName>(name: Name, callArguments: EngineArguments<Name>): Promise<Answer<EngineValue<Name>>>;
}

/** A worker that was started or reached. */
export interface OpenedWorker extends Callable {
  readonly attachedTo: 'own-engine' | 'other-engine';
  /** What this application may ask of it: of an engine of our own everything, of another what this user's key admits to. */
  readonly role: Role;
  subscribe: (listener: (event: EngineEvent) => void) => () => void;
  /** Resolves when the engine has ended or its connection has. */
  readonly ended: Promise<void>;
  /** Ends our own engine, or leaves the other one alone. Running sandboxes go on. Safe to call twice. */
  close(): Promise<void>;
}

export interface WorkerSource {
  /** Starts an engine for the data folder, or reaches the one that runs there. Throws AppError. */
  open(options: { signal: AbortSignal }): Promise<OpenedWorker>;
  /** Reaches one that runs, and starts none. Throws AppError. */
  attach(): Promise<OpenedWorker>;
}

/** What the window and the tray use. */
export interface SteadyWorker extends Callable {
  attachedTo(): 'own-engine' | 'other-engine';
  /** undefined: no worker was opened yet, or it is lost. */
  role(): Role | undefined;
  /** In the place of one that ran elsewhere and is gone; where there is one, nothing is done. Answers why it cannot be, or null. */
  startHere(): Promise<Problem | null>;
  subscribe: (listener: (event: WindowEvent) => void) => () => void;
  /** Resolves when the engine of this process has ended by itself (drained, or told to quit): then the application ends too. */
  readonly ownEngineEnded: Promise<void>;
  close(): Promise<void>;
}
