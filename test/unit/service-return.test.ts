/** Many workers wait for a service that has been away: all are back within seconds, and not at one moment. */
import { expect, it, onTestFinished } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import { Engine } from '../../src-main/engine/engine.ts';
import { initialState } from '../../src-main/engine/worker-state.ts';
import { backoffMs, outlast } from '../../src-main/service-link/retry.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { seededChance } from '../faults/seeded.ts';

const workers = 500;
const awayMs = 30_000;
const withinMs = 5000;
const slotMs = 100;
/** Evenly over five seconds it would be ten a slot. */
const mostPerSlot = workers / 10;

function perSlot(arrivals: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const at of arrivals) counts.set(Math.floor(at / slotMs), (counts.get(Math.floor(at / slotMs)) ?? 0) + 1);
  return Math.max(...counts.values());
}

it('500 engines that lost their service at one moment are back within 5 s of its return, spread out', async () => {
  const clock = new FakeClock();
  const chance = seededChance('engines', 'chance');
  const arrivals = new Map<number, number>();
  const refused = new AppError('connection-refused', { host: 'service', port: 443 }, { retryable: true });
  let calls = 0;
  const engines = Array.from({ length: workers }, (_, index) => {
    const call = (signal: AbortSignal): Promise<never> => {
      calls += 1;
      if (clock.monotonicMs() < awayMs) return Promise.reject(refused);
      if (!arrivals.has(index)) arrivals.set(index, clock.monotonicMs() - awayMs);
      // Held from here on.
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('given up')));
      });
    };
    return new Engine(
      {
        clock,
        chance,
        log: () => undefined,
        poll: (_request, _how, signal) => call(signal),
        // The packs' loop keeps the same rules; one of the two is enough to count.
        watchPacks: (_how, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ held: true }))),
        checkStart: () => Promise.resolve(undefined),
        knowsSandbox: () => false,
        startSandbox: () => undefined,
        changed: () => undefined,
        drained: () => undefined,
      },
      initialState({ connected: true, registered: true, intent: 'work', load: { running: 0, limit: 2 } }),
    );
  });
  onTestFinished(async () => {
    await Promise.all(engines.map((engine) => engine.stop()));
  });
  for (const engine of engines) engine.start();
  await clock.advance(awayMs);
  // Away for half a minute, a service that is starting is not drowned by those who ask for it.
  expect(calls / workers).toBeLessThan(awayMs / 1000 / 2);
  await clock.advance(withinMs);
  expect(arrivals.size).toBe(workers);
  expect(perSlot([...arrivals.values()])).toBeLessThanOrEqual(mostPerSlot);
}, 30_000);

it('500 sandboxes that lost it while they sent records are back within 5 s, spread out', () => {
  const chance = seededChance('sandboxes', 'chance');
  const arrivals = Array.from({ length: workers }, () => {
    let at = 0;
    for (let failures = 1; at < awayMs; failures += 1) at += backoffMs(outlast, failures, chance);
    return at - awayMs;
  });
  expect(Math.max(...arrivals)).toBeLessThanOrEqual(withinMs);
  expect(perSlot(arrivals)).toBeLessThanOrEqual(mostPerSlot);
});
