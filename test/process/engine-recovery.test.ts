/** What an engine finds when it starts: jobs of its predecessor, damaged files, another owner. And what it says when a sandbox dies. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open as openFile, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../src-contract/engine-calls.ts';
import { removeSandboxFolder } from '../../src-main/launcher/sandbox-folders.ts';
import { identifyProcess } from '../../src-main/platform/process-identity.ts';
import { dataLayout, journalPath } from '../../src-main/storage/layout.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import {
  accountName,
  joinGroup,
  makeAccount,
  publishRunbook,
  startHeadlessWorker,
  startService,
  waitFor,
  type Account,
  type Service,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { TestWorker } from '../harness/worker-in-process.ts';

leftoversAreCheckedAtTheEnd();

const fixture = fileURLToPath(new URL('../fixtures/sandbox/fake-sandbox.ts', import.meta.url));
let service: Service;
let account: Account;
const workers: TestWorker[] = [];

beforeAll(async () => {
  service = await startService(path.join(await tempFolder(), 'service'));
  account = await makeAccount(service);
  await publishRunbook(
    service,
    'count',
    'Bash',
    'for i in $(seq "$2"); do echo "line $i"; done; while [ ! -e "$1" ]; do sleep 0.05; done; echo released\n',
  );
});
afterAll(() => service.stop());
afterEach(async () => {
  for (const worker of workers.splice(0)) {
    await worker.close();
    // The service starts the job of a played sandbox again: what that leaves is for an engine that does not come.
    const sandboxes = path.join(worker.dataFolder, 'sandboxes');
    for (const id of await readdir(sandboxes).catch(() => [])) await removeSandboxFolder(sandboxes, id);
  }
});

async function open(dataFolder: string, more: Parameters<typeof TestWorker.start>[1] = {}): Promise<TestWorker> {
  const worker = await TestWorker.start(dataFolder, more);
  workers.push(worker);
  return worker;
}

async function registered(groupName: string, more: Parameters<typeof TestWorker.start>[1] = {}): Promise<TestWorker> {
  const worker = await open(path.join(await tempFolder(), 'worker'), more);
  await worker.connect(service, account);
  await worker.register(account, groupName);
  return worker;
}

async function startJob(runOn: string, gate: string, lines = 3): Promise<string> {
  const jobName = randomUUID();
  const body = { runbook: { name: 'count' }, parameters: { Gate: gate, Lines: String(lines) }, runOn };
  await service.rest.call('jobs:start', { params: { accountName, jobName }, body });
  return jobName;
}

/** What everybody who follows the jobs has heard of them. */
const phasesHeard = (worker: TestWorker): string[] =>
  worker.heard.flatMap((heard) => (heard.event === 'job-changed' ? [heard.payload.phase] : []));

const jobOnService = (jobName: string) => service.rest.call('jobs:get', { params: { accountName, jobName } });
const outputOf = (jobName: string) => service.rest.call('jobs:output', { params: { accountName, jobName } });

function running(worker: TestWorker): Promise<JobView> {
  return waitFor('the running job', 20, async () =>
    (await worker.ask('jobs:running', {})).find((job) => job.phase === 'running' && job.recordCount >= 3),
  );
}

function endOf(worker: TestWorker, id: string): Promise<JobView> {
  return waitFor(`the end of ${id}`, 30, async () => {
    const answer = await worker.call('jobs:get', { id });
    return answer.ok && answer.value.phase === 'ended' ? answer.value : undefined;
  });
}

/** The job has ended on the service and nothing of it runs here any more: a sandbox would outlive the test. */
async function whenOver(worker: TestWorker, jobId: string): Promise<void> {
  await waitFor('the job’s end', 60, async () => ((await jobOnService(jobId)).endTime === null ? undefined : true));
  await worker.when('an idle worker', (state) => state.running === 0);
}

