/**
 * Finishes what a dead sandbox left: its journal is closed at the last whole frame, what the service lacks is uploaded, the end is reported
 * with the worker's certificate. The journal's end frame is written first, so that an engine that dies here is followed by one that knows.
 */
import { existsSync } from 'node:fs';
import type { AttemptReport, JobDataRead } from '../../src-contract/jrds.ts';
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import { finalStatus, type AttemptOutcome, type JobStatus } from '../../src-contract/kinds.ts';
import type { SandboxReport } from '../../src-contract/sandbox.ts';
import { emptyChain } from '../../src-contract/node/journal-frame.ts';
import { isJudgement, mendableDelayMs } from '../../src-contract/service-judgement.ts';
import { JournalUploader, type FrameSink } from '../journal/journal-uploader.ts';
import { readJournal, summarizeJournal } from '../journal/journal-reader.ts';
import { JournalWriter, type JournalBeginning } from '../journal/journal-writer.ts';
import type { SendEnd, SendTarget } from '../journal/journal-sender.ts';

/** The service as far as finishing needs it; the JRDS client satisfies it. */
export interface FinishingService extends FrameSink {
  readonly features: ReadonlySet<string>;
  getJobActions(
    sandboxId: string,
    options: { waitSeconds: number; signal: AbortSignal },
  ): Promise<{ kind: 'actions'; actions: readonly { JobId: string }[] } | { kind: 'unloaded' }>;
  getJob(jobId: string, options: { signal: AbortSignal }): Promise<JobDataRead>;
  changeStatus(
    sandboxId: string,
    jobId: string,
    change: {
      status: JobStatus;
      isFinal: boolean;
      exception?: string;
      job: JobDataRead;
      report: AttemptReport;
      signal: AbortSignal;
    },
  ): Promise<{ kind: 'accepted' } | { kind: 'records-missing'; acknowledged: number; chain: string }>;
  postStream(
    jobId: string,
    body: { SequenceNumber: number; StreamRecordText: string; Type: string; RecordTime: string },
    options: { signal: AbortSignal },
  ): Promise<void>;
  unload(sandboxId: string, jobId: string, body: { jobId: string }, options: { signal: AbortSignal }): Promise<void>;
}

export interface FinishOptions {
  service: FinishingService;
  sandboxId: string;
  jobId: string;
  journal: string;
  /** The sandbox's last own words. */
  report: SandboxReport | undefined;
  /** What was seen of its death, for the reason. */
  seen: string;
  processesLeft: number;
  now: () => Date;
  delay: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  retryDelayMs: (failures: number, error: unknown) => number;
  onTrouble: (trouble: string | null, acknowledged: number) => void;
  signal: AbortSignal;
}

export interface Finished {
  outcome: AttemptOutcome;
  reason: string;
  exitCode: number | null;
  endedAt: string;
  recordCount: number;
  acknowledgedCount: number;
  /** The service has everything; false: it lacks records; null: it was not told, or cannot say. */
  verified: boolean | null;
  trouble: string | null;
  /** Where only the service knows it. */
  runbookName?: string;
}

type Ending = Pick<Finished, 'outcome' | 'reason' | 'exitCode' | 'endedAt'>;

/** Closes the journal if the sandbox had not; starts it if the sandbox had not come so far. Safe to repeat. */
export async function closeJournal(options: {
  path: string;
  beginning: JournalBeginning;
  reason: string;
  now: () => Date;
  delay: (milliseconds: number) => Promise<void>;
}): Promise<{ ending: Ending; target: SendTarget }> {
  const { path, beginning, reason, now, delay } = options;
  const writer = existsSync(path)
    ? await JournalWriter.reopen({ path, now, delay })
    : await JournalWriter.create({ path, now, delay }, beginning);
  if (writer.isEnded) {
    await writer.close();
  } else {
    await writer.sync();
    await writer.end({ outcome: 'sandbox-crashed', reason, exitCode: null });
  }
  const { end, recordCount, chain } = await summarizeJournal(path);
  const ending: Ending = {
    outcome: end?.outcome ?? 'sandbox-crashed',
    reason: end?.reason ?? reason,
    exitCode: end?.exitCode ?? null,
    endedAt: end?.time ?? now().toISOString(),
  };
  return { ending, target: { recordCount, chain } };
}

