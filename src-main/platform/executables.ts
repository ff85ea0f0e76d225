/**
 * The programs that one of ours starts, by the way it was itself installed. The only place that knows.
 * A sandbox is always a Node program of its own, never Electron: it outlives the app, whose files may be replaced meanwhile.
 */
import path from 'node:path';

export type InstallMode =
  /** Bundles in `out`, run by the Node that the checkout brings. */
  | 'checkout'
  /** Single executables that carry their bundle, in `bin` of the installation's resources. */
  | 'packaged';

export interface Command {
  file: string;
  /** Before any argument of the caller's. */
  leading: string[];
}

export interface Executables {
  sandbox: Command;
  hrw: Command;
  /** The engine's worker thread for its history, beside the bundle that starts it. */
  historyThread: string;
  /** Folder with `runtimes/` and `icons/`: files that programs read at run time. */
  resourcesFolder: string;
}

export interface InstallFacts {
  mode: InstallMode;
  /** Checkout: the folder of the running bundle. Packaged: the installation's resources. */
  folder: string;
  platform: NodeJS.Platform;
}

export function resolveExecutables({ mode, folder, platform }: InstallFacts): Executables {
  const paths = platform === 'win32' ? path.win32 : path.posix;
  const suffix = platform === 'win32' ? '.exe' : '';
  const historyThread = paths.join(folder, 'history-thread.cjs');
  if (mode === 'packaged') {
    const program = (name: string): Command => ({ file: paths.join(folder, 'bin', name + suffix), leading: [] });
    return { sandbox: program('Orchestrator.Sandbox'), hrw: program('hrw'), historyThread, resourcesFolder: folder };
  }
  const node = checkoutNode(folder, platform);
  const program = (name: string): Command => ({ file: node, leading: [paths.join(folder, `${name}.cjs`)] });
  return { sandbox: program('sandbox'), hrw: program('hrw'), historyThread, resourcesFolder: folder };
}

/** The application with tray and window. An installation need not have it. */
export function resolveApplication({ mode, folder, platform }: InstallFacts): Command {
  const paths = platform === 'win32' ? path.win32 : path.posix;
  // Prepared and built first, where that is needed.
  if (mode === 'checkout')
    return { file: checkoutNode(folder, platform), leading: [paths.join(folder, '..', 'scripts', 'run.mjs'), 'app'] };
  // Beside the resources, named as electron-builder.yml names it.
  const name = platform === 'win32' ? 'Hybrid Runbook Worker.exe' : 'hybrid-runbook-worker';
  return { file: paths.join(folder, '..', name), leading: [] };
}

function checkoutNode(folder: string, platform: NodeJS.Platform): string {
  const paths = platform === 'win32' ? path.win32 : path.posix;
  return paths.join(folder, '..', 'node_modules', 'node', 'bin', platform === 'win32' ? 'node.exe' : 'node');
}
