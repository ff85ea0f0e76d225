/** Pages of ended jobs put together, and kept current without reading everything again. Pure. */
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { isRunning } from '../../state/worker-view.ts';

/**
 * Adds a page to what is known, newest first. A job that is known already is replaced (its upload may have been confirmed since),
 * one that still runs is left to the page of running jobs.
 */
export function withPage(known: readonly JobView[], page: readonly JobView[]): JobView[] {
  const jobs = new Map(known.map((job) => [job.sandboxId, job]));
  for (const job of page) if (!isRunning(job)) jobs.set(job.sandboxId, job);
  return [...jobs.values()].sort((one, other) => other.pickedUpAt.localeCompare(one.pickedUpAt));
}

/** Where the next page begins; null when there is none. */
export function nextBefore(page: readonly JobView[], limit: number): string | null {
  return page.length < limit ? null : (page.at(-1)?.pickedUpAt ?? null);
}
