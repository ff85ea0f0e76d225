/** The job runtime data service call by call: every key of the protocol's table, and every refusal. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sandboxActions, jobActions } from '../../src-contract/jrds.ts';
import { findAttempt } from '../../src-service/store/attempts.ts';
import { messageVisibilityMs } from '../../src-service/store/job-messages.ts';
import { listTraces } from '../../src-service/store/traces.ts';
import { findWorker, setGroupCredential } from '../../src-service/store/workers.ts';
import { putDraft, publishDraft } from '../../src-service/store/runbooks.ts';
import { makeIdentity } from '../fakes/scripted-worker.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import {
  actionsOf,
  changeStatus,
  foreignSandboxOf,
  jobActionsOf,
  passTime,
  queueJob,
  readJob,
  start,
  takeJob,
  unload,
} from './job-life.ts';
import { makeAccount, ownHeaders, registerWorker, startedService, type StartedService } from './started-service.ts';

leftoversAreCheckedAtTheEnd();

let started: StartedService;
let groups = 0;

/** A group of its own for each test: jobs of one are not another's. */
async function newGroup(): Promise<string> {
  groups += 1;
  return Promise.resolve(`Group${groups}`);
}

beforeAll(async () => {
  started = await startedService();
});
afterAll(() => started.close());

describe('#1 GetSandboxActions', () => {
  test('gives a sandbox with exactly the protocol’s keys, MSISecret among them', async () => {
    const group = await newGroup();
    const worker = await registerWorker(started, group);
    await started.service.context.store.write((tx) => setGroupCredential(tx, started.account.id, group, 'RunAs'));
    await queueJob(started, group);
    const answer = await worker.poll();
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      value: [
        {
          SandboxId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
          ConnectionEndpoint: '127.0.0.1',
          ConnectionPort: Number(new URL(started.service.urls.agentUrl).port),
          SandboxCookie: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) as string,
          CredentialName: 'RunAs',
          MSISecret: null,
        },
      ],
    });
    expect(sandboxActions.safeParse(answer.json).success).toBe(true);
  });

  test('says what else the service can do, and answers a poll that is not held at once', async () => {
    const worker = await registerWorker(started, await newGroup());
    const answer = await worker.poll();
    expect(answer.json).toEqual({ value: [] });
    expect(answer.headers['hrw-features']).toBe(
      'wait, record-batches, sandbox-secret, outcome, checkpoints, child-jobs, own-group',
    );
    expect(answer.headers['preference-applied']).toBeUndefined();
  });

  test('holds a poll until a job comes, and answers it within milliseconds', async () => {
    const group = await newGroup();
    const worker = await registerWorker(started, group);
    const waiting = worker.poll({ headers: ownHeaders({ wait: 10 }) });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedAt = performance.now();
    await queueJob(started, group);
    const answer = await waiting;
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(actionsOf(answer)).toHaveLength(1);
    expect(answer.headers['preference-applied']).toBe('wait=10');
  });

  test('ends a hold with nothing when its time is over', async () => {
    const worker = await registerWorker(started, await newGroup());
    const startedAt = performance.now();
    const answer = await worker.poll({ headers: ownHeaders({ wait: 1 }) });
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    expect(answer.json).toEqual({ value: [] });
  });

  test('remembers what the worker says of itself', async () => {
    const worker = await registerWorker(started, await newGroup());
    await worker.poll({ headers: ownHeaders({ kinds: '10,11,999', freeSlots: 1 }) });
    await started.service.context.dispatcher.sweep();
    expect(await findWorker(started.service.context.store.db, worker.machineId)).toMatchObject({
      version: '0.1.0',
      kinds: ['Python3', 'Bash'],
      freeSlots: 1,
      slotLimit: 2,
      readiness: 'ready',
    });
  });

  test('finds its address in any case', async () => {
    const worker = await registerWorker(started, await newGroup());
    const url = `${started.jrds.replace('/jrds/automationAccounts', '/JRDS/automationaccounts')}/sandboxes/getsandboxactions`;
    expect((await worker.connection.call('GET', url)).status).toBe(200);
  });

  test('is refused without a certificate, with an unknown one, and with another account’s', async () => {
    const group = await newGroup();
    const worker = await registerWorker(started, group);
    const path = '/Sandboxes/GetSandboxActions?api-version=1.0';
    expect(await started.connect().call('GET', `${started.jrds}${path}`)).toMatchObject({
      status: 401,
      json: { code: provokes('certificate-not-proven') },
    });
    expect(await started.connect(await makeIdentity()).call('GET', `${started.jrds}${path}`)).toMatchObject({
      status: 401,
      json: { code: provokes('worker-not-accepted') },
    });
    const other = await makeAccount(started.service, randomUUID());
    const url = `${started.service.urls.agentUrl}/jrds/automationAccounts/${other.id}${path}`;
    expect(await worker.connection.call('GET', url)).toMatchObject({ status: 401, json: { code: 'worker-not-accepted' } });
  });

  test('asks for a new certificate once half of its life is over', async () => {
    const identity = await makeIdentity({
      notBefore: new Date(Date.now() - 200 * 86_400_000),
      notAfter: new Date(Date.now() + 165 * 86_400_000),
    });
    const fresh = await registerWorker(started, await newGroup());
    const aged = await registerWorker(started, await newGroup(), identity);
    expect((await fresh.poll()).headers['rotateworkercertificate']).toBeUndefined();
    expect((await aged.poll()).headers['rotateworkercertificate']).toBe('true');
  });
});

