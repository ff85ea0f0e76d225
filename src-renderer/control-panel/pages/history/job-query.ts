/** What the history asks for, and a job of it as a line of text. Pure. */
import { tabbedLine } from '../../../../src-contract/cells.ts';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import type { AttemptOutcome } from '../../../../src-contract/kinds.ts';
import type { JobOrder, JobQuery } from '../../../../src-contract/lists.ts';
import { nameOf, ranForMs, wordOf } from '../../state/status.ts';

export interface HistoryChoice {
  outcome: AttemptOutcome | null;
  search: string;
  by: JobOrder;
  descending: boolean;
}

/** `endedBefore`: of a list that stands still. A job enters it when it ends, and may have been picked up long before others in it. */
export function historyQuery({ outcome, search, by, descending }: HistoryChoice, endedBefore: string | null): JobQuery {
  return { before: null, endedBefore, outcome, runbookName: null, endedOnly: true, search, order: { by, descending } };
}

export function jobText(job: JobView): string {
  const ran = ranForMs(job);
  return tabbedLine([
    nameOf(job),
    wordOf(job).word,
    job.pickedUpAt,
    job.endedAt ?? '',
    ran === null ? '' : String(Math.round(ran)),
    job.startedBy ?? '',
    String(job.recordCount),
    job.jobId,
  ]);
}
