/** Process trees of this machine. The only place that knows which platform it is. */
import { LinuxProcessTree } from './linux/linux-process-tree.ts';
import type { ProcessTree as Tree, ProcessTrees } from './tree-notions.ts';
import { JobTree } from './windows/job-tree.ts';

export {
  processTreeFileName,
  processTreePlace,
  treeMarkOf,
  type LimitKeeper,
  type ProcessTreePlace,
  type TreeEnding,
} from './tree-notions.ts';

export type ProcessTree = Tree;
export const ProcessTree: ProcessTrees = process.platform === 'win32' ? JobTree : LinuxProcessTree;