describe('an engine that was killed while a job ran', () => {
  it('leaves the job running; the next one finds it, shows its records, sees its end; nothing is lost or doubled', async () => {
    const folder = await tempFolder();
    const dataFolder = path.join(folder, 'worker');
    const gate = path.join(folder, 'gate');
    const { program, control } = await startHeadlessWorker(dataFolder, path.join(folder, 'log'));
    await joinGroup(control, service, account, 'killed');
    const jobId = await startJob('killed', gate, 500);
    const before = await waitFor('the job', 20, async () => {
      const answer = await control.call('jobs:running', {});
      return answer.ok ? answer.value.find((job) => job.phase === 'running' && job.recordCount === 500) : undefined;
    });
    await control.close();
    await program.kill();
    expect(identifyProcess(before.processId ?? 0)).toBeDefined();

    // Its lock names a dead process: it is taken over.
    expect(existsSync(path.join(dataFolder, 'engine.lock'))).toBe(true);
    const next = await open(dataFolder);
    const found = await running(next);
    expect(found).toMatchObject({
      sandboxId: before.sandboxId,
      processId: before.processId,
      recordCount: 500,
      groupName: 'killed',
    });
    const page = await next.ask('jobs:records', { sandboxId: found.sandboxId, from: 490, limit: 100 });
    expect(page.records.map((record) => record.text)).toEqual(
      Array.from({ length: 10 }, (_, index) => `line ${String(index + 491)}`),
    );
    await writeFile(gate, '');
    expect(await endOf(next, jobId)).toMatchObject({
      outcome: 'completed',
      recordCount: 501,
      acknowledgedCount: 501,
      verified: true,
    });
    const job = await jobOnService(jobId);
    expect(job).toMatchObject({ status: 'Completed' });
    expect(job.attempts).toHaveLength(1);
    expect((await outputOf(jobId)).trim().split('\n')).toEqual([
      ...Array.from({ length: 500 }, (_, index) => `line ${String(index + 1)}`),
      'released',
    ]);
    const ids = await next.eventIds();
    expect(ids.filter((id) => id === 15016)).toHaveLength(1);
    expect([3732, 5532, 3181].map((id) => ids.filter((one) => one === id).length)).toEqual([1, 1, 1]);
  });
});

describe('a sandbox that is killed', () => {
  it('is told at once, with its records kept; the service gives the job to another attempt', async () => {
    const worker = await registered('crash');
    const gate = path.join(await tempFolder(), 'gate');
    const jobId = await startJob('crash', gate);
    const job = await running(worker);
    const killedAt = performance.now();
    process.kill(job.processId ?? 0, 'SIGKILL');
    const state = await worker.when(
      'the problem',
      (now) => now.problems.some((one) => one.code === provokes('sandbox-crashed')),
      5,
    );
    expect(performance.now() - killedAt).toBeLessThan(1500);
    expect(state.problems[0]?.text).toContain('its process was ended by SIGKILL');
    expect((await worker.events()).find((event) => event.id === 3712)).toMatchObject({ level: 'Error', jobId });
    expect(await endOf(worker, job.sandboxId)).toMatchObject({ outcome: 'sandbox-crashed', recordCount: 3, verified: true });
    expect(identifyProcess(job.runtimePid ?? 0)).toBeUndefined();
    await writeFile(gate, '');
    const seen = await waitFor('the job’s end', 60, async () => {
      const now = await jobOnService(jobId);
      return now.endTime === null ? undefined : now;
    });
    expect(seen.status).toBe('Completed');
    await whenOver(worker, jobId);
    expect(seen.attempts.map((attempt) => attempt.outcome)).toEqual(['sandbox-crashed', 'completed']);
  });

  it('together with its engine is finished by the next one', async () => {
    const folder = await tempFolder();
    const dataFolder = path.join(folder, 'worker');
    const { program, control } = await startHeadlessWorker(dataFolder, path.join(folder, 'log'));
    await joinGroup(control, service, account, 'both');
    const gate = path.join(folder, 'gate');
    const jobId = await startJob('both', gate);
    const job = await waitFor('the job', 20, async () => {
      const answer = await control.call('jobs:running', {});
      return answer.ok ? answer.value.find((one) => one.phase === 'running' && one.recordCount === 3) : undefined;
    });
    await control.close();
    await program.kill();
    process.kill(job.processId ?? 0, 'SIGKILL');
    expect(identifyProcess(job.runtimePid ?? 0)).toBeDefined();
    const next = await open(dataFolder);
    expect(await endOf(next, job.sandboxId)).toMatchObject({ outcome: 'sandbox-crashed', verified: true });
    // What its runbook had started (the shell and what it waits with) and its folder are gone, and that is said.
    expect(identifyProcess(job.runtimePid ?? 0)).toBeUndefined();
    const removed = await waitFor('the word about what was removed', 10, async () => {
      const said = (await next.events()).filter(({ id, message }) => id === 120 && message.includes(job.sandboxId));
      return said.length === 2 ? said.map(({ message }) => message) : undefined;
    });
    expect(removed[0]).toMatch(/^Left of an earlier run, and removed: [12] of the processes of sandbox \S+’s job\.$/);
    expect(removed[1]).toMatch(/removed: the folder of sandbox \S+, whose process had ended while no engine ran\.$/);
    expect(existsSync(path.join(dataFolder, 'sandboxes', job.sandboxId))).toBe(false);
    await writeFile(gate, '');
    expect((await next.ask('jobs:records', { sandboxId: job.sandboxId, from: 0, limit: 10 })).recordCount).toBe(3);
    expect(await next.eventIds()).toContain(3712);
    await whenOver(next, jobId);
  });
});

