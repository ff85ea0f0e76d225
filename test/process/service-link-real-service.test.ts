/** The worker's side of every call, against the real automation service: from joining to leaving. */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { emptyChain, encodeFrame } from '../../src-contract/node/journal-frame.ts';
import { workerPackName } from '../../src-contract/packs.ts';
import type { SandboxCredential } from '../../src-contract/sandbox.ts';
import type { Trust } from '../../src-contract/settings.ts';
import { createJrdsClient, type JrdsClient } from '../../src-main/service-link/jrds-client.ts';
import { createMachineIdentity, type MachineIdentity } from '../../src-main/service-link/machine-identity.ts';
import { createPackReceiver } from '../../src-main/service-link/pack-receiver.ts';
import { deregister, register, type AccountAccess, type Registered } from '../../src-main/service-link/registration-client.ts';
import { outlast, retry } from '../../src-main/service-link/retry.ts';
import { createWorkspaceClient, type WorkspaceClient } from '../../src-main/service-link/workspace-client.ts';
import { createAuthority } from '../fakes/certificate-authority.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { startRawServer } from '../fakes/scripted-service.ts';
import { featureNames } from '../../src-contract/jrds.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, makeAccount, startService, workspaceName, type Account, type Service } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

declare const HRW_PUBLISHER_PUBLIC_KEY: string;
leftoversAreCheckedAtTheEnd();

const machineId = randomUUID();
const proxy = { kind: 'none' } as const;
const version = '0.1.0';
const groupName = 'group-one';

let service: Service;
let account: Account;
let identity: MachineIdentity;
let trust: Trust;
const closing: (() => void)[] = [];

beforeAll(async () => {
  service = await startService(await tempFolder());
  account = await makeAccount(service);
  identity = await createMachineIdentity(machineId);
  trust = { kind: 'authority', pem: await readFile(service.ready.caFile, 'utf8') };
});
afterAll(async () => {
  for (const close of closing) close();
  await service.stop();
});

function workspaceClient(changed: { workspaceId?: string; trust?: Trust; now?: () => Date } = {}): WorkspaceClient {
  const { workspaceId } = account;
  const client = createWorkspaceClient({
    serviceUrl: service.ready.agentUrl,
    workspaceId,
    trust,
    proxy,
    identity,
    version,
    ...changed,
  });
  closing.push(client.close);
  return client;
}

function jrdsClient(registered: Registered, credential: SandboxCredential): JrdsClient {
  const address = { jrdsUri: registered.jrdsUri, accountId: registered.accountId, trust, proxy };
  const client = createJrdsClient({ address, credential, groupName, version });
  closing.push(client.close);
  return client;
}

const joining = () => ({
  machineId,
  machineName: 'server-7',
  thumbprint: identity.thumbprint,
  version,
  operatingSystem: 'linux',
});
const access = (): AccountAccess & { groupName: string } => ({
  endpoint: account.endpoint,
  key: account.accountKey,
  groupName,
  machineId,
  identity,
  trust,
  proxy,
  version,
  workspaceId: account.workspaceId,
});

