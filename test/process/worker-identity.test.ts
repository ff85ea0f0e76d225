/** A worker's identity over time: another certificate, other keys of its account, a copy of its disk. With a real service. */
import { randomUUID } from 'node:crypto';
import { copyFile, cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ProblemCode } from '../../src-contract/problems.ts';
import { systemClock } from '../../src-main/engine/clock.ts';
import { createJrdsClient, type JrdsClient } from '../../src-main/service-link/jrds-client.ts';
import {
  createMachineIdentity,
  readMachineIdentity,
  writeMachineIdentity,
  type MachineIdentity,
} from '../../src-main/service-link/machine-identity.ts';
import { dataLayout } from '../../src-main/storage/layout.ts';
import { writeShiftedClock } from '../fixtures/shifted-clock.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import {
  accountName,
  joinGroup,
  makeAccount,
  publishRunbook,
  startHeadlessWorker,
  startService,
  unwrap,
  waitFor,
  waitForState,
  workspaceName,
  type Account,
  type Service,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { TestWorker } from '../harness/worker-in-process.ts';

leftoversAreCheckedAtTheEnd();

const dayMs = 24 * 60 * 60 * 1000;
let service: Service;
let account: Account;

beforeAll(async () => {
  service = await startService(path.join(await tempFolder(), 'service'));
  account = await makeAccount(service);
});
afterAll(() => service.stop());

async function open(dataFolder?: string): Promise<TestWorker> {
  const worker = await TestWorker.start(dataFolder ?? path.join(await tempFolder(), 'data'));
  onTestFinished(() => worker.close());
  return worker;
}

async function openRegistered(groupName: string): Promise<TestWorker> {
  const worker = await open();
  await worker.connect(service, account);
  await worker.register(account, groupName);
  await worker.when('the first poll', (state) => state.status === 'ready');
  return worker;
}

function hasProblem(worker: TestWorker, code: ProblemCode, seconds = 60) {
  return worker.when(code, (state) => state.problems.some((problem) => problem.code === code), seconds);
}

/** The service as the worker of this folder calls it, with one of its certificates. */
async function clientOf(dataFolder: string, { certificatePem, privateKeyPem }: MachineIdentity): Promise<JrdsClient> {
  const settings = JSON.parse(await readFile(dataLayout(dataFolder).settingsFile, 'utf8')) as {
    registration: { jrdsUri: string; accountId: string };
    connection: { trust: { kind: 'authority'; pem: string } };
  };
  return createJrdsClient({
    address: { ...settings.registration, trust: settings.connection.trust, proxy: { kind: 'none' } },
    credential: { kind: 'worker-certificate', certificatePem, privateKeyPem },
    version: '0',
  });
}

async function presentIdentity(dataFolder: string): Promise<MachineIdentity> {
  const present = await readMachineIdentity(dataLayout(dataFolder).workerIdentity);
  if (present === undefined) throw new Error('the worker has no certificate');
  return present;
}

/** Tells the service of another certificate for the worker of this folder, as the protocol has it. */
async function announce(dataFolder: string, next: MachineIdentity): Promise<void> {
  const client = await clientOf(dataFolder, await presentIdentity(dataFolder));
  try {
    await client.rotateCertificate({ Thumbprint: next.thumbprint });
  } finally {
    client.close();
  }
}

async function machineIdOf(worker: TestWorker): Promise<string> {
  const { registration } = await worker.state();
  if (registration === null) throw new Error('it is in no group');
  return registration.machineId;
}

