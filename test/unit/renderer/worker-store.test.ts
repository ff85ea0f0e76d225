/** How the view of the worker is kept: questions and events that cross each other. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Answer } from '../../../src-contract/app-error.ts';
import type { WorkerState } from '../../../src-contract/engine-calls.ts';
import type { WindowBridge, WindowEvent } from '../../../src-contract/window-calls.ts';
import { createWorkerStore } from '../../../src-renderer/control-panel/state/worker-store.ts';
import { runningJobs } from '../../../src-renderer/control-panel/state/worker-view.ts';
import { idleState, sampleJob } from '../../fakes/window/samples.ts';

/** A worker whose answer about its jobs comes when the test says so. */
function slowBridge(state: WorkerState) {
  let tell: (event: WindowEvent) => void = () => undefined;
  const running = Promise.withResolvers<Answer<never>>();
  const bridge = {
    call: (name: string) => (name === 'worker:state' ? Promise.resolve({ ok: true, value: state }) : running.promise),
    shell: () => Promise.resolve({ ok: true, value: { role: 'administrator' } }),
    subscribe: (listener: typeof tell) => {
      tell = listener;
      return () => undefined;
    },
  } as unknown as WindowBridge;
  const answerJobs = async (jobs: readonly object[]): Promise<void> => {
    running.resolve({ ok: true, value: jobs as never });
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { bridge, answerJobs, tell: (event: WindowEvent) => tell(event) };
}

describe('the view of the worker', () => {
  beforeEach(() => {
    // A window that draws no frames, and is in no hurry.
    vi.stubGlobal('requestAnimationFrame', () => 1);
    vi.stubGlobal('cancelAnimationFrame', () => undefined);
    vi.stubGlobal('window', { setTimeout: () => 1, clearTimeout: () => undefined });
  });
  afterEach(() => vi.unstubAllGlobals());

  it('keeps what was told while the first question was under way: the runtimes that were found meanwhile', async () => {
    const { bridge, answerJobs, tell } = slowBridge({ ...idleState, kinds: null });
    const store = createWorkerStore(bridge);
    await new Promise((resolve) => setImmediate(resolve));
    tell({ event: 'worker-changed', payload: idleState });
    tell({ event: 'job-changed', payload: sampleJob(1) });
    await answerJobs([]);
    expect(store.view.get().worker?.kinds).toEqual(idleState.kinds);
    expect(runningJobs(store.view.get()).map(({ sandboxId }) => sandboxId)).toEqual([sampleJob(1).sandboxId]);
  });

  it('believes the answer where nothing was told since', async () => {
    const { bridge, answerJobs } = slowBridge(idleState);
    const store = createWorkerStore(bridge);
    await answerJobs([sampleJob(2)]);
    expect(store.view.get().worker).toEqual(idleState);
    expect(runningJobs(store.view.get())).toHaveLength(1);
  });
});
