/**
 * The application with a fake worker in it, or attached to one in another process: a composition root of the tests, built by
 * test/e2e/support/fake-app.ts.
 */
import path from 'node:path';
import { AppError } from '../../../src-contract/app-error.ts';
import { connectControl } from '../../../src-main/control/control-client.ts';
import { parseAppArguments } from '../../../src-main/shell/app-arguments.ts';
import { startDesktopApp } from '../../../src-main/shell/desktop-app.ts';
import { createWorkerSource } from '../../../src-main/shell/worker-source.ts';
import type { OpenedWorker, WorkerSource } from '../../../src-main/shell/worker-connection.ts';
import { ServiceClient } from '../../../src-main/rest-client/service-client.ts';
import { dataLayout } from '../../../src-main/storage/layout.ts';
import { FakeService } from './fake-service.ts';
import { FakeWorker } from './fake-worker.ts';
import { scenarios, type ScenarioName } from './scenarios.ts';

interface TestHandles {
  /** Only where it is in this process. */
  fakeWorker: FakeWorker | undefined;
  fakeService: FakeService;
  trayMenu: unknown;
  notices: unknown[];
  faults: string[];
}

const { dataFolder, place, hidden } = parseAppArguments(process.argv);
const [scenario, programFolder] = ['HRW_TEST_SCENARIO', 'HRW_TEST_PROGRAM'].map((name) => process.env[name] ?? '');
if (dataFolder === undefined || scenario === undefined || programFolder === undefined)
  throw new Error('started without its folders');

const worker = process.env['HRW_TEST_ENGINE'] === 'attached' ? undefined : new FakeWorker(scenarios[scenario as ScenarioName]());
// What a test reaches by `app.evaluate`.
const service = new FakeService();
const handles: TestHandles = { fakeWorker: worker, fakeService: service, trayMenu: undefined, notices: [], faults: [] };
Object.assign(globalThis, { testHandles: handles });

startDesktopApp({
  name: 'Hybrid Runbook Worker',
  version: '0.1.0',
  dataFolder,
  windowFolder: dataFolder,
  place,
  hidden,
  rendererFolder: path.join(programFolder, 'renderer'),
  preloadFile: path.join(programFolder, 'preload.cjs'),
  iconsFolder: path.join(programFolder, 'icons'),
  noticesFile: path.join(path.dirname(programFolder), 'THIRD-PARTY-NOTICES.md'),
  source: workerSource(dataFolder),
  openService: (_address, token) => Promise.resolve({ client: new ServiceClient(service, token), close: () => undefined }),
  onFault: (error) => handles.faults.push(String(error)),
  onNotification: (notice) => handles.notices.push(notice),
  onTrayMenu: (menu) => (handles.trayMenu = menu),
});

/** Attached as the application is: only that the lock is another's is put on, as no real engine is there to hold it. */
function workerSource(folder: string): WorkerSource {
  if (worker !== undefined) return { open: () => Promise.resolve(worker), attach: () => Promise.resolve(worker) };
  const { controlFolder, controlAddressFile } = dataLayout(folder);
  return createWorkerSource({
    openOwn: () => Promise.reject<OpenedWorker>(new AppError('engine-already-running', { owner: 'the test', pid: process.ppid })),
    connect: () => connectControl({ dataFolder: folder, controlFolder, addressFile: controlAddressFile }),
    betweenMs: 0,
  });
}
