/**
 * The protocol's enumerations and our words for them: runbook kinds, job statuses, pending actions, streams, outcomes.
 * Numbers are those of Azure Automation's agent protocol; 100 (Batch) is our own.
 */
import * as z from 'zod';

export const runbookKinds = {
  PowerShell: 5,
  PowerShellWorkflow: 6,
  Python3: 10,
  Bash: 11,
  PowerShell7: 13,
  Batch: 100,
} as const;
export type RunbookKind = keyof typeof runbookKinds;
export const runbookKind = z.enum(['PowerShell', 'PowerShellWorkflow', 'Python3', 'Bash', 'PowerShell7', 'Batch']);

/** What a worker that declares no kinds (a foreign one) is taken to run. */
export const undeclaredKinds: readonly RunbookKind[] = ['PowerShell', 'PowerShell7', 'Python3', 'Bash'];

/** The words a person reads for each kind. */
export const kindLabels: Record<RunbookKind, string> = {
  PowerShell: 'PowerShell',
  PowerShellWorkflow: 'PowerShell Workflow',
  PowerShell7: 'PowerShell 7',
  Python3: 'Python 3',
  Bash: 'Bash',
  Batch: 'Windows batch',
};

/** File name extension of a runbook's script, with the dot. */
export const kindExtensions: Record<RunbookKind, string> = {
  PowerShell: '.ps1',
  PowerShellWorkflow: '.ps1',
  PowerShell7: '.ps1',
  Python3: '.py',
  Bash: '.sh',
  Batch: '.cmd',
};

export function kindOfNumber(number: number): RunbookKind | undefined {
  return runbookKind.options.find((kind) => runbookKinds[kind] === number);
}

export const jobStatusNumbers = {
  New: 0,
  Activating: 1,
  Running: 2,
  Completed: 3,
  Failed: 4,
  Stopped: 5,
  Blocked: 6,
  Suspended: 7,
  Disconnected: 8,
  Suspending: 9,
  Stopping: 10,
  Resuming: 11,
  Removing: 12,
} as const;
export type JobStatus = keyof typeof jobStatusNumbers;
export const jobStatus = z.enum([
  'New',
  'Activating',
  'Running',
  'Completed',
  'Failed',
  'Stopped',
  'Blocked',
  'Suspended',
  'Disconnected',
  'Suspending',
  'Stopping',
  'Resuming',
  'Removing',
]);
export const terminalStatuses: readonly JobStatus[] = ['Completed', 'Failed', 'Stopped', 'Suspended'];

export function isTerminal(status: JobStatus): boolean {
  return terminalStatuses.includes(status);
}

export const pendingActions = {
  None: 0,
  Activate: 1,
  Abort: 2,
  Suspend: 3,
  Resume: 4,
  Stop: 5,
  Terminate: 6,
  Remove: 7,
} as const;
export const triggerSources = { Unknown: 0, Manual: 1, TestDraft: 2, Scheduled: 3, Webhook: 4, Internal: 5, Watcher: 6 } as const;

export const streamName = z.enum(['Output', 'Error', 'Warning', 'Verbose', 'Debug', 'Information', 'Progress']);
export type StreamName = z.infer<typeof streamName>;

/** One per attempt. The first three end the job, the fourth puts it aside until somebody resumes it, after the others the runbook's rerun policy decides. */
export const attemptOutcome = z.enum([
  'completed',
  'failed',
  'stopped',
  'suspended',
  'never-started',
  'interrupted',
  'sandbox-crashed',
]);
export type AttemptOutcome = z.infer<typeof attemptOutcome>;

/** What a person reads for an outcome. */
export const outcomeLabels: Record<AttemptOutcome, string> = {
  completed: 'Completed',
  failed: 'Failed',
  stopped: 'Stopped',
  suspended: 'Suspended',
  'never-started': 'Never started',
  interrupted: 'Interrupted',
  'sandbox-crashed': 'Sandbox crashed',
};

export const rerunPolicy = z.enum(['restart', 'never']);
export type RerunPolicy = z.infer<typeof rerunPolicy>;

/** The job status that goes with an outcome. A service that knows outcomes decides by those; for others the job has failed. */
export function finalStatus(outcome: AttemptOutcome): JobStatus {
  switch (outcome) {
    case 'completed':
      return 'Completed';
    case 'stopped':
      return 'Stopped';
    case 'suspended':
      return 'Suspended';
    case 'failed':
    case 'never-started':
    case 'interrupted':
    case 'sandbox-crashed':
      return 'Failed';
  }
}
