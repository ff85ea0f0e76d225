/** The application's entry, in Electron's main process: puts the worker and the shell together. */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { app, ipcMain } from 'electron';
import ElectronStore from 'electron-store';
import type { ProxySettings } from '../src-contract/settings.ts';
import { connectControl } from './control/control-client.ts';
import { resolveExecutables } from './platform/executables.ts';
import { ServiceClient } from './rest-client/service-client.ts';
import type { ServiceRequest } from './rest-client/service-connection.ts';
import { createHttpsClient } from './service-link/https-client.ts';
import { parseAppArguments } from './shell/app-arguments.ts';
import { startDesktopApp } from './shell/desktop-app.ts';
import { displayIsMissing, noDisplayMessage } from './shell/display.ts';
import type { OpenedService, ServiceAddress } from './shell/service-desk.ts';
import type { WorkerSource } from './shell/worker-connection.ts';
import { createWorkerSource } from './shell/worker-source.ts';
import { defaultDataFolder } from './storage/default-data-folder.ts';
import { dataLayout } from './storage/layout.ts';
import { readSecretFile } from './storage/secret-files.ts';
import { createWorkerHost } from './worker-host.ts';
import { programVersion } from './worker-host/version.ts';

/** The bundles' folder: the window's files and the preload lie in it, in a checkout and in a package alike. */
const programFolder = path.dirname(fileURLToPath(import.meta.url));

const programName = 'Hybrid Runbook Worker';
const given = parseAppArguments(process.argv);
const dataFolder = path.resolve(given.dataFolder ?? usualDataFolder());

if (displayIsMissing(process.env, process.platform)) {
  process.stderr.write(noDisplayMessage(given.dataFolder));
  app.exit(1);
} else {
  start();
}

function usualDataFolder(): string {
  return defaultDataFolder({
    platform: process.platform,
    environment: process.env,
    homeFolder: homedir(),
    isPrivileged: process.getuid?.() === 0,
    exists: existsSync,
  });
}

/**
 * Chromium's own files, and with them the lock that makes one instance: inside the data folder, or, where that is somebody else's (a
 * service's, which this window then attaches to), among the user's own.
 */
function makeWindowFolder(): string {
  const inside = path.join(dataFolder, 'window');
  try {
    mkdirSync(inside, { recursive: true, mode: 0o700 });
    accessSync(inside, constants.W_OK);
    return inside;
  } catch {
    const name = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16);
    const own = path.join(app.getPath('appData'), programName, 'windows', name);
    mkdirSync(own, { recursive: true, mode: 0o700 });
    return own;
  }
}

function start(): void {
  const executables = resolveExecutables(
    {
      mode: app.isPackaged ? 'packaged' : 'checkout',
      folder: app.isPackaged ? path.join(process.resourcesPath, 'bin') : programFolder,
      platform: process.platform,
    },
    programFolder,
  );
  startDesktopApp({
    name: programName,
    version: programVersion,
    dataFolder,
    windowFolder: makeWindowFolder(),
    place: given.place,
    hidden: given.hidden,
    rendererFolder: path.join(programFolder, 'renderer'),
    preloadFile: path.join(programFolder, 'preload.cjs'),
    iconsFolder: path.join(programFolder, 'icons'),
    // Among the resources of an installation; a checkout has it beside its output.
    noticesFile: path.join(app.isPackaged ? process.resourcesPath : path.dirname(programFolder), 'THIRD-PARTY-NOTICES.md'),
    source: workerSource(executables),
    openService,
    // With its causes.
    onFault: (error) => process.stderr.write(`${inspect(error)}\n`),
  });
}

async function openService({ url, trust, proxy }: ServiceAddress, token: string): Promise<OpenedService> {
  const client = createHttpsClient({
    address: { url, trust, proxy: await withPassword(proxy) },
    userAgent: `HybridRunbookWorker/${programVersion}`,
  });
  const connection = {
    host: new URL(url).host,
    call: (request: ServiceRequest) => client.call(request),
    download: (request: ServiceRequest, write: (piece: Buffer) => Promise<void>) => client.download(request, write),
    close: client.close,
  };
  return { client: new ServiceClient(connection, token), close: client.close };
}

/** A worker that is somebody else's keeps it to itself: the proxy says then what it misses. */
async function withPassword(proxy: ProxySettings): Promise<ProxySettings> {
  if (proxy.kind !== 'manual' || proxy.userName === undefined) return proxy;
  const password = await readSecretFile(dataLayout(dataFolder).proxyPasswordFile).catch(() => undefined);
  return password === undefined ? proxy : { ...proxy, password };
}

function workerSource(executables: ReturnType<typeof resolveExecutables>): WorkerSource {
  const { controlFolder, controlAddressFile } = dataLayout(dataFolder);
  return createWorkerSource({
    openOwn: async () => {
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
        role: 'administrator',
        call: (name, callArguments) => host.call('administrator', name, callArguments),
        subscribe: (listener) => host.subscribe(listener),
        ended: host.ended.then(() => undefined),
        close: () => host.close(),
      };
    },
    connect: () => connectControl({ dataFolder, controlFolder, addressFile: controlAddressFile }),
  });
}