describe('what a sandbox says becomes what a person sees', () => {
  const sandbox = { file: process.execPath, leading: [fixture, 'runs'] };
  const tell = (worker: TestWorker, job: JobView, what: string): Promise<void> =>
    writeFile(path.join(worker.dataFolder, 'sandboxes', job.sandboxId, `do-${what}`), '');

  it('records that wait for the service are a problem as long as they wait', async () => {
    const worker = await registered('stuck', { sandbox });
    await startJob('stuck', '/nowhere');
    const job = await running(worker);
    await tell(worker, job, 'stuck');
    const state = await worker.when('the problem', (now) => now.problems.length > 0);
    expect(state.problems).toMatchObject([{ code: provokes('records-missing'), details: { jobId: job.jobId, missing: 2 } }]);
    await tell(worker, job, 'end');
    await worker.when('its end', (now) => now.problems.length === 0 && now.running === 0);
  });

  it('a job that has almost filled its journal is a problem until it has ended', async () => {
    const worker = await registered('flood', { sandbox });
    await startJob('flood', '/nowhere');
    const job = await running(worker);
    await tell(worker, job, 'flood');
    const state = await worker.when('the problem', (now) => now.problems.length > 0);
    expect(state.problems).toMatchObject([{ code: provokes('journal-quota'), details: { jobId: job.jobId } }]);
    await tell(worker, job, 'end');
    await worker.when('its end', (now) => now.problems.length === 0 && now.running === 0);
  });

  it('a journal that is damaged in the middle is shown up to there, and said', async () => {
    const worker = await registered('damaged', { sandbox });
    await startJob('damaged', '/nowhere');
    const job = await running(worker);
    await tell(worker, job, 'end');
    await endOf(worker, job.sandboxId);
    const journal = path.join(worker.dataFolder, 'journals', job.jobId, `${job.sandboxId}.journal`);
    const handle = await openFile(journal, 'r+');
    const { size } = await handle.stat();
    await handle.write(Buffer.from('XXXX'), 0, 4, Math.floor(size / 2));
    await handle.close();
    await worker.close();
    const again = await open(worker.dataFolder);
    const page = await again.ask('jobs:records', { sandboxId: job.sandboxId, from: 0, limit: 10 });
    expect(page.damaged).not.toBeNull();
    expect((await again.state()).problems.map((one) => one.code)).toContain(provokes('journal-unreadable'));
  });

  it('a sandbox that cannot be started is a problem until one can', async () => {
    const worker = await registered('no-start', { sandbox: { file: path.join(await tempFolder(), 'nothing'), leading: [] } });
    const jobId = await startJob('no-start', '/nowhere');
    const state = await worker.when('the problem', (now) => now.problems.length > 0);
    expect(state.problems).toMatchObject([{ code: 'sandbox-not-started' }]);
    expect(state).toMatchObject({ status: 'unable', running: 0 });
    expect((await worker.events()).find((event) => event.id === 3712)?.message).toContain('its program is not there');
    await waitFor('the end of what is shown', 5, () => phasesHeard(worker).includes('ended') || undefined);
    // The service is told why, long before it would give the attempt up; so is whoever looks at the jobs of this machine.
    const [attempt] = await waitFor('the attempt’s end', 10, async () => {
      const { attempts } = await jobOnService(jobId);
      return attempts[0]?.outcome === null ? undefined : attempts;
    });
    const why = 'its sandbox could not be started: its program is not there';
    expect(attempt).toMatchObject({ outcome: 'never-started', reason: why, recordCount: 0, verified: true });
    const view = await endOf(worker, attempt?.sandboxId ?? '');
    expect(view).toMatchObject({ jobId, runbookName: 'count', outcome: 'never-started', outcomeReason: why });
    const folder = path.join(worker.dataFolder, 'sandboxes', view.sandboxId);
    await waitFor('the removal of its folder', 5, () => (existsSync(folder) ? undefined : true));
  });

  it('a stop of a job whose sandbox has not spoken yet says that it is starting, not that it has ended', async () => {
    const worker = await registered('silent', { sandbox: { file: process.execPath, leading: [fixture, 'silent'] } });
    await startJob('silent', '/nowhere');
    const starting = await waitFor('the sandbox', 20, async () => (await worker.ask('jobs:running', {}))[0]);
    expect(await worker.refusal('jobs:stop', { sandboxId: starting.sandboxId })).toBe(provokes('job-starting'));
  });

  it('a sandbox that dies before it has a job is shown as running no more', async () => {
    const worker = await registered('jobless', { sandbox: { file: process.execPath, leading: [fixture, 'jobless'] } });
    await startJob('jobless', '/nowhere');
    await waitFor('the end of what is shown', 20, () => phasesHeard(worker).includes('ended') || undefined);
    expect((await worker.events()).some((event) => event.message.includes('ended before it had taken its job'))).toBe(true);
  });
});

