/** Builds and starts the application with a fake worker, in its main process or attached to: everything but the engine is real. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { _electron, type ElectronApplication, type Page } from 'playwright';
import { electronSwitches, outFolder, root } from '../../../scripts/paths.mjs';
import type { Role } from '../../../src-contract/engine-calls.ts';
import { FakeEngine } from '../../fakes/window/fake-engine.ts';
import type { FakeService } from '../../fakes/window/fake-service.ts';
import type { FakeWorker } from '../../fakes/window/fake-worker.ts';
import { beginNow } from '../../fakes/window/samples.ts';
import { scenarios, type ScenarioName } from '../../fakes/window/scenarios.ts';
import { test as base, type EngineMode } from './engine-mode.ts';

export interface FakeAppOptions {
  scenario: ScenarioName;
  place?: string;
  colorScheme?: 'light' | 'dark';
  size?: { width: number; height: number };
  /** Only where it is attached: what the person's key admits to. */
  role?: Role;
  /** Only where it is attached: the worker begins when the test says so. */
  late?: boolean;
}

export interface FakeApp {
  app: ElectronApplication;
  page: Page;
  dataFolder: string;
  /** Leads the window to another place, as a link in it would. */
  open: (place: string) => Promise<void>;
  /** The worker in another process; undefined where it is in the application. */
  engine: FakeEngine | undefined;
  /** Calls a method of the fake worker, wherever it is. */
  worker: <Name extends WorkerMethod>(name: Name, ...given: Parameters<FakeWorker[Name]>) => Promise<void>;
  /** Calls a method of the fake service in the main process, and answers what it does. */
  service: <Name extends 'changeJob' | 'write' | 'break' | 'bodiesOf'>(
    name: Name,
    ...given: Parameters<FakeService[Name]>
  ) => Promise<ReturnType<FakeService[Name]>>;
  /** The calls that the window made so far. */
  calls: (name: string) => Promise<unknown[]>;
  /** Titles of what the person was told by notifications. */
  notices: () => Promise<string[]>;
  trayLabels: () => Promise<string[]>;
  pressInTray: (label: string) => Promise<void>;
  close: () => Promise<void>;
}

type WorkerMethod = 'change' | 'changeJob' | 'startJob' | 'write' | 'print' | 'log' | 'set' | 'keep' | 'end';

/** What main.ts of the fake application puts on `globalThis`. */
interface TestHandles {
  fakeWorker: FakeWorker;
  fakeService: FakeService;
  notices: { title: string }[];
  trayMenu: { items: { label: string; enabled: boolean; click: () => void }[] } | undefined;
}

let built: Promise<string> | undefined;

/** Beside the other caches, as Electron loads it while tests come and go. */
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

/** How the application is started; also a second time, on the same folder. */
export async function launchOptions({ scenario, place = '' }: FakeAppOptions, dataFolder: string, engine: EngineMode) {
  built ??= buildFakeApp();
  const executablePath = process.env['HRW_TEST_ELECTRON'];
  if (executablePath === undefined) throw new Error('HRW_TEST_ELECTRON names no Electron: run npm test');
  const environment = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    executablePath,
    args: [...electronSwitches(), await built, '--data', dataFolder, ...(place === '' ? [] : [place])],
    env: {
      ...Object.fromEntries(environment),
      HRW_TEST_SCENARIO: scenario,
      HRW_TEST_ENGINE: engine,
      HRW_TEST_PROGRAM: outFolder,
      XDG_CONFIG_HOME: dataFolder,
    },
  };
}

export async function startFakeApp(options: FakeAppOptions, mode: EngineMode): Promise<FakeApp> {
  const { scenario, role = 'administrator', late = false, colorScheme = 'light', size } = options;
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'hrw-window-'));
  beginNow();
  const engine = mode === 'own' ? undefined : new FakeEngine({ dataFolder, scenario: scenarios[scenario](), role });
  if (!late) await engine?.begin();
  const app = await _electron.launch({ ...(await launchOptions(options, dataFolder, mode)), colorScheme });
  const page = await app.firstWindow();
  // Still, so that nothing is looked at halfway; what moves is moved by tests that say so.
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
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
    dataFolder,
    engine,
    open: async (place) => {
      await page.evaluate((wanted) => (location.hash = `#/${wanted}`), place);
      await page.getByRole('heading', { level: 1 }).waitFor();
    },
    worker: async (name, ...given) => {
      if (engine !== undefined) {
        if (name === 'end') await engine.end();
        else (engine.worker[name] as (...all: unknown[]) => void).apply(engine.worker, given);
        return;
      }
      await app.evaluate(
        (_electron, [method, values]) => {
          const { fakeWorker } = (globalThis as unknown as { testHandles: TestHandles }).testHandles;
          (fakeWorker[method] as (...all: unknown[]) => void).apply(fakeWorker, values);
        },
        [name, given] as [WorkerMethod, unknown[]],
      );
    },
    service: (name, ...given) =>
      app.evaluate(
        (_electron, [method, values]) => {
          const { fakeService } = (globalThis as unknown as { testHandles: TestHandles }).testHandles;
          return (fakeService[method as 'write'] as (...all: unknown[]) => never).apply(fakeService, values);
        },
        [name, given] as [string, unknown[]],
      ),
    calls: async (name) => {
      if (engine !== undefined) return engine.worker.calls.filter((call) => call.name === name).map((call) => call.given);
      return app.evaluate((_electron, wanted) => {
        const { fakeWorker } = (globalThis as unknown as { testHandles: TestHandles }).testHandles;
        return fakeWorker.calls.filter((call) => call.name === wanted).map((call) => call.given);
      }, name);
    },
    notices: () =>
      app.evaluate(() => (globalThis as unknown as { testHandles: TestHandles }).testHandles.notices.map(({ title }) => title)),
    trayLabels: () =>
      app.evaluate(() => {
        const { trayMenu } = (globalThis as unknown as { testHandles: TestHandles }).testHandles;
        return trayMenu?.items.map((item) => item.label).filter((label) => label !== '') ?? [];
      }),
    pressInTray: (label) =>
      app.evaluate((_electron, wanted) => {
        const { trayMenu } = (globalThis as unknown as { testHandles: TestHandles }).testHandles;
        const item = trayMenu?.items.find((one) => one.label === wanted);
        if (item?.enabled !== true) throw new Error(`the tray has no ${wanted} to press`);
        item.click();
      }, label),
    close: async () => {
      await app.close();
      await engine?.end();
      await rm(dataFolder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A test that starts applications and never leaves one behind. */
export const test = base.extend<{ start: (options: FakeAppOptions) => Promise<FakeApp> }>({
  start: async ({ engine }, use) => {
    const started: FakeApp[] = [];
    await use(async (options) => {
      const app = await startFakeApp(options, engine);
      started.push(app);
      return app;
    });
    for (const app of started) await app.close();
  },
});
