/** Jobs as text: what is copied and saved of tables of them. Pure. */
import type { JobView } from '../../../src-contract/engine-calls.ts';
import { texts } from '../../texts.ts';
import { nameOf, ranForMs, wordOf } from '../state/status.ts';
import type { TextColumn } from './table-tools.tsx';

const { columns: words } = texts;
const { factNames } = texts.job;

export const jobTextColumns = {
  runbook: { key: 'runbookName', title: words.runbook, text: nameOf },
  attempt: { key: 'attempt', title: texts.job.attempts.attempt, text: (job) => job.attempt },
  status: { key: 'status', title: words.status, text: (job) => wordOf(job).word },
  reason: { key: 'outcomeReason', title: texts.job.attempts.reason, text: (job) => job.outcomeReason },
  pickedUp: { key: 'pickedUpAt', title: words.pickedUp, text: (job) => job.pickedUpAt },
  started: { key: 'startedAt', title: factNames.started, text: (job) => job.startedAt },
  ended: { key: 'endedAt', title: words.ended, text: (job) => job.endedAt },
  milliseconds: { key: 'milliseconds', title: texts.list.milliseconds, text: ranForMs },
  startedBy: { key: 'startedBy', title: words.startedBy, text: (job) => job.startedBy },
  runtime: { key: 'runtime', title: words.runtime, text: (job) => job.runtime },
  process: { key: 'processId', title: factNames.sandboxProcess, text: (job) => job.processId },
  records: { key: 'recordCount', title: words.records, text: (job) => job.recordCount },
  atService: { key: 'acknowledgedCount', title: factNames.atService, text: (job) => job.acknowledgedCount },
  lastRecord: { key: 'lastRecord', title: words.lastRecord, text: (job) => job.lastRecord?.text ?? null },
  jobId: { key: 'jobId', title: factNames.jobId, text: (job) => job.jobId },
  sandboxId: { key: 'sandboxId', title: factNames.sandboxId, text: (job) => job.sandboxId },
} satisfies Record<string, TextColumn<JobView>>;
