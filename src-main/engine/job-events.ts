/** What a job's progress means for the event log. Compares two views, so that each step is said once, also when reports were skipped. */
import type { JobView } from '../../src-contract/engine-calls.ts';
import type { EventName, LogEvent } from '../../src-contract/events.ts';
import { outcomeLabels, type AttemptOutcome } from '../../src-contract/kinds.ts';

export interface JobEvent {
  name: EventName;
  message: string;
  fields: LogEvent['fields'];
  jobId: string;
}

export function jobEventsBetween(before: JobView, after: JobView): JobEvent[] {
  const events: JobEvent[] = [];
  if (before.startedAt === null && after.startedAt !== null) events.push(...startedEvents(after, after.startedAt));
  if (before.outcome === null && after.outcome !== null) events.push(endedEvent(after, after.outcome));
  return events;
}

function startedEvents(job: JobView, startedAt: string): JobEvent[] {
  const seconds = Math.max(0, (Date.parse(startedAt) - Date.parse(job.pickedUpAt)) / 1000);
  const facts = { jobId: job.jobId, sandboxId: job.sandboxId, runbookName: job.runbookName };
  return [
    {
      name: 'jobRunning',
      message: `The job ${job.jobId} runs ${job.runbookName} (${job.kind}) in sandbox ${job.sandboxId}.`,
      fields: { ...facts, runbookType: job.kind },
      jobId: job.jobId,
    },
    {
      name: 'jobStarted',
      message: `The job ${job.jobId} took ${seconds.toFixed(2)} s from being picked up to running.`,
      fields: { ...facts, timeTakenToStartRunningInSeconds: seconds },
      jobId: job.jobId,
    },
  ];
}

const endNames: Record<AttemptOutcome, EventName> = {
  completed: 'jobEnded',
  failed: 'jobFailed',
  stopped: 'jobStopped',
  suspended: 'jobSuspended',
  'never-started': 'jobFailed',
  interrupted: 'jobFailed',
  'sandbox-crashed': 'jobFailed',
};

function endedEvent(job: JobView, outcome: AttemptOutcome): JobEvent {
  const exit = job.exitCode === null ? '' : ` with exit code ${String(job.exitCode)}`;
  const reason = job.outcomeReason === null || job.outcomeReason === '' ? '' : ` (${job.outcomeReason})`;
  return {
    name: endNames[outcome],
    message: `The job ${job.jobId} (${job.runbookName}) ended${exit}: ${outcomeLabels[outcome]}${reason}.`,
    fields: {
      jobId: job.jobId,
      sandboxId: job.sandboxId,
      runbookName: job.runbookName,
      outcome,
      recordCount: job.recordCount,
      ...(job.exitCode === null ? {} : { exitCode: job.exitCode }),
    },
    jobId: job.jobId,
  };
}
