/** How many sandboxes are to wait for which runtime: decided from what was asked for lately, the memory that they may take, and the slots. */

/** What waits: an executable, or undefined for a sandbox whose job starts its own runtime. */
export type WarmRuntimeName = string | undefined;

/** Schedules come by the hour at the shortest: whoever ran a runbook an hour ago is about to run it again. */
const rememberedMs = 70 * 60 * 1000;
/** Jobs that come within the time in which what they took is made anew. */
const burstMs = 10_000;

/** Measured, rounded up: a sandbox that waits, and a PowerShell 7 beside it after its rehearsal. */
const sandboxBytes = 80 * 1024 * 1024;
const runtimeBytes = 160 * 1024 * 1024;

export class WarmDemand {
  #taken: { runtime: WarmRuntimeName; atMs: number }[] = [];

  /** A job came that runs so. */
  note(runtime: WarmRuntimeName, nowMs: number): void {
    this.#taken = this.#taken.filter(({ atMs }) => nowMs - atMs < rememberedMs);
    this.#taken.push({ runtime, atMs: nowMs });
  }

  /** The most jobs of each that came together; what came last stands first. */
  wanted(nowMs: number): Map<WarmRuntimeName, number> {
    const recent = this.#taken.filter(({ atMs }) => nowMs - atMs < rememberedMs).reverse();
    const most = new Map<WarmRuntimeName, number>();
    for (const { runtime, atMs } of recent) {
      const together = recent.filter((one) => one.runtime === runtime && one.atMs <= atMs && atMs - one.atMs < burstMs).length;
      most.set(runtime, Math.max(most.get(runtime) ?? 0, together));
    }
    return most;
  }
}

export interface WarmLimits {
  memoryBytes: number;
  /** Sandboxes that may run at once. */
  slots: number;
}

/** Which are to wait, most needed first: one of each that was asked for, then more of each in turn. */
export function planWarm(wanted: ReadonlyMap<WarmRuntimeName, number>, { memoryBytes, slots }: WarmLimits): WarmRuntimeName[] {
  const plan: WarmRuntimeName[] = [];
  const most = Math.max(0, ...wanted.values());
  let leftBytes = memoryBytes;
  for (let round = 1; round <= most; round += 1) {
    for (const [runtime, count] of wanted) {
      const bytes = sandboxBytes + (runtime === undefined ? 0 : runtimeBytes);
      if (count < round || plan.length >= slots || bytes > leftBytes) continue;
      leftBytes -= bytes;
      plan.push(runtime);
    }
  }
  return plan;
}
