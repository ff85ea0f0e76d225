/** Connecting, registering, working, leaving: a whole worker against the real service, with real sandboxes. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../src-contract/engine-calls.ts';
import { provokes } from '../harness/provokes.ts';
import { requireRuntime } from '../harness/runtimes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, makeAccount, publishRunbook, startService, waitFor, type Account, type Service } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { connectionTo, TestWorker } from '../harness/worker-in-process.ts';

leftoversAreCheckedAtTheEnd();

let service: Service;
let account: Account;
const workers: TestWorker[] = [];

beforeAll(async () => {
  service = await startService(path.join(await tempFolder(), 'service'));
  account = await makeAccount(service);
  await publishRunbook(service, 'say', 'Bash', 'echo "Source: $1"; echo trouble >&2; exit "${2:-0}"\n');
  await publishRunbook(service, 'wait', 'Bash', 'echo waiting; while [ ! -e "$1" ]; do sleep 0.05; done; echo released\n');
});
afterAll(() => service.stop());
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close();
});

async function open(dataFolder?: string): Promise<TestWorker> {
  const worker = await TestWorker.start(dataFolder ?? path.join(await tempFolder(), 'worker'));
  workers.push(worker);
  return worker;
}

async function openRegistered(groupName: string): Promise<TestWorker> {
  const worker = await open();
  await worker.connect(service, account);
  await worker.register(account, groupName);
  return worker;
}

async function startJob(runbook: string, runOn: string, parameters: Record<string, string>): Promise<string> {
  const jobName = randomUUID();
  await service.rest.call('jobs:start', {
    params: { accountName, jobName },
    body: { runbook: { name: runbook }, parameters, runOn },
  });
  return jobName;
}

function endOf(worker: TestWorker, jobId: string): Promise<JobView> {
  return waitFor(`the end of ${jobId}`, 30, async () => {
    const answer = await worker.call('jobs:get', { id: jobId });
    return answer.ok && answer.value.phase === 'ended' ? answer.value : undefined;
  });
}

describe('from nothing to a job that ran here', () => {
  it('connects, receives its pack, registers, works, leaves; and every step is in the event log', async () => {
    const worker = await open();
    expect(await worker.state()).toMatchObject({ status: 'not-connected', connection: null, registration: null, packs: [] });
    await worker.connect(service, account);
    await worker.when('the pack', (state) => state.packs.length > 0);
    expect(await worker.state()).toMatchObject({
      status: 'connected',
      sentence: 'This machine is connected, and in no worker group',
      connection: { workspaceId: account.workspaceId, account: { endpoint: account.endpoint } },
      packs: [{ name: 'AzureAutomation' }],
    });
    const since = performance.now();
    await worker.register(account, 'first');
    // The first poll is not held: registering takes no 20 seconds to show its result.
    expect(performance.now() - since).toBeLessThan(5000);
    expect(await worker.state()).toMatchObject({
      status: 'ready',
      sentence: 'This worker can take a job now',
      registration: { groupName: 'first', accountName },
    });

    const jobId = await startJob('say', 'first', { Source: 'C:\\a b', Code: '0' });
    const job = await endOf(worker, jobId);
    expect(job).toMatchObject({
      runbookName: 'say',
      kind: 'Bash',
      outcome: 'completed',
      exitCode: 0,
      recordCount: 2,
      verified: true,
      groupName: 'first',
      attempt: 1,
    });
    const page = await worker.ask('jobs:records', { sandboxId: job.sandboxId, from: 0, limit: 10 });
    expect(page.records.map((record) => `${record.stream}: ${record.text}`).sort()).toEqual([
      'Error: trouble',
      'Output: Source: C:\\a b',
    ]);
    expect(
      (await worker.ask('jobs:list', { limit: 10, before: null, outcome: null, runbookName: null })).jobs.map((one) => one.jobId),
    ).toEqual([jobId]);
    await worker.when('its slot', (state) => state.running === 0);
    await waitFor('an empty folder of sandboxes', 5, async () =>
      (await readdir(path.join(worker.dataFolder, 'sandboxes'))).length === 0 ? true : undefined,
    );

    await worker.ask('registration:unregister', { token: account.accountKey, local: false });
    expect(await worker.state()).toMatchObject({ status: 'connected', registration: null });
    await worker.ask('connection:disconnect', {});
    expect(await worker.state()).toMatchObject({ status: 'not-connected', connection: null, problems: [] });
    const ids = (await worker.eventIds()).filter((id) => id !== 103);
    expect(ids).toEqual([15003, 4500, 1200, 1201, 15005, 15007, 3732, 5532, 3181, 15006, 4503]);
    expect(await readdir(path.join(worker.dataFolder, 'secrets'))).toEqual(['registration.json']);
  });

  it('shows what a running job uses, and its console as it is written', { timeout: 120_000 }, async (context) => {
    requireRuntime(context, 'pwsh');
    const worker = await openRegistered('watching');
    const gate = path.join(await tempFolder(), 'gate');
    const script =
      'param($Gate)\n"a record"\n[Console]::Out.WriteLine("first words")\n' +
      'while (-not (Test-Path $Gate)) { Start-Sleep -Milliseconds 50 }\n[Console]::Out.WriteLine("last words")\n';
    await publishRunbook(service, 'talk', 'PowerShell7', script);
    const jobId = await startJob('talk', 'watching', { Gate: gate });
    const { sandboxId } = await waitFor('the record', 60, async () => {
      const running = await worker.ask('jobs:running', {});
      return running.find((job) => job.jobId === jobId && job.recordCount > 0);
    });
    expect(await worker.ask('jobs:get', { id: sandboxId })).toMatchObject({ hasConsole: true, stop: null });
    // Record, console and figures come by ways of their own, in no order.
    await waitFor('the memory of a PowerShell in its figures', 20, async () => {
      const usage = await worker.ask('jobs:usage', { sandboxId: null, since: null });
      expect(usage.jobs.map((job) => job.sandboxId)).toEqual([sandboxId]);
      // The first is taken while it starts.
      return (usage.jobs[0]?.samples.at(-1)?.memoryBytes ?? 0) > 10e6 ? true : undefined;
    });
    let shown = '';
    let from = 0;
    const readOn = async (until: string): Promise<void> => {
      while (!shown.includes(until)) {
        // Held: it is answered when there is more.
        const { piece } = await worker.ask('jobs:console', { sandboxId, from });
        shown += Buffer.from(piece?.bytes ?? '', 'base64').toString();
        from = piece?.next ?? from;
      }
    };
    await readOn('first words');
    const last = readOn('last words');
    await writeFile(gate, '');
    await last;
    await endOf(worker, jobId);
    expect(await worker.ask('jobs:console', { sandboxId, from: 0 })).toEqual({ piece: null });
    expect(await worker.ask('jobs:usage', { sandboxId, since: null })).toEqual({ jobs: [] });
  });

  it('tells its steps while it goes', async () => {
    const worker = await openRegistered('steps');
    const steps = worker.heard.flatMap(({ event, payload }) =>
      event === 'progress-made' && payload.status === 'done' ? [`${payload.operation} ${payload.step}`] : [],
    );
    expect(steps).toEqual([
      'connect key',
      'connect join',
      'connect save',
      'register pack',
      'register service',
      'register key',
      'register register',
      'register poll',
    ]);
  });

  it('says how the worker’s module calls the command line', async () => {
    const worker = await open();
    const text = await readFile(path.join(worker.dataFolder, 'AzureAutomationFiles', 'worker.json'), 'utf8');
    const found = JSON.parse(text) as { command: string[]; dataFolder: string };
    expect(found.dataFolder).toBe(worker.dataFolder);
    expect(found.command.at(-1)).toMatch(/hrw[.]cjs$/);
  });

  it('writes no secret anywhere but where secrets lie', async () => {
    const worker = await openRegistered('secrets');
    const jobId = await startJob('say', 'secrets', { Source: 'x' });
    await endOf(worker, jobId);
    const { readFileSync, statSync } = await import('node:fs');
    const files = await filesBelow(worker.dataFolder);
    const text = files
      .filter((file) => !file.includes(`${path.sep}secrets${path.sep}`))
      .map((file) => readFileSync(file, 'latin1'))
      .join('\n');
    for (const secret of [account.workspaceKey, account.accountKey, 'PRIVATE KEY']) expect(text).not.toContain(secret);
    for (const file of files.filter((one) => one.includes(`${path.sep}secrets${path.sep}`)))
      expect(statSync(file).mode & 0o077).toBe(0);
    expect(JSON.stringify(worker.heard)).not.toContain(account.accountKey);
  });
});

describe('what a worker refuses, before it does anything', () => {
  it('registering without a workspace, without the pack, twice, or with another account’s endpoint', async () => {
    const worker = await open();
    const request = { groupName: 'g', endpoint: account.endpoint, token: account.accountKey };
    expect(await worker.refusal('registration:register', request)).toBe(provokes('not-connected'));
    expect(await worker.refusal('connection:disconnect', {})).toBe('not-connected');
    expect(await worker.refusal('registration:unregister', { token: null, local: true })).toBe('not-registered');

    const bare = await service.rest.call('workspaces:create', { params: { workspace: 'bare' }, body: { accountName } });
    const keys = await service.rest.call('workspaces:keys', { params: { workspace: 'bare' } });
    await worker.connect(service, { workspaceId: bare.workspaceId, workspaceKey: keys.primary });
    await worker.when('contact', (state) => state.status === 'connected');
    expect((await worker.state()).sentence).toBe('This machine is connected, and waits for the AzureAutomation pack');
    expect(await worker.refusal('registration:register', request)).toBe(provokes('pack-missing'));
    await service.rest.call('workspaces:add-pack', { params: { workspace: 'bare', packName: 'AzureAutomation' }, body: {} });
    await worker.when('the pack', (state) => state.packs.length > 0, 10);

    const other = account.endpoint.replace(/[0-9a-f-]{36}$/, randomUUID());
    expect(await worker.refusal('registration:register', { ...request, endpoint: other })).toBe(
      provokes('workspace-wrong-account'),
    );
    expect(await worker.refusal('registration:register', { ...request, groupName: 'a b' })).toBe('group-name-invalid');
    expect(await worker.refusal('registration:register', { ...request, endpoint: 'https://x/' })).toBe('endpoint-invalid');
    expect(await worker.refusal('registration:register', { ...request, token: 'wrong' })).toBe('account-key-refused');
    expect((await worker.state()).registration).toBeNull();
    expect(await readdir(path.join(worker.dataFolder, 'secrets'))).not.toContain('worker.key.pem');

    await worker.ask('registration:register', request);
    expect(await worker.refusal('registration:register', request)).toBe(provokes('already-registered'));
    expect(await worker.refusal('connection:connect', connectionTo(service, account))).toBe(provokes('still-registered'));
    expect(await worker.refusal('connection:disconnect', {})).toBe('still-registered');
    expect((await worker.eventIds()).filter((id) => id === 15008)).toHaveLength(7);
  });

  it('a connection that does not look like one', async () => {
    const worker = await open();
    const request = connectionTo(service, account);
    for (const wrong of [
      { serviceUrl: 'automation' },
      { serviceUrl: 'ftp://a' },
      { serviceUrl: 'https://u:p@host' },
      { proxy: { kind: 'manual', url: 'http://u:p@proxy:3128' } as const },
      { workspaceKey: ' ' },
      { workspaceId: '' },
    ]) {
      expect(await worker.refusal('connection:connect', { ...request, ...wrong })).toBe(provokes('input-invalid'));
    }
    expect((await worker.state()).status).toBe('not-connected');
  });

  it('a connection that fails leaves nothing behind and says why', async () => {
    const worker = await open();
    const request = connectionTo(service, account);
    expect(await worker.refusal('connection:connect', { ...request, workspaceKey: 'wrong' })).toBe('workspace-key-refused');
    expect(await worker.refusal('connection:connect', { ...request, trust: { kind: 'system' } })).toBe('certificate-untrusted');
    const restPort = { ...request, serviceUrl: service.ready.restUrl };
    expect(await worker.refusal('connection:connect', restPort)).toBe(provokes('wrong-port'));
    expect(await worker.state()).toMatchObject({ status: 'not-connected', connection: null });
    expect((await worker.eventIds()).filter((id) => id !== 103)).toEqual([15003, 4501, 4502, 4501]);
  });

  it('a registration that this machine cannot keep: the account forgets it too, and the next try is a whole one', async () => {
    const worker = await open();
    await worker.connect(service, account);
    await worker.when('the pack', (state) => state.packs.length > 0);
    const secrets = path.join(worker.dataFolder, 'secrets');
    const inTheWay = path.join(secrets, 'worker.cert.pem');
    await mkdir(path.join(inTheWay, 'inside'), { recursive: true });
    const request = { groupName: 'half', endpoint: account.endpoint, token: account.accountKey };
    const answer = await worker.call('registration:register', request);
    if (answer.ok) throw new Error('it was registered');
    expect(answer.problem.code).toBe('data-folder-unusable');
    expect(answer.problem.text).toContain('The account was told to forget this machine');
    const params = { accountName, groupName: 'half' };
    expect((await service.rest.call('workers:list', { params })).value).toEqual([]);
    expect(await worker.state()).toMatchObject({ status: 'connected', registration: null });
    expect(await readdir(secrets)).not.toContain('worker.key.pem');
    const failed = worker.heard.flatMap(({ event, payload }) =>
      event === 'progress-made' && payload.status === 'failed' ? [payload.step] : [],
    );
    expect(failed).toEqual(['register']);
    await rm(inTheWay, { recursive: true });
    await worker.register(account, 'half');
    expect((await service.rest.call('workers:list', { params })).value).toHaveLength(1);
  });

  it('stopping what has ended, and what was never here', async () => {
    const worker = await openRegistered('stops');
    const job = await endOf(worker, await startJob('say', 'stops', { Source: 'x' }));
    expect(await worker.refusal('jobs:stop', { sandboxId: job.sandboxId })).toBe('job-ended');
    expect(await worker.refusal('jobs:stop', { sandboxId: randomUUID() })).toBe(provokes('job-unknown'));
    expect(await worker.refusal('jobs:records', { sandboxId: randomUUID(), from: 0, limit: 1 })).toBe('job-unknown');
  });
});

describe('leaving a group', () => {
  it('with a wrong key changes nothing; without the account’s word only what is here', async () => {
    const worker = await openRegistered('leave');
    expect(await worker.refusal('registration:unregister', { token: 'wrong', local: false })).toBe('account-key-refused');
    expect(await worker.refusal('registration:unregister', { token: null, local: false })).toBe('input-invalid');
    expect((await worker.state()).status).toBe('ready');
    await worker.ask('registration:unregister', { token: null, local: true });
    expect(await worker.state()).toMatchObject({ status: 'connected', registration: null });
    const workers = await service.rest.call('workers:list', { params: { accountName, groupName: 'leave' }, query: {} });
    expect(workers.value).toHaveLength(1);
    // It may come back under a new name of its own.
    await worker.register(account, 'leave');
    expect((await worker.state()).status).toBe('ready');
  });

  it('that the account has done already shows within seconds, and the way out works', async () => {
    const worker = await openRegistered('thrown-out');
    const { registration } = await worker.state();
    await service.rest.call('workers:delete', {
      params: { accountName, groupName: 'thrown-out', workerId: registration?.machineId ?? '' },
    });
    const state = await worker.when('the refusal', (now) => now.status === 'offline', 30);
    expect(state.problems).toMatchObject([{ code: 'worker-not-accepted' }]);
    expect(state.sentence).toMatch(/^Not connected since \d\d:\d\d: the account no longer accepts this worker$/);
    expect(await worker.refusal('registration:unregister', { token: account.accountKey, local: false })).toBe('machine-unknown');
    await worker.ask('registration:unregister', { token: null, local: true });
    expect(await worker.when('contact', (now) => now.status === 'connected', 5)).toMatchObject({ problems: [] });
  });
});

describe('a person at this machine', () => {
  it('stops a job here, and the service knows it', async () => {
    const worker = await openRegistered('stop-here');
    const jobId = await startJob('wait', 'stop-here', { Gate: '/nowhere' });
    const running = await waitFor('the job', 20, async () =>
      (await worker.ask('jobs:running', {})).find((job) => job.phase === 'running'),
    );
    expect(running.jobId).toBe(jobId);
    await worker.ask('jobs:stop', { sandboxId: running.sandboxId });
    expect((await endOf(worker, jobId)).outcome).toBe('stopped');
    const seen = await waitFor('the service’s view', 10, async () => {
      const job = await service.rest.call('jobs:get', { params: { accountName, jobName: jobId } });
      return job.status === 'Stopped' ? job : undefined;
    });
    expect(seen.status).toBe('Stopped');
    expect(await worker.eventIds()).toContain(3184);
  });

  it('pauses the worker: no job is taken, also after a restart, until it is resumed', async () => {
    const worker = await openRegistered('pause');
    await worker.ask('worker:pause', {});
    await worker.close();
    const again = await open(worker.dataFolder);
    await again.when('the state', (state) => state.status === 'paused');
    const jobId = await startJob('say', 'pause', { Source: 'x' });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await again.ask('jobs:running', {})).toEqual([]);
    await again.ask('worker:resume', {});
    expect((await endOf(again, jobId)).outcome).toBe('completed');
    expect((await again.eventIds()).filter((id) => id === 15013 || id === 15014)).toEqual([15013, 15014]);
  });

  it('changes how many jobs run at once: the rest waits, and none of the slots is lost', async () => {
    const worker = await openRegistered('limit');
    await worker.ask('settings:change', { limit: 1 });
    const gate = path.join(await tempFolder(), 'gate');
    const jobs = [await startJob('wait', 'limit', { Gate: gate }), await startJob('wait', 'limit', { Gate: gate })];
    await worker.when('a full worker', (state) => state.status === 'full');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await worker.state()).running).toBe(1);
    await worker.ask('settings:change', { limit: 2 });
    await worker.when('both', (state) => state.running === 2);
    await writeFile(gate, '');
    expect((await Promise.all(jobs.map((job) => endOf(worker, job)))).map((job) => job.outcome)).toEqual([
      'completed',
      'completed',
    ]);
    await worker.when('free slots', (state) => state.running === 0 && state.status === 'ready');
  });

  it('drains the worker: it finishes what runs, takes nothing, then wants to end', async () => {
    const worker = await openRegistered('drain');
    const gate = path.join(await tempFolder(), 'gate');
    const jobId = await startJob('wait', 'drain', { Gate: gate });
    await worker.when('the job', (state) => state.running === 1);
    await worker.ask('worker:drain', {});
    const late = await startJob('say', 'drain', { Source: 'x' });
    await writeFile(gate, '');
    expect(await worker.host.ended).toBe('drained');
    expect((await worker.ask('jobs:get', { id: jobId })).outcome).toBe('completed');
    expect(await worker.refusal('jobs:get', { id: late })).toBe('job-unknown');
  });
});

describe('a worker whose service goes away', () => {
  it('says so with the time, runs what it runs, and is back within seconds', async () => {
    const worker = await openRegistered('away');
    const gate = path.join(await tempFolder(), 'gate');
    const jobId = await startJob('wait', 'away', { Gate: gate });
    await worker.when('the job', (state) => state.running === 1);
    await service.program.kill();
    const state = await worker.when('the trouble', (now) => now.status === 'offline');
    expect(state.sentence).toMatch(/^Not connected since \d\d:\d\d: nothing answers at 127[.]0[.]0[.]1/);
    expect(state.problems).toMatchObject([{ code: 'connection-refused' }]);
    await writeFile(gate, '');
    await service.restart('SIGKILL');
    const since = performance.now();
    await worker.when('the return', (now) => now.status !== 'offline' && now.problems.length === 0);
    expect(performance.now() - since).toBeLessThan(6000);
    expect(await endOf(worker, jobId)).toMatchObject({ outcome: 'completed', verified: true, recordCount: 2 });
    const ids = await worker.eventIds();
    expect([ids.filter((id) => id === 15011).length, ids.filter((id) => id === 15012).length]).toEqual([1, 1]);
  });
});

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries.map((entry) => {
      const file = path.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(file) : Promise.resolve(entry.isFile() ? [file] : []);
    }),
  );
  return found.flat();
}
