/** Pausing and resuming: the new state comes back as an event, so only a refusal is kept here. */
import { useAction, type Action } from '../../shared/call.ts';
import type { WorkerState } from '../../../src-contract/engine-calls.ts';
import { useServices } from '../state/services.ts';
import { isPaused } from '../state/status.ts';

/** What the button does for a worker in this state. */
export function pauseCallOf(worker: WorkerState): 'worker:pause' | 'worker:resume' {
  return isPaused(worker) ? 'worker:resume' : 'worker:pause';
}

export function usePause(worker: WorkerState): Action<[], WorkerState> {
  const { bridge } = useServices();
  return useAction(() => bridge.call(pauseCallOf(worker), {}));
}
