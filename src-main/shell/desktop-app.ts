/**
 * The application: one instance a data folder, a tray icon as long as it runs, a window while somebody looks. Closing the window keeps
 * the tray; quitting ends the engine and leaves running sandboxes to themselves.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { app, clipboard, ipcMain, nativeTheme, session, type BrowserWindow, type IpcMainInvokeEvent } from 'electron';
import { ipcChannels } from '../../src-contract/ipc-channels.ts';
import { isPlace } from '../../src-contract/places.ts';
import type { Problem } from '../../src-contract/problems.ts';
import type { DesktopChoices, WindowEvent } from '../../src-contract/window-calls.ts';
import { ask, Refused } from '../../src-contract/refused.ts';
import { BundleInHand } from './bundle-in-hand.ts';
import { openControlPanel, refusePermissions, refuseStrangers } from './control-panel-window.ts';
import { setApplicationMenu } from './menu.ts';
import { chooseCertificate, chooseSavedFile } from './dialogs.ts';
import { exportList } from './export-list.ts';
import { exportTable } from './export-table.ts';
import { createNotifications, type ShownNotice } from './notifications.ts';
import { PreferencesFile } from './preferences.ts';
import { fileNameOf, saveJob } from './save-job.ts';
import { ServiceDesk, type OpenService } from './service-desk.ts';
import { autostartFolderOf, createStartAtLogon, type LogonCommand } from './start-at-logon.ts';
import { createSteadyWorker } from './steady-worker.ts';
import { systemCipher } from './system-cipher.ts';
import { TokenSafe } from './token-safe.ts';
import { followWorker } from './tray-facts.ts';
import type { TrayAction } from './tray-view.ts';
import { createWorkerTray } from './tray.ts';
import { createWindowAnswers, type Sender, type ShellAnswers } from './window-answers.ts';
import { windowUrl } from './window-files.ts';
import { registerWindowScheme, serveWindow } from './window-protocol.ts';
import type { SteadyWorker, WorkerSource } from './worker-connection.ts';

export interface DesktopAppOptions {
  name: string;
  version: string;
  dataFolder: string;
  /** Chromium's own files, and with them the lock that makes one instance: inside the data folder. It is there already. */
  windowFolder: string;
  /** Where the first window opens. */
  place: string;
  hidden: boolean;
  rendererFolder: string;
  preloadFile: string;
  iconsFolder: string;
  noticesFile: string;
  source: WorkerSource;
  /** Reaches the service itself, for what the person at this desktop does with a token of their own. */
  openService: OpenService;
  /** Writes a mistake of ours where somebody finds it. */
  onFault: (error: unknown) => void;
  /** Only a test's own composition sets it. */
  onTrayMenu?: (menu: object) => void;
  /** As above. */
  onNotification?: (notice: ShownNotice) => void;
}

/** An engine that does not end is left behind: its lock names a process that is then gone. */
const closingLimitMs = 10_000;

/** Call before the application is ready. False: another instance has this data folder and was told where to open. */
export function startDesktopApp(options: DesktopAppOptions): boolean {
  app.setName(options.name);
  app.setPath('userData', options.windowFolder);
  registerWindowScheme();
  // Lists and small charts: a graphics process would cost a second of start and its memory, and servers have no graphics card for it.
  app.disableHardwareAcceleration();
  if (!app.requestSingleInstanceLock({ place: options.place })) {
    app.quit();
    return false;
  }
  const worker = createSteadyWorker({ source: options.source, dataFolder: options.dataFolder, onFault: options.onFault });
  app.on('web-contents-created', (_event, contents) => refuseStrangers(contents));
  // Without a listener Electron would quit: the tray stays.
  app.on('window-all-closed', () => undefined);
  endWithWorker(worker);
  void app.whenReady().then(() => run(options, worker), options.onFault);
  return true;
}

