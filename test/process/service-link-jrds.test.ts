/** The agent protocol's calls, against a service that answers as scripted. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { framesContentType, type AttemptReport } from '../../src-contract/jrds.ts';
import type { AppError } from '../../src-contract/app-error.ts';
import { describeProblem } from '../../src-contract/problems.ts';
import type { SandboxCredential } from '../../src-contract/sandbox.ts';
import { createJrdsClient, type JrdsClient } from '../../src-main/service-link/jrds-client.ts';
import { createMachineIdentity, type MachineIdentity } from '../../src-main/service-link/machine-identity.ts';
import { createAuthority, type FakeAuthority } from '../fakes/certificate-authority.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { startScriptedService, type Answering, type ScriptedAnswer, type ScriptedService } from '../fakes/scripted-service.ts';
import { provokes } from '../harness/provokes.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const accountId = '11111111-2222-4333-8444-555555555555';
const sandboxId = '99999999-2222-4333-8444-555555555555';
const jobId = '77777777-2222-4333-8444-555555555555';
const base = `/jrds/automationAccounts/${accountId}`;

let authority: FakeAuthority;
let identity: MachineIdentity;
beforeAll(async () => {
  authority = await createAuthority('Service Authority');
  identity = await createMachineIdentity('0f0e0d0c-0000-4000-8000-000000000001');
});

async function connect(
  answer: Answering,
  credential: SandboxCredential = { kind: 'sandbox-secret', secret: 'c2VjcmV0' },
): Promise<{ service: ScriptedService; client: JrdsClient }> {
  const service = await startScriptedService(await authority.issue(), answer);
  closing.push(service.close);
  const client = createJrdsClient({
    address: {
      jrdsUri: `${service.url}/jrds`,
      accountId,
      trust: { kind: 'authority', pem: authority.pem },
      proxy: { kind: 'none' },
    },
    credential,
    groupName: 'Group One',
    version: '9.8.7',
  });
  closing.push(client.close);
  return { service, client };
}

const allFeatures = { 'hrw-features': 'wait, record-batches, sandbox-secret, outcome, something-newer' };

const job = {
  jobId,
  jobStatus: 1,
  pendingAction: 1,
  parameters: [{ Name: 'Path', Value: '"C:\\\\data"' }],
  runbookName: 'Copy-LocalFiles',
  runbookVersionId: 'v1',
  runOn: 'Group One',
  accountName: 'main',
  trackingId: 't',
  subscriptionId: 's',
  resourceGroupName: 'rg',
};

const report: AttemptReport = {
  outcome: 'completed',
  reason: 'exit code 0',
  exitCode: 0,
  recordCount: 3,
  chain: 'a'.repeat(64),
  runtime: 'bash',
  processId: 1,
  wallMs: 5,
  cpuMs: null,
  peakMemoryBytes: null,
  processesLeft: 0,
};

describe('asking for work', () => {
  const query = { kinds: ['PowerShell', 'Python3', 'Bash'], freeSlots: 2, limit: 4, state: 'ready' } as const;

  it('says what this worker can do, and proves its certificate', async () => {
    const actions = [{ SandboxId: sandboxId, MSISecret: null, SandboxCookie: 'c2VjcmV0', Unknown: 1 }];
    const { service, client } = await connect(() => ({ body: { value: actions }, headers: allFeatures }), {
      kind: 'worker-certificate',
      ...identity,
    });
    const found = await client.getSandboxActions(query);
    expect(found.actions).toEqual([{ SandboxId: sandboxId, MSISecret: null, SandboxCookie: 'c2VjcmV0' }]);
    expect(found).toMatchObject({ held: false, rotateCertificate: false });
    const seen = service.requests[0];
    expect(seen?.url).toBe(`${base}/Sandboxes/GetSandboxActions?HybridWorkerGroupName=Group+One&api-version=1.0`);
    expect(seen?.headers).toMatchObject({
      'hrw-version': '9.8.7',
      'hrw-kinds': '5,10,11',
      'hrw-free-slots': '2',
      'hrw-limit': '4',
      'hrw-state': 'ready',
    });
    expect(seen?.headers['prefer']).toBeUndefined();
    expect(seen?.headers.authorization).toBeUndefined();
    expect(seen?.clientCertificate).toBe(identity.sha256);
  });

  it('knows whether the call was held, what the service offers, and that it wants a new certificate', async () => {
    const { client } = await connect(() => ({
      body: { value: [] },
      headers: { ...allFeatures, 'preference-applied': 'wait=20', RotateWorkerCertificate: 'True' },
    }));
    expect([...client.features]).toEqual([]);
    const found = await client.getSandboxActions({ ...query, waitSeconds: 20 });
    expect(found).toMatchObject({ held: true, rotateCertificate: true });
    expect([...client.features].sort()).toEqual(['outcome', 'record-batches', 'sandbox-secret', 'wait']);
  });

  it('learns that the worker was removed, in our service’s words or without any', async () => {
    for (const body of [describeProblem('worker-not-accepted', { groupName: 'it named' }), '']) {
      const { client } = await connect(() => ({ status: 401, body }));
      const failure = await failureOf(client.getSandboxActions(query));
      expect(failure.code).toBe(provokes('worker-not-accepted'));
      expect(failure.details).toEqual({ groupName: 'Group One' });
      expect(failure.retryable).toBe(false);
    }
  });

  it('waits as long as a busy service asks', async () => {
    const { client } = await connect(() => ({ status: 503, headers: { 'retry-after': '3' } }));
    const failure = await failureOf(client.getSandboxActions(query));
    expect(failure).toMatchObject({ code: provokes('service-unavailable'), retryable: true, retryAfterMs: 3_000 });
  });

  it('is judged by the service alone, once it is known by its features', async () => {
    let answer: ScriptedAnswer = { status: 404, body: 'default backend - 404' };
    const { client } = await connect(() => answer);
    const failure = async (): Promise<AppError> => failureOf(client.getJob(jobId));
    expect(await failure()).toMatchObject({ code: 'service-refused', retryable: false });
    answer = { ...answer, headers: allFeatures };
    expect(await failure()).toMatchObject({ code: 'service-refused', retryable: false });
    answer = { status: 404, body: 'default backend - 404' };
    expect(await failure()).toMatchObject({ code: 'answer-not-understood', retryable: true });
    answer = { status: 401, body: { message: 'unauthorized' } };
    const asked = await failureOf(client.getJobActions(sandboxId));
    expect(asked).toMatchObject({ code: 'answer-not-understood', retryable: true });
  });

  it('is not taken in by a portal’s page', async () => {
    const { client } = await connect(() => ({ body: '<html>Log on</html>', headers: { 'content-type': 'text/html' } }));
    const failure = await failureOf(client.getSandboxActions(query));
    expect(failure).toMatchObject({ code: provokes('answer-not-understood'), retryable: true });
    await failureOf(client.trace({ eventId: 1 }));
  });
});

describe('a sandbox', () => {
  it('asks for its jobs with its secret alone', async () => {
    const value = [
      { MessageMetadata: { PopReceipt: 'p', MessageId: 'm' }, MessageSource: 'Queue', LockToken: 'l', JobId: jobId },
    ];
    const { service, client } = await connect(() => ({
      body: { value },
      headers: { 'preference-applied': 'respond-async, wait=5' },
    }));
    const found = await client.getJobActions(sandboxId, { waitSeconds: 5 });
    expect(found).toMatchObject({ kind: 'actions', held: true, actions: value });
    expect(service.requests[0]).toMatchObject({
      url: `${base}/Sandboxes/${sandboxId}/jobs/getJobActions?api-version=1.0`,
      clientCertificate: undefined,
      headers: { authorization: 'Bearer c2VjcmV0', prefer: 'wait=5' },
    });
  });

  it('is unloaded by 401, and told when it was fenced', async () => {
    const plain = await connect(() => ({ status: 401 }));
    expect(await plain.client.getJobActions(sandboxId)).toEqual({ kind: 'unloaded' });
    const fenced = await connect(() => ({ status: 401, body: describeProblem('attempt-fenced', { sandboxId }) }));
    const calls = [
      () => fenced.client.getJobActions(sandboxId),
      () => fenced.client.getJob(jobId),
      () => fenced.client.changeStatus(sandboxId, jobId, { status: 'Running' }),
      () => fenced.client.uploadFrames(sandboxId, jobId, { from: 0, chain: '0', body: gzipSync('') }),
    ];
    for (const call of calls) {
      const failure = await failureOf(call());
      expect(failure).toMatchObject({ code: provokes('attempt-fenced'), retryable: false, details: { sandboxId } });
    }
  });

  it('acknowledges its messages in one call', async () => {
    const { service, client } = await connect(() => ({ body: '' }));
    await client.acknowledge(sandboxId, [{ PopReceipt: 'p', MessageId: 'm' }]);
    expect(service.requests[0]?.url).toBe(`${base}/Sandboxes/${sandboxId}/jobs/AcknowledgeJobActions?api-version=1.0`);
    expect(JSON.parse(String(service.requests[0]?.body))).toEqual({ MessageMetadatas: [{ PopReceipt: 'p', MessageId: 'm' }] });
  });

  it('reads job, settings and runbook', async () => {
    const runbook = { name: 'n', definition: 'echo', runbookDefinitionKind: 11, runbookVersionId: 'v/1', parameters: null };
    const { service, client } = await connect(({ url }) => {
      if (url.includes('/runbooks/')) return { body: runbook };
      return { body: url.includes('getUpdatableData') ? { isDraft: false, logVerbose: true } : { ...job, accountKey: 3 } };
    });
    expect(await client.getJob(jobId)).toEqual(job);
    expect(await client.getUpdatableData(jobId)).toEqual({ isDraft: false, logVerbose: true });
    expect(await client.getRunbook('v/1')).toEqual(runbook);
    expect(service.requests.map((one) => one.url)).toEqual([
      `${base}/jobs/${jobId}?api-version=1.0`,
      `${base}/jobs/${jobId}/getUpdatableData?api-version=1.0`,
      `${base}/runbooks/v%2F1?api-version=1.0`,
    ]);
  });

  it('reports a status as the protocol wants it, and its own report only where that is understood', async () => {
    const { service, client } = await connect(({ url }) => ({
      body: job,
      headers: url.includes('/jobs/get') ? allFeatures : {},
    }));
    const bodies = () => service.requests.map((one) => JSON.parse(String(one.body)) as Record<string, unknown>);
    await client.changeStatus(sandboxId, jobId, { status: 'Activating', job, report });
    await client.changeStatus(sandboxId, jobId, { status: 'Failed', isFinal: true, exception: 'why', job, report });
    expect(bodies()).toEqual([
      { jobStatus: 'Activating', isFinalStatus: false, exception: null, extendedProperty: null },
      {
        jobStatus: 'Failed',
        isFinalStatus: true,
        exception: 'why',
        extendedProperty: {
          accountid: accountId,
          accountname: 'main',
          trackingid: 't',
          jobid: jobId,
          resourcegroup: 'rg',
          runbookname: 'Copy-LocalFiles',
          subscriptionid: 's',
          runon: 'Group One',
        },
      },
    ]);
    expect(service.requests[0]?.url).toBe(`${base}/Sandboxes/${sandboxId}/jobs/${jobId}/changeStatus?api-version=1.0`);
  });

  it('sends its report to a service that offers outcomes, and hears which records are missing', async () => {
    const stands = { acknowledged: 2, chain: 'b'.repeat(64) };
    const { service, client } = await connect(({ url }) =>
      url.includes('changeStatus') ? { status: 409, body: stands, headers: allFeatures } : { body: job, headers: allFeatures },
    );
    await client.getJob(jobId);
    const changed = await client.changeStatus(sandboxId, jobId, { status: 'Completed', isFinal: true, job, report });
    expect(changed).toEqual({ kind: 'records-missing', ...stands });
    expect(JSON.parse(String(service.requests[1]?.body))).toMatchObject({ hrw: report });
  });

  it('does not take another 409 for missing records', async () => {
    const { client } = await connect(() => ({ status: 409, body: describeProblem('job-ended', { jobId, status: 'Stopped' }) }));
    const failure = await failureOf(client.changeStatus(sandboxId, jobId, { status: 'Completed', isFinal: true }));
    expect(failure.code).toBe('job-ended');
  });

  it('uploads frames, and goes on from where the service stands', async () => {
    const body = gzipSync(Buffer.alloc(200_000, 'frame'));
    const stands = { acknowledged: 12, chain: 'c'.repeat(64) };
    let status = 200;
    const { service, client } = await connect(() => ({ status, body: stands }));
    const upload = { from: 7, chain: 'd'.repeat(64), body };
    expect(await client.uploadFrames(sandboxId, jobId, upload)).toEqual({ kind: 'acknowledged', ...stands });
    status = 409;
    expect(await client.uploadFrames(sandboxId, jobId, upload)).toEqual({ kind: 'resume-at', ...stands });
    const seen = service.requests[0];
    expect(seen?.url).toBe(`${base}/Sandboxes/${sandboxId}/jobs/${jobId}/records?from=7&chain=${'d'.repeat(64)}&api-version=1.0`);
    expect(seen?.headers).toMatchObject({ 'content-type': framesContentType, 'content-encoding': 'gzip' });
    expect(gunzipSync(seen?.body ?? '').length).toBe(200_000);
    status = 200;
    expect(await client.acknowledgedRecords(sandboxId, jobId)).toEqual(stands);
    status = 422;
    expect((await failureOf(client.uploadFrames(sandboxId, jobId, upload))).code).toBe(provokes('service-refused'));
  });

  it('posts single records, unloads and traces for a foreign service', async () => {
    const { service, client } = await connect(() => ({ body: 'true' }));
    await client.postStream(jobId, { SequenceNumber: 0, StreamRecordText: 'line', Type: 'Output' });
    await client.unload(sandboxId, jobId, { jobId, executionTimeInSeconds: 1.5 });
    await client.trace({ eventId: 16000, activityId: jobId, logtype: 0, args: ['a'] });
    await client.rotateCertificate({ Thumbprint: 'AB' });
    expect(service.requests.map((one) => `${one.method} ${one.url}`)).toEqual([
      `POST ${base}/jobs/${jobId}/postJobStream?api-version=1.0`,
      `POST ${base}/Sandboxes/${sandboxId}/jobs/${jobId}/unload?api-version=1.0`,
      `POST ${base}/logs?api-version=1.0`,
      `POST ${base}/hybridCertificateRotation?api-version=1.0`,
    ]);
    expect(JSON.parse(String(service.requests[0]?.body))).toEqual({
      SequenceNumber: 0,
      StreamRecordText: 'line',
      Type: 'Output',
    });
  });
});

describe('assets', () => {
  const assets = {
    variables: { name: 'A b', value: '"x"', isEncrypted: false },
    credentials: { name: 'A b', userName: 'u', value: 'p', description: null },
    connections: { connectionFields: { Url: 'x' }, encryptedFieldNames: [] },
    certificates: { name: 'A b', thumbprint: 'AB', isExportable: true, value: 'AAAA', expiryTime: null },
  };

  it('are read by their name, whatever is in it', async () => {
    const { service, client } = await connect(({ url }) => ({ body: assets[url.split('/')[4] as keyof typeof assets] }));
    expect(await client.getVariable('A b')).toEqual(assets.variables);
    expect(await client.getCredential('A b')).toEqual(assets.credentials);
    expect(await client.getConnection('A b')).toEqual(assets.connections);
    expect(await client.getCertificate('A b')).toEqual(assets.certificates);
    await client.setVariable('A/b?', '"y"');
    expect(service.requests.map((one) => one.url.slice(base.length))).toEqual([
      '/variables/A%20b?api-version=1.0',
      '/credentials/A%20b?api-version=1.0',
      '/connections/A%20b?api-version=1.0',
      '/certificates/A%20b?api-version=1.0',
      '/variables/A%2Fb%3F?api-version=1.0',
    ]);
    expect(JSON.parse(String(service.requests[4]?.body))).toEqual({ name: 'A/b?', value: '"y"', isEncrypted: false });
  });

  it('that are not there are named', async () => {
    const { client } = await connect(() => ({ status: 404 }));
    const calls = [() => client.getVariable('X'), () => client.setVariable('X', null), () => client.getCertificate('X')];
    for (const call of calls) {
      const failure = await failureOf(call());
      expect(failure.code).toBe(provokes('resource-unknown'));
      expect(failure.details).toMatchObject({ name: 'X' });
    }
  });

  it('that come as null are asked for again', async () => {
    const { client } = await connect(() => ({ body: 'null' }));
    expect(await failureOf(client.getVariable('X'))).toMatchObject({ code: provokes('answer-not-understood'), retryable: true });
  });
});
