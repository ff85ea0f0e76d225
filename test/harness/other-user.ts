/** A user who is not root, for what a worker that is root does to run runbooks as somebody else. */
import { readFileSync } from 'node:fs';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, type TestContext } from 'vitest';
import type { RunbookUser } from '../../src-contract/sandbox.ts';
import { resolveRunbookUser } from '../../src-main/platform/linux/runbook-user.ts';
import { tempFolder } from './temp-folder.ts';

/** There on every Linux. */
export const otherUserName = 'nobody';

/** Skips the test where it does not run as root. */
export function requireOtherUser(context: TestContext): Extract<RunbookUser, { kind: 'other' }> {
  if (process.getuid?.() !== 0) {
    context.expect(process.getuid?.()).not.toBe(0);
    context.skip('this user is not root, who alone can run something as another user');
  }
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${otherUserName}:`));
  const [name = '', , userId, groupId] = line?.split(':') ?? [];
  return { kind: 'other', name, userId: Number(userId), groupId: Number(groupId) };
}

/** A temporary folder that other users can reach (and not list), as the usual places of data are. */
export async function reachableFolder(): Promise<string> {
  const folder = await tempFolder();
  for (let above = folder; above !== path.dirname(above); above = path.dirname(above)) {
    const { uid, mode } = await stat(above);
    if (uid === process.getuid?.() && (mode & 0o001) === 0) await chmod(above, (mode & 0o7777) | 0o011);
  }
  return folder;
}

/** A data folder to which a worker has opened the way, as it does before a job. */
export async function dataFolderFor(user: RunbookUser): Promise<string> {
  const data = await reachableFolder();
  const sandboxesFolder = path.join(data, 'sandboxes');
  for (const name of ['secrets', 'sandboxes', 'journals']) await mkdir(path.join(data, name), { mode: 0o755 });
  await writeFile(path.join(data, 'secrets', 'worker.key.pem'), 'the worker’s private key', { mode: 0o644 });
  await writeFile(path.join(data, 'settings.json'), '{}', { mode: 0o644 });
  if (user.kind === 'other')
    expect(await resolveRunbookUser({ wanted: user.name, way: [data, sandboxesFolder], platform: 'linux' })).toEqual(user);
  return data;
}
