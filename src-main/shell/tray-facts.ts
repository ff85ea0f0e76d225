/** Keeps what the tray shows current: asks once, then takes events in, at most a few times a second. */
import type { JobView, WorkerState } from '../../src-contract/engine-calls.ts';
import type { Problem } from '../../src-contract/problems.ts';
import type { TrayFacts } from './tray-view.ts';
import type { SteadyWorker } from './worker-connection.ts';

/** Nobody sees a tray icon change more often. */
const showEveryMs = 250;

/** Among the ids of sandboxes. */
const theWorker = 'the worker';

/** Returns how to stop. */
export function followWorker(worker: SteadyWorker, show: (facts: TrayFacts) => void): () => void {
  let state: WorkerState | undefined;
  let lost: Problem | undefined;
  const running = new Map<string, JobView>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const showSoon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      const jobs = [...running.values()].sort((one, other) => other.pickedUpAt.localeCompare(one.pickedUpAt));
      show({ worker: state, lost, running: jobs, attachedTo: worker.attachedTo(), role: worker.role() });
    }, showEveryMs);
  };

  /** What was told since each question that is under way was asked: its answer may be older. */
  const toldSince = new Set<Set<string>>();
  const told = (what: string): void => {
    for (const since of toldSince) since.add(what);
  };

  const ask = async (): Promise<void> => {
    const since = new Set<string>();
    toldSince.add(since);
    const [answer, jobs] = await Promise.all([worker.call('worker:state', {}), worker.call('jobs:running', {})]);
    toldSince.delete(since);
    lost = answer.ok ? undefined : answer.problem;
    if (answer.ok && !since.has(theWorker)) state = answer.value;
    if (jobs.ok) for (const job of jobs.value) if (!since.has(job.sandboxId)) running.set(job.sandboxId, job);
    showSoon();
  };

  const unsubscribe = worker.subscribe((event) => {
    switch (event.event) {
      case 'worker-changed':
        state = event.payload;
        told(theWorker);
        break;
      case 'job-changed':
        told(event.payload.sandboxId);
        if (event.payload.phase === 'ended') running.delete(event.payload.sandboxId);
        else running.set(event.payload.sandboxId, event.payload);
        break;
      case 'engine-contact-changed':
        lost = event.payload.problem ?? undefined;
        if (lost === undefined) {
          running.clear();
          void ask();
        }
        break;
      case 'event-logged':
      case 'progress-made':
      case 'place-requested':
        return;
    }
    showSoon();
  });
  void ask();
  return () => {
    unsubscribe();
    clearTimeout(timer);
  };
}
