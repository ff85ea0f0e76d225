/** What a job needs on this machine, made ready while the service is still being asked what the job is. */
import { chmodSync, chownSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobLimits, RunbookUser } from '../../src-contract/sandbox.ts';
import { ProcessTree, processTreeFileName, treeMarkOf, type ProcessTreePlace } from '../platform/process-tree.ts';
import { giveTo } from '../platform/start-as.ts';
import { openPseudoTerminal, type PseudoTerminal } from './pseudo-terminal.ts';
import { openPipes, type RuntimePipes } from './runtime-pipes.ts';
import type { WarmRuntime } from './runtime-process.ts';

export interface Ground {
  folder: string;
  /** A runtime that waits here for its job. It runs as the user who is to run the job, to whom everything here was given. */
  warm?: WarmRuntime;
  tree: ProcessTree;
  pipes: RuntimePipes;
  /** The runtime's current folder and home. */
  workFolder: string;
  /** Between the two: host scripts, parameters, pipes. */
  privateFolder: string;
}

export async function prepareGround(folder: string, limits: JobLimits): Promise<Ground> {
  const mark = treeMarkOf(folder);
  const workFolder = path.join(folder, 'work');
  const privateFolder = path.join(folder, 'host');
  await mkdir(path.join(workFolder, '.tmp'), { recursive: true, mode: 0o700 });
  await mkdir(privateFolder, { recursive: true, mode: 0o700 });
  await notePlace(ProcessTree.placeOf(mark, limits), folder);
  const tree = ProcessTree.create(mark, limits);
  try {
    const [opened] = await Promise.allSettled([openPipes(privateFolder, true), tree.prepare()]);
    if (opened.status === 'rejected') throw opened.reason;
    return { folder, tree, pipes: opened.value, workFolder, privateFolder };
  } catch (error) {
    tree.dispose();
    throw error;
  }
}

/** Before anything is made or started: whoever finds this sandbox dead finds its groups and processes by it. */
export async function notePlace(place: ProcessTreePlace, folder: string): Promise<void> {
  await writeFile(path.join(folder, processTreeFileName), `${JSON.stringify(place)}\n`, { mode: 0o600 });
}

/**
 * Gives what the runtime needs to the user that it runs as: its working folder, the folder of its host, and the way through ours, which shows
 * nothing else. In this order: until the last step no process of that user reaches any of it.
 */
function handOverGround({ folder, pipes, workFolder, privateFolder }: Ground, user: RunbookUser): void {
  if (user.kind !== 'other') return;
  pipes.giveTo(user.userId, user.groupId);
  giveTo(user, workFolder);
  giveTo(user, privateFolder);
  chownSync(folder, 0, user.groupId);
  chmodSync(folder, 0o710);
}

/**
 * The last step before a runtime is started here: its console, where it is to have one and one can be had, and then everything is given to
 * whom it runs as.
 */
export async function furnish(ground: Ground, runAs: RunbookUser, withConsole: boolean): Promise<PseudoTerminal | undefined> {
  const terminal = withConsole ? await openPseudoTerminal() : undefined;
  handOverGround(ground, runAs);
  if (runAs.kind === 'other') terminal?.giveTo(runAs.userId, runAs.groupId);
  return terminal;
}

/** For a job that never came to its runtime, or a ground that could not be made ready. Safe to call twice. */
export async function clearGround(preparing: Promise<Ground>): Promise<void> {
  const ground = await preparing.catch(() => undefined);
  if (ground === undefined) return;
  if (ground.warm !== undefined) await ground.tree.end();
  ground.pipes.close();
  ground.warm?.terminal?.close();
  ground.tree.dispose();
}
