/** The application as people run it: its own engine, its own data folder, nothing replaced. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { _electron, type ElectronApplication, type Page, type TestInfo } from '@playwright/test';
import { electronSwitches, root } from '../../../scripts/paths.mjs';

export interface RealApp {
  app: ElectronApplication;
  page: Page;
  /** As from the tray: ends the engine and the window, and leaves running sandboxes alone. */
  quit(): Promise<void>;
}

export async function startRealApp(dataFolder: string, place = ''): Promise<RealApp> {
  const executablePath = process.env['HRW_TEST_ELECTRON'];
  if (executablePath === undefined) throw new Error('HRW_TEST_ELECTRON names no Electron: run npm test');
  const app = await _electron.launch({
    executablePath,
    args: [...electronSwitches(), root, '--data', dataFolder, ...(place === '' ? [] : [place])],
  });
  const page = await app.firstWindow();
  await page.getByRole('heading', { level: 1 }).waitFor();
  return { app, page, quit: () => app.close() };
}

const picturesFolder = path.join(root, 'test-results', 'pictures');

/** Pictures are kept beside the report, and attached to it. */
export async function keepPicture(page: Page, testInfo: TestInfo, name: string): Promise<void> {
  await mkdir(picturesFolder, { recursive: true });
  const file = path.join(picturesFolder, `${name}.png`);
  await page.screenshot({ path: file });
  await testInfo.attach(name, { path: file, contentType: 'image/png' });
}
