/** Words and shapes for what the worker and its jobs are. Pure. */
import type { JobView, WorkerState, WorkerStatus } from '../../../src-contract/engine-calls.ts';
import type { AttemptOutcome } from '../../../src-contract/kinds.ts';
import { outcomeLabels } from '../../../src-contract/kinds.ts';
import type { SandboxPhase } from '../../../src-contract/sandbox.ts';
import type { MarkName } from '../../shared/marks.tsx';
import { texts } from '../../texts.ts';
import type { WorkerView } from './worker-view.ts';

const statusMarks: Record<WorkerStatus, MarkName> = {
  'not-connected': 'off',
  connecting: 'waiting',
  connected: 'todo',
  ready: 'good',
  full: 'busy',
  unable: 'unable',
  paused: 'paused',
  draining: 'draining',
  offline: 'bad',
};

export interface Standing {
  mark: MarkName;
  sentence: string;
}

/** The sentence that stands on the overview, at the foot of the navigation and in the tray's tooltip. */
export function standingOf(view: WorkerView): Standing {
  if (view.lost !== null) return { mark: 'bad', sentence: view.lost.title };
  if (view.worker === null) return { mark: 'waiting', sentence: texts.overview.asking };
  const { status, sentence, problems } = view.worker;
  // Trying again after a failure is no mere waiting.
  if (status === 'connecting' && problems.some((problem) => problem.severity === 'error')) return { mark: 'bad', sentence };
  return { mark: statusMarks[status], sentence };
}

export function isPaused(worker: WorkerState): boolean {
  return worker.status === 'paused';
}

/** Pausing means something only for a worker that takes jobs. */
export function canPause(worker: WorkerState): boolean {
  return worker.registration !== null && worker.status !== 'draining';
}

export type Tone = 'good' | 'running' | 'warning' | 'danger' | 'quiet';
export interface JobWord {
  word: string;
  mark: MarkName;
  tone: Tone;
}

const outcomeLooks: Record<AttemptOutcome, { mark: MarkName; tone: Tone }> = {
  completed: { mark: 'good', tone: 'good' },
  failed: { mark: 'bad', tone: 'danger' },
  stopped: { mark: 'stopped', tone: 'quiet' },
  suspended: { mark: 'paused', tone: 'warning' },
  'never-started': { mark: 'attention', tone: 'warning' },
  interrupted: { mark: 'attention', tone: 'warning' },
  'sandbox-crashed': { mark: 'attention', tone: 'danger' },
};

const phaseLooks: Record<Exclude<SandboxPhase, 'ended'>, { mark: MarkName; tone: Tone }> = {
  starting: { mark: 'waiting', tone: 'running' },
  loading: { mark: 'waiting', tone: 'running' },
  running: { mark: 'busy', tone: 'running' },
  stopping: { mark: 'draining', tone: 'warning' },
  uploading: { mark: 'busy', tone: 'running' },
};

export function wordOf(job: Pick<JobView, 'phase' | 'outcome' | 'asking'>): JobWord {
  if (job.phase === 'ended') {
    if (job.outcome === null) return { word: texts.job.outcomeUnknown, mark: 'off', tone: 'quiet' };
    return { word: outcomeLabels[job.outcome], ...outcomeLooks[job.outcome] };
  }
  if (job.asking !== null) return { word: texts.asking, mark: 'attention', tone: 'warning' };
  return { word: texts.phases[job.phase], ...phaseLooks[job.phase] };
}

/** How long the runbook has run or ran; null before it began. */
export function ranForMs(job: Pick<JobView, 'wallMs' | 'startedAt' | 'endedAt'>): number | null {
  if (job.wallMs !== null) return job.wallMs;
  if (job.startedAt === null || job.endedAt === null) return null;
  return new Date(job.endedAt).getTime() - new Date(job.startedAt).getTime();
}

/** A sandbox does not know its runbook until it has loaded the job. */
export function nameOf(job: Pick<JobView, 'runbookName'>): string {
  return job.runbookName === '' ? texts.running.unnamed : job.runbookName;
}
