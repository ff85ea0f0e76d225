/** Programs that start, or write, while their disk is full or has a last page left: they come up, lose nothing, and are well when there is room. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { defaultSettings } from '../../src-contract/settings.ts';
import { connectControl } from '../../src-main/control/control-client.ts';
import { EventLog } from '../../src-main/logging/event-log.ts';
import { openDataFolder } from '../../src-main/storage/data-folder.ts';
import { dataLayout } from '../../src-main/storage/layout.ts';
import { openSettings } from '../../src-main/storage/settings-store.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { provokes } from '../harness/provokes.ts';
import { smallDisk, type SmallDisk } from '../harness/small-disk.ts';
import {
  accountName,
  joinGroup,
  makeAccount,
  publishRunbook,
  startHeadlessWorker,
  startService,
  waitFor,
  type Service,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { TestWorker } from '../harness/worker-in-process.ts';

const pageBytes = 4096;

/** Full but for so many pages. */
function leavePages(disk: SmallDisk, pages: number): void {
  disk.fill();
  const ballast = path.join(disk.folder, 'ballast');
  truncateSync(ballast, Math.floor(statSync(ballast).size / pageBytes) * pageBytes - pages * pageBytes);
}

interface Stage {
  disk: SmallDisk;
  service: Service;
  dataFolder: string;
  /** Starts a job that writes three lines, waits for `release`, and writes one more. */
  startJob: () => Promise<string>;
  release: () => void;
  account: Awaited<ReturnType<typeof makeAccount>>;
}

async function makeStage(context: TestContext): Promise<Stage> {
  const disk = await smallDisk(context, 24 * 1024);
  const service = await startService(path.join(await tempFolder(), 'service'));
  onTestFinished(() => service.stop());
  const account = await makeAccount(service);
  const gate = path.join(await tempFolder(), 'gate');
  const release = (): void => {
    writeFileSync(gate, '');
  };
  onTestFinished(release);
  await publishRunbook(service, 'wait', 'Bash', 'seq 3; while [ ! -e "$1" ]; do sleep 0.05; done; echo released\n');
  const dataFolder = path.join(disk.folder, 'worker');
  mkdirSync(dataFolder, { mode: 0o700 });
  const startJob = async (): Promise<string> => {
    const jobName = randomUUID();
    const body = { runbook: { name: 'wait' }, parameters: { Gate: gate }, runOn: 'small' };
    await service.rest.call('jobs:start', { params: { accountName, jobName }, body });
    return jobName;
  };
  return { disk, service, dataFolder, startJob, release, account };
}

async function open(dataFolder: string): Promise<TestWorker> {
  const worker = await TestWorker.start(dataFolder);
  onTestFinished(() => worker.close());
  return worker;
}

const running = (worker: TestWorker) =>
  waitFor('the running job', 20, async () =>
    (await worker.ask('jobs:running', {})).find((job) => job.phase === 'running' && job.recordCount >= 3),
  );

const endOn = (service: Service, jobName: string) =>
  waitFor('the job’s end', 60, async () => {
    const now = await service.rest.call('jobs:get', { params: { accountName, jobName } });
    return now.endTime === null ? undefined : now;
  });

const unreadable = (dataFolder: string): string[] => readdirSync(dataFolder).filter((name) => name.includes('unreadable'));

/** It goes on, is seen from elsewhere, holds its folder, and is well when there is room. */
async function livesThrough({ disk, service, dataFolder, release }: Stage, worker: TestWorker, jobName: string): Promise<void> {
  const { controlFolder, controlAddressFile: addressFile } = dataLayout(dataFolder);
  expect((await running(worker)).jobId).toBe(jobName);
  await worker.when('the word about room', (state) => state.problems.some((one) => one.code === 'disk-space-low'));
  const control = await connectControl({ dataFolder, controlFolder, addressFile });
  expect(await control.call('worker:state', {})).toMatchObject({ ok: true, value: { running: 1 } });
  await control.close();
  expect(await failureOf(TestWorker.start(dataFolder))).toMatchObject({
    code: 'engine-already-running',
    details: { pid: process.pid },
  });
  disk.empty();
  release();
  expect(await endOn(service, jobName)).toMatchObject({ status: 'Completed', verified: true, attempts: [{ attempt: 1 }] });
  await worker.when('a well worker', (state) => state.status === 'ready' && state.problems.length === 0, 90);
  const ended = await waitFor('the history', 30, async () => {
    const { jobs } = await worker.ask('jobs:list', {
      limit: 10,
      before: null,
      outcome: null,
      runbookName: null,
    });
    return jobs.find((job) => job.jobId === jobName && job.outcome === 'completed');
  });
  expect(ended.recordCount).toBe(4);
  expect(unreadable(dataFolder)).toEqual([]);
}

