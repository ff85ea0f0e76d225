/** What the tray shows for what the worker is: icon, tooltip, menu. Pure. */
import { engineCalls, mayActAs, type JobView, type Role, type WorkerState } from '../../src-contract/engine-calls.ts';
import type { Problem } from '../../src-contract/problems.ts';

/** Each has a shape of its own (assets/drawings). */
export type TrayIcon = 'ready' | 'busy' | 'paused' | 'warning' | 'unable' | 'error' | 'offline';

export type TrayAction =
  { do: 'open'; place: string } | { do: 'pause' } | { do: 'resume' } | { do: 'drain' } | { do: 'start' } | { do: 'quit' };

export interface TrayItem {
  label: string;
  /** None: a line that only says something. */
  action?: TrayAction;
}

export interface TrayView {
  icon: TrayIcon;
  tooltip: string;
  /** Groups, with a line between them. */
  menu: TrayItem[][];
}

export interface TrayFacts {
  worker: WorkerState | undefined;
  /** Why the worker cannot be asked. */
  lost: Problem | undefined;
  running: readonly JobView[];
  attachedTo: 'own-engine' | 'other-engine';
  /** undefined: not known; then the worker says what it thinks of a press. */
  role: Role | undefined;
}

/** Windows cuts longer ones. */
const longestTooltip = 127;
const jobsShown = 5;

export function trayView(facts: TrayFacts): TrayView {
  const sentence = facts.lost?.title ?? facts.worker?.sentence ?? 'Starting';
  const problem = worstProblem(facts, sentence);
  return {
    icon: iconOf(facts),
    tooltip: shorten(
      [sentence, ...runningWords(facts), ...(problem === undefined ? [] : [continued(problem)])].join('; '),
      longestTooltip,
    ),
    menu: [
      [
        { label: 'Open', action: { do: 'open', place: '' } },
        { label: 'Diagnostics', action: { do: 'open', place: 'diagnostics' } },
      ],
      [{ label: sentence }, ...problemItems(problem), ...jobItems(facts.running)],
      [...startItems(facts), ...pauseItems(facts), ...drainItems(facts), quitItem(facts)],
    ],
  };
}

/** How many run, where the sentence does not say it: paused, draining and full workers name their jobs in theirs. */
function runningWords({ worker, lost, running }: TrayFacts): string[] {
  if (lost !== undefined || running.length === 0) return [];
  if (worker?.status === 'paused' || worker?.status === 'draining' || worker?.status === 'full') return [];
  return [running.length === 1 ? 'one job runs' : `${String(running.length)} jobs run`];
}

/** A title as the end of a sentence; names (of a runbook, a host) and abbreviations keep their capitals. */
function continued({ title, details }: Problem): string {
  const beginsWithName = Object.values(details).some(
    (value) => typeof value === 'string' && value !== '' && title.startsWith(value),
  );
  return /^[A-Z][a-z]* /.test(title) && !beginsWithName ? `${title.charAt(0).toLowerCase()}${title.slice(1)}` : title;
}

function iconOf({ worker, lost, running }: TrayFacts): TrayIcon {
  if (lost !== undefined) return 'error';
  if (worker === undefined) return 'offline';
  const hasError = worker.problems.some((problem) => problem.severity === 'error');
  switch (worker.status) {
    case 'not-connected':
      return 'offline';
    case 'offline':
      return 'error';
    case 'unable':
      return 'unable';
    case 'connecting':
      return hasError ? 'error' : 'offline';
    case 'connected':
      return 'warning';
    case 'paused':
    case 'draining':
      return 'paused';
    case 'ready':
    case 'full':
      if (hasError || running.some(({ asking }) => asking !== null)) return 'warning';
      return running.length > 0 ? 'busy' : 'ready';
  }
}

/** Undefined also where the sentence says the same. Of a worker that cannot be asked nothing else is known. */
function worstProblem({ worker, lost }: TrayFacts, sentence: string): Problem | undefined {
  if (lost !== undefined) return undefined;
  const problems = worker?.problems ?? [];
  const worst = problems.find((problem) => problem.severity === 'error') ?? problems[0];
  return worst === undefined || sentence.toLowerCase().includes(worst.title.toLowerCase()) ? undefined : worst;
}

function problemItems(problem: Problem | undefined): TrayItem[] {
  return problem === undefined ? [] : [{ label: shorten(problem.title, 60), action: { do: 'open', place: '' } }];
}

function jobItems(running: readonly JobView[]): TrayItem[] {
  const items = running.slice(0, jobsShown).map((job): TrayItem => {
    const name = job.runbookName === '' ? 'A runbook that is being loaded' : job.runbookName;
    const label = job.asking === null ? shorten(name, 60) : `${shorten(name, 40)} waits for your permission`;
    return { label, action: { do: 'open', place: `jobs/${job.sandboxId}` } };
  });
  if (running.length <= jobsShown) return items;
  return [...items, { label: `All ${running.length} running jobs`, action: { do: 'open', place: 'running' } }];
}

/** To those who may: the window says to others why they may not. */
function pauseItems({ worker, lost, role }: TrayFacts): TrayItem[] {
  if (lost !== undefined || worker === undefined || worker.registration === null) return [];
  if (role !== undefined && !mayActAs(role, engineCalls['worker:pause'].role)) return [];
  if (worker.status === 'draining') return [{ label: 'Take jobs again, and do not quit', action: { do: 'resume' } }];
  if (worker.status === 'paused') return [{ label: 'Resume taking jobs', action: { do: 'resume' } }];
  return [{ label: 'Pause taking jobs', action: { do: 'pause' } }];
}

/** In the place of one that is gone. */
function startItems({ lost }: TrayFacts): TrayItem[] {
  return lost?.code === 'worker-gone' ? [{ label: 'Start the worker here', action: { do: 'start' } }] : [];
}

/** Of an engine of our own, which then ends with the application; where nothing runs it is no other than quitting. */
function drainItems({ worker, lost, running, attachedTo }: TrayFacts): TrayItem[] {
  if (lost !== undefined || worker === undefined || worker.registration === null || attachedTo === 'other-engine') return [];
  if (worker.status === 'draining' || running.length === 0) return [];
  const label =
    running.length === 1 ? 'Quit when the running job has ended' : `Quit when ${running.length} running jobs have ended`;
  return [{ label, action: { do: 'drain' } }];
}

/** Says before it is pressed what becomes of the jobs, so that no dialog has to ask. */
function quitItem({ lost, running, attachedTo }: TrayFacts): TrayItem {
  const action: TrayAction = { do: 'quit' };
  if (lost?.code === 'worker-gone') return { label: 'Quit', action };
  if (attachedTo === 'other-engine') return { label: 'Quit (the worker runs on)', action };
  if (running.length === 0) return { label: 'Quit', action };
  return {
    label: running.length === 1 ? 'Quit (the running job goes on)' : `Quit (${running.length} running jobs go on)`,
    action,
  };
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
