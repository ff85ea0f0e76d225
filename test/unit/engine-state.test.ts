import { describe, expect, it } from 'vitest';
import {
  contactOf,
  IllegalTransition,
  initialState,
  isDrained,
  next,
  type EngineEvent,
  type EngineState,
} from '../../src-main/engine/worker-state.ts';

const load = { running: 0, limit: 2 };
const trouble = { since: '2026-11-23T14:02:00.000Z', title: 'Nothing answers' };
const later = '2026-11-23T15:00:00.000Z';
const working = { load, intent: 'work' } as const;

/** One of each status, and of each kind where a status has kinds. */
const states = {
  'not-connected': { ...working, status: 'not-connected' },
  'connecting agent': { ...working, status: 'connecting', registered: false, trouble: null },
  'lost agent': { ...working, status: 'connecting', registered: false, trouble },
  connected: { ...working, status: 'connected' },
  'connecting worker': { ...working, status: 'connecting', registered: true, trouble: null },
  ready: { ...working, status: 'ready' },
  full: { ...working, load: { running: 2, limit: 2 }, status: 'full' },
  unable: { ...working, starts: { ...trouble, trial: 'waiting' }, status: 'unable' },
  paused: { ...working, intent: 'pause', status: 'paused' },
  offline: { ...working, status: 'offline', trouble },
  'draining nobody': { ...working, intent: 'drain', status: 'draining', contact: { kind: 'none' } },
  'draining agent': {
    ...working,
    intent: 'drain',
    status: 'draining',
    contact: { kind: 'agent', trouble: null, answered: true },
  },
  'draining worker': {
    ...working,
    intent: 'drain',
    status: 'draining',
    contact: { kind: 'worker', trouble: null, answered: true },
  },
} satisfies Record<string, EngineState>;

const events = {
  'connect-asked': { kind: 'connect-asked' },
  joined: { kind: 'joined' },
  'join-failed': { kind: 'join-failed' },
  disconnected: { kind: 'disconnected' },
  'agent-answered': { kind: 'agent-answered' },
  'agent-lost': { kind: 'agent-lost', at: later, title: 'The name is not known' },
  registered: { kind: 'registered' },
  unregistered: { kind: 'unregistered' },
  'poll-answered': { kind: 'poll-answered' },
  'poll-failed': { kind: 'poll-failed', at: later, title: 'The name is not known' },
  'load: one of two': { kind: 'load-changed', load: { running: 1, limit: 2 } },
  'load: two of two': { kind: 'load-changed', load: { running: 2, limit: 2 } },
  'pause-asked': { kind: 'pause-asked' },
  'resume-asked': { kind: 'resume-asked' },
  'drain-asked': { kind: 'drain-asked' },
  'start-failed': { kind: 'start-failed', at: later, title: 'No sandbox can be made' },
  'start-worked': { kind: 'start-worked' },
  'trial-due': { kind: 'trial-due' },
} satisfies Record<string, EngineEvent>;

