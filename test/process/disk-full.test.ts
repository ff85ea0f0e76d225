/** No room, or no right, to write: whatever meets it waits, says so, and goes on when it can. Nothing ends by it, nothing is lost. */
import path from 'node:path';
import { createPrivateKey, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readJournal, summarizeJournal } from '../../src-main/journal/journal-reader.ts';
import { JournalWriter } from '../../src-main/journal/journal-writer.ts';
import { reportWithoutJob } from '../../src-contract/sandbox.ts';
import { systemClock } from '../../src-main/engine/clock.ts';
import { finishAttempt } from '../../src-main/launcher/finish-attempt.ts';
import { dataLayout } from '../../src-main/storage/layout.ts';
import { collectBundle } from '../../src-main/support-bundle/contents.ts';
import { writeBundle } from '../../src-main/support-bundle/write-bundle.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { FakeFinishingService } from '../fakes/finishing-service.ts';
import { packEntries, zipEntries } from '../fakes/pack-builder.ts';
import { ScriptedJrds } from '../fakes/scripted-jrds.ts';
import { provokes } from '../harness/provokes.ts';
import { endedWell, runSandbox, until } from '../harness/sandbox-process.ts';
import { smallDisk } from '../harness/small-disk.ts';
import { accountName, makeAccount, publishRunbook, startService, waitFor, workspaceName } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { TestWorker } from '../harness/worker-in-process.ts';

const beginning = { jobId: 'job', sandboxId: 'sandbox', attempt: 1, runbookName: 'Fill', runbookKind: 'Bash' };
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.min(milliseconds, 20)));

async function textsOf(file: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const frame of readJournal(file)) texts.push(...frame.records.map((record) => record.text));
  return texts;
}

describe('a journal on a disk that is full or read-only', () => {
  it('is begun when it can be, and says meanwhile what it waits for', async (context) => {
    const disk = await smallDisk(context, 256);
    disk.setReadOnly(true);
    const troubles: (string | null)[] = [];
    const file = path.join(disk.folder, 'job', 'sandbox.journal');
    const options = {
      path: file,
      now: () => new Date(),
      delay: sleep,
      onTrouble: (trouble: string | null) => void troubles.push(trouble),
    };
    const creating = JournalWriter.create(options, beginning);
    await until('the trouble', () => troubles.length > 0);
    expect(troubles[0]).toMatch(/EROFS|ENOENT/);
    disk.setReadOnly(false);
    const writer = await creating;
    expect(troubles.at(-1)).toBeNull();
    writer.append({ stream: 'Output', text: 'one' });
    await writer.end({ outcome: 'completed', reason: '', exitCode: 0 });
    expect(await textsOf(file)).toEqual(['one']);
  });

  it('waits no longer than its attempt is wanted', async (context) => {
    const disk = await smallDisk(context, 256);
    disk.setReadOnly(true);
    const file = path.join(disk.folder, 'job', 'sandbox.journal');
    const creating = JournalWriter.create(
      { path: file, now: () => new Date(), delay: sleep },
      beginning,
      AbortSignal.timeout(100),
    );
    await expect(creating).rejects.toThrow(/EROFS|ENOENT/);
  });

  it('keeps every record that came while nothing could be written, in order', async (context) => {
    const disk = await smallDisk(context, 512);
    const troubles: (string | null)[] = [];
    const file = path.join(disk.folder, 'sandbox.journal');
    const writer = await JournalWriter.create(
      { path: file, now: () => new Date(), delay: sleep, onTrouble: (trouble) => void troubles.push(trouble) },
      beginning,
    );
    const texts = Array.from({ length: 200 }, (_, index) => `line ${String(index)} ${'x'.repeat(400)}`);
    for (const text of texts.slice(0, 50)) writer.append({ stream: 'Output', text });
    await writer.flush();
    disk.fill();
    for (const text of texts.slice(50)) writer.append({ stream: 'Output', text });
    const ending = writer.end({ outcome: 'completed', reason: '', exitCode: 0 });
    await until('the trouble', () => troubles.some((trouble) => trouble?.includes('ENOSPC') === true));
    disk.empty();
    await ending;
    expect(await textsOf(file)).toEqual(texts);
    expect(await summarizeJournal(file)).toMatchObject({ damaged: null, recordCount: 200, end: { outcome: 'completed' } });
  });

  it('of a dead sandbox is finished when its disk can be written again, and the service is told once', async (context) => {
    const disk = await smallDisk(context, 256);
    const file = path.join(disk.folder, 'job', 'sandbox.journal');
    const writer = await JournalWriter.create({ path: file, now: () => new Date(), delay: sleep }, beginning);
    writer.append({ stream: 'Output', text: 'one' });
    await writer.close();
    disk.setReadOnly(true);
    const service = new FakeFinishingService();
    const troubles: (string | null)[] = [];
    const launch = {
      sandboxId: 'sandbox',
      groupName: 'lab',
      pickedUpAt: '',
      jrdsUri: '',
      accountId: '',
      process: null,
      warmFolder: null,
    };
    const finishing = finishAttempt({
      launch,
      report: deadReport(file),
      jobId: 'job',
      journalsFolder: disk.folder,
      seen: 'killed by a test',
      processesLeft: 0,
      now: () => new Date(),
      sleep,
      retryDelayMs: () => 20,
      connectService: () => Promise.resolve({ service, close: () => undefined }),
      onProgress: ({ uploadTrouble }) => void troubles.push(uploadTrouble),
      signal: new AbortController().signal,
    });
    await until('the trouble', () => troubles.some((trouble) => trouble?.includes('EROFS') === true));
    expect(service.ends).toEqual([]);
    disk.setReadOnly(false);
    expect(await finishing).toMatchObject({ outcome: 'sandbox-crashed', recordCount: 1, verified: true });
    expect(service.ends).toHaveLength(1);
  });
});

