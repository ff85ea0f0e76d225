/** The programs as they are given away (scripts/programs), for tests that run them. Made where they are not there or not up to date. */
import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { TestContext } from 'vitest';
import { tempFolder } from './temp-folder.ts';

const root = path.join(import.meta.dirname, '..', '..');
const node = path.join(root, 'node_modules', 'node', 'bin', 'node');
const run = promisify(execFile);

export type ProgramTarget = 'linux-x64' | 'win-x64';

/** Making all of a target takes some seconds a program on an idle machine. */
export const makingLimitMs = 600_000;

/** Where they can be run as they are. Elsewhere the test is skipped. */
export function requireOwnTarget(context: TestContext): void {
  if (process.platform === 'linux' && process.arch === 'x64') return;
  const reason = `there are no programs for ${process.platform}-${process.arch} that could be run here`;
  context.expect(reason).not.toBe('');
  context.skip(reason);
}

/** A copy away from the checkout, so that nothing of it is found by chance. For `beforeAll` with `makingLimitMs`. */
export async function builtPrograms(target: ProgramTarget): Promise<string> {
  const { stdout } = await run(node, [path.join(root, 'scripts', 'programs', 'index.mjs'), target]);
  const folder = stdout.trim().split('\n').at(-1) ?? '';
  const copy = path.join(await tempFolder(), 'Hybrid Runbook Worker');
  await cp(folder, copy, { recursive: true });
  return copy;
}