describe('a worker whose certificate is past half its life', () => {
  it('gets another one while it works, and is known by that from then on', async () => {
    const first = await openRegistered('half-life');
    const { dataFolder } = first;
    const machineId = await machineIdOf(first);
    const registered = (await first.state()).registration?.thumbprint;
    await first.close();
    const old = await createMachineIdentity(machineId, new Date(Date.now() - 200 * dayMs));
    await announce(dataFolder, old);
    await writeMachineIdentity(old, dataLayout(dataFolder).workerIdentity);

    const worker = await open(dataFolder);
    const changed = (
      await worker.when(
        'the new certificate',
        (state) => {
          const thumbprint = state.registration?.thumbprint;
          return thumbprint !== undefined && thumbprint !== registered && state.status === 'ready';
        },
        60,
      )
    ).registration?.thumbprint;
    const present = await readMachineIdentity(dataLayout(dataFolder).workerIdentity);
    expect(present?.thumbprint).toBe(changed);
    expect(changed).not.toBe(old.thumbprint);
    expect(present?.notAfter.getTime()).toBeGreaterThan(Date.now() + 300 * dayMs);
    expect(await readMachineIdentity(dataLayout(dataFolder).nextWorkerIdentity)).toBeUndefined();
    expect(await worker.eventIds()).toContain(15017);
    expect((await worker.state()).problems).toEqual([]);
  }, 120_000);

  it('goes on after an engine that died between announcing and using it, also when the pair on disk is torn', async () => {
    const first = await openRegistered('torn');
    const { dataFolder } = first;
    const layout = dataLayout(dataFolder);
    const next = await createMachineIdentity(await machineIdOf(first));
    await first.close();
    await announce(dataFolder, next);
    await writeMachineIdentity(next, layout.nextWorkerIdentity);
    // Half of the swap: the new key beside the old certificate.
    await copyFile(layout.nextWorkerIdentity.privateKeyFile, layout.workerIdentity.privateKeyFile);
    const worker = await open(dataFolder);
    await worker.when(
      'the new certificate',
      (state) => state.registration?.thumbprint === next.thumbprint && state.status === 'ready',
      60,
    );
    expect((await readMachineIdentity(layout.workerIdentity))?.thumbprint).toBe(next.thumbprint);
  }, 120_000);

  it('is given another one once an hour at most, also by a service whose clock is months ahead', async () => {
    const folder = await tempFolder();
    const offsetFile = path.join(folder, 'service.ahead');
    writeShiftedClock(path.join(folder, 'service.cjs'), offsetFile);
    const ahead = await startService(path.join(folder, 'service'), {
      env: { ...process.env, NODE_OPTIONS: `--require=${path.join(folder, 'service.cjs')}` },
    });
    onTestFinished(() => ahead.stop());
    const its = await makeAccount(ahead);
    let passedMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + passedMs };
    const worker = await TestWorker.start(path.join(folder, 'data'), { clock });
    onTestFinished(() => worker.close());
    await worker.connect(ahead, its);
    await worker.register(its, 'ahead');
    await worker.when('the first poll', (state) => state.status === 'ready');
    await writeFile(offsetFile, String(200 * dayMs));
    const replaced = async (): Promise<number> => (await worker.eventIds()).filter((id) => id === 15017).length;
    /** Each poll is answered at once by a worker that is just paused or goes on. */
    const pollAgain = async (): Promise<void> => {
      for (const call of ['worker:pause', 'worker:resume', 'worker:pause', 'worker:resume'] as const) {
        await worker.ask(call, {});
        await worker.when('the poll', (state) => state.status === (call === 'worker:pause' ? 'paused' : 'ready'), 30);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    };
    await pollAgain();
    await waitFor('the new certificate', 30, async () => ((await replaced()) > 0 ? true : undefined));
    await pollAgain();
    expect(await replaced()).toBe(1);
    passedMs = 61 * 60 * 1000;
    await pollAgain();
    await waitFor('the next one', 30, async () => ((await replaced()) > 1 ? true : undefined));
    await pollAgain();
    expect(await replaced()).toBe(2);
    expect((await worker.state()).problems).toEqual([]);
  }, 180_000);

  it('says when the service does not take the new one, and goes on with the present one', async () => {
    const [one, other] = [await openRegistered('refused'), await openRegistered('refused')];
    const { dataFolder } = one;
    await one.close();
    // A certificate that is another worker’s.
    const theirs = await presentIdentity(other.dataFolder);
    await writeMachineIdentity(theirs, dataLayout(dataFolder).nextWorkerIdentity);
    const again = await open(dataFolder);
    const state = await hasProblem(again, provokes('certificate-not-replaced'));
    expect(state.problems[0]?.text).toContain('This machine is already registered');
    await again.when('work', (now) => now.status === 'ready', 60);
    expect(await readMachineIdentity(dataLayout(dataFolder).nextWorkerIdentity)).toBeUndefined();
  }, 120_000);
});