describe('a sandbox whose journals’ disk is full', () => {
  it('waits with its job, loses nothing that the runbook writes, and completes when there is room', async (context) => {
    const disk = await smallDisk(context, 1024);
    const script = 'for i in $(seq 400); do echo "line $i"; sleep 0.002; done';
    const jrds = await ScriptedJrds.start({ job: { kind: 'Bash', script } });
    onTestFinished(() => jrds.close());
    disk.fill();
    const sandbox = await runSandbox(jrds, { journalsFolder: disk.folder });
    await until('the job to be loaded', async () => (await sandbox.state()).phase !== 'starting');
    disk.empty();
    await until('some records', () => jrds.recordCount > 20);
    disk.fill();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await sandbox.state()).phase).not.toBe('ended');
    disk.empty();
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.records.map((record) => record.text)).toEqual(
      Array.from({ length: 400 }, (_, index) => `line ${String(index + 1)}`),
    );
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'completed', recordCount: 400 });
  });
});

describe('an engine whose whole data folder is on a full disk', () => {
  it('says so, ends by nothing, and runs jobs again when there is room', async (context) => {
    const disk = await smallDisk(context, 24 * 1024);
    const service = await startService(path.join(await tempFolder(), 'service'));
    onTestFinished(() => service.stop());
    const account = await makeAccount(service);
    await publishRunbook(service, 'say', 'Bash', 'echo said\n');
    const dataFolder = path.join(disk.folder, 'worker');
    mkdirSync(dataFolder, { mode: 0o700 });
    const worker = await TestWorker.start(dataFolder);
    onTestFinished(() => worker.close());
    await worker.connect(service, account);
    await worker.register(account, 'small');
    await worker.when('a ready worker', (state) => state.status === 'ready');

    disk.fill();
    const jobName = randomUUID();
    await service.rest.call('jobs:start', {
      params: { accountName, jobName },
      body: { runbook: { name: 'say' }, runOn: 'small' },
    });
    await worker.when('the problem', (state) => state.problems.some((one) => one.code === 'sandbox-not-started'));
    await worker.when('the word about room', (state) => state.problems.some((one) => one.code === provokes('disk-space-low')));
    // It does not empty the queue of its group: what is queued from now on stays queued.
    await worker.when('no more work', (state) => state.status === 'unable');
    await worker.when('why', (state) => state.problems.some((one) => one.code === provokes('sandbox-folder-unusable')));
    const queued = Array.from({ length: 3 }, () => randomUUID());
    const look = (name: string) => service.rest.call('jobs:get', { params: { accountName, jobName: name } });
    for (const name of queued)
      await service.rest.call('jobs:start', {
        params: { accountName, jobName: name },
        body: { runbook: { name: 'say' }, runOn: 'small' },
      });
    await new Promise((resolve) => setTimeout(resolve, 8000));
    for (const name of queued)
      expect(await look(name)).toMatchObject({ attempts: [], waitingReason: 'the only worker is unable to start a sandbox' });
    disk.empty();

    const end = (name: string) =>
      waitFor('the end of a job', 150, async () => {
        const now = await look(name);
        return now.endTime === null ? undefined : now;
      });
    for (const name of [jobName, ...queued]) expect(await end(name)).toMatchObject({ status: 'Completed', verified: true });
    for (const name of queued) expect(await look(name)).toMatchObject({ attempts: [{ outcome: 'completed' }] });
    await worker.when('no problem', (state) => state.problems.length === 0 && state.status === 'ready', 30);
  }, 240_000);
});

