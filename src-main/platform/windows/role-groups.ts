/** Local groups whose members may look at this worker, or operate it. Administering takes an administrator. */
import { lookUpSid } from './security.ts';
import { library, structure, WindowsError } from './win32.ts';

/** By the role that membership gives. */
export const roleGroups = {
  reader: { name: 'Hybrid Runbook Worker Readers', comment: 'May look at the hybrid runbook worker of this machine' },
  operator: {
    name: 'Hybrid Runbook Worker Operators',
    comment: 'May pause and drain the hybrid runbook worker of this machine, and stop its jobs',
  },
} as const;
export type GroupRole = keyof typeof roleGroups;

/** LOCALGROUP_INFO_1 */
export const localGroupInfo = structure<{ name: string | null; comment: string | null }>(() => ({
  name: 'str16',
  comment: 'str16',
}));

const groups = library<{
  NetLocalGroupAdd: (server: null, level: number, info: Buffer, wrong: null) => number;
  NetLocalGroupDel: (server: null, name: string) => number;
}>('netapi32.dll', {
  NetLocalGroupAdd: 'uint32 __stdcall NetLocalGroupAdd(str16 server, uint32 level, void *info, void *wrong)',
  NetLocalGroupDel: 'uint32 __stdcall NetLocalGroupDel(str16 server, str16 name)',
});

const done = 0;
const existsAlready = [1379, 2223];
const isMissing = [1376, 2220];

/** Those that are missing. Throws WindowsError. */
export function makeRoleGroups(): void {
  for (const group of Object.values(roleGroups)) {
    const answer = groups().NetLocalGroupAdd(null, 1, localGroupInfo().bytes(group), null);
    if (answer !== done && !existsAlready.includes(answer)) throw new WindowsError(`NetLocalGroupAdd (${group.name})`, answer);
  }
}

export function removeRoleGroups(): void {
  for (const { name } of Object.values(roleGroups)) {
    const answer = groups().NetLocalGroupDel(null, name);
    if (answer !== done && !isMissing.includes(answer)) throw new WindowsError(`NetLocalGroupDel (${name})`, answer);
  }
}

/** Undefined where this machine has no such group: then only administrators reach the worker. */
export function groupSid(role: GroupRole): string | undefined {
  try {
    return lookUpSid(roleGroups[role].name);
  } catch (error) {
    if (error instanceof WindowsError) return undefined;
    throw error;
  }
}
