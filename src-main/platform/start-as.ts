/**
 * A command as another user. `setpriv` gives it that user's further groups too, as a login would; where it is missing, Node drops the groups
 * of root and the user has none but its own.
 */
import { accessSync, chownSync, constants, lchownSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { RunbookUser } from '../../src-contract/sandbox.ts';

export interface StartedAs {
  file: string;
  arguments: string[];
  /** For `spawn`. */
  uid?: number;
  gid?: number;
}

const setprivPaths = ['/usr/bin/setpriv', '/bin/setpriv'];

export function startAs(user: RunbookUser, command: { file: string; arguments: string[] }): StartedAs {
  const { file, arguments: given } = command;
  if (user.kind !== 'other') return { file, arguments: given };
  const { userId, groupId } = user;
  const setpriv = setprivPaths.find(isExecutable);
  if (setpriv === undefined) return { file, arguments: given, uid: userId, gid: groupId };
  const change = [`--reuid=${String(userId)}`, `--regid=${String(groupId)}`, '--init-groups', '--inh-caps=-all'];
  return { file: setpriv, arguments: [...change, '--', file, ...given] };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The folder and everything in it become that user's. Only for what no process of that user could touch so far: it must still lie in a
 * folder that is closed to them, or a link that they put there would be followed.
 */
export function giveTo(user: RunbookUser, folder: string): void {
  if (user.kind !== 'other') return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const inside = path.join(folder, entry.name);
    if (entry.isDirectory()) giveTo(user, inside);
    else lchownSync(inside, user.userId, user.groupId);
  }
  chownSync(folder, user.userId, user.groupId);
}
