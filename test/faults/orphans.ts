/** What of a run is still there: processes of its folders, or marked as a sandbox's, and control groups of its sandboxes. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { noLimits } from '../../src-contract/sandbox.ts';
import { ProcessTree } from '../../src-main/platform/process-tree.ts';
import { markVariable } from '../../src-main/platform/tree-notions.ts';

export interface Orphan {
  pid: number;
  command: string;
}

/** `isOurs`: whether a sandbox id is one of the run's. Processes that may not be looked at are not ours. */
export function findOrphans(folder: string, isOurs: (sandboxId: string) => boolean): Orphan[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      // A zombie has no command line any more; it is its parent's to collect.
      if (command === '') return [];
      const mark = new RegExp(`(?:^|\\0)${markVariable}=([^\\0]*)`).exec(readFileSync(`/proc/${name}/environ`, 'utf8'))?.[1];
      const isMarked = mark !== undefined && isOurs(mark);
      const isInside = command.includes(`${folder}/`) || readlinkSync(`/proc/${name}/cwd`).startsWith(`${folder}/`);
      return isMarked || isInside ? [{ pid, command }] : [];
    } catch {
      return [];
    }
  });
}

/** Control groups of this machine that are named after a sandbox of which these logs speak. */
export function findLeftGroups(logs: readonly string[]): string[] {
  const { group } = ProcessTree.placeOf('any', noLimits);
  const folder = group === null ? undefined : dirname(group);
  if (folder === undefined || !existsSync(folder)) return [];
  const text = logs.map((file) => readFileSync(file, 'utf8')).join('\n');
  return readdirSync(folder).filter((name) => {
    const mark = name.startsWith('hrw-') ? name.slice('hrw-'.length) : undefined;
    return mark !== undefined && (text.includes(mark) || text.includes(mark.replace('warm-', 'warm.')));
  });
}
