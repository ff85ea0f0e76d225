/**
 * Ends what a dead sandbox's job still runs, found by what the sandbox wrote down when it made its process tree. A job may have taken that
 * file away: then by the mark that the sandbox's folder names, and where this process would have made its groups.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobLimits } from '../../src-contract/sandbox.ts';
import {
  ProcessTree,
  processTreeFileName,
  processTreePlace,
  treeMarkOf,
  type ProcessTreePlace,
} from '../platform/process-tree.ts';

/** Wherever a group for a limit may have been made. */
const everyLimit: JobLimits = { memoryBytes: 0, processes: 0, cpuPercent: 0 };

/** How many processes are left after everything was tried. */
export async function endDeadTree(sandboxFolder: string): Promise<{ found: number; left: number }> {
  const tree = ProcessTree.reopen((await readPlace(sandboxFolder)) ?? ProcessTree.placeOf(treeMarkOf(sandboxFolder), everyLimit));
  const { found, left } = await tree.end();
  tree.dispose();
  return { found, left };
}

async function readPlace(sandboxFolder: string): Promise<ProcessTreePlace | undefined> {
  try {
    const text = await readFile(path.join(sandboxFolder, processTreeFileName), 'utf8');
    const place = processTreePlace.safeParse(JSON.parse(text));
    return place.success ? place.data : undefined;
  } catch {
    return undefined;
  }
}
