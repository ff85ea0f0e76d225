/** A stop as people follow it: ask, wait, end. Pure. */
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import type { StopCourse } from '../../../../src-contract/sandbox.ts';
import { formatSpan } from '../../../shared/format.ts';
import { texts } from '../../../texts.ts';
import type { ShownStep } from '../../parts/shown-steps.ts';

type StageStatus = ShownStep['status'];

export interface StopStage {
  key: 'ask' | 'wait' | 'end';
  status: StageStatus;
  detail: string;
}

const words = texts.job.stopping;

/** Undefined for a job that nobody stops. */
export function stopStages(job: Pick<JobView, 'phase' | 'stop'>, now: Date): StopStage[] | undefined {
  const { stop, phase } = job;
  if (stop !== null) return [askOf(stop), waitOf(stop, now), endOf(stop)];
  if (phase !== 'stopping') return undefined;
  return [
    { key: 'ask', status: 'started', detail: words.asking },
    { key: 'wait', status: 'later', detail: '' },
    { key: 'end', status: 'later', detail: '' },
  ];
}

function stepOf({ steps }: StopCourse, name: StopCourse['steps'][number]['step']) {
  return steps.find(({ step }) => step === name);
}

function askOf(stop: StopCourse): StopStage {
  const processes = stepOf(stop, 'ask-processes')?.processes;
  const runbook = stepOf(stop, 'ask-runbook');
  if (runbook === undefined && processes === undefined) return { key: 'ask', status: 'done', detail: words.nothingLeft };
  const asked = processes === undefined ? [] : [words.processesAsked(processes)];
  return { key: 'ask', status: 'done', detail: [...(runbook === undefined ? [] : [words.runbookAsked]), ...asked].join(', ') };
}

function waitOf(stop: StopCourse, now: Date): StopStage {
  const end = stepOf(stop, 'end');
  const begun = stop.steps[0];
  if (stop.isCutOff === true) {
    const waited = Date.parse(stepOf(stop, 'ask-processes')?.at ?? stop.deadline) - Date.parse(begun?.at ?? stop.deadline);
    return { key: 'wait', status: 'failed', detail: words.cutOff(formatSpan(waited) ?? words.moment) };
  }
  if (end !== undefined) {
    const waited = Date.parse(end.at) - Date.parse(begun?.at ?? end.at);
    return { key: 'wait', status: 'done', detail: words.waited(formatSpan(waited) ?? words.moment) };
  }
  if (stop.left !== null) return { key: 'wait', status: 'done', detail: words.endedItself };
  const leftSeconds = Math.max(0, Math.ceil((Date.parse(stop.deadline) - now.getTime()) / 1000));
  return { key: 'wait', status: 'started', detail: words.waiting(leftSeconds) };
}

function endOf(stop: StopCourse): StopStage {
  const end = stepOf(stop, 'end');
  if (stop.left === null) {
    if (end === undefined) return { key: 'end', status: 'later', detail: '' };
    return { key: 'end', status: 'started', detail: words.ending(end.processes) };
  }
  if (stop.left > 0) return { key: 'end', status: 'failed', detail: words.left(stop.left) };
  const withoutForce = stop.isCutOff === true ? words.endedWhenAsked : words.notNeeded;
  return { key: 'end', status: 'done', detail: end === undefined ? withoutForce : words.ended(end.processes) };
}
