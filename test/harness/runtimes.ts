/**
 * What a test needs and a machine may lack. Without it the test is skipped, and the run says why; under CI only what no
 * registry carries may be missing, anything else fails there.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'vitest';

const runtimes = {
  bash: { programs: ['bash'], mayBeMissing: false },
  python3: { programs: ['python3'], mayBeMissing: false },
  chromium: { programs: ['chromium', 'chromium-browser', 'google-chrome'], mayBeMissing: false },
  pwsh: { programs: ['pwsh'], mayBeMissing: true },
  wine: { programs: ['wine'], mayBeMissing: true },
} as const;

export type Runtime = keyof typeof runtimes;

/** @returns the full path, or undefined */
export function findRuntime(name: Runtime): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const candidates = runtimes[name].programs.flatMap((program) => folders.map((folder) => path.join(folder, program)));
  return candidates.find(isExecutable);
}

/** The runtime's full path. Skips the test where the machine has none; under CI fails instead, but for the ones that CI may lack. */
export function requireRuntime(context: TestContext, name: Runtime): string {
  const found = findRuntime(name);
  if (found !== undefined) return found;
  const reason = `there is no ${name} on this machine`;
  if (process.env['CI'] === 'true' && !runtimes[name].mayBeMissing) throw new Error(`${reason}, and under CI it must be there`);
  return skip(context, reason);
}

/**
 * A folder that an environment variable names, holding what is not part of this repository (Microsoft's own worker, say).
 * Skips the test where the variable is not set; where it names nothing, that is a mistake and fails.
 */
export function requireFolderFrom(context: TestContext, variable: string, what: string): string {
  const folder = process.env[variable];
  if (folder === undefined || folder === '') return skip(context, `${variable} does not name a folder with ${what}`);
  if (!existsSync(folder)) throw new Error(`${variable} names ${folder}, which does not exist`);
  return folder;
}

/**
 * A file that an environment variable names, and that is not part of this repository. Skips the test where the variable is not set; under CI
 * only what no registry carries may be missing.
 */
export function requireFileFrom(context: TestContext, variable: string, what: string, mayBeMissing: boolean): string {
  const file = process.env[variable];
  if (file === undefined || file === '') {
    const reason = `${variable} does not name ${what}`;
    if (process.env['CI'] === 'true' && !mayBeMissing) throw new Error(`${reason}, and under CI it must`);
    return skip(context, reason);
  }
  if (!existsSync(file)) throw new Error(`${variable} names ${file}, which does not exist`);
  return file;
}

function skip(context: TestContext, reason: string): never {
  // vitest asks a skipped test too whether it expected anything.
  context.expect(reason).not.toBe('');
  return context.skip(reason);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** For a sandbox that needs nothing else: what the search for runtimes would come to, without starting it. */
export function pwshAlone(): { kind: string; executable: string; label: string }[] {
  return [{ kind: 'PowerShell7', executable: findRuntime('pwsh') ?? 'pwsh', label: 'PowerShell 7' }];
}