function run(options: DesktopAppOptions, worker: SteadyWorker): void {
  const windowSession = session.defaultSession;
  serveWindow(windowSession, options.rendererFolder);
  refusePermissions(windowSession);
  setApplicationMenu();

  let window: BrowserWindow | undefined;
  let startPlace = options.place;

  const open = (place: string): void => {
    if (window !== undefined) {
      if (place !== '') send({ event: 'place-requested', payload: { place } });
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
      return;
    }
    startPlace = place;
    window = openControlPanel({
      session: windowSession,
      preloadFile: options.preloadFile,
      iconsFolder: options.iconsFolder,
      onClosed: () => {
        window = undefined;
        if (!isQuitting) notifications.tellOfTray();
      },
      onCrash: (reason, mayOpenAgain) => {
        options.onFault(new Error(`the window's process ended: ${reason}`));
        window = undefined;
        if (mayOpenAgain) open('');
      },
    });
  };
  const send = (event: WindowEvent): void => {
    if (window !== undefined && !window.isDestroyed()) window.webContents.send(ipcChannels.event, event);
  };
  const takeStartPlace = (): string => {
    const place = startPlace;
    startPlace = '';
    return place;
  };

  let isQuitting = false;
  app.once('before-quit', () => (isQuitting = true));
  const preferences = new PreferencesFile(options.windowFolder, options.onFault);
  nativeTheme.themeSource = preferences.appearance;
  const { iconsFolder, onNotification: onShown } = options;
  const notifications = createNotifications({ worker, preferences, iconsFolder, open, onShown });
  worker.subscribe((event) => {
    send(event);
    notifications.take(event);
  });
  const safe = new TokenSafe({ folder: options.windowFolder, cipher: systemCipher, now: () => new Date() });
  const desk = new ServiceDesk({ worker, safe, openService: options.openService });
  answerWindow({ options, worker, preferences, desk, ourWindow: () => window, takeStartPlace });
  const tray = createWorkerTray({
    iconsFolder: options.iconsFolder,
    act: (action) => void act({ action, worker, open, onRefused: notifications.tellRefusal }),
    onMenu: (menu) => options.onTrayMenu?.(menu),
  });
  const unfollow = followWorker(worker, tray.show);
  app.once('will-quit', () => {
    unfollow();
    tray.close();
    notifications.close();
    desk.close();
  });
  app.on('second-instance', (_event, _argv, _folder, handed: unknown) => open(placeHandedOver(handed)));
  app.on('activate', () => open(''));
  if (!options.hidden) open(options.place);
}

interface Pressed {
  action: TrayAction;
  worker: SteadyWorker;
  open: (place: string) => void;
  onRefused: (problem: Problem) => void;
}

async function act({ action, worker, open, onRefused }: Pressed): Promise<void> {
  switch (action.do) {
    case 'open':
      open(action.place);
      return;
    case 'pause':
    case 'resume':
    case 'drain': {
      const answer = await worker.call(`worker:${action.do}`, {});
      if (answer.ok) return;
      // Nothing was changed. Why is told where it was pressed; the window says how the worker is.
      onRefused(answer.problem);
      open('');
      return;
    }
    case 'start': {
      const problem = await worker.startHere();
      if (problem !== null) onRefused(problem);
      open('');
      return;
    }
    case 'quit':
      app.quit();
  }
}

/** Another process wrote this: only a place counts. */
function placeHandedOver(handed: unknown): string {
  const place = typeof handed === 'object' && handed !== null && 'place' in handed ? handed.place : '';
  return typeof place === 'string' && isPlace(place) ? place : '';
}

interface Answering {
  options: DesktopAppOptions;
  worker: SteadyWorker;
  preferences: PreferencesFile;
  desk: ServiceDesk;
  ourWindow: () => BrowserWindow | undefined;
  takeStartPlace: () => string;
}

