/** The tray icon: shows what tray-view.ts decides, and touches Electron only where that changed. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Menu, Tray, nativeImage } from 'electron';
import { trayView, type TrayAction, type TrayFacts, type TrayIcon } from './tray-view.ts';

export interface WorkerTrayOptions {
  iconsFolder: string;
  act: (action: TrayAction) => void;
  /** Only a test's own composition sets it: nothing can click a tray. */
  onMenu?: (menu: object) => void;
}

export interface WorkerTray {
  show: (facts: TrayFacts) => void;
  close: () => void;
}

export function createWorkerTray({ iconsFolder, act, onMenu }: WorkerTrayOptions): WorkerTray {
  // Windows picks from an icon of several sizes. Linux trays are usually 22 or 24 pixels high, and on a screen of twice the density 48.
  const image = (icon: TrayIcon) => {
    const file = (ending: string): string => path.join(iconsFolder, `tray-${icon}${ending}`);
    if (process.platform === 'win32') return nativeImage.createFromPath(file('.ico'));
    const picture = nativeImage.createFromPath(file('-24.png'));
    picture.addRepresentation({ scaleFactor: 2, buffer: readFileSync(file('-48.png')) });
    return picture;
  };
  const tray = new Tray(image('offline'));
  tray.on('click', () => act({ do: 'open', place: '' }));
  let shown = { icon: '', tooltip: '', menu: '' };

  return {
    show: (facts) => {
      const view = trayView(facts);
      const menuText = JSON.stringify(view.menu);
      if (view.icon !== shown.icon) tray.setImage(image(view.icon));
      if (view.tooltip !== shown.tooltip) tray.setToolTip(view.tooltip);
      if (menuText !== shown.menu) {
        const menu = Menu.buildFromTemplate(
          view.menu
            .filter((group) => group.length > 0)
            .flatMap((group, index) => [
              ...(index === 0 ? [] : [{ type: 'separator' as const }]),
              ...group.map(({ label, action }) => ({
                label,
                enabled: action !== undefined,
                ...(action !== undefined && { click: () => act(action) }),
              })),
            ]),
        );
        tray.setContextMenu(menu);
        onMenu?.(menu);
      }
      shown = { icon: view.icon, tooltip: view.tooltip, menu: menuText };
    },
    close: () => tray.destroy(),
  };
}
