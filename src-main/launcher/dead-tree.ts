/** Ends what a dead sandbox's job still runs, found by what the sandbox wrote down when it made its process tree. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ProcessTree, processTreeFileName, processTreePlace } from '../platform/process-tree.ts';

/** How many processes are left after everything was tried. A sandbox that had not come as far as a tree has started nothing. */
export async function endDeadTree(sandboxFolder: string): Promise<{ found: number; left: number }> {
  let text: string;
  try {
    text = await readFile(path.join(sandboxFolder, processTreeFileName), 'utf8');
  } catch {
    return { found: 0, left: 0 };
  }
  const place = processTreePlace.safeParse(parseJson(text));
  if (!place.success) return { found: 0, left: 0 };
  const tree = ProcessTree.reopen(place.data);
  const { found, left } = await tree.end();
  tree.dispose();
  return { found, left };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