function answerWindow({ options, worker, preferences, desk, ourWindow, takeStartPlace }: Answering): void {
  const atLogon = createStartAtLogon(logonCommand(options), {
    platform: process.platform,
    autostartFolder: autostartFolderOf(process.env, homedir()),
    loginItems: app,
  });
  const desktop = (): DesktopChoices => ({ startAtLogon: atLogon.isOn(), appearance: preferences.appearance });
  const bundle = new BundleInHand(worker, () => new Date());
  const shell: ShellAnswers = {
    ...desk.answers,
    'shell:start-place': () => ({ place: takeStartPlace() }),
    // Answers at once in older versions of Electron, later in newer ones.
    'shell:copy-text': async ({ text }) => {
      await clipboard.writeText(text);
      return {};
    },
    'shell:choose-certificate': () => chooseCertificate(ourWindow()),
    'shell:export-list': async (wanted) => {
      const file = await chooseSavedFile(ourWindow(), wanted.list, wanted.format);
      return file === null ? { file, rows: 0 } : { file, rows: await exportList(worker, wanted, file) };
    },
    'shell:export-table': async (wanted) => {
      const file = await chooseSavedFile(ourWindow(), wanted.name, wanted.format);
      return file === null ? { file, rows: 0 } : { file, rows: await exportTable(wanted, file) };
    },
    'shell:save-job': async (wanted) => {
      const job = await ask(worker, 'jobs:get', { id: wanted.sandboxId });
      const file = await chooseSavedFile(ourWindow(), fileNameOf(job), wanted.format);
      return file === null ? { file, records: 0 } : { file, records: await saveJob(worker, wanted, file) };
    },
    'shell:prepare-bundle': () => bundle.prepare(),
    'shell:save-bundle': async ({ bundleId }) => {
      const file = await chooseSavedFile(ourWindow(), bundle.fileName, 'zip');
      return file === null ? { file, bytes: 0 } : { file, bytes: await bundle.save(bundleId, file) };
    },
    'shell:notifications': () => ({ about: [...preferences.notifyAbout] }),
    'shell:notify-about': ({ about }) => {
      preferences.change({ notifyAbout: [...new Set(about)] });
      return { about: [...preferences.notifyAbout] };
    },
    'shell:desktop': () => desktop(),
    'shell:change-desktop': ({ startAtLogon, appearance }) => {
      if (startAtLogon !== undefined) atLogon.change(startAtLogon);
      if (appearance !== undefined) {
        preferences.change({ appearance });
        // The window, the menus and what Chromium draws by itself follow it.
        nativeTheme.themeSource = appearance;
      }
      return desktop();
    },
    'shell:licences': async () => ({ text: await readFile(options.noticesFile, 'utf8') }),
    'shell:start-worker': async () => {
      const problem = await worker.startHere();
      if (problem !== null) throw new Refused(problem);
      return {};
    },
    'shell:about': () => ({
      version: options.version,
      electron: process.versions.electron,
      chromium: process.versions.chrome,
      node: process.versions.node,
      attachedTo: worker.attachedTo(),
      role: worker.role() ?? null,
    }),
  };
  const onFault = (error: unknown): string => {
    const correlationId = randomUUID();
    options.onFault(new Error(`answering the window failed (${correlationId})`, { cause: error }));
    return correlationId;
  };
  const answers = createWindowAnswers({ worker, shell, windowUrl, onFault });
  const senderOf = ({ sender, senderFrame }: IpcMainInvokeEvent): Sender => ({
    url: senderFrame?.url ?? '',
    isTopFrame: senderFrame !== null && senderFrame === sender.mainFrame,
    isOurWindow: sender === ourWindow()?.webContents,
  });
  ipcMain.handle(ipcChannels.engineCall, (event, name: unknown, given: unknown) =>
    answers.engineCall(senderOf(event), name, given),
  );
  ipcMain.handle(ipcChannels.shellCall, (event, name: unknown, given: unknown) =>
    answers.shellCall(senderOf(event), name, given),
  );
}

/** As this application was started, in the tray. An AppImage's own program lies in a folder that is there only while it runs. */
function logonCommand({ name, dataFolder }: DesktopAppOptions): LogonCommand {
  const program = process.env['APPIMAGE'] ?? process.execPath;
  const leading = app.isPackaged ? [] : [app.getAppPath()];
  return { name, file: program, arguments: [...leading, '--data', dataFolder, '--hidden'] };
}

/** Quitting waits for the engine's own end; the engine's end (drained, told to quit by the command line) is ours too. */
function endWithWorker(worker: SteadyWorker): void {
  let closed = false;
  app.on('before-quit', (event) => {
    if (closed) return;
    event.preventDefault();
    const limit = setTimeout(() => app.exit(1), closingLimitMs);
    void worker.close().finally(() => {
      clearTimeout(limit);
      closed = true;
      app.quit();
    });
  });
  void worker.ownEngineEnded.then(() => app.quit());
}
