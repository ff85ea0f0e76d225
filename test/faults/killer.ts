/** Kills parts of the stage at random moments, without warning, and starts them again a moment later. */
import { exponential, pick, seededChance, type Chance } from './seeded.ts';
import type { Ledger, Target } from './ledger.ts';
import type { StagedService, StagedWorker } from './stage.ts';

/** Most of what runs is sandboxes. What is not killed alone is killed together: nobody is there to see the other's death then. */
const weights: [Target, number][] = [
  ['sandbox', 0.55],
  ['service', 0.15],
  ['engine', 0.15],
  ['engine and sandbox', 0.15],
];
/** Of all kills, where a plan wants them: drawn apart, so that the other draws are those of a plan without. */
const runtimeWeight = 0.25;
/** Mean seconds that an engine or the service stays away. Some of them beyond what a call waits for. */
const awaySeconds = 1;

export interface KillerOptions {
  ledger: Ledger;
  service: StagedService;
  workers: readonly StagedWorker[];
  say: (text: string) => void;
  signal: AbortSignal;
}

/** Resolves when the signal has fired and everything that was killed is there again. */
export async function killAtRandom({ ledger, service, workers, say, signal }: KillerOptions): Promise<void> {
  const { seed, killEverySeconds, killsRuntimes = false } = ledger.progress.plan;
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    // Each kill has a row of its own: what a run that was interrupted had drawn already does not matter to the next.
    const number = Object.values(ledger.progress.kills).reduce((sum, count) => sum + count, 0);
    const chance = seededChance(seed, `kill ${String(number)}`);
    await rest(exponential(chance, killEverySeconds) * 1000, signal);
    if (isOver()) return;
    const isRuntime = killsRuntimes && seededChance(seed, `kill ${String(number)}, runtime`)() < runtimeWeight;
    const target = isRuntime ? 'runtime' : chooseTarget(chance);
    const worker = pick(chance, workers);
    if (worker === undefined) return;
    const sandbox = target === 'service' || target === 'engine' ? undefined : pick(chance, worker.sandboxes());
    const away = exponential(chance, awaySeconds) * 1000;
    const victim = target === 'runtime' ? sandbox?.runtimePid : sandbox?.pid;
    if ((target === 'sandbox' || target === 'runtime') && victim === undefined) continue;
    ledger.progress.kills[target] += 1;
    ledger.save();
    say(`kill ${target}${target === 'service' ? '' : ` of ${worker.name}`}`);
    if (target === 'service') {
      await service.kill();
      await rest(away, signal);
      await service.comeBack();
      continue;
    }
    const isAlone = target === 'sandbox' || target === 'runtime';
    if (!isAlone) await worker.kill();
    if (victim !== undefined) kill(victim);
    if (isAlone) continue;
    await rest(away, signal);
    await worker.start();
  }
}

function chooseTarget(chance: Chance): Target {
  let rest = chance();
  for (const [target, weight] of weights) {
    if (rest < weight) return target;
    rest -= weight;
  }
  return 'sandbox';
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself meanwhile.
  }
}

export function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    if (signal.aborted) wake();
    else signal.addEventListener('abort', wake);
  });
}
