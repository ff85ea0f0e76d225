/**
 * What the job used over the last minutes, for whoever comes to look: a sample every few seconds while the runtime runs, and one more for
 * each time that somebody asks.
 */
import { maxUsageSamples, type UsageSample } from '../../src-contract/sandbox.ts';
import type { ProcessTree } from '../platform/process-tree.ts';

const sampleMs = 5_000;
/** Between two samples, however often somebody asks: closer ones say more about the clock than about the job. */
const leastApartMs = 900;

export class UsageMeter {
  readonly #now: () => Date;
  #tree: Pick<ProcessTree, 'figures'> | undefined;
  #samples: UsageSample[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** The runtime has started. */
  follow(tree: Pick<ProcessTree, 'figures'>): void {
    this.#tree = tree;
    this.#take();
    this.#timer = setInterval(() => this.#take(), sampleMs);
    // Measuring is no reason to go on living.
    this.#timer.unref();
  }

  /** What was sampled stays. Safe to call twice. */
  close(): void {
    clearInterval(this.#timer);
    this.#tree = undefined;
  }

  read(since: string | null): UsageSample[] {
    const last = this.#samples.at(-1);
    if (last === undefined || this.#now().getTime() - Date.parse(last.time) >= leastApartMs) this.#take();
    return since === null ? [...this.#samples] : this.#samples.filter(({ time }) => time > since);
  }

  #take(): void {
    if (this.#tree === undefined) return;
    this.#samples.push({ time: this.#now().toISOString(), ...this.#tree.figures() });
    if (this.#samples.length > maxUsageSamples) this.#samples.splice(0, this.#samples.length - maxUsageSamples);
  }
}
