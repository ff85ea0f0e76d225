/**
 * Programs of test/fixtures/windows, run by the Node for Windows under wine. Each writes what it found to a file as JSON: what Node for
 * Windows would write into Linux's pipes is refused.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { inject, onTestFinished, type TestContext } from 'vitest';
import { runsInTest } from './scope.ts';
import { bundleForWindows } from './windows-bundle.ts';
import { wineEnvironment } from './wine-prefix.ts';

export interface WineNode {
  /** Where tests and programs leave files: as Linux and as Windows call it. */
  readonly folder: { linux: string; windows: string };
  /** Runs the program to its end; what it reported. Throws with what it wrote to its standard error when it reported nothing. */
  run<Report>(program: string, given?: readonly string[]): Promise<Report>;
  /** Windows' name of a bundled program, for one that starts another. */
  programPath(program: string): Promise<string>;
  readonly nodePath: string;
}

/** Known before any test runs. */
export function wineIsThere(): boolean {
  return inject('winePrefix').kind === 'ready';
}

/** Skips the test where something is missing. */
export function requireWine(context: TestContext): void {
  const prefix = inject('winePrefix');
  if (prefix.kind === 'ready') return;
  // vitest asks a skipped test too whether it expected anything.
  context.expect(prefix.reason).not.toBe('');
  context.skip(prefix.reason);
}

/** For a test, or for a file where it is made in `beforeAll`. */
export async function wineNode(): Promise<WineNode> {
  const prefix = inject('winePrefix');
  if (prefix.kind === 'missing') throw new Error(prefix.reason);
  const driveC = path.join(prefix.folder, 'prefix', 'drive_c');
  const linux = await mkdtemp(path.join(driveC, 'test-'));
  const windows = `C:\\${path.basename(linux)}`;
  if (runsInTest()) onTestFinished(() => rm(linux, { recursive: true, force: true, maxRetries: 5 }));
  const nodePath = `Z:${prefix.node.replaceAll('/', '\\')}`;
  const built = new Map<string, Promise<void>>();
  let runs = 0;

  const ensureBuilt = async (program: string): Promise<string> => {
    const making =
      built.get(program) ??
      bundleForWindows({
        entryPoints: { [program]: `test/fixtures/windows/${program}.ts` },
        folder: path.join(driveC, 'programs'),
      });
    built.set(program, making);
    await making;
    return `C:\\programs\\${program}.cjs`;
  };
  return {
    folder: { linux, windows },
    nodePath,
    programPath: ensureBuilt,
    async run<Report>(program: string, given: readonly string[] = []): Promise<Report> {
      const script = await ensureBuilt(program);
      const name = `${program}-${String((runs += 1))}`;
      const errorFile = path.join(linux, `${name}.error`);
      const exitCode = await runUnderWine(nodePath, [script, `${windows}\\${name}.json`, ...given], errorFile);
      const text = await readFile(path.join(linux, `${name}.json`), 'utf8').catch(() => undefined);
      if (text === undefined)
        throw new Error(`${program} ended with code ${String(exitCode)}: ${await readFile(errorFile, 'utf8')}`);
      return JSON.parse(text) as Report;
    },
  };
}

/** A program of Windows, to its end; what it writes goes to that file of Linux. Answers its exit code. */
export async function runUnderWine(program: string, given: readonly string[], errorFile: string): Promise<number | null> {
  const prefix = inject('winePrefix');
  if (prefix.kind === 'missing') throw new Error(prefix.reason);
  const error = await open(errorFile, 'w');
  const child = spawn('wine', [program, ...given], {
    cwd: path.dirname(errorFile),
    env: wineEnvironment(prefix.folder),
    stdio: ['ignore', error.fd, error.fd],
  });
  await error.close();
  return await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}
