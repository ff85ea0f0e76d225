/**
 * Who runbooks run as. A worker that is root gives them to a user who can read nothing of the worker's: not its keys, not the memory and
 * environment of its processes. That user must be able to reach the folders in which jobs run, and gets no more of the data folder than
 * the way there.
 */
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, readdirSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { RunbookUser } from '../../../src-contract/sandbox.ts';

/** Used where it exists and nothing else is named. Installers make it; see docs/security.md. */
export const defaultRunbookUser = 'hrw-runbook';

export interface RunbookUserQuestion {
  /** As the settings have it. */
  wanted: string | null;
  /** From the data folder down to where jobs run, each inside the one before. The other user may pass through them, and not list them. */
  way: readonly string[];
  platform: NodeJS.Platform;
}

interface Account {
  name: string;
  userId: number;
  groupId: number;
}

export async function resolveRunbookUser({ wanted, way, platform }: RunbookUserQuestion): Promise<RunbookUser> {
  const own = userInfo().username;
  if (platform !== 'linux') {
    return wanted === null || wanted === own
      ? { kind: 'own', name: own }
      : unavailable(wanted, 'on this operating system a worker runs runbooks as its own user');
  }
  if (process.getuid?.() !== 0) {
    return wanted === null || wanted === own
      ? { kind: 'own', name: own }
      : unavailable(wanted, `only a worker that is root can run them as somebody else, and this one is ${own}`);
  }
  const name = wanted ?? defaultRunbookUser;
  const account = await findAccount(name);
  if (account === undefined) return wanted === null ? { kind: 'own', name: own } : unavailable(name, 'there is no such user');
  if (account.userId === 0) return { kind: 'own', name: own };
  // The way is opened to its group: root's own would open it to whoever else is in that.
  if (account.groupId === 0) return unavailable(name, 'its group is root’s; give it one of its own');
  openTheWay(way, account.groupId);
  const last = way.at(-1);
  if (last !== undefined && !(await canReach(account, last)))
    return unavailable(name, `it cannot reach ${last}: a folder above it is closed to other users`);
  return { kind: 'other', ...account };
}

function unavailable(name: string, reason: string): RunbookUser {
  return { kind: 'unavailable', name, reason };
}

/** Asked of the system's name service, which knows more than /etc/passwd. */
async function findAccount(name: string): Promise<Account | undefined> {
  const line = await run('getent', ['passwd', name]);
  const [found, , userId, groupId] = line?.trim().split(':') ?? [];
  if (found === undefined || !/^\d+$/.test(userId ?? '') || !/^\d+$/.test(groupId ?? '')) return undefined;
  return { name: found, userId: Number(userId), groupId: Number(groupId) };
}

/** Everything beside the way is closed first: a file that was made with the usual rights would lie open once the folder can be passed. */
function openTheWay(way: readonly string[], groupId: number): void {
  way.forEach((folder, index) => {
    const { gid, mode } = statSync(folder);
    if (gid === groupId && (mode & 0o7777) === 0o710) return;
    for (const name of readdirSync(folder)) {
      const inside = path.join(folder, name);
      if (inside !== way[index + 1] && index < way.length - 1) closeToOthers(inside);
    }
    chownSync(folder, 0, groupId);
    chmodSync(folder, 0o710);
  });
}

function closeToOthers(inside: string): void {
  try {
    const { mode } = statSync(inside);
    if ((mode & 0o077) !== 0) chmodSync(inside, mode & 0o700);
  } catch {
    // It has gone meanwhile: a file that was written beside another and renamed.
  }
}

async function canReach({ userId, groupId }: Account, folder: string): Promise<boolean> {
  return (await run('test', ['-x', folder], { uid: userId, gid: groupId })) !== undefined;
}

/** What it printed; undefined when it could not be started or ended with a failure. */
function run(file: string, given: string[], as: { uid?: number; gid?: number } = {}): Promise<string | undefined> {
  return new Promise((resolve) => {
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
    execFile(file, given, { ...as, env, cwd: '/', timeout: 10_000, killSignal: 'SIGKILL' }, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
}
