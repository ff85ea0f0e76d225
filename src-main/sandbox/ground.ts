/** What a job needs on this machine, made ready while the service is still being asked what the job is. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProcessTree, processTreeFileName } from '../platform/process-tree.ts';
import { openPipes, type RuntimePipes } from './runtime-pipes.ts';

export interface Ground {
  tree: ProcessTree;
  pipes: RuntimePipes;
  /** The runtime's current folder and home. */
  workFolder: string;
  /** The sandbox's own: host scripts, parameters, pipes. */
  privateFolder: string;
}

export async function prepareGround(folder: string, mark: string): Promise<Ground> {
  const workFolder = path.join(folder, 'work');
  const privateFolder = path.join(folder, 'host');
  await mkdir(path.join(workFolder, '.tmp'), { recursive: true, mode: 0o700 });
  await mkdir(privateFolder, { recursive: true, mode: 0o700 });
  const tree = ProcessTree.create(mark);
  try {
    const [opened] = await Promise.allSettled([openPipes(privateFolder, true), tree.prepare()]);
    if (opened.status === 'rejected') throw opened.reason;
    // Written before anything is started: whoever finds this sandbox dead finds its processes by it.
    await writeFile(path.join(folder, processTreeFileName), `${JSON.stringify(tree.place)}\n`, { mode: 0o600 });
    return { tree, pipes: opened.value, workFolder, privateFolder };
  } catch (error) {
    tree.dispose();
    throw error;
  }
}

/** For a job that never came to its runtime, or a ground that could not be made ready. Safe to call twice. */
export async function clearGround(preparing: Promise<Ground>): Promise<void> {
  const ground = await preparing.catch(() => undefined);
  if (ground === undefined) return;
  ground.pipes.close();
  ground.tree.dispose();
}
