/** Finishing a dead sandbox's job, seen from the launcher: whom to tell, what to tell, and what becomes of its report. */
import { AppError } from '../../src-contract/app-error.ts';
import type { SandboxReport } from '../../src-contract/sandbox.ts';
import { journalPath } from '../storage/layout.ts';
import { finishDeadSandbox, type FinishingService } from './finish-dead.ts';
import type { LaunchFacts } from './sandbox-folders.ts';

export interface ServiceConnection {
  service: FinishingService;
  close: () => void;
}

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
  connectService: (launch: LaunchFacts) => Promise<ServiceConnection | undefined>;
  onProgress: (report: SandboxReport) => void;
  signal: AbortSignal;
}

/** The final report; undefined when the signal fired first, and the next engine goes on. */
export async function finishAttempt(options: FinishAttemptOptions): Promise<SandboxReport | undefined> {
  const { launch, report, jobId, journalsFolder, seen, processesLeft, now, sleep, retryDelayMs, signal } = options;
  const connected = await options.connectService(launch);
  try {
    const finished = await finishDeadSandbox({
      service: connected?.service ?? noService,
      sandboxId: report.sandboxId,
      jobId,
      journal: report.journalPath ?? journalPath(journalsFolder, jobId, launch.sandboxId),
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
    connected?.close();
  }
}

const refused = (): Promise<never> => Promise.reject(new AppError('not-registered', {}));

/** This worker has left the group that the job came from: what is here stays here. */
const noService: FinishingService = {
  features: new Set(),
  getJob: refused,
  changeStatus: refused,
  postStream: refused,
  unload: refused,
  acknowledgedRecords: refused,
  uploadFrames: refused,
};
