/** Is every record at the service? Pure. */
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { texts } from '../../../texts.ts';
import { isRunning } from '../../state/worker-view.ts';

export interface UploadState {
  kind: 'verified' | 'lacking' | 'sent' | 'sending' | 'unconfirmed';
  sentence: string;
}

export function uploadState(job: Pick<JobView, 'phase' | 'recordCount' | 'acknowledgedCount' | 'verified'>): UploadState {
  const words = texts.job.upload;
  const missing = Math.max(0, job.recordCount - job.acknowledgedCount);
  if (job.verified === true) return { kind: 'verified', sentence: words.verified(job.recordCount) };
  if (job.verified === false) return { kind: 'lacking', sentence: words.lacking(missing) };
  if (!isRunning(job)) return { kind: 'unconfirmed', sentence: words.unconfirmed };
  if (missing === 0) return { kind: 'sent', sentence: words.allSent };
  return { kind: 'sending', sentence: words.sending(missing) };
}