describe('the workspace', () => {
  it('refuses a wrong key, an unknown workspace and a wrong clock, each by its name', async () => {
    expect((await failureOf(workspaceClient().join('wrong', joining()))).code).toBe(provokes('workspace-key-refused'));
    const unknown = workspaceClient({ workspaceId: randomUUID() });
    expect((await failureOf(unknown.join(account.workspaceKey, joining()))).code).toBe(provokes('workspace-unknown'));
    const late = workspaceClient({ now: () => new Date(Date.now() + 3_600_000) });
    const skewed = await failureOf(late.join(account.workspaceKey, joining()));
    expect(skewed).toMatchObject({ code: provokes('clock-skewed'), details: { minutes: 60, direction: 'ahead' } });
    const other = { ...joining(), thumbprint: 'A'.repeat(40) };
    // The connection proves a certificate, but not the one that is named: somebody in between has put in another.
    expect((await failureOf(workspaceClient().join(account.workspaceKey, other))).code).toBe(provokes('tls-intercepted'));
    expect((await failureOf(workspaceClient().getPacks())).code).toBe(provokes('agent-unknown'));
  });

  it('is trusted by its authority’s fingerprint as well', async () => {
    const pinned = workspaceClient({ trust: { kind: 'fingerprint', sha256: service.ready.caFingerprint } });
    const joined = await pinned.join(account.workspaceKey, joining());
    expect(joined).toMatchObject({ workspaceName, account: { endpoint: account.endpoint } });
  });

  it('gives its packs, which are received whole', async () => {
    const client = workspaceClient();
    const first = await client.getPacks({ waitSeconds: 20 });
    if (first.kind !== 'changed' || first.etag === undefined) throw new Error('there was no list with an etag');
    const pack = first.list.packs.find((one) => one.name === workerPackName);
    if (pack === undefined) throw new Error('there was no pack');
    const root = await tempFolder();
    const archive = join(root, 'pack.zip');
    await client.downloadPack(pack, archive);
    const folder = join(root, 'AzureAutomationFiles');
    const receiver = createPackReceiver({ folder, publisherKeyPem: HRW_PUBLISHER_PUBLIC_KEY });
    await receiver.start();
    const received = await receiver.receive(archive, pack);
    expect((await readdir(join(folder, received.folder))).length).toBeGreaterThan(0);
    const unchanged = await client.getPacks({ etag: first.etag, waitSeconds: 1 });
    expect(unchanged).toEqual({ kind: 'unchanged', held: true });
    expect((await failureOf(client.downloadPack({ ...pack, version: '99.0.0' }, archive))).code).toBe(provokes('pack-unknown'));
  });

  it('tells of a change at once', async () => {
    const client = workspaceClient();
    const first = await client.getPacks();
    if (first.kind !== 'changed' || first.etag === undefined) throw new Error('there was no list with an etag');
    const params = { workspace: workspaceName, packName: workerPackName };
    const held = client.getPacks({ etag: first.etag, waitSeconds: 20 });
    const startedAt = performance.now();
    await service.rest.call('workspaces:remove-pack', { params });
    expect(await held).toMatchObject({ kind: 'changed', held: true, list: { packs: [] } });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await service.rest.call('workspaces:add-pack', { params, body: {} });
  });
});

describe('a gateway that opens TLS on the way, trusted by this machine', () => {
  it('is named on every call that needs the certificate', async () => {
    const gateway = await createAuthority('Inspecting Gateway');
    const file = join(await tempFolder(), 'system.pem');
    await writeFile(file, gateway.pem);
    vi.stubEnv('SSL_CERT_FILE', file);
    onTestFinished(() => void vi.unstubAllEnvs());
    const ca = await readFile(service.ready.caFile, 'utf8');
    const { hostname, port } = new URL(service.ready.agentUrl);
    const between = await startRawServer(
      (socket) => {
        const inner = connect({ host: hostname, port: Number(port), ca });
        inner.on('error', () => socket.destroy());
        socket.on('close', () => inner.destroy());
        socket.pipe(inner).pipe(socket);
      },
      await gateway.issue(),
    );
    onTestFinished(between.close);
    const url = `https://localhost:${between.port}`;
    const { workspaceId } = account;
    const system = { kind: 'system' } as const;
    const client = createWorkspaceClient({ serviceUrl: url, workspaceId, trust: system, proxy, identity, version });
    const endpoint = account.endpoint.replace(service.ready.agentUrl, url);
    const accountId = endpoint.replace(/.*\//, '');
    const address = { jrdsUri: `${url}/jrds`, accountId, trust: system, proxy };
    const worker = createJrdsClient({ address, credential: { kind: 'worker-certificate', ...identity }, groupName, version });
    const calls = [
      () => client.join(account.workspaceKey, joining()),
      () => client.getPacks(),
      () => register({ ...access(), endpoint, trust: system }),
      () => worker.getSandboxActions({ kinds: ['Bash'], freeSlots: 1, limit: 1, state: 'ready' }),
    ];
    for (const call of calls) {
      const failure = await failureOf(call());
      expect(failure.code).toBe(provokes('tls-intercepted'));
      expect(failure.details).toEqual({ host: 'localhost', issuer: 'Inspecting Gateway', fingerprint: gateway.sha256 });
    }
    client.close();
    worker.close();
  });
});

describe('the service’s absence', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)('is outlasted by a client that is kept (%s)', async (signal) => {
    const client = workspaceClient();
    await client.join(account.workspaceKey, joining());
    const first = await client.getPacks();
    if (first.kind !== 'changed' || first.etag === undefined) throw new Error('there was no list with an etag');
    const { etag } = first;
    const failures: string[] = [];
    const asked = (): Promise<unknown> => client.getPacks({ etag, waitSeconds: 20 });
    const outlasting = retry(asked, { policy: outlast, onFailure: (error) => failures.push(error.code) });
    const startedAt = performance.now();
    await service.restart(signal);
    // The held call and the kept connection do not keep the service from ending.
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    const back = performance.now();
    const params = { workspace: workspaceName, packName: workerPackName };
    await service.rest.call('workspaces:remove-pack', { params });
    // A service that ends in order answers its held calls first; that one is asked once more.
    const answer = (await outlasting) as Awaited<ReturnType<typeof client.getPacks>>;
    const last = answer.kind === 'unchanged' ? await client.getPacks({ etag, waitSeconds: 20 }) : answer;
    expect(last).toMatchObject({ kind: 'changed', list: { packs: [] } });
    expect(performance.now() - back).toBeLessThan(8_000);
    if (signal === 'SIGKILL') expect(failures).toContain(provokes('connection-refused'));
    await service.rest.call('workspaces:add-pack', { params, body: {} });
  });
});