describe('files that killed writers have left', () => {
  it('are removed at the start and said; of those that kept an ended job’s folder nothing is left', async () => {
    const dataFolder = path.join(await tempFolder(), 'worker');
    const worker = await open(dataFolder);
    await worker.close();
    const layout = dataLayout(dataFolder);
    await mkdir(path.join(layout.journalsFolder, 'j1'));
    const left = [
      path.join(layout.secretsFolder, 'worker.key.pem.0123456789ab.new'),
      path.join(layout.sandboxesFolder, '.probe-12345678'),
      `${layout.engineLock}.of-${Buffer.from('["another boot",1,"1","2026-11-23T14:00:00Z","app"]').toString('base64url')}`,
      path.join(layout.journalsFolder, 'j1', 's1.attempt.json.0123456789ab.new'),
    ];
    for (const file of left) await writeFile(file, 'torn');
    const next = await open(dataFolder);
    await waitFor('the last of them', 10, () => (left.every((file) => !existsSync(file)) ? true : undefined));
    expect(existsSync(path.join(layout.journalsFolder, 'j1'))).toBe(false);
    const said = await waitFor('what is said', 10, async () => {
      const events = (await next.events()).filter(({ id }) => id === 120);
      return events.length === 2 ? events.map(({ message }) => message).join('\n') : undefined;
    });
    for (const file of left) expect(said).toContain(path.relative(dataFolder, file));
  });
});

