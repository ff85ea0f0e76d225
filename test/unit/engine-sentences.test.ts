import { describe, expect, it } from 'vitest';
import { changeSentence, sentenceOf } from '../../src-main/engine/sentences.ts';
import type { EngineState } from '../../src-main/engine/worker-state.ts';

const now = new Date(2026, 10, 23, 15, 30);
const since = new Date(2026, 10, 23, 14, 2).toISOString();
const yesterday = new Date(2026, 10, 22, 23, 59).toISOString();
const load = { running: 0, limit: 2 };
const work = { load, intent: 'work' } as const;
const say = (state: EngineState, hasWorkerPack = true): string => sentenceOf(state, { hasWorkerPack, now, drainDeadline: null });

describe('each state answers whether this worker can take a job now', () => {
  const sentences: [string, EngineState, string][] = [
    ['not connected', { ...work, status: 'not-connected' }, 'This machine is not connected to a workspace yet'],
    ['joining', { ...work, status: 'connecting', registered: false, trouble: null }, 'Connecting to the workspace'],
    [
      'an agent without contact',
      { ...work, status: 'connecting', registered: false, trouble: { since, title: 'Nothing answers at a:1' } },
      'Not connected since 14:02: nothing answers at a:1',
    ],
    [
      'the first poll',
      { ...work, status: 'connecting', registered: true, trouble: null },
      'Waiting for the service’s first answer',
    ],
    ['an agent', { ...work, status: 'connected' }, 'This machine is connected, and in no worker group'],
    ['ready', { ...work, status: 'ready' }, 'This worker can take a job now'],
    [
      'full',
      { ...work, load: { running: 2, limit: 2 }, status: 'full' },
      'Both slots of this worker are taken; the next job starts when one ends',
    ],
    [
      'full with one slot',
      { ...work, load: { running: 1, limit: 1 }, status: 'full' },
      'A job runs in this worker’s only slot; the next one starts when it ends',
    ],
    ['paused', { ...work, intent: 'pause', status: 'paused' }, 'This worker is paused: it takes no new job until it is resumed'],
    [
      'paused, with a job',
      { ...work, load: { running: 1, limit: 2 }, intent: 'pause', status: 'paused' },
      'This worker is paused: it takes no new job until it is resumed (one job still runs)',
    ],
    [
      'draining',
      {
        load: { running: 2, limit: 2 },
        intent: 'drain',
        status: 'draining',
        contact: { kind: 'worker', trouble: null, answered: true },
      },
      'This worker takes no new job and ends when the 2 that run have ended',
    ],
    [
      'drained',
      { ...work, intent: 'drain', status: 'draining', contact: { kind: 'worker', trouble: null, answered: true } },
      'This worker has finished its jobs and ends now',
    ],
    [
      'offline',
      { ...work, status: 'offline', trouble: { since, title: 'The proxy p wants a user name and password' } },
      'Not connected since 14:02: the proxy p wants a user name and password',
    ],
    [
      'offline since yesterday',
      { ...work, status: 'offline', trouble: { since: yesterday, title: 'automation.contoso.com does not answer' } },
      'Not connected since 2026-11-22 23:59: automation.contoso.com does not answer',
    ],
    [
      'offline and paused',
      { ...work, intent: 'pause', status: 'offline', trouble: { since, title: 'The name x is not known' } },
      'Not connected since 14:02: the name x is not known; also paused',
    ],
  ];
  for (const [name, state, sentence] of sentences) {
    it(`${name}: ${sentence}`, () => {
      expect(say(state)).toBe(sentence);
      expect(sentence).not.toMatch(/[.]$/);
    });
  }

  it('an agent without its pack waits for it', () => {
    expect(say({ ...work, status: 'connected' }, false)).toBe(
      'This machine is connected, and waits for the AzureAutomation pack',
    );
  });
});

it('a change of state is told in words', () => {
  expect(changeSentence('ready', 'full', 'a job began or ended')).toBe(
    'The worker is now full, with a job in every slot; before, it was ready for a job (a job began or ended).',
  );
});

describe('draining with a deadline', () => {
  it('says until when what runs may go on', () => {
    const contact = { kind: 'worker', trouble: null, answered: true } as const;
    const state: EngineState = { load: { running: 1, limit: 2 }, intent: 'drain', status: 'draining', contact };
    const drainDeadline = new Date(now.getTime() + 60_000).toISOString();
    expect(sentenceOf(state, { hasWorkerPack: true, now, drainDeadline })).toMatch(
      /ends when the one that runs has ended, or is stopped at \d\d:\d\d$/,
    );
  });
});
