/** Builds and starts the application with a fake worker: everything but the engine is real. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { _electron, type ElectronApplication, type Page } from 'playwright';
import { electronSwitches, outFolder, root } from '../../../scripts/paths.mjs';
import type { ScenarioName } from '../../fakes/window/scenarios.ts';

export interface FakeApp {
  app: ElectronApplication;
  page: Page;
  /** Runs in the main process with the fake worker at hand. */
  close(): Promise<void>;
}

export interface FakeAppOptions {
  scenario: ScenarioName;
  place?: string;
  colorScheme?: 'light' | 'dark';
  size?: { width: number; height: number };
}

let built: Promise<string> | undefined;

/** Beside the other caches: a file that Electron loads has to outlive the test. */
async function buildFakeApp(): Promise<string> {
  const outfile = path.join(root, '.cache', 'fake-app', 'main.cjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/fakes/window/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    external: ['electron'],
    logLevel: 'warning',
  });
  return outfile;
}

export async function startFakeApp({ scenario, place = '', colorScheme = 'light', size }: FakeAppOptions): Promise<FakeApp> {
  built ??= buildFakeApp();
  const mainFile = await built;
  const executablePath = process.env['HRW_TEST_ELECTRON'];
  if (executablePath === undefined) throw new Error('HRW_TEST_ELECTRON names no Electron: run npm test');
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'hrw-window-'));
  const app = await _electron.launch({
    executablePath,
    args: [...electronSwitches(), mainFile, '--data', dataFolder, ...(place === '' ? [] : [place])],
    env: { ...environment(), HRW_TEST_SCENARIO: scenario, HRW_TEST_PROGRAM: outFolder },
    colorScheme,
  });
  const page = await app.firstWindow();
  if (size !== undefined) {
    await app.evaluate(
      ({ BrowserWindow }, { width, height }) => BrowserWindow.getAllWindows()[0]?.setContentSize(width, height),
      size,
    );
  }
  await page.getByRole('heading', { level: 1 }).waitFor();
  return {
    app,
    page,
    close: async () => {
      await app.close();
      await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function environment(): Record<string, string> {
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}
