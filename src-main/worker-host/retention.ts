/** What is kept of what is over, by age and by size: ended jobs with their records, and the event log. */
import type { Settings } from '../../src-contract/settings.ts';
import type { EventLog } from '../logging/event-log.ts';
import type { History } from '../storage/history.ts';
import { workerSource } from './parts.ts';

const dayMs = 24 * 60 * 60 * 1000;
const megabyte = 1024 * 1024;

export interface RetainOptions {
  history: History;
  log: EventLog;
  settings: Pick<Settings, 'retentionDays' | 'retentionMb'>;
  now: Date;
}

export async function retain({ history, log, settings, now }: RetainOptions): Promise<void> {
  const { retentionDays, retentionMb } = settings;
  const oldest = new Date(now.getTime() - retentionDays * dayMs);
  log.removeBefore(oldest);
  await history.removeEndedBefore(oldest);
  const removed = await history.removeBeyond(retentionMb * megabyte);
  if (removed === 0) return;
  // Whoever looks for one of them would not expect it to be gone already.
  const message = `Ended jobs took more than the ${String(retentionMb)} MB of the setting retentionMb: the ${String(removed)} oldest were removed with their records.`;
  log.write({ name: 'oldJobsRemoved', source: workerSource, message, fields: { removed, retentionMb } });
}
