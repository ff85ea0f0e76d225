import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import type { EventName } from '../../src-contract/events.ts';
import { Engine } from '../../src-main/engine/engine.ts';
import type { PollRequest } from '../../src-main/engine/poll-decisions.ts';
import type { EngineLogEntry, FoundAction, PollAnswer } from '../../src-main/engine/ports.ts';
import { initialState, type Intent } from '../../src-main/engine/worker-state.ts';
import { FakeClock, settle } from '../fakes/fake-clock.ts';
import { provokes } from '../harness/provokes.ts';

/** A call of the engine that the test answers. */
interface Held<Request, Answer> {
  request: Request;
  signal: AbortSignal;
  answer: (value: Answer) => void;
  fail: (error: unknown) => void;
}

const refused = (): AppError => new AppError('connection-refused', { host: 'service', port: 443 }, { retryable: true });

class Bench {
  readonly clock = new FakeClock();
  /** Seconds that each poll was asked to be held. */
  readonly holds: number[] = [];
  readonly polls: Held<PollRequest & { hold: boolean }, PollAnswer>[] = [];
  readonly looks: Held<boolean, { held: boolean }>[] = [];
  readonly log: EngineLogEntry[] = [];
  readonly started: FoundAction[] = [];
  readonly known = new Set<string>();
  changes = 0;
  drained = 0;
  /** What looking finds; undefined: a sandbox could be made. */
  unusable: AppError | undefined;
  readonly engine: Engine;

  constructor(facts: { connected?: boolean; registered?: boolean; intent?: Intent; limit?: number } = {}) {
    const { connected = true, registered = true, intent = 'work', limit = 2 } = facts;
    this.engine = new Engine(
      {
        clock: this.clock,
        chance: () => 0.5,
        log: (entry) => this.log.push(entry),
        poll: (request, { hold, seconds }, signal) => {
          this.holds.push(seconds);
          return this.hold(this.polls, { ...request, hold }, signal);
        },
        watchPacks: ({ hold }, signal) => this.hold(this.looks, hold, signal),
        checkStart: () => Promise.resolve(this.unusable),
        knowsSandbox: (sandboxId) => this.known.has(sandboxId),
        startSandbox: (action) => {
          this.started.push(action);
          this.known.add(action.sandboxId);
          this.setRunning(this.started.length);
        },
        changed: () => (this.changes += 1),
        drained: () => (this.drained += 1),
      },
      initialState({ connected, registered, intent, load: { running: 0, limit } }),
    );
  }

  setRunning(running: number): void {
    this.engine.dispatch({ kind: 'load-changed', load: { ...this.engine.state.load, running } });
  }

  get poll(): Held<PollRequest & { hold: boolean }, PollAnswer> {
    const last = this.polls.at(-1);
    if (last === undefined) throw new Error('nobody has polled');
    return last;
  }

  named(name: EventName): EngineLogEntry[] {
    return this.log.filter((entry) => entry.name === name);
  }

  private hold<Request, Answer>(list: Held<Request, Answer>[], request: Request, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      list.push({ request, signal, answer: resolve, fail: reject });
      signal.addEventListener('abort', () => {
        reject(new Error('given up'));
      });
    });
  }
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.engine.stop());

const action = (sandboxId: string): FoundAction => ({ sandboxId, secret: 'c2VjcmV0' });

