/** Why each job waits that this worker could take: what the service says of its group's, and what waits for a person here. */
import type { AppError } from '../../src-contract/app-error.ts';
import type { Finding } from '../../src-contract/diagnostics.ts';
import type { JobView, WorkerState } from '../../src-contract/engine-calls.ts';
import type { WaitingJobs } from '../../src-contract/jrds.ts';
import { evidence } from './evidence.ts';

export interface WaitingFacts {
  state: WorkerState;
  /** `untold`: this service does not say which jobs wait. */
  waiting: { kind: 'known'; jobs: WaitingJobs } | { kind: 'untold' } | { kind: 'failed'; error: AppError };
  running: readonly JobView[];
}

export function judgeWaiting({ state, waiting, running }: WaitingFacts): Finding {
  const rule = 'waiting-jobs';
  const { registration } = state;
  const asking = running.filter((job) => job.asking !== null);
  const here = asking.map(({ runbookName, asking: question }): [string, string] => [
    runbookName,
    `waits here until ${question?.until ?? ''} for a person to allow it`,
  ]);
  if (registration === null)
    return {
      rule,
      result: 'not-checked',
      sentence: 'This machine is in no worker group, so that no job waits for it',
      evidence: [],
      repair: null,
    };
  const { groupName } = registration;
  if (waiting.kind !== 'known' && asking.length === 0)
    return {
      rule,
      result: 'not-checked',
      sentence:
        waiting.kind === 'untold'
          ? 'This service does not say which jobs wait'
          : `The service could not be asked which jobs wait: ${waiting.error.toProblem().title}`,
      evidence: [],
      repair: waiting.kind === 'untold' ? null : 'Mend the way to the service first.',
    };
  const jobs = waiting.kind === 'known' ? waiting.jobs : { value: [], total: 0 };
  const total = jobs.total + asking.length;
  if (total === 0) return { rule, result: 'good', sentence: `No job of group ${groupName} waits`, evidence: [], repair: null };
  const queued = jobs.value.map(({ runbookName, queuedAt, reason }): [string, string] => [
    runbookName,
    `since ${queuedAt}: ${reason}`,
  ]);
  const more = jobs.total - jobs.value.length;
  return {
    rule,
    result: 'attention',
    sentence: `${total === 1 ? 'One job' : `${String(total)} jobs`} of group ${groupName} ${total === 1 ? 'waits' : 'wait'}`,
    evidence: evidence([...here, ...queued, ...(more > 0 ? [['more', String(more)] satisfies [string, string]] : [])]),
    repair: repairOf(state, asking.length > 0),
  };
}

/** What is in this machine's own hands; each job's reason says the rest. */
function repairOf({ status, limit }: WorkerState, asks: boolean): string {
  if (asks) return 'Allow or refuse what waits for a person: the job’s page, or `hrw policy questions`.';
  switch (status) {
    case 'paused':
      return 'Resume this worker: the button on the overview, or `hrw resume`.';
    case 'draining':
      return 'This worker is about to end: `hrw resume` calls that off.';
    case 'full':
      return `Let more than ${String(limit)} jobs run here at once (Settings, or \`hrw settings set limit\`), or add a worker to the group.`;
    case 'unable':
      return 'No sandbox can be started on this machine: the problem on the overview says why and what to do.';
    case 'not-connected':
    case 'connecting':
    case 'connected':
    case 'ready':
    case 'offline':
      return 'Each job says what it waits for: mend that, or send it to another group.';
  }
}
