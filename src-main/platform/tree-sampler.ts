/** Looks at a process tree again and again: for the largest memory it had, and for limits that nobody else keeps. */
import type { JobLimits } from '../../src-contract/sandbox.ts';
import type { LimitKeeper, LimitName, TreeEnding } from './tree-notions.ts';

/** A process that the kernel cannot end (waiting for a dead disk) must not keep us for ever. */
const endingLimitMs = 5000;
/** Memory is looked at more often at first: most jobs are short. */
const sampleDelaysMs = [15, 50, 150, 400, 1000];
/** A limit that we keep ourselves is looked after this often at least. */
const watchIntervalMs = 200;

export interface TreeLook {
  memoryBytes: number;
  processes: number;
  /** The largest that its first process has been so far, where the system remembers it. */
  largestBytes: number;
}

interface Watching {
  limits: JobLimits;
  keeperOf: (name: LimitName) => LimitKeeper | undefined;
  /** The job has gone beyond a limit that we keep. */
  onExceeded: (name: LimitName) => void;
}

export class TreeSampler {
  readonly #look: () => TreeLook;
  readonly #watching: Watching;
  #timer: NodeJS.Timeout | undefined;
  peakBytes = 0;

  constructor(look: () => TreeLook, watching: Watching) {
    this.#look = look;
    this.#watching = watching;
  }

  /** Also when it runs already: from the quick looks on. */
  start(): void {
    this.stop();
    this.#sample(0);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #sample(count: number): void {
    const { keeperOf } = this.#watching;
    const delayMs = sampleDelaysMs[count] ?? sampleDelaysMs.at(-1) ?? watchIntervalMs;
    const watches = keeperOf('memoryBytes') === 'watched' || keeperOf('processes') === 'watched';
    this.#timer = setTimeout(
      () => {
        const look = this.#look();
        this.peakBytes = Math.max(this.peakBytes, look.memoryBytes, look.largestBytes);
        this.#watch(look);
        this.#sample(count + 1);
      },
      watches ? Math.min(delayMs, watchIntervalMs) : delayMs,
    );
    // Measuring is no reason to go on living.
    this.#timer.unref();
  }

  #watch(found: TreeLook): void {
    const { limits, keeperOf, onExceeded } = this.#watching;
    for (const name of ['memoryBytes', 'processes'] as const) {
      const limit = limits[name];
      if (limit !== null && found[name] > limit && keeperOf(name) === 'watched') onExceeded(name);
    }
  }
}

/** Kills, and looks, until there is nothing left or the time is over. */
export async function endUntilNothingIsLeft(count: () => number, kill: () => void): Promise<TreeEnding> {
  const start = performance.now();
  const found = count();
  let left = found;
  for (let wait = 1; left > 0 && performance.now() - start < endingLimitMs; wait = Math.min(wait * 2, 50)) {
    kill();
    await new Promise((resolve) => setTimeout(resolve, wait));
    left = count();
  }
  return { found, left, tookMs: performance.now() - start };
}