describe('a worker that can start no sandbox', () => {
  const full = (): AppError => new AppError('sandbox-folder-unusable', { folder: '/data', reason: 'no space left' });
  const begin = async (): Promise<void> => {
    bench.engine.start();
    await settle();
    bench.poll.answer({ actions: [], held: true });
    await settle();
  };
  const give = async (sandboxId: string): Promise<void> => {
    bench.poll.answer({ actions: [action(sandboxId)], held: true });
    await settle();
  };

  it('takes none until looking says that it can, and says so', async () => {
    bench.unusable = full();
    await begin();
    expect(bench.engine.state.status).toBe('unable');
    expect(bench.poll.request).toMatchObject({ readiness: 'unable', freeSlots: 0 });
    await bench.clock.advance(2500);
    expect(bench.engine.state.status).toBe('unable');
    bench.unusable = undefined;
    await bench.clock.advance(4500);
    expect(bench.engine.state.status).toBe('ready');
    expect(bench.poll.request).toMatchObject({ readiness: 'ready', freeSlots: 2 });
  });

  it('gives up a call that would have brought it the next one, and tries with one job at a time, ever more rarely', async () => {
    await begin();
    await give('a');
    const asked = bench.poll;
    bench.engine.startFailed(full());
    bench.setRunning(0);
    await settle();
    expect(asked.signal.aborted).toBe(true);
    expect(bench.poll.request).toMatchObject({ readiness: 'unable', freeSlots: 0 });
    // A trial costs a job one of its attempts: it is not made as soon as a look is taken.
    await bench.clock.advance(9000);
    expect(bench.poll.request).toMatchObject({ readiness: 'unable' });
    await bench.clock.advance(1100);
    expect(bench.poll.request).toMatchObject({ readiness: 'ready', freeSlots: 1 });
    expect(bench.engine.state.status).toBe('unable');
    bench.poll.answer({ actions: [action('b'), action('c')], held: true });
    await settle();
    expect(bench.started.map(({ sandboxId }) => sandboxId)).toEqual(['a', 'b']);
    bench.engine.startFailed(full());
    bench.setRunning(0);
    await bench.clock.advance(19_000);
    expect(bench.poll.request).toMatchObject({ readiness: 'unable' });
    await bench.clock.advance(1500);
    expect(bench.poll.request).toMatchObject({ readiness: 'ready', freeSlots: 1 });
    await give('d');
    bench.setRunning(1);
    bench.engine.startWorked();
    await settle();
    expect(bench.engine.state.status).toBe('ready');
    expect(bench.poll.request).toMatchObject({ readiness: 'ready', freeSlots: 1 });
  });

  it('tries again by itself when nothing is heard of a trial', async () => {
    await begin();
    await give('a');
    bench.engine.startFailed(full());
    bench.setRunning(0);
    await bench.clock.advance(10_100);
    await give('b');
    bench.setRunning(0);
    await settle();
    await bench.clock.advance(25_000);
    expect(bench.poll.request).toMatchObject({ readiness: 'unable' });
    await bench.clock.advance(6000);
    expect(bench.poll.request).toMatchObject({ readiness: 'ready', freeSlots: 1 });
  });

  it('does not look again once it has stopped', async () => {
    bench.unusable = full();
    await begin();
    await bench.engine.stop();
    const changesBefore = bench.changes;
    // A start that was under way fails only now.
    bench.engine.startFailed(full());
    bench.unusable = undefined;
    await bench.clock.advance(120_000);
    expect(bench.engine.state.status).toBe('unable');
    expect(bench.changes).toBe(changesBefore);
  });
});

describe('asking for work', () => {
  it('says how many slots are free and is ready once the service has answered', async () => {
    bench.engine.start();
    await settle();
    expect(bench.engine.state.status).toBe('connecting');
    expect(bench.poll.request).toEqual({ readiness: 'ready', freeSlots: 2, limit: 2, hold: false });
    bench.poll.answer({ actions: [], held: true });
    await settle();
    expect(bench.engine.state.status).toBe('ready');
  });

  it('starts what it is given and asks again at once with one slot less', async () => {
    bench.engine.start();
    await settle();
    bench.poll.answer({ actions: [action('a')], held: true });
    await settle();
    expect(bench.started).toEqual([action('a')]);
    expect(bench.polls).toHaveLength(2);
    expect(bench.poll.request.freeSlots).toBe(1);
  });

  it('starts an action that comes again only once', async () => {
    bench.engine.start();
    await settle();
    bench.poll.answer({ actions: [action('a')], held: true });
    await settle();
    bench.poll.answer({ actions: [action('a')], held: true });
    await bench.clock.advance(1000);
    bench.poll.answer({ actions: [action('a'), action('b')], held: true });
    await settle();
    expect(bench.started.map((one) => one.sandboxId)).toEqual(['a', 'b']);
  });

  it('takes no more than it has room for', async () => {
    bench.engine.start();
    await settle();
    bench.poll.answer({ actions: [action('a'), action('b'), action('c')], held: false });
    await settle();
    expect(bench.started.map((one) => one.sandboxId)).toEqual(['a', 'b']);
    expect(bench.engine.state.status).toBe('full');
  });

  it('asks a plain service every half minute', async () => {
    bench.engine.start();
    await settle();
    bench.poll.answer({ actions: [], held: false });
    await settle();
    bench.poll.answer({ actions: [], held: false });
    await bench.clock.advance(29_000);
    expect(bench.polls).toHaveLength(2);
    await bench.clock.advance(2000);
    expect(bench.polls).toHaveLength(3);
  });

  it('does not hammer a service that claims to hold calls and does not', async () => {
    bench.engine.start();
    for (let times = 0; times < 10; times += 1) {
      await settle();
      bench.poll.answer({ actions: [], held: true });
      await bench.clock.advance(1000);
    }
    expect(bench.polls.length).toBeLessThanOrEqual(14);
  });
});

