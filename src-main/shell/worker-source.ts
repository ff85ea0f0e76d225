/**
 * Where the application's worker comes from: an engine of its own, or the one that has the data folder already, reached over the control
 * channel. Both are handed in, so that tests attach by this very code.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isAppError } from '../../src-contract/app-error.ts';
import type { EngineEvent, Role } from '../../src-contract/engine-calls.ts';
import type { Callable, OpenedWorker, WorkerSource } from './worker-connection.ts';

/** The asking end of the control channel. */
interface Reached extends Callable {
  readonly role: Role;
  subscribe: (listener: (event: EngineEvent) => void) => () => void;
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export interface WorkerSourceOptions {
  /** Throws AppError. */
  openOwn: () => Promise<OpenedWorker>;
  /** Throws AppError. */
  connect: () => Promise<Reached>;
  /** How long somebody's engine that has the folder and does not answer is taken to be starting or ending. */
  betweenMs?: number;
}

/** Somebody's engine has the folder, or the folder is not this user's: then an engine may run there that can be reached. */
const mayBeElsewhere: ReadonlySet<string> = new Set(['engine-already-running', 'data-folder-unusable']);

/** An engine that starts or ends is done with it in less than this; past ten seconds the window has to say something. */
const defaultBetweenMs = 8_000;
const tryAgainMs = 250;

export function createWorkerSource({ openOwn, connect, betweenMs = defaultBetweenMs }: WorkerSourceOptions): WorkerSource {
  const attach = async (): Promise<OpenedWorker> => {
    const client = await connect();
    return {
      attachedTo: 'other-engine',
      role: client.role,
      call: (name, callArguments) => client.call(name, callArguments),
      subscribe: (listener) => client.subscribe(listener),
      ended: client.ended,
      close: () => client.close(),
    };
  };
  return {
    attach,
    open: async ({ signal }) => {
      for (const start = performance.now(); ;) {
        try {
          return await openOwn();
        } catch (error) {
          if (!isAppError(error) || !mayBeElsewhere.has(error.code)) throw error;
          const reached = await attach().catch((refusal: unknown) => refusal);
          if (isOpened(reached)) return reached;
          // It has the folder and does not answer: it has not yet begun to, or will be gone in a moment.
          const isBetween =
            error.code === 'engine-already-running' && isAppError(reached) && reached.code === 'engine-not-running';
          // Attaching may be closed to this user: why the folder is not ours then says more than that.
          if (!isBetween || signal.aborted || performance.now() - start > betweenMs) throw error;
        }
        await sleep(tryAgainMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

function isOpened(reached: unknown): reached is OpenedWorker {
  return typeof reached === 'object' && reached !== null && 'attachedTo' in reached;
}
