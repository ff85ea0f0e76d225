/** What the engine needs from outside. A composition root fills it in; tests fill it with scripts. */
import type { AppError } from '../../src-contract/app-error.ts';
import type { EventName, LogEvent } from '../../src-contract/events.ts';
import type { RunbookKind } from '../../src-contract/kinds.ts';
import type { Clock } from './clock.ts';
import type { CallOptions, PollRequest } from './poll-decisions.ts';

export interface FoundAction {
  sandboxId: string;
  /** base64; null from a service that gives no sandbox secrets. */
  secret: string | null;
  /** Of the job's runbook; undefined from a service that does not say it. */
  kind?: RunbookKind | undefined;
}

export interface PollAnswer {
  actions: FoundAction[];
  /** The service held the call: asking again at once costs nothing. */
  held: boolean;
}

export interface EngineLogEntry {
  name: EventName;
  source: string;
  message: string;
  fields?: LogEvent['fields'];
  jobId?: string;
}

export interface EnginePorts {
  clock: Clock;
  /** 0 ≤ chance < 1. */
  chance: () => number;
  log: (entry: EngineLogEntry) => void;
  /** One call for work. Rejects with an AppError; with anything when the signal fired. */
  poll: (request: PollRequest, options: CallOptions, signal: AbortSignal) => Promise<PollAnswer>;
  /** One look at the workspace's packs; what changed has been received when it resolves. */
  watchPacks: (options: CallOptions, signal: AbortSignal) => Promise<{ held: boolean }>;
  /** Which of these sandboxes run or have run here: their actions were handed out again. */
  knowsSandbox: (sandboxId: string) => boolean;
  /** Counts the sandbox as running from now on; how it goes comes back as `load-changed`. */
  startSandbox: (action: FoundAction) => void;
  /** Whether a sandbox could be made here, as far as that shows without one; why not, otherwise. It raises what it finds. */
  checkStart: () => Promise<AppError | undefined>;
  /** State or problems changed. */
  changed: () => void;
  /** Asked to drain, and nothing runs any more. */
  drained: () => void;
}
