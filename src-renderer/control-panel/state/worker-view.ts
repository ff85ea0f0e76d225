/** What the window knows of the worker, and how each event changes it. Pure. */
import type { JobView, ProgressStep, Role, WorkerState } from '../../../src-contract/engine-calls.ts';
import type { Problem } from '../../../src-contract/problems.ts';
import type { WindowEvent } from '../../../src-contract/window-calls.ts';

export interface WorkerView {
  /** Null until the first answer. */
  worker: WorkerState | null;
  /** What the person may ask of the worker; null until it is known. */
  role: Role | null;
  /** Why the worker cannot be asked; null while it answers. */
  lost: Problem | null;
  /** By sandbox id: what runs, and the last that ended while the window was open. */
  jobs: ReadonlyMap<string, JobView>;
  /** How many jobs were seen to end: lists of ended jobs read again when it grows. */
  endings: number;
  /** How often a worker that was gone was there again. */
  returns: number;
  /** Steps of the connect, register or unregister that is under way or was last, in order. */
  progress: readonly ProgressStep[];
}

/** The worker that this window showed is gone: what is known of it is what it last said. */
export function isGone(view: Pick<WorkerView, 'lost' | 'worker'>): boolean {
  return view.worker !== null && view.lost !== null;
}

export const emptyView: WorkerView = {
  worker: null,
  role: null,
  lost: null,
  jobs: new Map(),
  endings: 0,
  returns: 0,
  progress: [],
};

/** Ended jobs that stay in `jobs`: enough for a page that is open on one of them. */
const endedJobsKept = 50;

export function isRunning(job: Pick<JobView, 'phase'>): boolean {
  return job.phase !== 'ended';
}

/** Newest first. */
export function runningJobs(view: WorkerView): JobView[] {
  return [...view.jobs.values()].filter(isRunning).sort((one, other) => other.pickedUpAt.localeCompare(one.pickedUpAt));
}

interface Snapshot {
  worker: WorkerState;
  running: readonly JobView[];
  role: Role | null;
}

/** The answers of `worker:state`, `jobs:running` and `shell:about`. What an event said to have ended meanwhile does not run again. */
export function withSnapshot(view: WorkerView, { worker, running, role }: Snapshot): WorkerView {
  const ended = [...view.jobs.values()].filter((job) => !isRunning(job));
  const jobs = new Map([...running, ...ended].map((job) => [job.sandboxId, job]));
  return { ...view, worker, role, lost: null, jobs };
}

export function withEvent(view: WorkerView, event: WindowEvent): WorkerView {
  switch (event.event) {
    case 'worker-changed':
      return { ...view, worker: event.payload };
    case 'job-changed':
      return withJob(view, event.payload);
    case 'progress-made':
      return { ...view, progress: withStep(view.progress, event.payload) };
    case 'engine-contact-changed':
      return withContact(view, event.payload.problem);
    case 'event-logged':
    case 'place-requested':
      return view;
  }
}

function withContact(view: WorkerView, lost: Problem | null): WorkerView {
  const returned = lost === null && isGone(view);
  return { ...view, lost, returns: returned ? view.returns + 1 : view.returns };
}

function withJob(view: WorkerView, job: JobView): WorkerView {
  const before = view.jobs.get(job.sandboxId);
  const jobs = new Map(view.jobs);
  jobs.set(job.sandboxId, job);
  const ended = [...jobs.values()].filter((one) => !isRunning(one));
  for (const one of ended.slice(0, Math.max(0, ended.length - endedJobsKept))) jobs.delete(one.sandboxId);
  const endedNow = !isRunning(job) && (before === undefined || isRunning(before));
  return { ...view, jobs, endings: endedNow ? view.endings + 1 : view.endings };
}

/** A step is told twice: as it starts and as it ends. Another operation, or the first step told anew, begins a new row. */
function withStep(progress: readonly ProgressStep[], step: ProgressStep): readonly ProgressStep[] {
  const sameRow = progress[0]?.operation === step.operation && !(step.status === 'started' && progress[0].step === step.step);
  if (!sameRow) return [step];
  const known = progress.some((one) => one.step === step.step);
  return known ? progress.map((one) => (one.step === step.step ? step : one)) : [...progress, step];
}
