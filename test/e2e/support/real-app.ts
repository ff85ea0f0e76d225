/** The application as people run it, nothing replaced: with an engine of its own, or attached to a worker that runs without a window. */
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { _electron, type ElectronApplication, type Page, type TestInfo } from '@playwright/test';
import { electronSwitches, root } from '../../../scripts/paths.mjs';
import { startHeadlessWorker, type Program } from '../../harness/stack.ts';
import type { EngineMode } from './engine-mode.ts';

export interface RealApp {
  app: ElectronApplication;
  page: Page;
  /** As from the tray, and the worker that it is attached to with it. What runs in sandboxes goes on. */
  quit(): Promise<void>;
  /** Whichever process the engine is in, with SIGKILL; a window that was attached to it is quit. */
  kill(): Promise<void>;
}

export async function startRealApp(dataFolder: string, engine: EngineMode): Promise<RealApp> {
  const executablePath = process.env['HRW_TEST_ELECTRON'];
  if (executablePath === undefined) throw new Error('HRW_TEST_ELECTRON names no Electron: run npm test');
  const worker = engine === 'own' ? undefined : await startWorker(dataFolder);
  try {
    const app = await _electron.launch({ executablePath, args: [...electronSwitches(), root, '--data', dataFolder] });
    const page = await app.firstWindow();
    await page.getByRole('heading', { level: 1 }).waitFor();
    const quit = async (): Promise<void> => {
      await app.close();
      if (worker === undefined) return;
      const ended = worker.child.exitCode ?? worker.child.signalCode;
      await worker.stop();
      if (ended !== null) throw new Error(`the worker ended with its window: ${String(ended)}`);
    };
    const kill = async (): Promise<void> => {
      if (worker !== undefined) {
        await worker.kill();
        await app.close();
        return;
      }
      const main = app.process();
      const ended = once(main, 'exit');
      main.kill('SIGKILL');
      await ended;
    };
    return { app, page, quit, kill };
  } catch (error) {
    await worker?.stop();
    throw error;
  }
}

async function startWorker(dataFolder: string): Promise<Program> {
  const { program, control } = await startHeadlessWorker(dataFolder, `${dataFolder}.log`);
  await control.close();
  return program;
}

const picturesFolder = path.join(root, 'test-results', 'pictures');

/** Pictures are kept beside the report, and attached to it. */
export async function keepPicture(page: Page, testInfo: TestInfo, name: string): Promise<void> {
  const folder = path.join(picturesFolder, testInfo.project.name);
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, `${name}.png`);
  await page.screenshot({ path: file });
  await testInfo.attach(name, { path: file, contentType: 'image/png' });
}
