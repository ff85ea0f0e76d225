/** What sandboxes that wait for a job are made for: the same facts that a job gets, and how many there may be. */
import type { WarmFacts } from '../launcher/warm-pairs.ts';
import type { WarmLimits } from '../launcher/warm-plan.ts';
import type { WorkerParts } from './parts.ts';
import type { RunbookRights } from './runbook-rights.ts';

const megabyte = 1024 * 1024;

/** undefined: no job will come, or none is to find anything waiting. */
export async function warmFactsOf(
  { settings, runtimes, engine }: Pick<WorkerParts, 'settings' | 'runtimes' | 'engine'>,
  rights: RunbookRights,
): Promise<(WarmFacts & WarmLimits) | undefined> {
  const { registration, paused, drain, warmMemoryMb, culture } = settings.current;
  if (registration === null || paused || drain !== null || warmMemoryMb === 0) return undefined;
  const runAs = await rights.user();
  if (runAs.kind === 'unavailable') return undefined;
  return {
    runtimes: describeRuntimes(runtimes()),
    culture,
    runAs,
    limits: rights.limits,
    memoryBytes: warmMemoryMb * megabyte,
    slots: engine().state.load.limit,
  };
}

export function describeRuntimes(found: ReturnType<WorkerParts['runtimes']>): WarmFacts['runtimes'] {
  return found.map(({ kind, executable, label }) => ({ kind, executable, label }));
}
