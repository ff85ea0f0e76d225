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
  if (before.asking === null && after.asking !== null) events.push(askedEvent(after, after.asking.until));
  if (before.startedAt === null && after.startedAt !== null) events.push(...startedEvents(after, after.startedAt));
  if (before.outcome === null && after.outcome !== null) events.push(endedEvent(after, after.outcome));
  return events;
}

/** First in every message, with ids last: lists cut what is long at its end. */
function nameOf({ runbookName }: JobView): string {
  return runbookName === '' ? 'A runbook that was not loaded' : runbookName;
}

function askedEvent(job: JobView, until: string): JobEvent {
  return {
    name: 'permissionAsked',
    message: `${nameOf(job)} waits until ${until} for a person to allow it here (job ${job.jobId}, sandbox ${job.sandboxId}).`,
    fields: { jobId: job.jobId, sandboxId: job.sandboxId, runbookName: job.runbookName, until },
    jobId: job.jobId,
  };
}

function startedEvents(job: JobView, startedAt: string): JobEvent[] {
  const seconds = Math.max(0, (Date.parse(startedAt) - Date.parse(job.pickedUpAt)) / 1000);
  const facts = { jobId: job.jobId, sandboxId: job.sandboxId, runbookName: job.runbookName };
  return [
    {
      name: 'jobRunning',
      message: `${nameOf(job)} runs (${job.kind}; job ${job.jobId}, sandbox ${job.sandboxId}).`,
      fields: { ...facts, runbookType: job.kind },
      jobId: job.jobId,
    },
    {
      name: 'jobStarted',
      message: `${nameOf(job)} took ${seconds.toFixed(2)} s from being picked up to running (job ${job.jobId}).`,
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
  const exit = job.exitCode === null ? '' : `, exit code ${String(job.exitCode)}`;
  const reason = job.outcomeReason?.trimEnd() ?? '';
  // It may have many lines; the id does not hang on the last of them then.
  const why = reason === '' ? '' : `${reason}${reason.includes('\n') ? '\n' : ' '}`;
  return {
    name: endNames[outcome],
    message: `${nameOf(job)}: ${outcomeLabels[outcome]}${exit}. ${why}(job ${job.jobId})`,
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
