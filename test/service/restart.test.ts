/** The built service as a process of its own, killed without warning: what was accepted is there after the next start. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest';
import { emptyChain, encodeFrame } from '../../src-contract/node/journal-frame.ts';
import {
  connect,
  makeIdentity,
  registrationBody,
  signedCall,
  type ClientIdentity,
  type Connection,
} from '../fakes/scripted-worker.ts';
import { postgresDatabase } from '../harness/postgres-database.ts';
import { provokes } from '../harness/provokes.ts';
import { createRestClient } from '../harness/rest-client.ts';
import {
  accountName,
  makeAccount,
  publishRunbook,
  root,
  startProgram,
  startService,
  waitFor,
  type Account,
  type Service,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { actionsOf, jobActionsOf } from './job-life.ts';
import { ownHeaders } from './started-service.ts';

type Engine = 'SQLite' | 'PostgreSQL';

interface Setting {
  account: Account;
  identity: ClientIdentity;
  databaseUrl: string | undefined;
  service: Service;
  folder: string;
  jrds: string;
  worker: Connection;
  poll: () => ReturnType<Connection['call']>;
  startJob: (jobName: string) => Promise<unknown>;
}

async function setting(engine: Engine, context: TestContext): Promise<Setting> {
  const folder = await tempFolder();
  const databaseUrl = engine === 'SQLite' ? undefined : await postgresDatabase(context);
  const service = await startService(folder, environmentOf(databaseUrl));
  onTestFinished(() => service.stop());
  const account = await makeAccount(service);
  await publishRunbook(service, 'Nightly', 'Bash', 'echo hello');
  const identity = await makeIdentity();
  const worker = connect(readFileSync(service.ready.caFile, 'utf8'), identity);
  onTestFinished(() => worker.close());
  const machineId = randomUUID();
  const url = `${account.endpoint}/HybridV2(MachineId='${machineId}')`;
  const registered = await signedCall(worker, 'PUT', url, registrationBody(identity, 'Main'), { key: account.accountKey });
  expect(registered.status).toBe(200);
  const accountId = account.endpoint.split('/').at(-1) ?? '';
  const jrds = `${service.ready.agentUrl}/jrds/automationAccounts/${accountId}`;
  return {
    account,
    identity,
    databaseUrl,
    service,
    folder,
    jrds,
    worker,
    poll: () => worker.call('GET', `${jrds}/Sandboxes/GetSandboxActions`, { headers: ownHeaders({ wait: 2, freeSlots: 60 }) }),
    startJob: (jobName) =>
      service.rest.call('jobs:start', {
        params: { accountName, jobName },
        body: { runbook: { name: 'Nightly' }, parameters: {}, runOn: 'Main' },
      }),
  };
}

/** Sandbox ids, until there are so many: rows that a killed service had locked are free only when its database has noticed. */
async function pollUntil(poll: Setting['poll'], count: number): Promise<string[]> {
  const ids: string[] = [];
  await waitFor('every job', 40, async () => {
    ids.push(...actionsOf(await poll()).map((action) => action.SandboxId));
    return ids.length >= count ? true : undefined;
  });
  // One that was handed out twice would come now.
  ids.push(...actionsOf(await poll()).map((action) => action.SandboxId));
  return ids;
}

function environmentOf(databaseUrl: string | undefined): { env?: NodeJS.ProcessEnv } {
  return databaseUrl === undefined ? {} : { env: { ...process.env, DATABASE_URL: databaseUrl } };
}

