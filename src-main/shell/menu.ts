/** The application's menu. It is never seen on Windows and Linux; it gives the window its keys for editing and zooming. */
import { Menu } from 'electron';

export function setApplicationMenu(): void {
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(process.platform === 'darwin' ? [{ role: 'appMenu' as const }] : []),
      { role: 'editMenu' },
      {
        label: 'View',
        submenu: [
          { role: 'zoomIn' },
          // Without Shift, as most keyboards have it.
          { role: 'zoomIn', accelerator: 'CommandOrControl+=', visible: false, acceleratorWorksWhenHidden: true },
          { role: 'zoomOut' },
          { role: 'resetZoom' },
        ],
      },
      { label: 'Window', submenu: [{ role: 'close' }] },
    ]),
  );
}
