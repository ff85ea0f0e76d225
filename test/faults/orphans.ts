/** Processes of a run that are still there: of its folders, or marked as a sandbox's. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { markVariable } from '../../src-main/platform/linux/marked-processes.ts';

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