/** Repeats until the service has taken it, has refused it for good, or the signal fires (then it rejects). */
export async function finishDeadSandbox(options: FinishOptions): Promise<Finished> {
  const { service, jobId, signal } = options;
  const { ending, target } = await closeJournal({
    path: options.journal,
    beginning: {
      jobId,
      sandboxId: options.sandboxId,
      attempt: options.report?.attempt ?? null,
      runbookName: options.report?.runbookName ?? '',
      runbookKind: options.report?.kind ?? '',
    },
    reason: options.seen,
    now: options.now,
    // Who asks us to end need not wait for a disk that is full.
    delay: async (milliseconds) => {
      await options.delay(milliseconds, signal);
      signal.throwIfAborted();
    },
  });
  const finished: Finished = {
    ...ending,
    recordCount: target.recordCount,
    acknowledgedCount: options.report?.acknowledgedCount ?? 0,
    verified: null,
    trouble: null,
  };
  try {
    const job = await persist(options, () => service.getJob(jobId, { signal }));
    // The first answer has told what the service offers.
    const sent = service.features.has('record-batches')
      ? await uploadAndReport(options, job, ending, target)
      : await postAndReport(options, job, ending, target);
    return { ...finished, ...sent };
  } catch (error) {
    if (signal.aborted || !isAppError(error)) throw error;
    // The service has judged: it has given up on the attempt, or no longer knows the job; or this machine has left the group.
    return { ...finished, verified: false, trouble: error.toProblem().title };
  }
}

/** What a report needs, without a journal. */
export type ReportOptions = Omit<FinishOptions, 'journal'>;

/**
 * The end of an attempt of which nothing ever ran: `seen` says why. It has no journal, also where there would be no room for one. As
 * `finishDeadSandbox` it repeats until the service has taken it, has refused it for good, or the signal fires (then it rejects).
 */
export async function reportNeverStarted(options: ReportOptions): Promise<Finished> {
  const { service, jobId, seen, now, signal } = options;
  const ending: Ending = { outcome: 'never-started', reason: seen, exitCode: null, endedAt: now().toISOString() };
  const finished: Finished = { ...ending, recordCount: 0, acknowledgedCount: 0, verified: null, trouble: null };
  try {
    const job = await persist(options, () => service.getJob(jobId, { signal }));
    const { kind } = await reportEnd(options, job, ending, { recordCount: 0, chain: emptyChain.toString('hex') });
    return { ...finished, verified: kind === 'accepted', runbookName: job.runbookName };
  } catch (error) {
    if (signal.aborted || !isAppError(error)) throw error;
    return { ...finished, verified: false, trouble: error.toProblem().title };
  }
}

/** A service that lost its last writes asks for records again; each replica of one may, some times, before it ends the attempt without them. */
const maxRounds = 6;

type Sent = Pick<Finished, 'acknowledgedCount' | 'verified' | 'trouble'>;

async function uploadAndReport(options: FinishOptions, job: JobDataRead, ending: Ending, target: SendTarget): Promise<Sent> {
  const { service, sandboxId, jobId, journal, delay, retryDelayMs, onTrouble, signal } = options;
  for (let rounds = 1; ; rounds += 1) {
    const uploader = new JournalUploader({
      sink: service,
      sandboxId,
      jobId,
      path: journal,
      resume: true,
      delay,
      retryDelayMs,
      onProgress: () => {
        onTrouble(uploader.trouble, uploader.acknowledgedCount);
      },
    });
    const giveUp = (): void => void uploader.close();
    signal.addEventListener('abort', giveUp, { once: true });
    let end: SendEnd;
    try {
      end = await uploader.finish(target);
    } finally {
      signal.removeEventListener('abort', giveUp);
      await uploader.close();
    }
    signal.throwIfAborted();
    const acknowledgedCount = uploader.acknowledgedCount;
    const trouble = end === 'complete' ? null : (uploader.trouble ?? describeEnd(end));
    // Also where the disk has lost what the service has: the job has ended, and the service says that its records do not agree.
    if (end !== 'complete' && end !== 'diverged') return { acknowledgedCount, verified: false, trouble };
    const changed = await reportEnd(options, job, ending, target);
    if (changed.kind === 'accepted')
      return end === 'complete'
        ? { acknowledgedCount: target.recordCount, verified: true, trouble }
        : { acknowledgedCount, verified: false, trouble };
    if (rounds === maxRounds)
      return { acknowledgedCount: changed.acknowledged, verified: false, trouble: describeEnd('diverged') };
  }
}