describe('#2 getJobActions and #3 AcknowledgeJobActions', () => {
  test('give the job as a storage queue does, and take the acknowledgement of a batch, twice too', async () => {
    const group = await newGroup();
    const sandbox = await takeJob(started, await registerWorker(started, group), group);
    const answer = await sandbox.call('GET', '/getJobActions');
    expect(answer.status).toBe(200);
    expect(jobActions.safeParse(answer.json).success).toBe(true);
    const guid = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
    expect(answer.json).toEqual({
      value: [
        {
          MessageMetadata: { PopReceipt: guid, MessageId: guid },
          MessageSource: 'Queue',
          LockToken: guid,
          JobId: sandbox.job.id,
        },
      ],
    });
    // Invisible until it is acknowledged.
    expect((await sandbox.call('GET', '/getJobActions')).json).toEqual({ value: [] });
    const body = { MessageMetadatas: jobActionsOf(answer).map((action) => action.MessageMetadata) };
    for (let time = 0; time < 2; time += 1) {
      const acknowledged = await sandbox.call('POST', '/AcknowledgeJobActions', { body });
      expect(acknowledged.status).toBe(200);
    }
  });

  test('give a message again that was not acknowledged', async () => {
    const own = await startedService();
    const worker = await registerWorker(own, 'Main');
    const sandbox = await takeJob(own, worker, 'Main');
    const [first] = jobActionsOf(await sandbox.call('GET', '/getJobActions'));
    own.clock.advance(messageVisibilityMs);
    const [second] = jobActionsOf(await sandbox.call('GET', '/getJobActions'));
    expect(second?.MessageMetadata.MessageId).toBe(first?.MessageMetadata.MessageId);
    expect(second?.MessageMetadata.PopReceipt).not.toBe(first?.MessageMetadata.PopReceipt);
  });

  test('hold the sandbox until it is stopped', async () => {
    const group = await newGroup();
    const sandbox = await takeJob(started, await registerWorker(started, group), group);
    await start(sandbox);
    const waiting = sandbox.call('GET', '/getJobActions', { headers: { prefer: 'wait=10' } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedAt = performance.now();
    expect(await started.service.context.dispatcher.stopJob(started.account.id, sandbox.job.id)).toEqual({ kind: 'stopping' });
    const answer = await waiting;
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(jobActionsOf(answer).map((action) => action.JobId)).toEqual([sandbox.job.id]);
    expect(answer.headers['preference-applied']).toBe('wait=10');
  });

  test('end a sandbox with 401 once its job was unloaded, held or not', async () => {
    const group = await newGroup();
    const sandbox = await takeJob(started, await registerWorker(started, group), group);
    await start(sandbox);
    await changeStatus(sandbox, 'Completed');
    expect((await sandbox.call('GET', '/getJobActions')).json).toEqual({ value: [] });
    const waiting = sandbox.call('GET', '/getJobActions', { headers: { prefer: 'wait=10' } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await unload(sandbox)).status).toBe(200);
    expect(await waiting).toMatchObject({ status: 401, json: { code: provokes('job-ended') } });
    expect((await sandbox.call('GET', '/getJobActions')).status).toBe(401);
  });

  test('end a sandbox with 401 that nobody knows, or that is another’s', async () => {
    const group = await newGroup();
    const sandbox = await takeJob(started, await registerWorker(started, group), group);
    const other = await registerWorker(started, group);
    const url = `${started.jrds}/Sandboxes/${sandbox.sandboxId}/jobs/getJobActions`;
    expect((await other.connection.call('GET', url)).status).toBe(401);
    const unknown = `${started.jrds}/Sandboxes/${randomUUID()}/jobs/getJobActions`;
    expect((await other.connection.call('GET', unknown)).status).toBe(401);
  });
});

const wireTimeShape = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/) as string;

describe('#4 job, #5 updatable data, #6 runbook', () => {
  test('have every key, in its casing, with null where there is nothing', async () => {
    const group = await newGroup();
    const sandbox = await takeJob(started, await registerWorker(started, group), group, { name: `Deploy${groups}` });
    const runbookName = `Deploy${groups}`;
    const empty = { accountKey: 0, jobKey: 0, runbookKey: 0, runbookVersionKey: 0, partitionId: 0, noPersistEvictionsCount: 0 };
    const job = await sandbox.accountCall('GET', `/jobs/${sandbox.job.id}`);
    expect(job.status).toBe(200);
    expect(job.json).toEqual({
      ...empty,
      accountId: started.account.id,
      accountName: started.account.name,
      creationTime: wireTimeShape,
      endTime: null,
      fullWorkflowScript: null,
      invokedRunbookVersions: [],
      jobException: null,
      jobId: sandbox.job.id,
      jobStatus: 0,
      jobStatusDetails: 0,
      lastModifiedTime: wireTimeShape,
      lastStatusModifiedTime: wireTimeShape,
      moduleInfo: [],
      parameters: null,
      pendingAction: 1,
      pendingActionData: null,
      resourceGroupName: started.account.name,
      runbookName,
      runbookVersion: sandbox.job.runbookVersionId,
      runbookVersionId: sandbox.job.runbookVersionId,
      runOn: group,
      startRequestTime: wireTimeShape,
      startTime: null,
      status: null,
      subscriptionId: '00000000-0000-0000-0000-000000000000',
      tierName: 'Basic',
      trackingId: sandbox.sandboxId,
      triggerScope: 0,
      triggerSource: 1,
      workflowInstanceId: null,
    });
    expect(Object.keys(job.json as object)).toHaveLength(36);

    const updatable = await sandbox.accountCall('GET', `/jobs/${sandbox.job.id}/getUpdatableData`);
    expect(updatable.json).toEqual({
      AccountKey: 0,
      JobKey: 0,
      RunbookKey: 0,
      accountName: started.account.name,
      isDraft: false,
      jobId: sandbox.job.id,
      jobRunDestination: group,
      jobStartedBy: 'a test',
      jobStatus: 0,
      jobStatusDetails: 0,
      logActivityTrace: 0,
      logDebug: false,
      logProgress: false,
      logVerbose: false,
      noPersistEvictionsCount: 0,
      partitionId: 0,
      pendingAction: 1,
      pendingActionData: null,
      resourceGroupName: started.account.name,
      subscriptionId: '00000000-0000-0000-0000-000000000000',
      tierName: 'Basic',
      triggerSource: 1,
      workflowInstanceId: null,
      hrw: { attempt: 1, rerun: 'restart', hasCheckpoint: false },
    });
    // 23 of the protocol's, and ours.
    expect(Object.keys(updatable.json as object)).toHaveLength(24);

    const runbook = await sandbox.accountCall('GET', `/runbooks/${sandbox.job.runbookVersionId}`);
    expect(runbook.json).toEqual({
      name: runbookName,
      accountId: started.account.id,
      runbookId: sandbox.job.runbookId,
      definition: 'echo hello',
      runbookDefinitionKind: 11,
      runbookVersionId: sandbox.job.runbookVersionId,
      parameters: null,
    });
  });

  test('say 1, null and 5 as the job goes on, and never 0', async () => {
    const group = await newGroup();
    const sandbox = await takeJob(started, await registerWorker(started, group), group);
    const seen: unknown[] = [];
    const look = async () => {
      for (const path of ['', '/getUpdatableData']) {
        const { json } = await sandbox.accountCall('GET', `/jobs/${sandbox.job.id}${path}`);
        const { pendingAction, jobStatus } = json as Record<string, unknown>;
        seen.push([pendingAction, jobStatus]);
      }
    };
    await look();
    await sandbox.call('GET', '/getJobActions');
    await look();
    await changeStatus(sandbox, 'Activating');
    await look();
    await changeStatus(sandbox, 'Running');
    await look();
    await started.service.context.dispatcher.stopJob(started.account.id, sandbox.job.id);
    await look();
    await changeStatus(sandbox, 'Stopped');
    await look();
    const twice = (one: unknown) => [one, one];
    expect(seen).toEqual([
      ...twice([1, 0]),
      ...twice([1, 0]),
      ...twice([null, 1]),
      ...twice([null, 2]),
      ...twice([5, 10]),
      ...twice([null, 5]),
    ]);
  });

  test('give parameters as JSON texts, and the declared .NET types', async () => {
    const group = await newGroup();
    const { store } = started.service.context;
    const sandbox = await takeJob(started, await registerWorker(started, group), group, { kind: 'PowerShell' });
    await store.write(async (tx) => {
      const declared = { name: 'Path', type: 'System.String', isMandatory: true, defaultValue: null, position: 0 };
      const draft = await putDraft(tx, sandbox.job.runbookId, { definition: 'param($Path)', parameters: [declared] }, 1);
      await publishDraft(tx, sandbox.job.runbookId, 1);
      const parameters = JSON.stringify([{ Name: 'Path', Value: '"C:\\\\x"' }]);
      await tx.db.updateTable('jobs').set({ parameters, runbookVersionId: draft.id }).where('id', '=', sandbox.job.id).execute();
    });
    const { runbookVersionId } = await readJob(started, sandbox.job);
    expect((await sandbox.accountCall('GET', `/jobs/${sandbox.job.id}`)).json).toMatchObject({
      parameters: [{ Name: 'Path', Value: '"C:\\\\x"' }],
    });
    expect((await sandbox.accountCall('GET', `/runbooks/${runbookVersionId}`)).json).toMatchObject({
      runbookDefinitionKind: 5,
      parameters: [{ Name: 'Path', ParameterType: { Name: 'System.String' } }],
    });
  });

  test('are given for the caller’s own job alone', async () => {
    const group = await newGroup();
    const worker = await registerWorker(started, group);
    const mine = await takeJob(started, worker, group);
    const other = await takeJob(started, worker, group);
    for (const path of [
      `/jobs/${other.job.id}`,
      `/jobs/${other.job.id}/getUpdatableData`,
      `/runbooks/${other.job.runbookVersionId}`,
    ]) {
      expect(await mine.accountCall('GET', path)).toMatchObject({ status: 404, json: { code: provokes('resource-unknown') } });
    }
    // The worker that was given both may speak for both: it finishes a dead sandbox's work.
    const stranger = await registerWorker(started, group);
    for (const path of [`/jobs/${other.job.id}`, `/runbooks/${other.job.runbookVersionId}`]) {
      expect((await worker.connection.call('GET', `${started.jrds}${path}`)).status).toBe(200);
      expect((await stranger.connection.call('GET', `${started.jrds}${path}`)).status).toBe(404);
    }
  });
});

describe('#7 changeStatus and #9 unload', () => {
  test('are for the sandbox’s own job alone', async () => {
    const worker = await registerWorker(started, 'Own');
    const sandbox = await takeJob(started, worker, 'Own');
    const other = { ...sandbox, job: { ...sandbox.job, id: randomUUID() } };
    expect((await changeStatus(other, 'Running')).status).toBe(404);
    expect((await unload(other)).status).toBe(404);
    expect((await findAttempt(started.service.context.store.db, sandbox.sandboxId))?.unloadedAt).toBeNull();
  });

  test.each([
    ['by name', ['Activating', 'Running', 'Completed']],
    ['by number', [1, 2, 3]],
  ])('take a status %s', async (_how, [activating, running, completed]) => {
    const group = await newGroup();
    const sandbox = await takeJob(started, await registerWorker(started, group), group);
    await sandbox.call('GET', '/getJobActions');
    const seen = [];
    for (const status of [activating, running, completed]) {
      expect((await changeStatus(sandbox, status ?? '')).status).toBe(200);
      seen.push((await readJob(started, sandbox.job)).status);
    }
    expect(seen).toEqual(['Activating', 'Running', 'Completed']);
    const job = await readJob(started, sandbox.job);
    expect(job.startedAt).toBeTypeOf('number');
    expect(job.endedAt).toBeTypeOf('number');
    expect(job.verified).toBeNull();
  });

  test('take a failure with its exception, and the same end again', async () => {
    const group = await newGroup();
    const sandbox = await takeJob(started, await registerWorker(started, group), group);
    await start(sandbox);
    expect((await changeStatus(sandbox, 'Failed', { exception: 'no such file' })).status).toBe(200);
    expect((await changeStatus(sandbox, 'Failed', { exception: 'no such file' })).status).toBe(200);
    expect((await changeStatus(sandbox, 'Completed')).status).toBe(200);
    expect(await readJob(started, sandbox.job)).toMatchObject({ status: 'Failed', exception: 'no such file' });
  });

  test('do not go back: a late Running does not undo a Stopping', async () => {
    const group = await newGroup();
    const sandbox = await takeJob(started, await registerWorker(started, group), group);
    await start(sandbox);
    await started.service.context.dispatcher.stopJob(started.account.id, sandbox.job.id);
    await changeStatus(sandbox, 'Running');
    expect((await readJob(started, sandbox.job)).status).toBe('Stopping');
  });

  test('are refused for a status that no sandbox reports, and for another job', async () => {
    const group = await newGroup();
    const sandbox = await takeJob(started, await registerWorker(started, group), group);
    expect(await changeStatus(sandbox, 'Done')).toMatchObject({ status: 400, json: { code: 'request-invalid' } });
    const body = { jobStatus: 'Running', isFinalStatus: false, exception: null };
    expect((await sandbox.call('POST', `/${randomUUID()}/changeStatus`, { body })).status).toBe(404);
  });

  test('take a body that Microsoft’s worker sends, extendedProperty and all', async () => {
    const group = await newGroup();
    const worker = await registerWorker(started, group);
    const job = await queueJob(started, group);
    const sandbox = foreignSandboxOf(started, worker, job, await worker.poll());
    await sandbox.call('GET', '/getJobActions');
    const extendedProperty = {
      accountid: '',
      accountname: '',
      trackingid: '',
      jobid: job.id,
      resourcegroup: '',
      runbookname: '',
    };
    expect((await changeStatus(sandbox, 'Running', { extendedProperty })).status).toBe(200);
    expect((await unload(sandbox)).status).toBe(200);
    expect((await findAttempt(started.service.context.store.db, sandbox.sandboxId))?.unloadedAt).toBeTypeOf('number');
  });
});

describe('stopping', () => {
  test('ends a job that waits at once', async () => {
    const job = await queueJob(started, await newGroup());
    expect(await started.service.context.dispatcher.stopJob(started.account.id, job.id)).toEqual({ kind: 'stopped' });
    expect(await readJob(started, job)).toMatchObject({ status: 'Stopped', endedAt: expect.any(Number) as number });
  });

  test('ends a job that was handed out and not picked up; its sandbox is turned away', async () => {
    const group = await newGroup();
    const sandbox = await takeJob(started, await registerWorker(started, group), group);
    expect(await started.service.context.dispatcher.stopJob(started.account.id, sandbox.job.id)).toEqual({ kind: 'stopped' });
    expect((await readJob(started, sandbox.job)).status).toBe('Stopped');
    expect((await sandbox.call('GET', '/getJobActions')).status).toBe(401);
  });

  test('of an ended or unknown job says so', async () => {
    const job = await queueJob(started, await newGroup());
    const { dispatcher } = started.service.context;
    await dispatcher.stopJob(started.account.id, job.id);
    expect(await dispatcher.stopJob(started.account.id, job.id)).toEqual({ kind: 'ended', status: 'Stopped' });
    expect(await dispatcher.stopJob(randomUUID(), job.id)).toEqual({ kind: 'unknown' });
  });

  test('of a running job is told once, and ends it as Stopped', async () => {
    const group = await newGroup();
    const sandbox = await takeJob(started, await registerWorker(started, group), group);
    await start(sandbox);
    const { dispatcher } = started.service.context;
    await dispatcher.stopJob(started.account.id, sandbox.job.id);
    await dispatcher.stopJob(started.account.id, sandbox.job.id);
    expect(jobActionsOf(await sandbox.call('GET', '/getJobActions'))).toHaveLength(1);
    await changeStatus(sandbox, 'Stopping');
    await changeStatus(sandbox, 'Stopped');
    expect((await readJob(started, sandbox.job)).status).toBe('Stopped');
  });
});

describe('#10 logs', () => {
  test('take any trace, and learn a foreign worker’s version from it', async () => {
    const worker = await registerWorker(started, await newGroup());
    await worker.poll();
    await started.service.context.dispatcher.sweep();
    const args = ['a', 's', 'Main', worker.machineId, 'worker', 5101, 'task', 'k', '1', '2', 'x', '1.10.0.0', 'starting sandbox'];
    const log = (body: object) => worker.connection.call('POST', `${started.jrds}/logs?api-version=1.0`, { body });
    expect((await log({ eventId: 16000, activityId: randomUUID(), logtype: 0, args })).status).toBe(200);
    expect((await log({ eventId: '3181', activityId: null, logtype: '0', args: null })).status).toBe(200);
    await worker.poll();
    await started.service.context.dispatcher.sweep();
    const { db } = started.service.context.store;
    expect((await findWorker(db, worker.machineId))?.version).toBe('1.10.0.0');
    expect(
      (await listTraces(db, started.account.id, worker.machineId, 10)).map(({ eventId, text }) => ({ eventId, text })),
    ).toEqual([
      { eventId: 3181, text: '' },
      { eventId: 5101, text: 'starting sandbox' },
    ]);
  });
});

test('a trace that comes right after a first poll does not undo that the worker was seen', async () => {
  const own = await startedService();
  const worker = await registerWorker(own, 'Main');
  await worker.poll();
  const args = ['a', 's', 'Main', worker.machineId, 'worker', 5101, 'task', 'k', '1', '2', 'x', '1.10.0.0', 'starting sandbox'];
  const body = { eventId: 16000, activityId: randomUUID(), logtype: 0, args };
  await worker.connection.call('POST', `${own.jrds}/logs?api-version=1.0`, { body });
  await own.service.context.dispatcher.sweep();
  const found = await findWorker(own.service.context.store.db, worker.machineId);
  expect(found?.version).toBe('1.10.0.0');
  expect(found?.lastSeenAt).not.toBeNull();
});

describe('#15 hybridCertificateRotation', () => {
  test('accepts the new certificate, the old one for a while, and pins the new one at its first call', async () => {
    const own = await startedService();
    const worker = await registerWorker(own, 'Main');
    const fresh = await makeIdentity();
    const rotate = () =>
      worker.connection.call('POST', `${own.jrds}/hybridCertificateRotation?api-version=1.0`, {
        body: {
          Thumbprint: fresh.thumbprint,
          Issuer: 'x',
          Subject: 'x',
          NotBefore: '2026-11-23T00:00:00',
          NotAfter: '2027-11-23T00:00:00',
        },
      });
    expect((await rotate()).status).toBe(200);
    expect((await rotate()).status).toBe(200);
    expect((await worker.poll()).status).toBe(200);
    const renewed = own.connect(fresh);
    const url = `${own.jrds}/Sandboxes/GetSandboxActions`;
    expect((await renewed.call('GET', url)).status).toBe(200);
    expect((await findWorker(own.service.context.store.db, worker.machineId))?.certificateSha256).toMatch(/^[0-9a-f]{64}$/);
    await passTime(own, 1000);
    own.clock.advance(25 * 60 * 60 * 1000);
    expect((await worker.poll()).status).toBe(401);
    expect((await renewed.call('GET', url)).status).toBe(200);
  });

  test('asks again of a worker that announced one and does not come with it, also after that one was lost', async () => {
    const own = await startedService();
    const worker = await registerWorker(own, 'Main');
    const [lost, fresh] = [await makeIdentity(), await makeIdentity()];
    const rotate = async (thumbprint: string) =>
      (await worker.connection.call('POST', `${own.jrds}/hybridCertificateRotation`, { body: { Thumbprint: thumbprint } }))
        .status;
    const isAsked = async () => (await worker.poll()).headers['rotateworkercertificate'] === 'true';
    expect(await isAsked()).toBe(false);
    expect(await rotate(lost.thumbprint)).toBe(200);
    expect(await isAsked()).toBe(true);
    await passTime(own, 1000);
    own.clock.advance(23 * 60 * 60 * 1000);
    // The overlap counts from the last announcement, for the certificate that is in use.
    expect(await rotate(fresh.thumbprint)).toBe(200);
    own.clock.advance(2 * 60 * 60 * 1000);
    expect((await worker.poll()).status).toBe(200);
    const renewed = own.connect(fresh);
    expect((await renewed.call('GET', `${own.jrds}/Sandboxes/GetSandboxActions`)).status).toBe(200);
    // From now on the old one announces nothing.
    expect(await isAsked()).toBe(false);
    expect(await rotate(lost.thumbprint)).toBe(401);
  });

  test('does not take another worker’s thumbprint', async () => {
    const group = await newGroup();
    const [one, other] = [await registerWorker(started, group), await registerWorker(started, group)];
    const answer = await one.connection.call('POST', `${started.jrds}/hybridCertificateRotation`, {
      body: { Thumbprint: other.identity.thumbprint },
    });
    expect(answer).toMatchObject({ status: 409, json: { code: 'already-registered' } });
  });
});
