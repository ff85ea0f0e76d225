import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { hold } from '../../../src-service/hold.ts';
import { SharedRun } from '../../../src-service/shared-run.ts';
import { changed, Changes } from '../../../src-service/store/changes.ts';

const never = new AbortController().signal;
const nothingFound = (): Promise<string | undefined> => Promise.resolve(undefined);

describe('a held call', () => {
  test('looks again at each change of what it waits for, and at nothing else', async () => {
    const changes = new Changes();
    let looks = 0;
    const look = () => Promise.resolve((looks += 1) === 3 ? 'found' : undefined);
    const holding = hold({ look, changes, wakeOn: [changed.job('1')], holdMs: 5000, signal: never });
    await delay(5);
    changes.deliver(changed.job('2'));
    await delay(5);
    expect(looks).toBe(1);
    for (let said = 0; said < 2; said += 1) {
      changes.deliver(changed.job('1'));
      await delay(5);
    }
    expect(await holding).toBe('found');
    expect(changes.size).toBe(0);
  });

  test('misses no change that comes while it looks', async () => {
    const changes = new Changes();
    let looks = 0;
    const look = async () => {
      looks += 1;
      if (looks === 2) return 'found';
      changes.deliver(changed.job('1'));
      await delay(1);
      return undefined;
    };
    const startedAt = performance.now();
    expect(await hold({ look, changes, wakeOn: [changed.job('1')], holdMs: 5000, signal: never })).toBe('found');
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test('ends with nothing when its time is over, when the caller goes, and when looking fails', async () => {
    const changes = new Changes();
    const nothing = { look: nothingFound, changes, wakeOn: [changed.job('1')] };
    expect(await hold<string>({ ...nothing, holdMs: 10, signal: never })).toBeUndefined();
    const gone = new AbortController();
    const holding = hold<string>({ ...nothing, holdMs: 5000, signal: gone.signal });
    await delay(5);
    gone.abort();
    expect(await holding).toBeUndefined();
    const failing = hold({ ...nothing, look: () => Promise.reject(new Error('no')), holdMs: 5000, signal: never });
    await expect(failing).rejects.toThrow('no');
    expect(changes.size).toBe(0);
  });

  test('looks again by itself for what becomes due without a change', async () => {
    let looks = 0;
    const look = () => Promise.resolve((looks += 1) === 3 ? 'due' : undefined);
    expect(await hold({ look, changes: new Changes(), wakeOn: [], holdMs: 5000, lookAgainMs: 5, signal: never })).toBe('due');
  });
});

describe('work that is shared', () => {
  test('runs once for all who ask during a run, after it', async () => {
    let runs = 0;
    const shared = new SharedRun(async () => {
      runs += 1;
      await delay(5);
    });
    await Promise.all(Array.from({ length: 20 }, () => shared.request()));
    expect(runs).toBe(2);
    await shared.request();
    expect(runs).toBe(3);
  });

  test('never runs twice at once, whenever it is asked', async () => {
    let [now, most] = [0, 0];
    const shared = new SharedRun(async () => {
      now += 1;
      most = Math.max(most, now);
      await delay(2);
      now -= 1;
    });
    const asked = [shared.request(), shared.request()];
    // In each of the moments between the end of one run and the begin of the next.
    void asked[0]?.then(async () => {
      for (let moment = 0; moment < 10; moment += 1) {
        asked.push(shared.request());
        await Promise.resolve();
      }
    });
    await shared.settled();
    await Promise.all(asked);
    expect(most).toBe(1);
  });

  test('fails those who share the run, and goes on', async () => {
    let runs = 0;
    const shared = new SharedRun(() => {
      runs += 1;
      return runs === 1 ? Promise.reject(new Error('the first')) : Promise.resolve();
    });
    const [first, second] = [shared.request(), shared.request()];
    await expect(first).rejects.toThrow('the first');
    await expect(second).resolves.toBeUndefined();
    await shared.settled();
    expect(runs).toBe(2);
  });
});
