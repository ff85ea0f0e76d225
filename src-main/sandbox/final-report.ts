/** Tells the service how an attempt ended: first that it has every record, then the outcome, then that the job is unloaded. */
import type { AttemptReport, JobDataRead } from '../../src-contract/jrds.ts';
import { finalStatus } from '../../src-contract/kinds.ts';
import { isJudgement } from '../../src-contract/service-judgement.ts';
import type { JournalSender } from '../journal/journal-sender.ts';
import type { JobService } from './ports.ts';
import { isFence, type ServiceCalls } from './service-calls.ts';

export interface FinalReportOptions {
  service: JobService;
  calls: ServiceCalls;
  sender: JournalSender;
  /** Another upload of the same journal, from where the service says that it stands. */
  resume: () => JournalSender;
  sandboxId: string;
  job: JobDataRead;
  report: AttemptReport;
  fence: AbortSignal;
}

export type Told =
  /** `verified`: the service has compared count and chain; null where it cannot. */
  { kind: 'told'; verified: boolean | null } | { kind: 'fenced' } | { kind: 'refused'; reason: string };

/** A service that asks for records again has lost some (its last writes before a crash). Not for ever, or the job would never end. */
const maxRounds = 5;

export async function reportEnd(options: FinalReportOptions): Promise<Told> {
  const { service, calls, sandboxId, job, report, fence } = options;
  const { outcome, reason, recordCount, chain } = report;
  const status = finalStatus(outcome);
  let sender = options.sender;
  try {
    for (let round = 1; ; round += 1) {
      const sent = fence.aborted ? 'refused' : await sender.finish({ recordCount, chain });
      if (sender !== options.sender) await sender.close();
      if (fence.aborted || sent === 'refused') return { kind: 'fenced' };
      const changed = await calls.persist((signal) =>
        service.changeStatus(sandboxId, job.jobId, {
          status,
          isFinal: true,
          ...(status === 'Failed' ? { exception: reason } : {}),
          job,
          report,
          signal,
        }),
      );
      if (changed.kind === 'accepted') {
        await unload(options);
        return { kind: 'told', verified: service.features.has('outcome') ? sent === 'complete' : null };
      }
      if (round === maxRounds) return { kind: 'refused', reason: 'the service asks for records that it was sent' };
      sender = options.resume();
    }
  } catch (error) {
    if (fence.aborted || isFence(error)) return { kind: 'fenced' };
    if (isJudgement(error)) return { kind: 'refused', reason: error instanceof Error ? error.message : String(error) };
    throw error;
  }
}

/**
 * The job has ended on the service; this lets go of its last messages. Whatever comes of it changes nothing for the job: the answer may even
 * be overtaken by the 401 that it brings about, and given up on then.
 */
async function unload({ service, calls, sandboxId, job, report }: FinalReportOptions): Promise<void> {
  const body = {
    subscriptionId: job.subscriptionId ?? null,
    jobId: job.jobId,
    isTest: false,
    startTime: null,
    executionTimeInSeconds: Math.round(report.wallMs / 1000),
  };
  await calls.persist((signal) => service.unload(sandboxId, job.jobId, body, { signal })).catch(() => undefined);
}
