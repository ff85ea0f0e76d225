/** The application's entry, in Electron's main process: puts the worker and the shell together. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, ipcMain } from 'electron';
import ElectronStore from 'electron-store';
import { AppError } from '../src-contract/app-error.ts';
import { connectControl } from './control/control-client.ts';
import { resolveExecutables } from './platform/executables.ts';
import { parseAppArguments } from './shell/app-arguments.ts';
import { startDesktopApp } from './shell/desktop-app.ts';
import { displayIsMissing, noDisplayMessage } from './shell/display.ts';
import type { OpenedWorker, WorkerSource } from './shell/worker-connection.ts';
import { dataLayout } from './storage/layout.ts';
import { createWorkerHost } from './worker-host.ts';
import { programVersion } from './worker-host/version.ts';

/** The bundles' folder: the window's files and the preload lie in it, in a checkout and in a package alike. */
const programFolder = path.dirname(fileURLToPath(import.meta.url));

const programName = 'Hybrid Runbook Worker';
const given = parseAppArguments(process.argv);
const dataFolder = path.resolve(given.dataFolder ?? path.join(app.getPath('appData'), programName));

if (displayIsMissing(process.env, process.platform)) {
  process.stderr.write(noDisplayMessage(given.dataFolder));
  app.exit(1);
} else {
  start();
}

function start(): void {
  const windowFolder = path.join(dataFolder, 'window');
  try {
    mkdirSync(windowFolder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const problem = new AppError('data-folder-unusable', { dataFolder, reason }).toProblem();
    process.stderr.write(`${problem.title}. ${problem.text}\n${problem.nextStep}\n`);
    app.exit(1);
    return;
  }

  const executables = resolveExecutables({
    mode: app.isPackaged ? 'packaged' : 'checkout',
    folder: app.isPackaged ? process.resourcesPath : programFolder,
    platform: process.platform,
  });
  startDesktopApp({
    name: programName,
    version: programVersion,
    dataFolder,
    windowFolder,
    place: given.place,
    hidden: given.hidden,
    rendererFolder: path.join(programFolder, 'renderer'),
    preloadFile: path.join(programFolder, 'preload.cjs'),
    iconsFolder: path.join(executables.resourcesFolder, 'icons'),
    source: workerSource(executables),
    onFault: (error) => process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`),
  });
}

function workerSource(executables: ReturnType<typeof resolveExecutables>): WorkerSource {
  const openOwn = async (): Promise<OpenedWorker> => {
    const host = await createWorkerHost({
      dataFolder,
      mode: 'app',
      executables,
      openSettingsFile: (options) => new ElectronStore(options),
    });
    // electron-store tells its defaults to any page that asks, synchronously; our window has no use for that.
    ipcMain.removeAllListeners('electron-store-get-data');
    return {
      attachedTo: 'own-engine',
      // Whoever runs the application is its administrator: the engine runs with their rights and in their name.
      call: (name, callArguments) => host.call('administrator', name, callArguments),
      subscribe: (listener) => host.subscribe(listener),
      ended: host.ended.then(() => undefined),
      close: () => host.close(),
    };
  };
  const attach = async (): Promise<OpenedWorker> => {
    const { controlFolder, controlAddressFile } = dataLayout(dataFolder);
    const client = await connectControl({ dataFolder, controlFolder, addressFile: controlAddressFile });
    return {
      attachedTo: 'other-engine',
      call: (name, callArguments) => client.call(name, callArguments),
      subscribe: (listener) => client.subscribe(listener),
      ended: client.ended,
      close: () => client.close(),
    };
  };
  return {
    attach,
    open: async () => {
      try {
        return await openOwn();
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'engine-already-running') throw error;
        // Attaching may be closed to this user: who owns the folder then says more than that.
        return attach().catch(() => Promise.reject(error));
      }
    },
  };
}