describe.each<Engine>(['SQLite', 'PostgreSQL'])('killed without warning, on %s', (engine) => {
  test('every job that was accepted before a kill is there after it, and is handed out once', async (context) => {
    const { service, poll, startJob } = await setting(engine, context);
    const accepted: string[] = [];
    const starting = Array.from({ length: 60 }, async (_, index) => {
      const jobName = randomUUID();
      await new Promise((resolve) => setTimeout(resolve, index * 4));
      await startJob(jobName).then(
        () => accepted.push(jobName),
        () => undefined,
      );
    });
    await waitFor('some jobs', 10, () => (accepted.length >= 15 ? true : undefined));
    await service.restart('SIGKILL');
    await Promise.all(starting);
    expect(accepted.length).toBeGreaterThanOrEqual(15);
    for (const jobName of accepted) {
      const job = await service.rest.call('jobs:get', { params: { accountName, jobName } });
      expect(job.status).toBe('New');
    }
    const ids = await pollUntil(poll, accepted.length);
    expect(ids.length).toBeGreaterThanOrEqual(accepted.length);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('a job that runs goes on over a kill: its messages, its records, its end', async (context) => {
    const { service, jrds, worker, poll, startJob } = await setting(engine, context);
    const jobName = randomUUID();
    await startJob(jobName);
    const [action] = actionsOf(await poll());
    const sandboxId = action?.SandboxId ?? '';
    const sandbox = connect(readFileSync(service.ready.caFile, 'utf8'));
    onTestFinished(() => sandbox.close());
    const headers = { authorization: `Bearer ${action?.SandboxCookie ?? ''}` };
    const call = (method: string, path: string, body?: object) =>
      sandbox.call(method, `${jrds}/Sandboxes/${sandboxId}/jobs${path}`, { headers, ...(body && { body }) });

    const [message] = jobActionsOf(await call('GET', '/getJobActions'));
    const jobId = message?.JobId ?? '';
    await call('POST', '/AcknowledgeJobActions', { MessageMetadatas: [message?.MessageMetadata] });
    await call('POST', `/${jobId}/changeStatus`, { jobStatus: 'Running', isFinalStatus: false });
    const [first, second] = frames();
    const upload = (from: number, frame: typeof first) =>
      sandbox.call('POST', `${jrds}/Sandboxes/${sandboxId}/jobs/${jobId}/records?from=${from}&chain=${frame.before}`, {
        body: gzipSync(frame.bytes),
        headers: { ...headers, 'content-encoding': 'gzip' },
      });
    expect((await upload(0, first)).status).toBe(200);

    await service.restart('SIGKILL');

    // The secret is derived from the vault's key, the certificate is the same, and what was acknowledged stays acknowledged.
    expect((await call('GET', '/getJobActions')).json).toEqual({ value: [] });
    expect((await call('GET', `/${jobId}/records/acknowledged`)).json).toEqual({ acknowledged: 1, chain: first.after });
    expect((await upload(1, second)).status).toBe(200);
    const report = {
      outcome: 'completed',
      reason: '',
      exitCode: 0,
      recordCount: 2,
      chain: second.after,
      runtime: 'bash',
      processId: 1,
      wallMs: 1,
      cpuMs: null,
      peakMemoryBytes: null,
      processesLeft: 0,
    };
    const end = await call('POST', `/${jobId}/changeStatus`, { jobStatus: 'Completed', isFinalStatus: true, hrw: report });
    expect(end.status).toBe(200);

    await service.restart('SIGKILL');

    const job = await service.rest.call('jobs:get', { params: { accountName, jobName } });
    expect(job).toMatchObject({ status: 'Completed', verified: true, recordCount: 2 });
    expect(worker).toBeDefined();
  });
});

test('one replica of two, killed while both accept jobs: the other has every one, and hands each out once', async (context) => {
  const { account, identity, databaseUrl, service, folder, startJob } = await setting('PostgreSQL', context);
  const otherFolder = await tempFolder();
  const other = await startService(otherFolder, {
    ...environmentOf(databaseUrl),
    arguments: ['--vault-key', join(folder, 'data', 'vault.key')],
  });
  onTestFinished(() => other.stop());
  // Tokens are the database's: the first replica has made the only one.
  const there = createRestClient({
    restUrl: other.ready.restUrl,
    caPem: readFileSync(other.ready.caFile, 'utf8'),
    token: service.ready.administratorToken ?? '',
  });
  onTestFinished(() => there.close());
  const accepted: string[] = [];
  const starting = Array.from({ length: 60 }, async (_, index) => {
    const jobName = randomUUID();
    await new Promise((resolve) => setTimeout(resolve, index * 4));
    const body = { runbook: { name: 'Nightly' }, parameters: {}, runOn: 'Main' };
    const call = index % 2 === 0 ? startJob(jobName) : there.call('jobs:start', { params: { accountName, jobName }, body });
    await call.then(
      () => accepted.push(jobName),
      () => undefined,
    );
  });
  await waitFor('some jobs', 20, () => (accepted.length >= 15 ? true : undefined));
  await service.program.kill();
  await Promise.all(starting);
  // Half of them went to the one that lives on.
  expect(accepted.length).toBeGreaterThanOrEqual(30);
  for (const jobName of accepted) expect((await there.call('jobs:get', { params: { accountName, jobName } })).status).toBe('New');
  const worker = connect(readFileSync(other.ready.caFile, 'utf8'), identity);
  onTestFinished(() => worker.close());
  const accountId = account.endpoint.split('/').at(-1) ?? '';
  const poll = (): ReturnType<Connection['call']> =>
    worker.call('GET', `${other.ready.agentUrl}/jrds/automationAccounts/${accountId}/Sandboxes/GetSandboxActions`, {
      headers: ownHeaders({ wait: 2, freeSlots: 60 }),
    });
  const ids = await pollUntil(poll, accepted.length);
  expect(ids.length).toBeGreaterThanOrEqual(accepted.length);
  expect(new Set(ids).size).toBe(ids.length);
}, 120_000);

test('a service that is asked to end ends at once, held calls and all', async (context) => {
  const { service, poll } = await setting('SQLite', context);
  const held = poll();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const startedAt = performance.now();
  await service.program.stop();
  expect(performance.now() - startedAt).toBeLessThan(1500);
  expect(service.program.child.exitCode).toBe(0);
  expect((await held).json).toEqual({ value: [] });
});

test('a second service on the same folder is refused by name, and the first goes on', async (context) => {
  const { service, folder } = await setting('SQLite', context);
  const logFile = join(folder, 'second.log');
  const program = join(root, 'out', 'service.cjs');
  const second = startProgram(
    process.execPath,
    [program, '--data', join(folder, 'data'), '--agent-port', '0', '--rest-port', '0'],
    { logFile },
  );
  await new Promise((resolve) => second.child.once('close', resolve));
  expect(second.child.exitCode).toBe(1);
  const said = readFileSync(logFile, 'utf8');
  const code = provokes('service-already-running');
  expect(said, code).toContain('Another automation service uses this data folder');
  expect(said).toContain(String(service.program.pid));
  expect(await service.rest.call('service:health')).toMatchObject({ status: 'ok' });
});

test.each([
  [['--agent-port', 'x'], 2, 'is no port'],
  [['--nonsense'], 2, '--nonsense'],
  [['--help'], 0, 'usage:'],
  [['--version'], 0, '.'],
])('%j ends with %i and says why', async (given, exitCode, said) => {
  const logFile = join(await tempFolder(), 'log');
  const program = startProgram(process.execPath, [join(root, 'out', 'service.cjs'), ...given], { logFile });
  await new Promise((resolve) => program.child.once('close', resolve));
  expect(program.child.exitCode).toBe(exitCode);
  expect(readFileSync(logFile, 'utf8')).toContain(said);
});

interface Frame {
  bytes: Buffer;
  before: string;
  after: string;
}

function frames(): [Frame, Frame] {
  let chain: Uint8Array = emptyChain;
  const make = (seq: number): Frame => {
    const before = Buffer.from(chain).toString('hex');
    const line = JSON.stringify({ seq, time: new Date().toISOString(), stream: 'Output', text: `line ${seq}` });
    const frame = encodeFrame(chain, Buffer.from(`${JSON.stringify({ kind: 'records', first: seq, count: 1 })}\n${line}`));
    ({ chain } = frame);
    return { bytes: frame.bytes, before, after: frame.chain.toString('hex') };
  };
  return [make(0), make(1)];
}

test('a ready file that cannot be written is said before anything is made', async () => {
  const folder = await tempFolder();
  const data = join(folder, 'data');
  const readyFile = join(folder, 'nowhere', 'ready.json');
  const { code, errors } = await runService(['--data', data, '--agent-port', '0', '--rest-port', '0', '--ready-file', readyFile]);
  expect(code).toBe(2);
  expect(errors).toContain(`--ready-file ${readyFile}: `);
  expect(existsSync(data)).toBe(false);
});

test('a ready file that a killed service had not finished is removed; one that another is writing stays', async () => {
  const folder = await tempFolder();
  const readyFile = join(folder, 'ready.json');
  // No process has such a number: the kernel gives none above 4194304.
  const [left, living] = [`${readyFile}.4194999.new`, `${readyFile}.${String(process.pid)}.new`];
  for (const file of [left, living]) writeFileSync(file, 'a token');
  // It gets no further: its data folder is a file.
  const { code } = await runService(['--data', living, '--agent-port', '0', '--rest-port', '0', '--ready-file', readyFile]);
  expect(code).toBe(1);
  expect([existsSync(left), existsSync(living)]).toEqual([false, true]);
});

function runService(words: string[]): Promise<{ code: number | null; errors: string }> {
  const child = spawn(process.execPath, [join(process.env['HRW_TEST_OUT'] ?? '', 'service.cjs'), ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, errors });
    });
  });
}