describe('an engine that starts on a full disk', () => {
  it('after one that has closed: it adopts what runs, says what is wrong, and is well when there is room', async (context) => {
    const stage = await makeStage(context);
    const first = await open(stage.dataFolder);
    await first.connect(stage.service, stage.account);
    await first.register(stage.account, 'small');
    const jobName = await stage.startJob();
    await running(first);
    await first.close();
    stage.disk.fill();
    await livesThrough(stage, await open(stage.dataFolder), jobName);
  }, 180_000);

  it('after one that was killed: likewise', async (context) => {
    const stage = await makeStage(context);
    const { program, control } = await startHeadlessWorker(stage.dataFolder, path.join(await tempFolder(), 'log'));
    await joinGroup(control, stage.service, stage.account, 'small');
    await control.call('settings:change', { warmMemoryMb: 0 });
    const jobName = await stage.startJob();
    await waitFor('the running job', 20, async () => {
      const answer = await control.call('jobs:running', {});
      return answer.ok && answer.value.some((job) => job.recordCount >= 3) ? true : undefined;
    });
    await control.close();
    await program.kill();
    stage.disk.fill();
    await livesThrough(stage, await open(stage.dataFolder), jobName);
  }, 180_000);
});

describe('settings that are written where the last pages are being taken', () => {
  it('are whole, old or new; what is held and the copy beside the secrets say the same', async (context) => {
    const disk = await smallDisk(context, 256);
    const layout = await openDataFolder(path.join(disk.folder, 'worker'));
    const now = (): Date => new Date();
    const store = await openSettings({ layout, now });
    // Three pages of settings, two of the copy: what is written first may fit where the other does not.
    const long = (letter: string) => ({
      connection: {
        workspaceId: 'w',
        workspaceName: letter.repeat(7600),
        serviceUrl: 'https://service:8443',
        trust: { kind: 'system' as const },
        proxy: { kind: 'none' as const },
        machineId: 'm',
        since: now().toISOString(),
      },
    });
    await store.change(long('a'));
    expect([statSync(layout.settingsFile).size > 2 * pageBytes, statSync(layout.registrationCopy).size < 2 * pageBytes]).toEqual([
      true,
      true,
    ]);
    const seen = { kept: 0, refused: 0 };
    for (let pages = 0; pages <= 12; pages += 1) {
      leavePages(disk, pages);
      const letter = String.fromCharCode('b'.charCodeAt(0) + pages);
      const isKept = await store.change(long(letter)).then(
        () => true,
        () => false,
      );
      seen[isKept ? 'kept' : 'refused'] += 1;
      const name = store.current.connection?.workspaceName;
      expect(name?.startsWith(letter), String(pages)).toBe(isKept);
      for (const file of [layout.settingsFile, layout.registrationCopy]) {
        const read = JSON.parse(readFileSync(file, 'utf8')) as { connection: { workspaceName: string } };
        expect(read.connection.workspaceName, `${file} with ${String(pages)} pages`).toBe(name);
      }
      expect(readdirSync(layout.folder).filter((one) => /new$|tmp-/.test(one))).toEqual([]);
      disk.empty();
    }
    expect(seen.kept).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(0);
  });

  it('of an earlier version hold as they are brought up, and stand in the file when there is room', async (context) => {
    const disk = await smallDisk(context, 128);
    const layout = await openDataFolder(path.join(disk.folder, 'worker'));
    const older = JSON.stringify({ ...defaultSettings, version: 2, limit: 3 });
    writeFileSync(layout.settingsFile, older, { mode: 0o600 });
    disk.fill();
    const store = await openSettings({ layout, now: () => new Date() });
    expect(store.current).toMatchObject({ version: 3, limit: 3 });
    expect(readFileSync(layout.settingsFile, 'utf8')).toBe(older);
    expect((await failureOf(store.change({ limit: 4 }))).code).toBe(provokes('data-folder-unusable'));
    disk.empty();
    await store.change({ limit: 5 });
    expect(JSON.parse(readFileSync(layout.settingsFile, 'utf8'))).toMatchObject({ version: 3, limit: 5 });
  });
});

describe('the event log where the last page is being taken', () => {
  it('keeps whole events alone', async (context) => {
    const disk = await smallDisk(context, 128);
    const told: string[] = [];
    const folder = path.join(disk.folder, 'logs');
    mkdirSync(folder);
    const log = new EventLog({
      folder,
      now: () => new Date(),
      onWriteFailed: () => told.push('failed'),
      onWriteRecovered: () => told.push('recovered'),
    });
    onTestFinished(() => {
      log.close();
    });
    const write = (message: string) => log.write({ name: 'workerStarted', source: 'test', message: message.padEnd(1500, '.') });
    write('before');
    leavePages(disk, 2);
    for (let count = 0; count < 10; count += 1) write('meanwhile');
    disk.empty();
    write('afterwards');
    expect(told.at(0)).toBe('failed');
    expect(told.at(-1)).toBe('recovered');
    const lines = readdirSync(folder).flatMap((name) => readFileSync(path.join(folder, name), 'utf8').trim().split('\n'));
    const messages = lines.map((line) => (JSON.parse(line) as { message: string }).message.replaceAll('.', ''));
    expect(messages.at(0)).toBe('before');
    expect(messages.at(-1)).toBe('afterwards');
    expect(messages.length).toBeLessThan(12);
  });
});