describe('the held call', () => {
  it('is made only once the service has answered: a held call says nothing while all is well', async () => {
    bench.engine.start();
    await settle();
    expect([bench.poll.request.hold, bench.looks.at(-1)?.request]).toEqual([false, false]);
    bench.poll.answer({ actions: [], held: false });
    bench.looks.at(-1)?.answer({ held: false });
    await settle();
    expect([bench.poll.request.hold, bench.looks.at(-1)?.request]).toEqual([true, true]);
    bench.poll.fail(refused());
    await bench.clock.advance(500);
    expect(bench.poll.request.hold).toBe(false);
  });

  it('that something on the way cuts is shortened, and that is shown until it is as long as ever', async () => {
    bench.engine.start();
    await settle();
    for (const seconds of [20, 20]) {
      bench.poll.answer({ actions: [], held: false });
      await settle();
      expect([bench.poll.request.hold, bench.holds.at(-1)]).toEqual([true, seconds]);
      await bench.clock.advance(9000);
      bench.poll.fail(refused());
      await bench.clock.advance(500);
    }
    bench.poll.answer({ actions: [], held: false });
    await settle();
    expect(bench.holds.at(-1)).toBe(10);
    expect(bench.engine.problems.list()).toMatchObject([{ code: provokes('holds-cut-short'), details: { seconds: 10 } }]);
    for (let held = 0; held < 120; held += 1) {
      bench.poll.answer({ actions: [], held: true });
      await bench.clock.advance(1000);
    }
    expect(bench.holds.at(-1)).toBe(20);
    expect(bench.engine.problems.list()).toEqual([]);
  });

  it('is given up and asked anew when the worker is paused, resumed, full and free again', async () => {
    bench.engine.start();
    await settle();
    bench.poll.answer({ actions: [], held: true });
    await bench.clock.advance(1000);
    const steps: [() => void, string, number][] = [
      [() => bench.engine.dispatch({ kind: 'pause-asked' }), 'paused', 0],
      [() => bench.engine.dispatch({ kind: 'resume-asked' }), 'ready', 2],
      [() => bench.setRunning(2), 'full', 0],
      [() => bench.setRunning(1), 'ready', 1],
    ];
    for (const [step, readiness, freeSlots] of steps) {
      const before = bench.poll;
      step();
      await settle();
      expect(before.signal.aborted).toBe(true);
      expect(bench.poll.request).toMatchObject({ readiness, freeSlots });
    }
  });

  it('is kept when a worker that has room gets more: an answer that crosses would be lost for half a minute', async () => {
    bench.engine.start();
    bench.setRunning(1);
    await settle();
    const before = bench.poll;
    bench.setRunning(0);
    await settle();
    expect(before.signal.aborted).toBe(false);
    expect(bench.polls).toHaveLength(1);
  });

  it('is given up when the limit changes', async () => {
    bench.engine.start();
    await settle();
    bench.engine.dispatch({ kind: 'load-changed', load: { running: 0, limit: 8 } });
    await settle();
    expect(bench.poll.request).toMatchObject({ readiness: 'ready', freeSlots: 8, limit: 8 });
  });
});

describe('when the service is away', () => {
  it('says nothing of one cut connection, and everything of the second failure, once', async () => {
    bench.engine.start();
    await settle();
    bench.poll.answer({ actions: [], held: true });
    await bench.clock.advance(1000);
    bench.poll.fail(refused());
    await settle();
    expect(bench.engine.state.status).toBe('ready');
    expect(bench.engine.problems.list()).toEqual([]);
    for (let times = 0; times < 5; times += 1) {
      await bench.clock.advance(4000);
      bench.poll.fail(refused());
      await settle();
    }
    expect(bench.engine.state.status).toBe('offline');
    expect(bench.named('queryFailed')).toHaveLength(1);
    expect(bench.engine.problems.list()).toMatchObject([{ code: 'connection-refused', times: 5 }]);
  });

  it('is back within seconds of its return, and says so', async () => {
    bench.engine.start();
    for (let times = 0; times < 20; times += 1) {
      await settle();
      bench.poll.fail(refused());
      await bench.clock.advance(5000);
    }
    const asked = bench.polls.length;
    expect(asked).toBeGreaterThan(15);
    bench.poll.answer({ actions: [], held: true });
    await settle();
    expect(bench.engine.state.status).toBe('ready');
    expect(bench.engine.problems.list()).toEqual([]);
    expect(bench.named('queryRecovered')).toHaveLength(1);
  });

  it('waits as long as the service asks', async () => {
    bench.engine.start();
    await settle();
    bench.poll.fail(
      new AppError('service-unavailable', { host: 'service', status: 503 }, { retryable: true, retryAfterMs: 60_000 }),
    );
    await bench.clock.advance(59_000);
    expect(bench.polls).toHaveLength(1);
    await bench.clock.advance(2000);
    expect(bench.polls).toHaveLength(2);
  });

  it('a worker that is no longer accepted says so at once, and asks slowly from then on', async () => {
    bench.engine.start();
    await settle();
    bench.poll.fail(new AppError('worker-not-accepted', { groupName: 'lab' }));
    await settle();
    expect(bench.engine.state.status).toBe('offline');
    expect(bench.engine.problems.list()).toMatchObject([{ code: provokes('worker-not-accepted') }]);
    await bench.clock.advance(10_000);
    expect(bench.polls).toHaveLength(1);
    await bench.clock.advance(25_000);
    expect(bench.polls).toHaveLength(2);
  });

  it('a mistake of ours in a loop is logged and does not end it', async () => {
    bench.engine.start();
    await settle();
    bench.poll.fail(new TypeError('undefined is not a function'));
    await bench.clock.advance(31_000);
    expect(bench.named('programFault')[0]?.message).toContain('undefined is not a function');
    expect(bench.polls).toHaveLength(2);
  });
});

