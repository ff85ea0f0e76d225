/**
 * The worker's states. `next` computes and checks, nothing else; `engine.ts` acts. Whether the worker takes jobs follows from three facts that
 * every state carries or implies: is it registered, does the service answer, what did a person ask for (work, pause, drain).
 */

export interface Load {
  running: number;
  limit: number;
}
/** What a person asked for last. */
export type Intent = 'work' | 'pause' | 'drain';
/** Why there is no contact, and since when (ISO). */
export interface Trouble {
  since: string;
  title: string;
}

/**
 * No sandbox could be started when it was tried last. `waiting`: nothing is tried for now; `due`: the next job is the trial; `taken`: it is
 * under way.
 */
export interface StartTrouble extends Trouble {
  trial: 'waiting' | 'due' | 'taken';
}

interface Always {
  load: Load;
  intent: Intent;
  starts?: StartTrouble | undefined;
}

export type EngineState = Always &
  (
    | { status: 'not-connected' }
    /** Joining, or waiting for the first answer; `trouble` once that has failed. */
    | { status: 'connecting'; registered: boolean; trouble: Trouble | null }
    /** An agent in no group. */
    | { status: 'connected' }
    /** Registered, the last poll was answered; which of the three follows from intent and load. */
    | { status: 'ready' }
    | { status: 'full' }
    /** As these two, but no sandbox can be started here (`starts`). */
    | { status: 'unable'; starts: StartTrouble }
    | { status: 'paused' }
    /** Takes nothing new, ends when nothing runs. `contact` keeps what else was known, for when draining is called off. */
    | { status: 'draining'; contact: Contact }
    /** Registered, but the service cannot be reached or refuses. */
    | { status: 'offline'; trouble: Trouble }
  );
export type Contact =
  | { kind: 'none' }
  | { kind: 'agent'; trouble: Trouble | null; answered: boolean }
  | { kind: 'worker'; trouble: Trouble | null; answered: boolean };

export type EngineEvent =
  | { kind: 'connect-asked' }
  | { kind: 'joined' }
  | { kind: 'join-failed' }
  | { kind: 'disconnected' }
  | { kind: 'agent-answered' }
  | { kind: 'agent-lost'; at: string; title: string }
  | { kind: 'registered' }
  | { kind: 'unregistered' }
  | { kind: 'poll-answered' }
  | { kind: 'poll-failed'; at: string; title: string }
  | { kind: 'load-changed'; load: Load }
  | { kind: 'start-failed'; at: string; title: string }
  | { kind: 'start-worked' }
  | { kind: 'trial-due' }
  | { kind: 'trial-taken' }
  | { kind: 'pause-asked' }
  | { kind: 'resume-asked' }
  | { kind: 'drain-asked' };

export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';
  constructor(state: EngineState, event: EngineEvent) {
    super(`${event.kind} cannot happen while ${state.status}`);
  }
}

/** Where a worker begins: what its settings say, before anybody has answered. */
export function initialState(facts: { connected: boolean; registered: boolean; intent: Intent; load: Load }): EngineState {
  const contact: Contact = facts.registered
    ? { kind: 'worker', trouble: null, answered: false }
    : facts.connected
      ? { kind: 'agent', trouble: null, answered: false }
      : { kind: 'none' };
  return place({ load: facts.load, intent: facts.intent }, contact);
}

export function next(state: EngineState, event: EngineEvent): EngineState {
  const { load, intent, starts } = state;
  const always: Always = { load, intent, starts };
  const contact = contactOf(state);
  switch (event.kind) {
    case 'load-changed':
      return place({ ...always, load: event.load }, contact);
    case 'start-failed':
      return place({ ...always, starts: { since: starts?.since ?? event.at, title: event.title, trial: 'waiting' } }, contact);
    case 'start-worked':
      return place({ load, intent }, contact);
    case 'trial-due':
    case 'trial-taken':
      // Nothing is tried by a worker that has no trouble.
      return starts === undefined
        ? state
        : place({ ...always, starts: { ...starts, trial: event.kind === 'trial-due' ? 'due' : 'taken' } }, contact);
    case 'pause-asked':
      // Draining goes further than pausing: asking for less does not call it off.
      return place({ ...always, intent: state.intent === 'drain' ? 'drain' : 'pause' }, contact);
    case 'resume-asked':
      return place({ ...always, intent: 'work' }, contact);
    case 'drain-asked':
      return place({ ...always, intent: 'drain' }, contact);
    case 'connect-asked':
    case 'joined':
    case 'join-failed':
    case 'disconnected':
    case 'agent-answered':
    case 'agent-lost':
    case 'registered':
    case 'unregistered':
    case 'poll-answered':
    case 'poll-failed': {
      const changed = nextContact(contact, event);
      if (changed === undefined) throw new IllegalTransition(state, event);
      return place(always, changed);
    }
  }
}