/** What comes of each pair: a status, `·` for the same one, `x` for a pair that cannot happen. Columns as in `events`. */
const columns = Object.keys(events) as (keyof typeof events)[];
const table: Record<keyof typeof states, string[]> = {
  'not-connected': ['connecting', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', '·', '·', '·', '·', 'draining', '·', '·', '·'],
  'connecting agent': [
    '·',
    'connected',
    'not-connected',
    'not-connected',
    'connected',
    '·',
    'connecting',
    'x',
    'x',
    'x',
    '·',
    '·',
    '·',
    '·',
    'draining',
    '·',
    '·',
    '·',
  ],
  'lost agent': [
    '·',
    'connected',
    'not-connected',
    'not-connected',
    'connected',
    '·',
    'connecting',
    'x',
    'x',
    'x',
    '·',
    '·',
    '·',
    '·',
    'draining',
    '·',
    '·',
    '·',
  ],
  connected: [
    '·',
    '·',
    'not-connected',
    'not-connected',
    '·',
    'connecting',
    'connecting',
    'x',
    'x',
    'x',
    '·',
    '·',
    '·',
    '·',
    'draining',
    '·',
    '·',
    '·',
  ],
  'connecting worker': [
    '·',
    '·',
    'x',
    'x',
    '·',
    '·',
    'x',
    'connecting',
    'ready',
    'offline',
    '·',
    '·',
    '·',
    '·',
    'draining',
    '·',
    '·',
    '·',
  ],
  ready: [
    '·',
    '·',
    'x',
    'x',
    '·',
    '·',
    'x',
    'connected',
    '·',
    'offline',
    '·',
    'full',
    'paused',
    '·',
    'draining',
    'unable',
    '·',
    '·',
  ],
  full: [
    '·',
    '·',
    'x',
    'x',
    '·',
    '·',
    'x',
    'connected',
    '·',
    'offline',
    'ready',
    '·',
    'paused',
    '·',
    'draining',
    'unable',
    '·',
    '·',
  ],
  unable: [
    '·',
    '·',
    'x',
    'x',
    '·',
    '·',
    'x',
    'connected',
    '·',
    'offline',
    '·',
    '·',
    'paused',
    '·',
    'draining',
    '·',
    'ready',
    '·',
  ],
  paused: ['·', '·', 'x', 'x', '·', '·', 'x', 'connected', '·', 'offline', '·', '·', '·', 'ready', 'draining', '·', '·', '·'],
  offline: ['·', '·', 'x', 'x', '·', '·', 'x', 'connecting', 'ready', '·', '·', '·', '·', '·', 'draining', '·', '·', '·'],
  'draining nobody': ['·', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', '·', '·', '·', 'not-connected', '·', '·', '·', '·'],
  'draining agent': ['·', '·', '·', '·', '·', '·', '·', 'x', 'x', 'x', '·', '·', '·', 'connected', '·', '·', '·', '·'],
  'draining worker': ['·', '·', 'x', 'x', '·', '·', 'x', '·', '·', '·', '·', '·', '·', 'ready', '·', '·', '·', '·'],
};

describe('every state meets every event', () => {
  for (const [name, state] of Object.entries(states)) {
    for (const [index, column] of columns.entries()) {
      const expected = table[name as keyof typeof states][index];
      it(`${name} + ${column} = ${expected ?? 'missing'}`, () => {
        if (expected === 'x') {
          expect(() => next(state, events[column])).toThrow(IllegalTransition);
        } else {
          expect(next(state, events[column]).status).toBe(expected === '·' ? state.status : expected);
        }
      });
    }
  }
});

describe('what a state keeps', () => {
  it('the time of the first failure stays while the failures go on', () => {
    const still = next(states.offline, events['poll-failed']);
    expect(still).toMatchObject({ status: 'offline', trouble: { since: trouble.since, title: 'The name is not known' } });
  });

  it('a paused worker that lost the service is paused again when it is back', () => {
    const back = next(next(states.paused, events['poll-failed']), events['poll-answered']);
    expect(back.status).toBe('paused');
  });

  it('draining that is called off knows what happened meanwhile', () => {
    const lost = next(states['draining worker'], events['poll-failed']);
    expect(lost.status).toBe('draining');
    expect(next(lost, events['resume-asked']).status).toBe('offline');
  });

  it('since when no sandbox can be started, whatever happens between', () => {
    const later = next(next(next(states.unable, events['poll-failed']), events['poll-answered']), events['start-failed']);
    expect(later).toMatchObject({ status: 'unable', starts: { since: trouble.since, title: 'No sandbox can be made' } });
    expect(next(next(later, events['pause-asked']), events['resume-asked']).status).toBe('unable');
  });

  it('pausing does not call off draining', () => {
    expect(next(states['draining worker'], events['pause-asked']).intent).toBe('drain');
  });

  it('a worker that left its group while offline asks the workspace anew', () => {
    expect(next(states.offline, events['unregistered'])).toMatchObject({
      status: 'connecting',
      registered: false,
      trouble: null,
    });
  });

  it('is drained only when asked to, and nothing runs', () => {
    expect(isDrained(states['draining worker'])).toBe(true);
    expect(isDrained(next(states['draining worker'], events['load: one of two']))).toBe(false);
    expect(isDrained(states.ready)).toBe(false);
  });

  it('every status leads back to what is known of the service', () => {
    for (const state of Object.values(states)) {
      const { status } = next(state, { kind: 'load-changed', load: state.load });
      expect(status).toBe(state.status);
      expect(contactOf(next(state, { kind: 'load-changed', load: state.load }))).toEqual(contactOf(state));
    }
  });
});

describe('where a worker begins', () => {
  const start = (facts: { connected: boolean; registered: boolean; intent: EngineState['intent'] }) =>
    initialState({ ...facts, load }).status;
  it('follows from its settings', () => {
    expect(start({ connected: false, registered: false, intent: 'work' })).toBe('not-connected');
    expect(start({ connected: true, registered: false, intent: 'work' })).toBe('connecting');
    expect(start({ connected: true, registered: true, intent: 'work' })).toBe('connecting');
    expect(start({ connected: true, registered: true, intent: 'drain' })).toBe('draining');
  });
});
