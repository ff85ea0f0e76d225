/**
 * One worker for the window, whatever becomes of the real one. Until one has been opened, each call tries to ("Try again" in the
 * window then does that), and one that starts elsewhere meanwhile is attached to. One that runs elsewhere and ends is waited for, and
 * attached to when it is there again; an engine of our own is not started in its place, as that would snatch the data folder from a
 * service that merely restarts; only a person who asks for it has it started here.
 */
import { AppError } from '../../src-contract/app-error.ts';
import type { Problem } from '../../src-contract/problems.ts';
import type { WindowEvent } from '../../src-contract/window-calls.ts';
import type { OpenedWorker, SteadyWorker, WorkerSource } from './worker-connection.ts';

export interface SteadyWorkerOptions {
  source: WorkerSource;
  dataFolder: string;
  /** What is thrown and is no AppError: a mistake of ours, for the log. */
  onFault: (error: unknown) => void;
  /** How long to wait before looking for a worker that has ended. */
  lookAgainMs?: number;
}

/** A restart of the service takes less; the window says meanwhile that the worker does not answer. Nothing here ticks more often. */
const defaultLookAgainMs = 5_000;

type State =
  | { status: 'not-opened' }
  | { status: 'opening'; opening: Promise<OpenedWorker | Problem> }
  | { status: 'opened'; worker: OpenedWorker }
  | { status: 'lost'; problem: Problem }
  | { status: 'closed'; problem: Problem };

export function createSteadyWorker(options: SteadyWorkerOptions): SteadyWorker {
  const { source, dataFolder, onFault, lookAgainMs = defaultLookAgainMs } = options;
  const listeners = new Set<(event: WindowEvent) => void>();
  let state: State = { status: 'not-opened' };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ownEngineEnded: () => void = () => undefined;
  const ownEngineEndedPromise = new Promise<void>((resolve) => (ownEngineEnded = resolve));
  const closing = new AbortController();
  const gone = new AppError('worker-gone', { dataFolder }).toProblem();

  const tell = (event: WindowEvent): void => {
    for (const listener of [...listeners]) listener(event);
  };

  const describe = (error: unknown): Problem => {
    if (error instanceof AppError) return error.toProblem();
    onFault(error);
    return gone;
  };

  const take = (worker: OpenedWorker): void => {
    state = { status: 'opened', worker };
    const stop = worker.subscribe(tell);
    void worker.ended.then(() => {
      stop();
      if (state.status !== 'opened' || state.worker !== worker) return;
      state = { status: 'lost', problem: gone };
      tell({ event: 'engine-contact-changed', payload: { problem: gone } });
      if (worker.attachedTo === 'own-engine') ownEngineEnded();
      else lookLater();
    });
    tell({ event: 'engine-contact-changed', payload: { problem: null } });
  };

  const isAwaited = (): boolean => state.status === 'lost' || state.status === 'not-opened';
  const lookLater = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      source.attach().then(
        (worker) => (isAwaited() ? take(worker) : void worker.close()),
        () => isAwaited() && lookLater(),
      );
    }, lookAgainMs);
  };

  const open = async (): Promise<OpenedWorker | Problem> => {
    try {
      const worker = await source.open({ signal: closing.signal });
      if (isClosed()) await worker.close();
      else take(worker);
      return worker;
    } catch (error) {
      const problem = describe(error);
      if (!isClosed()) {
        state = { status: 'not-opened' };
        // Nobody may call again: in the tray, without a window, while the worker that has the folder is still starting.
        lookLater();
      }
      return problem;
    }
  };
  const isClosed = (): boolean => state.status === 'closed';

  const current = (): Promise<OpenedWorker | Problem> | OpenedWorker | Problem => {
    switch (state.status) {
      case 'opened':
        return state.worker;
      case 'lost':
      case 'closed':
        return state.problem;
      case 'opening':
        return state.opening;
      case 'not-opened': {
        const opening = open();
        state = { status: 'opening', opening };
        return opening;
      }
    }
  };

  const openInPlace = async (): Promise<OpenedWorker | Problem> => {
    clearTimeout(timer);
    const opening = open();
    state = { status: 'opening', opening };
    const opened = await opening;
    // Not opened by the next call: only when somebody asks for it again.
    if ('code' in opened && isAwaited()) state = { status: 'lost', problem: gone };
    return opened;
  };

  return {
    attachedTo: () => (state.status === 'opened' ? state.worker.attachedTo : 'other-engine'),
    role: () => (state.status === 'opened' ? state.worker.role : undefined),
    ownEngineEnded: ownEngineEndedPromise,
    call: async (name, callArguments) => {
      const worker = await current();
      return 'code' in worker ? { ok: false, problem: worker } : worker.call(name, callArguments);
    },
    startHere: async () => {
      const worker = await (state.status === 'lost' ? openInPlace() : current());
      return 'code' in worker ? worker : null;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      const before = state;
      state = { status: 'closed', problem: gone };
      clearTimeout(timer);
      closing.abort();
      if (before.status === 'opened') await before.worker.close();
      if (before.status === 'opening') await before.opening;
    },
  };
}