describe('a job that runs while everything by which its worker is known is replaced', () => {
  it('is not touched by it: one attempt, every record; the certificate before is refused once its day is over', async () => {
    const folder = await tempFolder();
    const ahead = path.join(folder, 'ahead');
    writeShiftedClock(path.join(folder, 'clock.cjs'), ahead);
    const env = { ...process.env, NODE_OPTIONS: `--require=${path.join(folder, 'clock.cjs')}` };
    const own = await startService(path.join(folder, 'service'), { env });
    onTestFinished(() => own.stop());
    const ownAccount = await makeAccount(own);
    await publishRunbook(
      own,
      'count',
      'Bash',
      'i=0; while [ ! -e "$1" ]; do echo "line $((i+=1))"; sleep 0.1; done; echo "$i lines"',
    );
    const dataFolder = path.join(folder, 'worker');
    const { program, control } = await startHeadlessWorker(dataFolder, path.join(folder, 'worker.log'), env);
    onTestFinished(() => program.stop());
    onTestFinished(() => control.close());
    await joinGroup(control, own, ownAccount, 'replaced');
    const gate = path.join(folder, 'gate');
    onTestFinished(() => writeFile(gate, ''));
    const start = async (): Promise<string> => {
      const jobName = randomUUID();
      const body = { runbook: { name: 'count' }, parameters: { Gate: gate }, runOn: 'replaced' };
      await own.rest.call('jobs:start', { params: { accountName, jobName }, body });
      return jobName;
    };
    const jobOf = (jobName: string) => own.rest.call('jobs:get', { params: { accountName, jobName } });
    const atLeast = (jobName: string, records: number) =>
      waitFor(`record ${records} of the job`, 30, async () => {
        const job = await jobOf(jobName);
        return job.recordCount >= records ? job : undefined;
      });
    unwrap(await control.call('settings:change', { limit: 2 }));
    // Half of the certificate's life is over: the service asks for another, from the next poll on.
    await writeFile(ahead, String(200 * dayMs));
    const jobName = await start();
    await atLeast(jobName, 3);
    const [sandbox] = unwrap(await control.call('jobs:running', {}));
    const before = await presentIdentity(dataFolder);
    expect(sandbox?.jobId).toBe(jobName);
    const old = await clientOf(dataFolder, before);
    onTestFinished(() => old.close());

    for (const keyName of ['primary', 'secondary'] as const) {
      await own.rest.call('accounts:regenerate-key', { params: { accountName }, body: { keyName } });
      await own.rest.call('workspaces:regenerate-key', { params: { workspace: workspaceName }, body: { keyName } });
    }
    // A job answers the poll that is held.
    const second = await start();
    await waitForState(
      control,
      'the new certificate',
      ({ registration }) => registration !== null && registration.thumbprint !== before.thumbprint,
    );
    const { recordCount } = await jobOf(jobName);
    const later = await atLeast(jobName, recordCount + 10);
    expect([later.status, later.attempts.length]).toEqual(['Running', 1]);
    const stillRunning = unwrap(await control.call('jobs:running', {}));
    expect(stillRunning.find(({ jobId }) => jobId === jobName)?.processId).toBe(sandbox?.processId);
    // Calls that were under way are still answered.
    expect((await old.waitingJobs()).total).toBe(0);

    await writeFile(gate, '');
    const whenEnded = (name: string) =>
      waitFor('the end of the job', 40, async () => {
        const job = await jobOf(name);
        return job.endTime === null ? undefined : job;
      });
    for (const name of [jobName, second]) {
      const ended = await whenEnded(name);
      expect([ended.status, ended.verified, ended.attempts.length]).toEqual(['Completed', true, 1]);
      const text: unknown = await own.rest.call('jobs:output', { params: { accountName, jobName: name } });
      const lines = String(text).trim().split('\n');
      expect(lines.pop()).toBe(`${lines.length} lines`);
      expect(lines).toEqual(lines.map((_, index) => `line ${index + 1}`));
    }

    await writeFile(ahead, String(201 * dayMs + dayMs / 24));
    // The service reads the clock's file now and then.
    const refusal = await waitFor('the refusal of the old certificate', 20, () =>
      old.waitingJobs().then(
        () => undefined,
        (error: unknown) => error,
      ),
    );
    expect(refusal).toMatchObject({ code: 'worker-not-accepted' });
    const next = await whenEnded(await start());
    expect([next.status, next.verified]).toEqual(['Completed', true]);
    const state = await waitForState(control, 'a ready worker', ({ status }) => status === 'ready');
    expect(state.problems).toEqual([]);
  }, 240_000);
});

