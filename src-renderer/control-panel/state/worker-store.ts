/**
 * Keeps the view of the worker current: asks once, then takes events in. A flood of events (fifty jobs, ten changes a second each)
 * is gathered and shown once a frame; a window that draws none (hidden, or on a machine that is too busy) follows once in a while.
 */
import type { WindowBridge, WindowEvent } from '../../../src-contract/window-calls.ts';
import { createObservable, type Observable } from '../../shared/observable.ts';
import { emptyView, withEvent, withSnapshot, type WorkerView } from './worker-view.ts';

export interface WorkerStore {
  view: Observable<WorkerView>;
  /** Asks for everything again. */
  load(): Promise<void>;
  /** Forgets the steps of the last connect or register, when a new one starts. */
  clearProgress(): void;
}

/** Beyond this many, events are applied at once: a window that is hidden for a day must not gather them. */
const gatheredEvents = 500;
const withoutFramesMs = 1000;

export function createWorkerStore(bridge: WindowBridge): WorkerStore {
  const view = createObservable<WorkerView>(emptyView);
  let waiting: WindowEvent[] = [];
  let frame: number | undefined;
  let timer: number | undefined;

  const applyWaiting = (): void => {
    if (frame !== undefined) cancelAnimationFrame(frame);
    window.clearTimeout(timer);
    frame = timer = undefined;
    const events = waiting;
    waiting = [];
    view.set(events.reduce(withEvent, view.get()));
  };

  /** Of each question that is under way: what was told since, which its answer may not know yet. By what it tells of. */
  const toldSince = new Set<Map<string, WindowEvent>>();

  const load = async (): Promise<void> => {
    const since = new Map<string, WindowEvent>();
    toldSince.add(since);
    const [worker, running] = await Promise.all([bridge.call('worker:state', {}), bridge.call('jobs:running', {})]);
    // Afterwards: before the first answer there may be no worker yet in which one could have a role.
    const about = await bridge.shell('shell:about', {});
    applyWaiting();
    toldSince.delete(since);
    if (!worker.ok) view.set({ ...view.get(), lost: worker.problem });
    else if (!running.ok) view.set({ ...view.get(), lost: running.problem });
    else {
      const role = about.ok ? about.value.role : null;
      const snapshot = withSnapshot(view.get(), { worker: worker.value, running: running.value, role });
      view.set([...since.values()].reduce(withEvent, snapshot));
    }
  };

  bridge.subscribe((event) => {
    waiting.push(event);
    const subject = subjectOf(event);
    if (subject !== undefined) for (const since of toldSince) since.set(subject, event);
    if (waiting.length > gatheredEvents) applyWaiting();
    else {
      frame ??= requestAnimationFrame(applyWaiting);
      timer ??= window.setTimeout(applyWaiting, withoutFramesMs);
    }
    if (event.event === 'engine-contact-changed' && event.payload.problem === null) void load();
  });
  void load();

  return { view, load, clearProgress: () => view.set({ ...view.get(), progress: [] }) };
}

function subjectOf(event: WindowEvent): string | undefined {
  if (event.event === 'worker-changed') return 'the worker';
  return event.event === 'job-changed' ? event.payload.sandboxId : undefined;
}
