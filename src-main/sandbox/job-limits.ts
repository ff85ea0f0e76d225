/** Limits of a job in words: which hold and who keeps them, and which one it ran into. */
import type { JobLimits } from '../../src-contract/sandbox.ts';
import type { LimitKeeper, ProcessTree } from '../platform/process-tree.ts';

type Limited = Pick<ProcessTree, 'keeperOf' | 'limitHit' | 'limits'>;

const keepers: Record<LimitKeeper, string> = {
  kernel: 'kept by the kernel',
  watched: 'looked after: beyond it the whole job is ended',
  none: 'not kept: this machine gives the worker no means to',
};

/** undefined: no limit was asked for. */
export function describeLimits(tree: Limited): string | undefined {
  const told = (['memoryBytes', 'processes', 'cpuPercent'] as const).flatMap((name) => {
    const keeper = tree.keeperOf(name);
    return keeper === undefined ? [] : [`${amountOf(name, tree.limits)} (${keepers[keeper]})`];
  });
  return told.length === 0 ? undefined : told.join(', ');
}

/** A clause; undefined when none was seen. */
export function describeHit(tree: Limited): string | undefined {
  const hit = tree.limitHit();
  if (hit === undefined) return undefined;
  const amount = amountOf(hit.name, tree.limits);
  const what = hit.name === 'memoryBytes' ? 'used more memory than' : 'wanted to be more than';
  const then = hit.keeper === 'watched' ? ', and were ended' : hit.name === 'memoryBytes' ? ', and some were ended' : '';
  return `the processes of the runbook ${what} the ${amount} that one job may have${then}`;
}

function amountOf(name: keyof JobLimits, limits: JobLimits): string {
  const amount = limits[name] ?? 0;
  switch (name) {
    case 'memoryBytes':
      return `${String(Math.round(amount / (1024 * 1024)))} MB`;
    case 'processes':
      return `${String(amount)} processes`;
    case 'cpuPercent':
      return `${String(amount)} % of a core`;
  }
}
