/** Since when the oldest record waits that the service does not have: when each stretch of records was written, as long as it waits. */

/** When there are more (a service that is away for long), neighbours become one, and new ones are twice as long. */
const maxStretches = 512;

interface Stretch {
  /** How many records there were when it had been written. */
  upTo: number;
  /** When its first was. */
  atMs: number;
}

export class UploadLag {
  readonly #now: () => Date;
  #stretches: Stretch[] = [];
  #apartMs = 0;

  constructor(now: () => Date) {
    this.#now = now;
  }

  written(recordCount: number): void {
    const last = this.#stretches.at(-1);
    if (last !== undefined && last.upTo >= recordCount) return;
    const atMs = this.#now().getTime();
    if (last !== undefined && atMs - last.atMs < this.#apartMs) last.upTo = recordCount;
    else this.#stretches.push({ upTo: recordCount, atMs });
    while (this.#stretches.length > maxStretches) this.#join();
  }

  /** ISO; null when nothing waits. */
  oldestWaitingAt(acknowledgedCount: number): string | null {
    const first = this.#stretches.findIndex((stretch) => stretch.upTo > acknowledgedCount);
    this.#stretches = first === -1 ? [] : this.#stretches.slice(first);
    if (first === -1) this.#apartMs = 0;
    const oldest = this.#stretches[0];
    return oldest === undefined ? null : new Date(oldest.atMs).toISOString();
  }

  #join(): void {
    this.#apartMs = Math.max(2 * this.#apartMs, 100);
    const joined: Stretch[] = [];
    for (const stretch of this.#stretches) {
      const last = joined.at(-1);
      if (last !== undefined && stretch.atMs - last.atMs < this.#apartMs) last.upTo = stretch.upTo;
      else joined.push(stretch);
    }
    this.#stretches = joined;
  }
}