describe('an account whose keys are regenerated', () => {
  it('keeps its workers, and takes new ones by the other key meanwhile', async () => {
    const worker = await openRegistered('keys');
    const params = { accountName };
    const before = await service.rest.call('accounts:keys', { params });
    const after = await service.rest.call('accounts:regenerate-key', { params, body: { keyName: 'primary' } });
    expect(after.keys.secondary).toBe(before.keys.secondary);
    const another = await open();
    await another.connect(service, account);
    await another.when('the pack', (state) => state.packs.length > 0);
    const { endpoint } = account;
    const request = { groupName: 'keys', endpoint };
    expect(await another.refusal('registration:register', { ...request, token: before.keys.primary })).toBe(
      'account-key-refused',
    );
    await another.ask('registration:register', { ...request, token: before.keys.secondary });
    for (const one of [worker, another]) await one.when('work', (state) => state.status === 'ready', 60);
    account = { ...account, accountKey: after.keys.primary };
  }, 120_000);
});

describe('a machine that was cloned', () => {
  it('and its clone are both told, neither gets work, until one of them registers anew', async () => {
    const first = await openRegistered('clones');
    const { dataFolder } = first;
    await first.close();
    const copy = path.join(await tempFolder(), 'copy');
    await cp(dataFolder, copy, { recursive: true });
    await rm(path.join(copy, 'engine.lock'), { force: true });
    const [original, clone] = [await open(dataFolder), await open(copy)];
    for (const worker of [original, clone]) {
      const state = await hasProblem(worker, provokes('machine-cloned'), 90);
      expect(state.status).toBe('offline');
      const title = state.problems.find(({ code }) => code === 'machine-cloned')?.title ?? 'none';
      expect((await worker.events()).some(({ message }) => message.includes(title))).toBe(true);
    }
    const params = { accountName, groupName: 'clones' };
    const [seen] = (await service.rest.call('workers:list', { params })).value;
    expect(seen?.state).toBe('Cloned');

    await original.ask('registration:unregister', { token: account.accountKey, local: false });
    await original.register(account, 'clones');
    await original.when('work', (state) => state.status === 'ready', 60);
    await hasProblem(clone, 'worker-not-accepted', 90);
    expect((await original.state()).problems).toEqual([]);
  }, 240_000);

  it('is not what a worker is taken for that is started again and again, or whose last answer was lost', async () => {
    const first = await openRegistered('restarts');
    const { dataFolder } = first;
    await first.close();
    const turnFile = dataLayout(dataFolder).workerTurn;
    const brought = await readFile(turnFile, 'utf8');
    for (let starts = 0; starts < 3; starts += 1) {
      const worker = await TestWorker.start(dataFolder);
      await worker.when('work', (state) => state.status === 'ready', 60);
      await worker.close();
    }
    expect(await readFile(turnFile, 'utf8')).not.toBe(brought);
    const last = await open(dataFolder);
    await last.when('work', (state) => state.status === 'ready', 60);
    expect((await last.state()).problems).toEqual([]);
  }, 120_000);
});
