/** Finishing a dead sandbox's job, seen from the launcher: whom to tell, what to tell, and what becomes of its report. */
import { isAppError } from '../../src-contract/app-error.ts';
import { holdSeconds } from '../../src-contract/limits.ts';
import { reportWithoutJob, sandboxContractVersion, type SandboxReport } from '../../src-contract/sandbox.ts';
import { journalPath } from '../storage/layout.ts';
import { finishDeadSandbox, reportNeverStarted, type Finished, type ReportOptions } from './finish-dead.ts';
import { RenewedConnection, type ServiceConnection } from './renewed-connection.ts';
import type { LaunchFacts } from './sandbox-folders.ts';

/** Between two looks at a queue that is empty; the service holds the call besides. */
const askAgainMs = 1000;
/**
 * A message that was read comes again within half a minute, unless it was acknowledged: then the job is not to be learned by asking, and each
 * question would be a sign of life for an attempt that nobody works at.
 */
const mostEmptyAnswers = 4;

export interface FinishAttemptOptions {
  launch: LaunchFacts;
  report: SandboxReport;
  jobId: string;
  journalsFolder: string;
  seen: string;
  processesLeft: number;
  now: () => Date;
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  retryDelayMs: (failures: number, error: unknown) => number;
  connectService: (launch: LaunchFacts, known: ReadonlySet<string>) => Promise<ServiceConnection | undefined>;
  onProgress: (report: SandboxReport) => void;
  signal: AbortSignal;
}

export type UntakenOptions = Pick<FinishAttemptOptions, 'launch' | 'sleep' | 'retryDelayMs' | 'connectService' | 'signal'>;

/**
 * The job that a sandbox was started for and died before it had taken. The service may count it as picked up already, and would wait for it
 * until it gives up the attempt: it is told instead. undefined: no such job, or a service that hands its actions out again by itself and
 * would take a report for the job's end.
 */
export async function findUntakenJob(options: UntakenOptions): Promise<string | undefined> {
  const { launch, sleep, retryDelayMs, signal } = options;
  const connection = new RenewedConnection((known) => options.connectService(launch, known));
  try {
    let empty = 0;
    for (let failures = 0; ;) {
      try {
        const service = await connection.open();
        if (service === undefined) return undefined;
        const found = await service.getJobActions(launch.sandboxId, { waitSeconds: holdSeconds, signal });
        if (found.kind === 'unloaded' || !service.features.has('outcome')) return undefined;
        const jobId = found.actions[0]?.JobId;
        if (jobId !== undefined) return jobId;
        empty += 1;
        if (empty === mostEmptyAnswers) return undefined;
        failures = 0;
        await sleep(askAgainMs, signal);
      } catch (error) {
        if (!isAppError(error) || !error.retryable) return undefined;
        failures += 1;
        connection.close();
        await sleep(retryDelayMs(failures, error), signal);
      }
      if (signal.aborted) return undefined;
    }
  } finally {
    connection.close();
  }
}

/**
 * The final report; undefined when the signal fired first, and the next engine goes on. A journal that cannot be opened or written now (a full
 * disk, rights that somebody changes back) is tried again: nobody else finishes this attempt.
 */
export async function finishAttempt(options: FinishAttemptOptions): Promise<SandboxReport | undefined> {
  const { launch, report, jobId, journalsFolder, sleep, retryDelayMs, onProgress, signal } = options;
  const journal = report.journalPath ?? journalPath(journalsFolder, jobId, launch.sandboxId);
  for (let failures = 1; ; failures += 1) {
    try {
      return await tell(options, (how) => finishDeadSandbox({ ...how, journal }));
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!isSystemError(error)) throw error;
      onProgress({ ...report, phase: 'uploading', uploadTrouble: `The journal cannot be finished: ${error.message}` });
      await sleep(retryDelayMs(failures, error), signal);
    }
  }
}

/** What the operating system refused, as Node throws it. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'errno' in error && 'syscall' in error;
}

/**
 * Tells the service that a sandbox could not be started, and why: it would wait for the attempt otherwise, and then know no more than that
 * nothing was heard. Nothing of it runs any more. undefined: there is no such job, or the signal fired first.
 */
export async function finishNeverStarted(
  options: Omit<FinishAttemptOptions, 'report' | 'jobId' | 'journalsFolder' | 'processesLeft'>,
): Promise<SandboxReport | undefined> {
  const { launch, now } = options;
  const { sandboxId } = launch;
  const jobId = await findUntakenJob(options);
  if (jobId === undefined) return undefined;
  const report: SandboxReport = {
    ...reportWithoutJob,
    contractVersion: sandboxContractVersion,
    sandboxId,
    // No process is it.
    process: launch.process ?? { bootId: '', pid: 0, startTime: '' },
    controlAddress: '',
    phase: 'starting',
    since: now().toISOString(),
    jobId,
  };
  return await tell({ ...options, report, jobId, processesLeft: 0 }, reportNeverStarted);
}

async function tell(
  options: Omit<FinishAttemptOptions, 'journalsFolder'>,
  finish: (how: ReportOptions) => Promise<Finished>,
): Promise<SandboxReport | undefined> {
  const { launch, report, jobId, seen, processesLeft, now, sleep, retryDelayMs, signal } = options;
  const connection = new RenewedConnection((known) => options.connectService(launch, known));
  try {
    const finished = await finish({
      service: connection.service,
      sandboxId: report.sandboxId,
      jobId,
      report,
      seen,
      processesLeft,
      now,
      delay: sleep,
      retryDelayMs,
      onTrouble: (uploadTrouble, acknowledgedCount) => {
        options.onProgress({ ...report, phase: 'uploading', uploadTrouble, acknowledgedCount });
      },
      signal,
    });
    return {
      ...report,
      phase: 'ended',
      runbookName: finished.runbookName ?? report.runbookName,
      outcome: finished.outcome,
      outcomeReason: finished.reason,
      exitCode: finished.exitCode,
      endedAt: finished.endedAt,
      recordCount: finished.recordCount,
      acknowledgedCount: finished.acknowledgedCount,
      verified: finished.verified,
      uploadTrouble: finished.trouble,
    };
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    connection.close();
  }
}