describe('the workspace', () => {
  it('is watched as soon as there is one, and an agent without contact says since when', async () => {
    bench = new Bench({ registered: false });
    bench.engine.start();
    await settle();
    expect(bench.looks).toHaveLength(1);
    expect(bench.polls).toHaveLength(0);
    bench.looks.at(-1)?.answer({ held: true });
    await settle();
    expect(bench.engine.state.status).toBe('connected');
    for (let times = 0; times < 2; times += 1) {
      await bench.clock.advance(4000);
      bench.looks.at(-1)?.fail(refused());
      await settle();
    }
    expect(bench.engine.state).toMatchObject({ status: 'connecting', trouble: { title: 'Nothing answers at service:443' } });
    expect(bench.named('agentConnectionFailed')).toHaveLength(1);
  });

  it('has its own event when the certificate is not trusted', async () => {
    bench = new Bench({ registered: false });
    bench.engine.start();
    await settle();
    bench.looks.at(-1)?.fail(new AppError('tls-intercepted', { host: 'service', issuer: 'Proxy', fingerprint: 'ab' }));
    await settle();
    expect(bench.named('certificateNotTrusted')).toHaveLength(1);
  });

  it('is not heard while this machine leaves, and again when it stayed after all', async () => {
    bench.engine.start();
    await settle();
    const [poll, look] = [bench.poll, bench.looks.at(-1)];
    await expect(
      bench.engine.withoutCalls(async () => {
        expect([poll.signal.aborted, look?.signal.aborted]).toEqual([true, true]);
        bench.setRunning(1);
        await bench.clock.advance(60_000);
        expect([bench.polls.length, bench.looks.length]).toEqual([1, 1]);
        throw new Error('the key was wrong');
      }),
    ).rejects.toThrow('the key was wrong');
    await settle();
    expect([bench.polls.length, bench.looks.length]).toEqual([2, 2]);
    expect(bench.engine.problems.list()).toEqual([]);
  });

  it('nobody is asked once this machine has left', async () => {
    bench = new Bench({ registered: false });
    bench.engine.start();
    await settle();
    const before = bench.looks.at(-1);
    bench.engine.dispatch({ kind: 'disconnected' });
    await settle();
    expect(before?.signal.aborted).toBe(true);
    await bench.clock.advance(120_000);
    expect(bench.looks).toHaveLength(1);
  });
});

describe('ending', () => {
  it('a draining worker ends when its last job has, and not before', async () => {
    bench.engine.start();
    bench.setRunning(1);
    bench.engine.dispatch({ kind: 'drain-asked' });
    await settle();
    expect(bench.poll.request).toMatchObject({ readiness: 'draining', freeSlots: 0 });
    expect(bench.drained).toBe(0);
    bench.setRunning(0);
    expect(bench.drained).toBe(1);
  });

  it('after stop no call is under way, no timer waits, and nothing more is asked', async () => {
    bench.engine.start();
    await settle();
    bench.looks.at(-1)?.fail(refused());
    await settle();
    await bench.engine.stop();
    expect(bench.poll.signal.aborted).toBe(true);
    expect(bench.clock.sleeping).toBe(0);
    await bench.clock.advance(60_000);
    expect(bench.polls).toHaveLength(1);
    expect(bench.looks).toHaveLength(1);
  });

  it('every change of status is logged with its reason', async () => {
    bench.engine.start();
    await settle();
    bench.poll.answer({ actions: [], held: true });
    await settle();
    expect(bench.named('stateChanged').map((entry) => entry.message)).toEqual([
      'The worker is now ready for a job; before, it was waiting for the first answer (the service answered).',
    ]);
  });
});