describe('files that cannot be read', () => {
  it('settings: the worker runs on with defaults, and its registration is kept', async () => {
    const worker = await registered('settings');
    await worker.ask('settings:change', { limit: 7 });
    await worker.close();
    await writeFile(path.join(worker.dataFolder, 'settings.json'), '{"version":1,"lim');
    const again = await open(worker.dataFolder);
    const state = await again.when('the service', (now) => now.status === 'ready');
    expect(state.registration?.groupName).toBe('settings');
    expect(state.problems).toMatchObject([{ code: provokes('settings-unreadable') }]);
    expect((await again.ask('settings:get', {})).limit).toBeNull();
    expect((await readdir(worker.dataFolder)).some((name) => name.startsWith('settings.json.unreadable-'))).toBe(true);
  });

  it('settings and the copy of the registration: the worker says that it is connected to nothing now', async () => {
    const worker = await open(path.join(await tempFolder(), 'worker'));
    await worker.ask('settings:change', { limit: 7 });
    await worker.close();
    const layout = dataLayout(worker.dataFolder);
    for (const file of [layout.settingsFile, layout.registrationCopy]) await writeFile(file, '{"version":1,"lim');
    const again = await open(worker.dataFolder);
    const { problems, status } = await again.state();
    expect([status, problems.map((one) => one.text)]).toEqual([
      'not-connected',
      [expect.stringMatching(/connected to nothing now\.$/)],
    ]);
  });

  it('history: it is made again, whole, from what lies beside the journals', async () => {
    const worker = await registered('history');
    const gate = path.join(await tempFolder(), 'gate');
    await writeFile(gate, '');
    const first = await endOf(worker, await startJob('history', gate));
    const second = await endOf(worker, await startJob('history', gate));
    await waitFor('both folders’ removal', 10, async () =>
      (await readdir(path.join(worker.dataFolder, 'sandboxes'))).length === 0 ? true : undefined,
    );
    await worker.close();
    const file = path.join(worker.dataFolder, 'history.sqlite');
    await writeFile(file, 'this is no database '.repeat(1000));
    await rm(`${file}-wal`, { force: true });
    // One attempt has lost its summary: its journal says less, but it is not forgotten.
    await rm(path.join(worker.dataFolder, 'journals', second.jobId, `${second.sandboxId}.attempt.json`));
    const again = await open(worker.dataFolder);
    const { jobs, total } = await again.ask('jobs:list', { limit: 10, before: null, outcome: null, runbookName: null });
    expect(total).toBe(2);
    expect(jobs.find((job) => job.sandboxId === first.sandboxId)).toEqual(first);
    expect(jobs.find((job) => job.sandboxId === second.sandboxId)).toMatchObject({
      runbookName: 'count',
      outcome: 'completed',
      recordCount: 4,
    });
    expect((await again.state()).problems.map((one) => one.code)).toContain(provokes('history-unreadable'));
    expect((await readdir(worker.dataFolder)).some((name) => name.startsWith('history.sqlite.unreadable-'))).toBe(true);
  });

  it('the engine’s lock: a living owner is named, and its folder is not touched', async () => {
    const worker = await open(path.join(await tempFolder(), 'worker'));
    const lock = await readFile(path.join(worker.dataFolder, 'engine.lock'), 'utf8');
    const failure = await failureOf(TestWorker.start(worker.dataFolder));
    expect(failure.code).toBe('engine-already-running');
    expect(failure.details).toMatchObject({ pid: process.pid });
    expect(await readFile(path.join(worker.dataFolder, 'engine.lock'), 'utf8')).toBe(lock);
    expect((await worker.state()).status).toBe('not-connected');
  });
});

describe('retention', () => {
  it('takes journals and rows of old jobs, at the next start', async () => {
    const worker = await registered('retention');
    const gate = path.join(await tempFolder(), 'gate');
    await writeFile(gate, '');
    const old = await endOf(worker, await startJob('retention', gate));
    await worker.close();
    const later = { now: () => new Date(Date.now() + 40 * 24 * 60 * 60 * 1000) };
    const { systemClock } = await import('../../src-main/engine/clock.ts');
    const again = await open(worker.dataFolder, { clock: { ...systemClock, ...later } });
    await waitFor('the housekeeping', 10, async () => ((await again.call('jobs:get', { id: old.jobId })).ok ? undefined : true));
    expect(existsSync(path.join(worker.dataFolder, 'journals', old.jobId))).toBe(false);
  });

  it('takes the oldest when all together take more than the settings give them, and says so', async () => {
    const worker = await registered('retention-size');
    const gate = path.join(await tempFolder(), 'gate');
    await writeFile(gate, '');
    const older = await endOf(worker, await startJob('retention-size', gate));
    const newer = await endOf(worker, await startJob('retention-size', gate));
    await worker.ask('settings:change', { retentionMb: 16 });
    await worker.close();
    // As if it had written so much.
    await truncate(journalPath(path.join(worker.dataFolder, 'journals'), older.jobId, older.sandboxId), 17 * 1024 * 1024);
    const again = await open(worker.dataFolder);
    await waitFor('the housekeeping', 10, async () =>
      (await again.call('jobs:get', { id: older.jobId })).ok ? undefined : true,
    );
    expect((await again.call('jobs:get', { id: newer.jobId })).ok).toBe(true);
    expect(existsSync(path.join(worker.dataFolder, 'journals', older.jobId))).toBe(false);
    const said = (await again.events()).filter((event) => event.id === 121);
    expect(said.map((event) => event.fields)).toEqual([{ removed: 1, retentionMb: 16 }]);
  });
});