type ContactEvent = Exclude<
  EngineEvent,
  {
    kind:
      | 'load-changed'
      | 'start-failed'
      | 'start-worked'
      | 'trial-due'
      | 'trial-taken'
      | 'pause-asked'
      | 'resume-asked'
      | 'drain-asked';
  }
>;

/** undefined: this cannot happen now. */
function nextContact(contact: Contact, event: ContactEvent): Contact | undefined {
  switch (contact.kind) {
    case 'none':
      return event.kind === 'connect-asked' ? { kind: 'agent', trouble: null, answered: false } : undefined;
    case 'agent':
      return nextAgentContact(contact, event);
    case 'worker':
      return nextWorkerContact(contact, event);
  }
}

function nextAgentContact(contact: Contact & { kind: 'agent' }, event: ContactEvent): Contact | undefined {
  switch (event.kind) {
    case 'connect-asked':
      return contact;
    case 'joined':
    case 'agent-answered':
      return { kind: 'agent', trouble: null, answered: true };
    case 'agent-lost':
      return { kind: 'agent', trouble: contact.trouble ?? { since: event.at, title: event.title }, answered: false };
    case 'join-failed':
    case 'disconnected':
      return { kind: 'none' };
    case 'registered':
      return { kind: 'worker', trouble: null, answered: false };
    case 'unregistered':
    case 'poll-answered':
    case 'poll-failed':
      return undefined;
  }
}

/** A registered worker's state follows its polls; the packs' troubles are problems of their own. */
function nextWorkerContact(contact: Contact & { kind: 'worker' }, event: ContactEvent): Contact | undefined {
  switch (event.kind) {
    case 'connect-asked':
    case 'joined':
    case 'agent-answered':
    case 'agent-lost':
      return contact;
    case 'poll-answered':
      return { kind: 'worker', trouble: null, answered: true };
    case 'poll-failed':
      return {
        kind: 'worker',
        trouble: { since: contact.trouble?.since ?? event.at, title: event.title },
        answered: contact.answered,
      };
    case 'unregistered':
      return { kind: 'agent', trouble: null, answered: contact.answered && contact.trouble === null };
    case 'join-failed':
    case 'disconnected':
    case 'registered':
      return undefined;
  }
}

/** The one status that fits. Draining hides the rest; no contact hides pausing, and both hide a full worker. */
function place(always: Always, contact: Contact): EngineState {
  if (always.intent === 'drain') return { ...always, status: 'draining', contact };
  switch (contact.kind) {
    case 'none':
      return { ...always, status: 'not-connected' };
    case 'agent':
      return contact.answered
        ? { ...always, status: 'connected' }
        : { ...always, status: 'connecting', registered: false, trouble: contact.trouble };
    case 'worker':
      if (contact.trouble !== null) return { ...always, status: 'offline', trouble: contact.trouble };
      if (!contact.answered) return { ...always, status: 'connecting', registered: true, trouble: null };
      if (always.intent === 'pause') return { ...always, status: 'paused' };
      if (always.starts !== undefined) return { ...always, starts: always.starts, status: 'unable' };
      return { ...always, status: always.load.running >= always.load.limit ? 'full' : 'ready' };
  }
}

/** What `place` made of: the way back from a status to what is known of the service. */
export function contactOf(state: EngineState): Contact {
  switch (state.status) {
    case 'not-connected':
      return { kind: 'none' };
    case 'connecting':
      return { kind: state.registered ? 'worker' : 'agent', trouble: state.trouble, answered: false };
    case 'connected':
      return { kind: 'agent', trouble: null, answered: true };
    case 'ready':
    case 'full':
    case 'unable':
    case 'paused':
      return { kind: 'worker', trouble: null, answered: true };
    case 'offline':
      return { kind: 'worker', trouble: state.trouble, answered: true };
    case 'draining':
      return state.contact;
  }
}

/** May the engine end now, having been asked to drain? */
export function isDrained(state: EngineState): boolean {
  return state.status === 'draining' && state.load.running === 0;
}

/** A change of status is news for everybody; of data, only for those who look. */
export function isSameStatus(one: EngineState, other: EngineState): boolean {
  return one.status === other.status;
}
