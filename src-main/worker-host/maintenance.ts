/** What is done once and then every hour, until the signal fires: retention, old notices, runtimes that were installed meanwhile. */
import type { Clock } from '../engine/clock.ts';

const intervalMs = 60 * 60 * 1000;

export interface MaintenanceOptions {
  clock: Clock;
  signal: AbortSignal;
  work: () => Promise<void>;
  fault: (error: unknown, what: string) => void;
}

/** Resolves when the signal has fired and nothing is under way. */
export async function maintain({ clock, signal, work, fault }: MaintenanceOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      fault(error, 'housekeeping');
    }
    await clock.sleep(intervalMs, signal);
  }
}
