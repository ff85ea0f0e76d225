/**
 * How our own programs are started, by the way this one was itself installed. The only place that knows: nobody else asks whether a program
 * is a bundle or a single executable, and nobody forks a file (in a single executable that would run its own main program again).
 *
 * Everything that a program reads at run time lies beside it: in a checkout beside its bundle in `out`; in an installation beside the
 * executable, whose `__filename` is its own path. So a bundle's own folder is the right one in both.
 *
 * A sandbox is always a Node program of its own, never Electron: it outlives the app, whose files may be replaced meanwhile.
 */
import path from 'node:path';

export type InstallMode =
  /** Bundles in `out`, run by the Node that the checkout brings. */
  | 'checkout'
  /** Single executables beside each other, each carrying its bundle; see scripts/programs. */
  | 'packaged';

export interface Command {
  file: string;
  /** Before any argument of the caller's. */
  leading: string[];
}

export interface Executables {
  sandbox: Command;
  hrw: Command;
  /** The engine's worker thread for its history, beside the bundle or program that starts it. */
  historyThread: string;
  /** The texts of our entries in the Windows Event Log, beside the programs. */
  eventMessages: string;
}

export interface Installation {
  mode: InstallMode;
  /** Where the programs lie: the folder of the bundles, or that of the single executables. */
  folder: string;
  platform: NodeJS.Platform;
}

/** Electron's Node may be too old to be asked; it knows no single executables either, and is none. */
interface AskableProcess {
  getBuiltinModule?: (name: 'node:sea') => { isSea(): boolean } | undefined;
}

function isSingleExecutable(): boolean {
  return (process as AskableProcess).getBuiltinModule?.('node:sea')?.isSea() === true;
}

/** Of a plain Node program. `bundleFolder`: `path.dirname(fileURLToPath(import.meta.url))` of its composition root. */
export function thisInstallation(bundleFolder: string): Installation {
  return { mode: isSingleExecutable() ? 'packaged' : 'checkout', folder: bundleFolder, platform: process.platform };
}

/** Another process of this very program. */
export function thisProgram(): Command {
  const script = process.argv[1];
  return { file: process.execPath, leading: isSingleExecutable() || script === undefined ? [] : [script] };
}

/** `bundleFolder`: of the program that asks, where that is none of those in the folder (Electron's bundle lies in its archive). */
export function resolveExecutables(installation: Installation, bundleFolder = installation.folder): Executables {
  return {
    sandbox: resolveProgram(installation, 'sandbox'),
    hrw: resolveProgram(installation, 'hrw'),
    historyThread: pathsOf(installation.platform).join(bundleFolder, 'history-thread.cjs'),
    eventMessages: pathsOf(installation.platform).join(installation.folder, 'hrw-messages.dll'),
  };
}

/** Names of the bundles, and what their single executables are called: Task Manager and `ps` show the latter. */
const programNames = { sandbox: 'Orchestrator.Sandbox', hrw: 'hrw' } as const;

function resolveProgram({ mode, folder, platform }: Installation, bundle: keyof typeof programNames): Command {
  const paths = pathsOf(platform);
  if (mode === 'checkout') return { file: checkoutNode(folder, platform), leading: [paths.join(folder, `${bundle}.cjs`)] };
  return { file: paths.join(folder, programNames[bundle] + (platform === 'win32' ? '.exe' : '')), leading: [] };
}

/** The application with tray and window. An installation need not have it. */
export function resolveApplication({ mode, folder, platform }: Installation): Command {
  const paths = pathsOf(platform);
  // Prepared and built first, where that is needed.
  if (mode === 'checkout')
    return { file: checkoutNode(folder, platform), leading: [paths.join(folder, '..', 'scripts', 'run.mjs'), 'app'] };
  // The programs lie in `bin` of its resources; named as electron-builder.yml names it.
  const name = platform === 'win32' ? 'Hybrid Runbook Worker.exe' : 'hybrid-runbook-worker';
  return { file: paths.join(folder, '..', '..', name), leading: [] };
}

function checkoutNode(folder: string, platform: NodeJS.Platform): string {
  return pathsOf(platform).join(folder, '..', 'node_modules', 'node', 'bin', platform === 'win32' ? 'node.exe' : 'node');
}

function pathsOf(platform: NodeJS.Platform): path.PlatformPath {
  return platform === 'win32' ? path.win32 : path.posix;
}
