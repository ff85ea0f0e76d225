/** What the service says of a job, seen from this machine: where it is, and how that looks. Pure. */
import { isTerminal, type JobStatus } from '../../../../src-contract/kinds.ts';
import type { ServiceJob } from '../../../../src-contract/service-desk.ts';
import type { Tone } from '../../state/status.ts';

const tones: Record<JobStatus, Tone> = {
  New: 'quiet',
  Activating: 'running',
  Running: 'running',
  Completed: 'good',
  Failed: 'danger',
  Stopped: 'quiet',
  Blocked: 'warning',
  Suspended: 'warning',
  Disconnected: 'warning',
  Suspending: 'running',
  Stopping: 'running',
  Resuming: 'running',
  Removing: 'quiet',
};

export function toneOf(status: JobStatus): Tone {
  return tones[status];
}

export type Whereabouts =
  | { kind: 'nowhere'; isOver: boolean }
  /** `sandboxId`: its page here, as soon as the worker knows it. */
  | { kind: 'here'; sandboxId: string; isOver: boolean }
  | { kind: 'elsewhere'; workerName: string; attempt: number; isOver: boolean };

export function whereabouts(job: ServiceJob, machineId: string | undefined): Whereabouts {
  const isOver = isTerminal(job.status);
  const last = job.attempts.at(-1);
  if (last === undefined) return { kind: 'nowhere', isOver };
  return last.machineId === machineId
    ? { kind: 'here', sandboxId: last.sandboxId, isOver }
    : { kind: 'elsewhere', workerName: last.workerName, attempt: last.attempt, isOver };
}