/** Path below the folder → content. Without what begins with a dot: packs on their way, which are tried again all the time. */
function filesOf(folder: string, ...parts: string[]): Record<string, string> {
  const entries = parts.flatMap((part) => readdirSync(path.join(folder, part), { recursive: true, withFileTypes: true }));
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const named = files
    .map((file) => [path.relative(folder, file), file] as const)
    .filter(([name]) => !name.includes(`${path.sep}.`));
  return Object.fromEntries(named.map(([name, file]) => [name, readFileSync(file, 'base64')]));
}

describe('an engine that is asked to keep something on a full disk', () => {
  it('says so, leaves what was there as it was, and keeps it when there is room', async (context) => {
    const disk = await smallDisk(context, 24 * 1024);
    const service = await startService(path.join(await tempFolder(), 'service'));
    onTestFinished(() => service.stop());
    const account = await makeAccount(service);
    const gate = path.join(await tempFolder(), 'gate');
    onTestFinished(() => {
      writeFileSync(gate, '');
    });
    await publishRunbook(service, 'wait', 'Bash', 'echo begun; while [ ! -e "$1" ]; do sleep 0.05; done; seq 200\n');
    const { rest } = service;
    const publisher = createPrivateKey(readFileSync('.keys/publisher.key.pem'));
    const parts = { name: 'Sample', version: '1.0.0', folder: 'Sample', files: { 'a.bin': randomBytes(200_000) } };
    await rest.call('packs:publish', { body: await zipEntries(packEntries(parts, publisher)) });
    const dataFolder = path.join(disk.folder, 'worker');
    mkdirSync(dataFolder, { mode: 0o700 });
    // It looks at its disk, and tries again, more often than it would.
    const shorter = (milliseconds: number, signal: AbortSignal) => systemClock.sleep(Math.min(milliseconds, 500), signal);
    const worker = await TestWorker.start(dataFolder, { clock: { ...systemClock, sleep: shorter } });
    onTestFinished(() => worker.close());
    await worker.connect(service, account);
    await worker.when('the pack', (state) => state.packs.length > 0);
    const layout = dataLayout(dataFolder);
    // What is removed makes room.
    const noPackOnItsWay = () =>
      waitFor('the archive’s end', 10, () => readdirSync(layout.packsFolder).every((name) => !name.startsWith('.')) || undefined);
    await noPackOnItsWay();
    const kept = () => ({
      ...filesOf(dataFolder, 'secrets', 'AzureAutomationFiles', 'control'),
      settings: readFileSync(layout.settingsFile, 'utf8'),
    });

    disk.fill();
    const before = kept();
    expect(await worker.refusal('settings:change', { limit: 7 })).toBe('data-folder-unusable');
    expect((await worker.ask('settings:get', {})).limit).toBeNull();
    const request = { groupName: 'small', endpoint: account.endpoint, token: account.accountKey };
    disk.fill();
    expect(await worker.refusal('registration:register', request)).toBe('data-folder-unusable');
    const { registration, status } = await worker.state();
    expect([registration, status]).toEqual([null, 'connected']);
    const workers = () => rest.call('workers:list', { params: { accountName, groupName: 'small' } });
    expect((await workers()).value).toEqual([]);
    const zip = path.join(disk.folder, 'support.zip');
    const bundle = await collectBundle((name, given) => worker.call(name, given), new Date());
    disk.fill();
    expect(await failureOf(writeBundle(zip, bundle, new Date()))).toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('ENOSPC') as string,
    });
    expect(readdirSync(disk.folder).sort()).toEqual(['ballast', 'worker']);
    await rest.call('workspaces:add-pack', { params: { workspace: workspaceName, packName: 'Sample' }, body: {} });
    const told = await worker.when('the word about the pack', (state) => state.problems.length > 1, 40);
    expect(told.problems.map(({ text }) => text).join('\n')).toMatch(/ENOSPC/);
    expect(kept()).toEqual(before);

    disk.empty();
    await worker.ask('settings:change', { limit: 7 });
    expect(JSON.parse(readFileSync(layout.settingsFile, 'utf8'))).toMatchObject({ limit: 7 });
    expect(await writeBundle(zip, bundle, new Date())).toBeGreaterThan(1000);
    await worker.when('the pack', (state) => state.packs.some(({ name }) => name === 'Sample'), 60);
    await noPackOnItsWay();
    await worker.register(account, 'small');
    await worker.when('a ready worker', (state) => state.status === 'ready' && state.problems.length === 0, 60);
    expect((await workers()).value).toHaveLength(1);

    // A job that ends while its journal, its summary and the history cannot be written.
    const jobName = randomUUID();
    const body = { runbook: { name: 'wait' }, parameters: { Gate: gate }, runOn: 'small' };
    await rest.call('jobs:start', { params: { accountName, jobName }, body });
    await waitFor('the first record', 30, async () => {
      const [running] = await worker.ask('jobs:running', {});
      return running?.recordCount === 1 ? running : undefined;
    });
    disk.fill();
    writeFileSync(gate, '');
    await worker.when('the word about room', (state) => state.problems.some((one) => one.code === 'disk-space-low'), 60);
    disk.empty();
    await worker.when('the end', (state) => state.running === 0 && state.problems.length === 0, 90);
    const history = await worker.ask('jobs:list', { limit: 10, before: null, outcome: null, runbookName: null });
    expect(history.jobs).toMatchObject([{ jobId: jobName, outcome: 'completed', recordCount: 201, verified: true }]);
  }, 240_000);
});

