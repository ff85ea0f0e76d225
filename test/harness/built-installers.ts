/** Installers for Windows as they are given away (scripts/installer), packed lightly. Made where they are not there or not up to date. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../../scripts/prepare/commands.mjs';

const root = path.join(import.meta.dirname, '..', '..');
const node = path.join(root, 'node_modules', 'node', 'bin', 'node');
const run = promisify(execFile);

/** Programs of two versions and their installers, on a machine under load. */
export const makingInstallersLimitMs = 1_800_000;

/** Of Debian's packages. Undefined: nothing is missing. */
export function missingInstallerTool(): string | undefined {
  const tool = ['makensis', 'x86_64-w64-mingw32-windmc'].find((name) => findProgram(name) === undefined);
  return tool === undefined ? undefined : `there is no ${tool} on this machine (npm run prepare:machine -- installer)`;
}

/** `asVersion`: everything in it says that it is of that version. Answers the file. */
export async function builtInstaller(asVersion?: string): Promise<string> {
  const given = asVersion === undefined ? [] : ['--as-version', asVersion];
  const { stdout } = await run(node, [path.join(root, 'scripts', 'installer', 'index.mjs'), '--quick', ...given]);
  return stdout.trim().split('\n').at(-1) ?? '';
}
