/** Why a queued job waits, in one sentence. Pure. */
import { kindLabels, type RunbookKind } from '../../src-contract/kinds.ts';
import { canRun, preferOtherMs, type AbleWorker } from './matching.ts';
import { isPresent, type SeenWorker } from './presence.ts';

export interface GroupWorker extends SeenWorker, AbleWorker {
  machineName: string;
  freeSlots: number;
}

export interface WaitingJob {
  kind: RunbookKind;
  needsNativeWorkflow: boolean;
  groupName: string;
  /** The worker that it was handed to and that has not called in yet. */
  handedTo: string | null;
  lastMachineId: string | null;
  onlyMachineId: string | null;
  queuedAt: number;
}

export function explainWaiting(job: WaitingJob, members: readonly GroupWorker[], now: number): string {
  const { groupName, onlyMachineId } = job;
  const workers = onlyMachineId === null ? members : members.filter(({ machineId }) => machineId === onlyMachineId);
  const label = job.needsNativeWorkflow ? 'this workflow, which needs Windows PowerShell 5.1' : kindLabels[job.kind];
  if (job.handedTo !== null) return `it is being handed to worker ${job.handedTo}`;
  if (workers.length === 0)
    return members.length === 0
      ? `group ${groupName} has no worker`
      : `the worker that it is for is no longer in group ${groupName}`;

  const able = workers.filter((worker) => canRun(worker, job));
  if (able.length === 0) return `no worker of group ${groupName} can run ${label}`;

  const present = able.filter((worker) => isPresent(worker, now));
  if (present.length === 0) {
    const what = able.length === workers.length ? 'no worker' : `no worker that can run ${label}`;
    const last = Math.max(...able.map((worker) => worker.lastSeenAt ?? -Infinity));
    return last === -Infinity
      ? `group ${groupName} has ${what} that was ever seen`
      : `group ${groupName} has ${what} seen since ${timeOf(last, now)}`;
  }

  const free = present.filter((worker) => stateOf(worker) === 'free');
  if (free.length === 0) return whyNoneIsFree(present);

  const [only] = free;
  if (free.length === 1 && only?.machineId === job.lastMachineId && now - job.queuedAt < preferOtherMs && able.length > 1)
    return `it waits for another worker than ${only.machineName}, where the last attempt was lost`;
  // A free worker that asks is given it at once; so none asks just now, and one that has ended would look the same for a while.
  const heard = Math.round((now - Math.max(...free.map((worker) => worker.lastSeenAt ?? 0))) / 1000);
  return `it is next for ${free.length === 1 && only !== undefined ? `worker ${only.machineName}` : `one of ${String(free.length)} free workers`}, last heard of ${String(heard)} s ago`;
}

type WorkerState = 'free' | keyof typeof busyWords;

const busyWords = { full: 'full', paused: 'paused', draining: 'draining', unable: 'unable to start a sandbox' };

function stateOf(worker: GroupWorker): WorkerState {
  const readiness = worker.readiness ?? 'ready';
  if (readiness === 'ready') return worker.freeSlots <= 0 ? 'full' : 'free';
  return readiness;
}

function allOf(count: number): string {
  return count === 2 ? 'both' : `all ${String(count)}`;
}

function whyNoneIsFree(workers: readonly GroupWorker[]): string {
  const states = workers.map(stateOf);
  const [first] = states;
  if (first === undefined) throw new Error('There is no worker to explain');
  if (first !== 'free' && states.every((state) => state === first))
    return workers.length === 1
      ? `the only worker is ${busyWords[first]}`
      : `${allOf(workers.length)} workers are ${busyWords[first]}`;
  const counts = (Object.keys(busyWords) as (keyof typeof busyWords)[])
    .map((state) => ({ state, count: states.filter((one) => one === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${String(count)} ${count === 1 ? 'is' : 'are'} ${busyWords[state]}`);
  return `of ${String(workers.length)} workers ${counts.join(', ')}`;
}

/** `09:14` today, with the date otherwise; always UTC, as everything at the service's edges. */
function timeOf(when: number, now: number): string {
  const [date = '', time = ''] = new Date(when).toISOString().split('T');
  const today = new Date(now).toISOString().slice(0, 10);
  return `${date === today ? '' : `${date} `}${time.slice(0, 5)} UTC`;
}