describe('a service whose disk is full', () => {
  it('says so to whoever asks it to write, and loses no record of the jobs that run meanwhile', async (context) => {
    const disk = await smallDisk(context, 48 * 1024);
    const service = await startService(path.join(disk.folder, 'service'));
    onTestFinished(() => service.stop());
    const account = await makeAccount(service);
    await publishRunbook(service, 'talk', 'Bash', 'for i in $(seq 300); do echo "line $i"; sleep 0.02; done');
    const worker = await TestWorker.start(path.join(await tempFolder(), 'worker'));
    onTestFinished(() => worker.close());
    await worker.connect(service, account);
    await worker.register(account, 'small');
    await worker.when('a ready worker', (state) => state.status === 'ready');
    const startJob = (jobName: string) =>
      service.rest.call('jobs:start', { params: { accountName, jobName }, body: { runbook: { name: 'talk' }, runOn: 'small' } });
    const jobOf = (jobName: string) => service.rest.call('jobs:get', { params: { accountName, jobName } });
    const [running, refused] = [randomUUID(), randomUUID()];
    await startJob(running);
    await waitFor('the first records', 30, async () => ((await jobOf(running)).attempts[0]?.recordCount ?? 0) > 0 || undefined);

    disk.fill();
    const answer = await startJob(refused).catch((error: unknown) => error);
    expect(answer).toMatchObject({ status: 503, code: provokes('storage-unavailable') });
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect((await jobOf(running)).endTime).toBeNull();
    disk.empty();

    await startJob(refused);
    for (const jobName of [running, refused]) {
      const ended = await waitFor('the end of the job', 90, async () => {
        const now = await jobOf(jobName);
        return now.endTime === null ? undefined : now;
      });
      expect(ended).toMatchObject({ status: 'Completed', verified: true });
      expect(ended.attempts.map(({ recordCount }) => recordCount)).toEqual([300]);
    }
  }, 180_000);
});

function deadReport(journal: string): Parameters<typeof finishAttempt>[0]['report'] {
  return {
    ...reportWithoutJob,
    contractVersion: 1,
    sandboxId: 'sandbox',
    process: { bootId: 'boot', pid: 1, startTime: '1' },
    controlAddress: '',
    phase: 'running',
    since: '',
    jobId: 'job',
    runbookName: 'Fill',
    kind: 'Bash',
    attempt: 1,
    journalPath: journal,
    recordCount: 1,
  };
}
