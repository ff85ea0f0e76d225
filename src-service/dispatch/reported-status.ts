/** What a sandbox's changeStatus means. Pure. A status only goes forward within an attempt: a late Running does not undo a Stopping. */
import type { ChangeStatusBody } from '../../src-contract/jrds.ts';
import { jobStatus, jobStatusNumbers, type AttemptOutcome, type JobStatus } from '../../src-contract/kinds.ts';

export type ReportedStatus =
  | { kind: 'progress'; status: 'Activating' | 'Running' | 'Stopping' }
  | { kind: 'end'; outcome: AttemptOutcome; reason: string; suspended: boolean }
  | { kind: 'unknown' };

export function readReportedStatus(body: ChangeStatusBody): ReportedStatus {
  if (body.hrw !== undefined) return { kind: 'end', outcome: body.hrw.outcome, reason: body.hrw.reason, suspended: false };
  const reason = body.exception ?? '';
  switch (statusNamed(body.jobStatus)) {
    case 'Activating':
      return { kind: 'progress', status: 'Activating' };
    case 'Running':
      return { kind: 'progress', status: 'Running' };
    case 'Stopping':
      return { kind: 'progress', status: 'Stopping' };
    case 'Completed':
      return { kind: 'end', outcome: 'completed', reason, suspended: false };
    case 'Failed':
      return { kind: 'end', outcome: 'failed', reason, suspended: false };
    case 'Stopped':
      return { kind: 'end', outcome: 'stopped', reason, suspended: false };
    case 'Suspended':
      return { kind: 'end', outcome: 'failed', reason, suspended: true };
    case 'New':
    case 'Blocked':
    case 'Disconnected':
    case 'Suspending':
    case 'Resuming':
    case 'Removing':
    case undefined:
      return { kind: 'unknown' };
  }
}

/** Python workers send the name, Go workers the number. */
function statusNamed(status: string | number): JobStatus | undefined {
  return jobStatus.options.find((name) => name === status || jobStatusNumbers[name] === status);
}

const forward: readonly JobStatus[] = ['New', 'Activating', 'Running', 'Stopping'];

export function furtherStatus(current: JobStatus, reported: JobStatus): JobStatus {
  return forward.indexOf(reported) > forward.indexOf(current) ? reported : current;
}