describe('the account', () => {
  it('refuses a wrong key by its end, an unknown account, another workspace’s account', async () => {
    const refused = await failureOf(register({ ...access(), key: 'a-wrong-key-that-ends-in-wxyz' }));
    expect(refused).toMatchObject({ code: provokes('account-key-refused'), details: { keyEnding: 'wxyz' } });
    const staying = await failureOf(deregister({ ...access(), key: 'a-wrong-key-that-ends-in-wxyz' }));
    expect(staying.message).toContain(`This machine stays in group ${groupName}.`);
    const endpoint = account.endpoint.replace(/[^/]+$/, randomUUID());
    expect((await failureOf(register({ ...access(), endpoint }))).code).toBe(provokes('account-unknown'));
    expect((await failureOf(register({ ...access(), workspaceId: randomUUID() }))).code).toBe(provokes('workspace-unknown'));
    await service.rest.call('accounts:create', { params: { accountName: 'fabrikam' }, body: {} });
    const other = await service.rest.call('accounts:keys', { params: { accountName: 'fabrikam' } });
    const wrong = register({ ...access(), endpoint: other.endpoint, key: other.keys.primary });
    expect((await failureOf(wrong)).code).toBe(provokes('workspace-wrong-account'));
  });

  it('takes a worker, its job and its records, and lets it go', async () => {
    const registered = await register(access());
    expect(registered).toMatchObject({ accountName, restApiUri: service.ready.restUrl });
    const moved = await failureOf(register({ ...access(), groupName: 'group-two' }));
    expect(moved).toMatchObject({ code: provokes('already-registered'), details: { groupName } });

    const worker = jrdsClient(registered, { kind: 'worker-certificate', ...identity });
    const query = { kinds: ['Bash'], freeSlots: 1, limit: 1, state: 'ready' } as const;
    expect(await worker.getSandboxActions({ ...query, waitSeconds: 1 })).toMatchObject({ actions: [], held: true });
    expect([...worker.features].sort()).toEqual([...featureNames].sort());

    const held = worker.getSandboxActions({ ...query, waitSeconds: 20 });
    const jobId = await startBashJob();
    const { actions } = await held;
    expect(actions).toHaveLength(1);
    const sandboxId = actions[0]?.SandboxId ?? '';

    const sandbox = jrdsClient(registered, { kind: 'sandbox-secret', secret: actions[0]?.SandboxCookie ?? '' });
    const found = await sandbox.getJobActions(sandboxId, { waitSeconds: 5 });
    if (found.kind !== 'actions') throw new Error('the sandbox was ended');
    expect(found.actions.map((one) => one.JobId)).toEqual([jobId]);
    await sandbox.acknowledge(
      sandboxId,
      found.actions.map((one) => one.MessageMetadata),
    );
    const job = await sandbox.getJob(jobId);
    expect(job).toMatchObject({ jobId, pendingAction: 1, runbookName: 'say-hello' });
    expect(await sandbox.getUpdatableData(jobId)).toMatchObject({ isDraft: false, hrw: { attempt: 1 } });
    expect(await sandbox.getRunbook(job.runbookVersionId)).toMatchObject({
      definition: 'echo hello\n',
      runbookDefinitionKind: 11,
    });
    expect(await sandbox.changeStatus(sandboxId, jobId, { status: 'Activating', job })).toEqual({ kind: 'accepted' });
    expect(await sandbox.changeStatus(sandboxId, jobId, { status: 'Running', job })).toEqual({ kind: 'accepted' });

    const frames = framesOf(jobId, sandboxId);
    const first = { from: 0, chain: emptyChain.toString('hex'), body: gzipSync(frames.begin.bytes) };
    const begun = { acknowledged: 0, chain: frames.begin.chain.toString('hex') };
    expect(await sandbox.uploadFrames(sandboxId, jobId, first)).toEqual({ kind: 'acknowledged', ...begun });
    // The answer was lost, and the same is sent again.
    expect(await sandbox.uploadFrames(sandboxId, jobId, first)).toEqual({ kind: 'resume-at', ...begun });
    const report = {
      outcome: 'completed',
      reason: 'exit code 0',
      exitCode: 0,
      recordCount: 2,
      chain: frames.records.chain.toString('hex'),
      runtime: 'bash',
      processId: 1,
      wallMs: 5,
      cpuMs: 1,
      peakMemoryBytes: 1,
      processesLeft: 0,
    } as const;
    const end = { status: 'Completed', isFinal: true, job, report } as const;
    expect(await sandbox.changeStatus(sandboxId, jobId, end)).toEqual({ kind: 'records-missing', ...begun });
    const rest = { from: 0, chain: begun.chain, body: gzipSync(frames.records.bytes) };
    const whole = { acknowledged: 2, chain: report.chain };
    expect(await sandbox.uploadFrames(sandboxId, jobId, rest)).toEqual({ kind: 'acknowledged', ...whole });
    expect(await worker.acknowledgedRecords(sandboxId, jobId)).toEqual(whole);
    expect(await sandbox.changeStatus(sandboxId, jobId, end)).toEqual({ kind: 'accepted' });
    await sandbox.unload(sandboxId, jobId, { jobId });
    expect(await sandbox.getJobActions(sandboxId, { waitSeconds: 5 })).toEqual({ kind: 'unloaded' });
    const seen = await service.rest.call('jobs:get', { params: { accountName, jobName: jobId } });
    expect(seen).toMatchObject({ status: 'Completed', verified: true, recordCount: 2 });
    expect(await service.rest.call('jobs:output', { params: { accountName, jobName: jobId } })).toContain('hello');

    expect((await failureOf(deregister({ ...access(), machineId: randomUUID() }))).code).toBe(provokes('machine-unknown'));
    await deregister(access());
    const removed = await failureOf(worker.getSandboxActions(query));
    expect(removed).toMatchObject({ code: provokes('worker-not-accepted'), details: { groupName } });
    await workspaceClient().leave(machineId);
    expect((await failureOf(workspaceClient().getPacks())).code).toBe(provokes('agent-unknown'));
  });
});

