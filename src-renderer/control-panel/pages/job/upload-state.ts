/** Is every record at the service? Pure. */
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { formatSpan } from '../../../shared/format.ts';
import { texts } from '../../../texts.ts';
import { isRunning } from '../../state/worker-view.ts';

export interface UploadState {
  kind: 'verified' | 'lacking' | 'sent' | 'sending' | 'unconfirmed';
  sentence: string;
}

type Known = Pick<JobView, 'phase' | 'recordCount' | 'acknowledgedCount' | 'verified' | 'oldestWaitingAt'>;

export function uploadState(job: Known, now: Date): UploadState {
  const words = texts.job.upload;
  const missing = Math.max(0, job.recordCount - job.acknowledgedCount);
  if (job.verified === true) return { kind: 'verified', sentence: words.verified(job.recordCount) };
  if (job.verified === false) return { kind: 'lacking', sentence: lackingSentence(job, missing) };
  if (!isRunning(job)) return { kind: 'unconfirmed', sentence: words.unconfirmed };
  if (missing === 0) return { kind: 'sent', sentence: words.allSent };
  return { kind: 'sending', sentence: words.sending(missing, waitedFor(job, now)) };
}

/** Records are sent in their order: what the service lacks is the last ones. Told by their sequence, as everywhere. */
function lackingSentence({ recordCount, acknowledgedCount }: Known, missing: number): string {
  const words = texts.job.upload;
  if (missing === 0) return words.different;
  return words.lacking(missing, acknowledgedCount, recordCount - 1);
}

/** `12 s`; undefined for what has just been written: it is on its way. */
export function waitedFor({ oldestWaitingAt }: Pick<JobView, 'oldestWaitingAt'>, now: Date): string | undefined {
  return oldestWaitingAt === null ? undefined : formatSpan(now.getTime() - Date.parse(oldestWaitingAt));
}
