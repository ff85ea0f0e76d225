/**
 * What an attempt's end means for its job. Pure. The outcomes and their words are those of the vocabulary: completed, failed and stopped
 * end the job; after the others the runbook's rerun policy decides, and a stop that was asked for is then as good as done.
 */
import { outcomeLabels, type AttemptOutcome, type JobStatus, type RerunPolicy } from '../../src-contract/kinds.ts';
import { maxAttempts } from '../../src-contract/limits.ts';

export interface EndedAttempt {
  number: number;
  machineName: string;
  outcome: AttemptOutcome;
  /** What a person reads; for failed attempts the runbook's exception. */
  reason: string;
}

export type JobDecision =
  | {
      kind: 'ended';
      status: Extract<JobStatus, 'Completed' | 'Failed' | 'Stopped' | 'Suspended'>;
      exception: string | null;
      /** For one that can be resumed by intent: what it waits for. */
      details?: string;
    }
  | { kind: 'again' };

/** `attempts`: all that have ended since the job was started or resumed, this one last. */
export function decideAfterAttempt(
  job: { rerun: RerunPolicy; stopRequested: boolean },
  attempts: readonly [...EndedAttempt[], EndedAttempt],
): JobDecision {
  const last = attempts.at(-1) as EndedAttempt;
  switch (last.outcome) {
    case 'completed':
      return { kind: 'ended', status: 'Completed', exception: null };
    case 'failed':
      return { kind: 'ended', status: 'Failed', exception: last.reason };
    case 'stopped':
      return { kind: 'ended', status: 'Stopped', exception: null };
    case 'suspended':
      return job.stopRequested
        ? { kind: 'ended', status: 'Stopped', exception: null }
        : { kind: 'ended', status: 'Suspended', exception: null, details: `It waits to be resumed: ${last.reason}` };
    case 'never-started':
    case 'interrupted':
    case 'sandbox-crashed':
      if (job.stopRequested) return { kind: 'ended', status: 'Stopped', exception: sentenceOf(last) };
      if (job.rerun === 'never') return { kind: 'ended', status: 'Failed', exception: sentenceOf(last) };
      if (attempts.length >= maxAttempts) return { kind: 'ended', status: 'Suspended', exception: everyReason(attempts) };
      return { kind: 'again' };
  }
}

function sentenceOf(attempt: EndedAttempt): string {
  return `Attempt ${String(attempt.number)} on ${attempt.machineName}: ${outcomeLabels[attempt.outcome].toLowerCase()} (${attempt.reason}).`;
}

function everyReason(attempts: readonly EndedAttempt[]): string {
  return [`The job was tried ${String(attempts.length)} times and is suspended.`, ...attempts.map(sentenceOf)].join(' ');
}
