/** The window: made when it is opened, gone when it is closed. And everything it may not do. */
import path from 'node:path';
import { BrowserWindow, app, nativeTheme, type Session, type WebContents } from 'electron';
import { windowUrl } from './window-files.ts';

/** Usable from 900×600 on; smaller still shows everything, with scrollbars. */
const size = { width: 1120, height: 740, minWidth: 720, minHeight: 480 };

/** A window that ends sooner than this after it was opened would end again: it is not opened by itself. */
const shortestLifeMs = 10_000;

export interface ControlPanelWindowOptions {
  session: Session;
  preloadFile: string;
  iconsFolder: string;
  /** The renderer ended although nobody closed the window. */
  onCrash: (reason: string, mayOpenAgain: boolean) => void;
  onClosed: () => void;
}

/** For every page that this process ever has, not only our own: no other site, no other window, no embedded page. */
export function refuseStrangers(contents: WebContents): void {
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}

/** Camera, location, notifications, clipboard reading: a control panel needs none of them. */
export function refusePermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
}

export function openControlPanel(options: ControlPanelWindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    ...size,
    show: false,
    title: app.getName(),
    icon: path.join(options.iconsFolder, process.platform === 'win32' ? 'product.ico' : 'product-128.png'),
    // The colour of the page, so that opening does not flash.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#1f1f1f' : '#fafafa',
    webPreferences: {
      session: options.session,
      preload: options.preloadFile,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
      devTools: !app.isPackaged,
    },
  });
  const openedAt = performance.now();
  window.setMenuBarVisibility(false);
  window.once('ready-to-show', () => window.show());
  window.once('closed', options.onClosed);
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    // Nobody closed it.
    window.off('closed', options.onClosed);
    window.destroy();
    options.onCrash(reason, performance.now() - openedAt > shortestLifeMs);
  });
  void window.loadURL(windowUrl);
  return window;
}
