/** A worker that waits for a job: but for the held poll nothing in it ticks more often than once in five seconds. */
import { syncBuiltinESMExports } from 'node:module';
import timersPromises from 'node:timers/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { FakeClock } from '../fakes/fake-clock.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { makeAccount, startService } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { TestWorker } from '../harness/worker-in-process.ts';

leftoversAreCheckedAtTheEnd();

const leastMs = 5_000;

interface Waiting {
  ms: number;
  /** The nearest line of the worker's own. */
  setBy: string;
}

function nearestLine(): string {
  const lines = (new Error().stack ?? '')
    .split('\n')
    .filter((line) => line.includes('/src-main/') && !line.includes('engine/clock'));
  return /src-main\/[^)]*/.exec(lines[0] ?? '')?.[0] ?? '';
}

/** Notes what anything of the worker waits for, by the clock that it is given and by Node's own timers. */
class Listening {
  readonly waits: Waiting[] = [];
  private listens = false;
  private readonly own = { timeout: globalThis.setTimeout, interval: globalThis.setInterval, promise: timersPromises.setTimeout };

  begin(clock: FakeClock): void {
    const { timeout, interval, promise } = this.own;
    const sleep = clock.sleep.bind(clock);
    clock.sleep = (ms, signal) => {
      this.note(ms);
      return sleep(ms, signal);
    };
    const noting = <Set extends (...given: never[]) => unknown>(set: Set, msAt: number): Set =>
      Object.defineProperties((...given: unknown[]) => {
        this.note(Number(given[msAt] ?? 0));
        return Reflect.apply(set, undefined, given) as unknown;
      }, Object.getOwnPropertyDescriptors(set)) as unknown as Set;
    globalThis.setTimeout = noting(timeout, 1);
    globalThis.setInterval = noting(interval, 1);
    timersPromises.setTimeout = noting(promise, 0);
    syncBuiltinESMExports();
    this.listens = true;
  }

  end(): void {
    this.listens = false;
    globalThis.setTimeout = this.own.timeout;
    globalThis.setInterval = this.own.interval;
    timersPromises.setTimeout = this.own.promise;
    syncBuiltinESMExports();
  }

  private note(ms: number): void {
    const setBy = nearestLine();
    if (this.listens && setBy !== '') this.waits.push({ ms, setBy });
  }
}

it('lets a minute pass with nothing but its held calls', async () => {
  const folder = await tempFolder();
  const service = await startService(path.join(folder, 'service'));
  const listening = new Listening();
  const clock = new FakeClock(new Date().toISOString());
  // Whatever waits by the clock goes on while the worker is set up.
  const setUp = { isDone: false };
  const passing = (async () => {
    while (!setUp.isDone) {
      await clock.advance(20);
      await timersPromises.setTimeout(20);
    }
  })();
  try {
    const account = await makeAccount(service);
    const worker = await TestWorker.start(path.join(folder, 'worker'), { clock });
    try {
      await worker.connect(service, account);
      await worker.register(account, 'idle');
      await worker.when('contact', ({ status }) => status === 'ready');
      // What follows from having joined is done: events told, files written.
      await timersPromises.setTimeout(1_500);
      setUp.isDone = true;
      await passing;
      listening.begin(clock);
      for (let second = 0; second < 60; second += 1) {
        await clock.advance(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      // Besides, the worker's held calls: their silence limits are service-link's, and the loops that make them wait between two of them.
      const ticks = listening.waits.filter(
        ({ setBy }) => !setBy.includes('src-main/service-link/') && !setBy.includes('engine/loop'),
      );
      const bySite = Map.groupBy(ticks, ({ setBy }) => setBy);
      const often = [...bySite.values()].filter((waits) => waits.length > 60_000 / leastMs);
      // Once is no ticking: something settles after what was just told.
      const short = [...bySite.values()]
        .map((waits) => waits.filter(({ ms }) => ms < leastMs))
        .filter(({ length }) => length > 1);
      expect([...often, ...short]).toEqual([]);
      // Something does look after the machine, or nothing was heard.
      expect(ticks.length).toBeGreaterThan(0);
      expect((await worker.state()).status).toBe('ready');
    } finally {
      listening.end();
      setUp.isDone = true;
      await passing;
      await worker.close();
    }
  } finally {
    setUp.isDone = true;
    await service.stop();
  }
});