async function startBashJob(): Promise<string> {
  const params = { accountName, runbookName: 'say-hello' };
  await service.rest.call('runbooks:put', { params, body: { kind: 'Bash' } });
  await service.rest.call('runbooks:put-draft', { params, body: 'echo hello\n' });
  await service.rest.call('runbooks:publish', { params, body: {} });
  const jobId = randomUUID();
  const body = { runbook: { name: 'say-hello' }, runOn: groupName };
  await service.rest.call('jobs:start', { params: { accountName, jobName: jobId }, body });
  return jobId;
}

/** A journal of two records, as a sandbox writes it. */
function framesOf(jobId: string, sandboxId: string) {
  const time = new Date().toISOString();
  const lines = (...objects: object[]): Buffer => Buffer.from(objects.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const begin = encodeFrame(
    emptyChain,
    lines({
      kind: 'begin',
      contractVersion: 1,
      jobId,
      sandboxId,
      attempt: 1,
      runbookName: 'say-hello',
      runbookKind: 'Bash',
      time,
    }),
  );
  const records = encodeFrame(
    begin.chain,
    lines(
      { kind: 'records', first: 0, count: 2 },
      { seq: 0, time, stream: 'Output', text: 'hello' },
      { seq: 1, time, stream: 'Error', text: 'world' },
    ),
  );
  return { begin, records };
}
