import { describe, expect, test } from 'vitest';
import type { AttemptReport } from '../../../src-contract/jrds.ts';
import { jobStatus, jobStatusNumbers, type JobStatus } from '../../../src-contract/kinds.ts';
import { furtherStatus, readReportedStatus, type ReportedStatus } from '../../../src-service/dispatch/reported-status.ts';

const meanings: Record<JobStatus, ReportedStatus> = {
  New: { kind: 'unknown' },
  Activating: { kind: 'progress', status: 'Activating' },
  Running: { kind: 'progress', status: 'Running' },
  Completed: { kind: 'end', outcome: 'completed', reason: 'why', suspended: false },
  Failed: { kind: 'end', outcome: 'failed', reason: 'why', suspended: false },
  Stopped: { kind: 'end', outcome: 'stopped', reason: 'why', suspended: false },
  Blocked: { kind: 'unknown' },
  Suspended: { kind: 'end', outcome: 'failed', reason: 'why', suspended: true },
  Disconnected: { kind: 'unknown' },
  Suspending: { kind: 'unknown' },
  Stopping: { kind: 'progress', status: 'Stopping' },
  Resuming: { kind: 'unknown' },
  Removing: { kind: 'unknown' },
};

describe('a reported status', () => {
  test.each(jobStatus.options)('%s means the same by name and by number', (status) => {
    expect(readReportedStatus({ jobStatus: status, exception: 'why' })).toEqual(meanings[status]);
    expect(readReportedStatus({ jobStatus: jobStatusNumbers[status], exception: 'why' })).toEqual(meanings[status]);
  });

  test('that nobody knows is unknown', () => {
    expect(readReportedStatus({ jobStatus: 'Done' })).toEqual({ kind: 'unknown' });
    expect(readReportedStatus({ jobStatus: 99 })).toEqual({ kind: 'unknown' });
  });

  test('with a report is what the report says', () => {
    const hrw = { outcome: 'sandbox-crashed', reason: 'it was killed' } as AttemptReport;
    expect(readReportedStatus({ jobStatus: 'Failed', exception: 'x', hrw })).toEqual({
      kind: 'end',
      outcome: 'sandbox-crashed',
      reason: 'it was killed',
      suspended: false,
    });
  });

  const order: JobStatus[] = ['New', 'Activating', 'Running', 'Stopping'];
  test.each(
    order.flatMap((current, at) => order.map((reported, place) => [current, reported, order[Math.max(at, place)]] as const)),
  )('a job that is %s and reported %s is %s', (current, reported, expected) => {
    expect(furtherStatus(current, reported)).toBe(expected);
  });
});
