/**
 * Windows as far as wine carries it, for programs that are started in it: a prefix of its own in the file's temporary folder. Needs wine, a
 * PowerShell for Windows and a Node for Windows; see docs/powershell.md.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { windowsNode } from '../../scripts/prepare/windows.mjs';
import type { RunbookKind } from '../../src-contract/kinds.ts';
import type { SandboxHandOver } from '../../src-contract/sandbox.ts';
import type { ScriptedJrds } from '../fakes/scripted-jrds.ts';
import { bundleForWindows } from './windows-bundle.ts';
import { mustEndWithTest } from './leftovers.ts';
import { findRuntime, requireFileFrom, requireRuntime } from './runtimes.ts';
import { endedWell } from './sandbox-process.ts';
import { tempFolder } from './temp-folder.ts';

const root = path.join(import.meta.dirname, '..', '..');
const fakes = path.join(root, 'test', 'fakes', 'windows');

const pwshVariable = 'HRW_WINDOWS_PWSH';
const nodeVariable = 'HRW_WINDOWS_NODE';

export interface WindowsPrograms {
  wine: string;
  pwsh: string;
  node: string;
}

/** Skips the test where one is missing. Node for Windows is in the npm registry, so that it must be there under CI when the rest is. */
export function requireWindowsPrograms(context: TestContext): WindowsPrograms {
  const pwsh = requireFileFrom(context, pwshVariable, 'a PowerShell 7 for Windows (pwsh.exe)', true);
  const wine = requireRuntime(context, 'wine');
  const node = requireFileFrom(context, nodeVariable, 'a Node for Windows (node.exe)', false);
  return { wine, pwsh, node };
}

export class WindowsMachine {
  readonly #folder: string;
  #count = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Known before any test runs: where something is missing, one skipped test says what. */
  static canStart(): boolean {
    const files = [process.env[pwshVariable], process.env[nodeVariable]];
    return findRuntime('wine') !== undefined && files.every((file) => existsSync(file ?? ''));
  }

  /** For `beforeAll`. */
  static async start(): Promise<WindowsMachine> {
    const machine = new WindowsMachine(await tempFolder());
    await mkdir(path.join(machine.#folder, 'home'));
    // Or wine would offer to fetch what programs for .NET Framework and for its browser need.
    await machine.#call('wineboot', ['--init'], { WINEDLLOVERRIDES: 'mscoree=;mshtml=' });
    await machine.#call('wine', ['winecfg', '-v', 'win10']);
    await machine.#build();
    return machine;
  }

  /** Ends everything that still runs in it. */
  async close(): Promise<void> {
    await this.#call('wineserver', ['--kill']);
    await this.#call('wineserver', ['--wait']);
  }

  /** A sandbox for that service, from its hand-over to its end; every file of it goes with the test. */
  async runSandbox(
    { node, pwsh }: WindowsPrograms,
    jrds: ScriptedJrds,
    kind: RunbookKind,
    change: Partial<SandboxHandOver>,
  ): Promise<{ ended: Promise<string> }> {
    const { linux, windows } = await this.#newFolder();
    await mkdir(path.join(linux, 'sandboxes', jrds.sandboxId), { recursive: true });
    await mkdir(path.join(linux, 'journals'));
    const handOver = jrds.handOver({
      sandboxFolder: `${windows}\\sandboxes\\${jrds.sandboxId}`,
      journalsFolder: `${windows}\\journals`,
      runtimes: [{ kind, executable: windowsPath(pwsh), label: 'PowerShell 7' }],
      ...change,
    });
    const { ended } = await this.#start(node, linux, `${JSON.stringify(handOver)}\n`);
    return {
      ended: ended.then(async (how) =>
        how === endedWell ? how : `${how}: ${await readFile(path.join(linux, 'error'), 'utf8')}`,
      ),
    };
  }

  /** On its drive C. */
  async #newFolder(): Promise<{ linux: string; windows: string }> {
    const name = `run${String((this.#count += 1))}`;
    const linux = path.join(this.#folder, 'prefix', 'drive_c', name);
    await mkdir(linux);
    onTestFinished(() => rm(linux, { recursive: true, force: true, maxRetries: 5 }));
    return { linux, windows: `C:\\${name}` };
  }

  async #start(node: string, folder: string, input: string): Promise<{ ended: Promise<string> }> {
    await writeFile(path.join(folder, 'input'), input);
    // Files, because what Node for Windows would write into Linux's pipes is refused.
    const files = await Promise.all([
      open(path.join(folder, 'input'), 'r'),
      open(path.join(folder, 'output'), 'w'),
      open(path.join(folder, 'error'), 'w'),
    ]);
    const child = spawn('wine', [windowsPath(node), 'C:\\programs\\sandbox.cjs'], {
      cwd: folder,
      env: this.#environment(),
      stdio: files.map(({ fd }) => fd),
    });
    await Promise.all(files.map((file) => file.close()));
    const ended = endOf(child);
    if (child.pid !== undefined) mustEndWithTest(child.pid);
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    return { ended };
  }

  async #build(): Promise<void> {
    const programs = path.join(this.#folder, 'prefix', 'drive_c', 'programs');
    await mkdir(programs);
    const inject = [path.join(fakes, 'spawn-under-wine.ts')];
    await bundleForWindows({ entryPoints: { sandbox: 'src-main/sandbox.ts' }, folder: programs, inject });
    await cp(path.join(root, 'src-main', 'runtimes'), path.join(programs, 'runtimes'), { recursive: true });
    const { modules } = await windowsNode();
    for (const name of ['koffi', '@koromix'])
      await cp(path.join(modules, name), path.join(programs, 'node_modules', name), { recursive: true });
  }

  #environment(): NodeJS.ProcessEnv {
    const home = path.join(this.#folder, 'home');
    return {
      PATH: process.env['PATH'],
      HOME: home,
      TMPDIR: home,
      WINEPREFIX: path.join(this.#folder, 'prefix'),
      WINEDEBUG: '-all',
    };
  }

  async #call(program: string, given: string[], more: NodeJS.ProcessEnv = {}): Promise<void> {
    const child = spawn(program, given, { env: { ...this.#environment(), ...more }, stdio: 'ignore' });
    await endOf(child);
  }
}

/** Linux's files are wine's drive Z. */
function windowsPath(file: string): string {
  return `Z:${file.replaceAll('/', '\\')}`;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `its process ended with code ${String(code)}` : `its process was ended by ${signal}`),
    );
  });
}