/** A service of the plain protocol: one record a call, and nobody can say afterwards whether it has them all. */
async function postAndReport(options: FinishOptions, job: JobDataRead, ending: Ending, target: SendTarget): Promise<Sent> {
  const { service, jobId, journal, signal } = options;
  let next = options.report?.acknowledgedCount ?? 0;
  for await (const frame of readJournal(journal)) {
    for (const { seq, text, stream, time } of frame.records) {
      if (seq < next) continue;
      const body = { SequenceNumber: seq, StreamRecordText: text, Type: stream, RecordTime: time };
      await persist(options, () => service.postStream(jobId, body, { signal }));
      next = seq + 1;
    }
  }
  await reportEnd(options, job, ending, target);
  return { acknowledgedCount: next, verified: null, trouble: null };
}

async function reportEnd(options: ReportOptions, job: JobDataRead, ending: Ending, target: SendTarget) {
  const { service, sandboxId, jobId, report, processesLeft, signal } = options;
  const { outcome, reason, exitCode, endedAt } = ending;
  const attemptReport: AttemptReport = {
    outcome,
    reason,
    exitCode,
    recordCount: target.recordCount,
    chain: target.chain,
    runtime: report?.runtime ?? '',
    processId: report?.runtimePid ?? null,
    wallMs: report?.wallMs ?? wallMs(report?.startedAt ?? null, endedAt),
    cpuMs: report?.cpuMs ?? null,
    peakMemoryBytes: report?.peakMemoryBytes ?? null,
    processesLeft,
  };
  const status = finalStatus(outcome);
  const changed = await persist(options, () =>
    service.changeStatus(sandboxId, jobId, {
      status,
      isFinal: true,
      ...(status === 'Failed' ? { exception: reason } : {}),
      job,
      report: attemptReport,
      signal,
    }),
  );
  if (changed.kind === 'accepted') {
    // Only tidies up on the service: the attempt has ended either way.
    await service.unload(sandboxId, jobId, { jobId }, { signal }).catch(() => undefined);
  }
  return changed;
}

function wallMs(startedAt: string | null, endedAt: string): number {
  return startedAt === null ? 0 : Math.max(0, Date.parse(endedAt) - Date.parse(startedAt));
}

function describeEnd(end: Exclude<SendEnd, 'complete'>): string {
  switch (end) {
    case 'refused':
      return new AppError('attempt-fenced', { sandboxId: '' }).toProblem().title;
    case 'diverged':
      return 'The service has records that are not in this journal';
    case 'closed':
      return 'The upload was ended';
  }
}

/** A week without the service is no reason to give up, nor is a refusal that somebody may mend; an answer that judges is. */
async function persist<Value>(options: ReportOptions, call: () => Promise<Value>): Promise<Value> {
  const { delay, retryDelayMs, onTrouble, report, signal } = options;
  for (let failures = 1; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      // In no group there is nobody to ask: what is here stays here.
      if (!isAppError(error) || isJudgement(error) || error.code === 'not-registered') throw error;
      onTrouble(error.toProblem().title, report?.acknowledgedCount ?? 0);
      await delay(error.retryable ? retryDelayMs(failures, error) : mendableDelayMs, signal);
    }
  }
}
