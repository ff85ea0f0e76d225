/** "Can this worker take a job now, and if not, why?" One sentence a state, without a full stop, said here and nowhere else. */
import { workerPackName } from '../../src-contract/packs.ts';
import { contactOf, type EngineState, type Trouble } from './worker-state.ts';

export interface SentenceFacts {
  hasWorkerPack: boolean;
  now: Date;
  /** ISO; null: what runs has all the time that it needs. */
  drainDeadline: string | null;
}

export function sentenceOf(state: EngineState, facts: SentenceFacts): string {
  switch (state.status) {
    case 'not-connected':
      return 'This machine is not connected to a workspace yet';
    case 'connecting':
      if (state.trouble !== null) return withoutContact(state.trouble, facts.now);
      return state.registered ? 'Waiting for the service’s first answer' : 'Connecting to the workspace';
    case 'connected':
      return facts.hasWorkerPack
        ? 'This machine is connected, and in no worker group'
        : `This machine is connected, and waits for the ${workerPackName} pack`;
    case 'ready':
      return 'This worker can take a job now';
    case 'full':
      return state.load.limit === 1
        ? 'A job runs in this worker’s only slot; the next one starts when it ends'
        : `${state.load.limit === 2 ? 'Both' : `All ${String(state.load.limit)}`} slots of this worker are taken; the next job starts when one ends`;
    case 'unable':
      return state.starts.trial === 'waiting'
        ? `This worker takes no job for now: ${continueSentence(state.starts.title)}; it looks again by itself`
        : 'This worker could start no sandbox; the next job shows whether it can';
    case 'paused':
      return `This worker is paused: it takes no new job until it is resumed${whileRunning(state.load.running)}`;
    case 'draining':
      return drainingSentence(state, facts);
    case 'offline':
      return `${withoutContact(state.trouble, facts.now)}${state.intent === 'pause' ? '; also paused' : ''}`;
  }
}

const statusWords: Record<EngineState['status'], string> = {
  'not-connected': 'not connected to a workspace',
  connecting: 'waiting for the first answer',
  connected: 'connected, and in no group',
  ready: 'ready for a job',
  full: 'full, with a job in every slot',
  unable: 'taking no job, because no sandbox can be started',
  paused: 'paused',
  draining: 'finishing what runs',
  offline: 'out of contact with the service',
};

/** For the event log. */
export function changeSentence(before: EngineState['status'], now: EngineState['status'], why: string): string {
  return `The worker is now ${statusWords[now]}; before, it was ${statusWords[before]} (${why}).`;
}

function drainingSentence(state: EngineState, { now, drainDeadline }: SentenceFacts): string {
  if (state.load.running === 0) return 'This worker has finished its jobs and ends now';
  const registered = contactOf(state).kind === 'worker';
  const then = drainDeadline === null ? '' : `, or is stopped at ${clockTime(drainDeadline, now)}`;
  return `This worker takes no new job${registered ? '' : ' (it is in no group)'} and ends when ${jobs(state.load.running)} ended${then}`;
}

function withoutContact(trouble: Trouble, now: Date): string {
  return `Not connected since ${clockTime(trouble.since, now)}: ${continueSentence(trouble.title)}`;
}

function whileRunning(running: number): string {
  return running === 0 ? '' : ` (${running === 1 ? 'one job still runs' : `${String(running)} jobs still run`})`;
}

function jobs(running: number): string {
  return running === 1 ? 'the one that runs has' : `the ${String(running)} that run have`;
}

/** A title in the middle of a sentence: lower-case, unless it opens with a name. */
function continueSentence(title: string): string {
  return /^(?:The|This|Nothing|Something|Another|A|No|You)\b/.test(title)
    ? title.charAt(0).toLowerCase() + title.slice(1)
    : title;
}

/** Local time of this machine; with the day when it was not today. */
function clockTime(iso: string, now: Date): string {
  const time = new Date(iso);
  const clock = `${twoDigits(time.getHours())}:${twoDigits(time.getMinutes())}`;
  if (time.toDateString() === now.toDateString()) return clock;
  return `${String(time.getFullYear())}-${twoDigits(time.getMonth() + 1)}-${twoDigits(time.getDate())} ${clock}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
