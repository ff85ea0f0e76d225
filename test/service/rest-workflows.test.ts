import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { maxCheckpointBytes } from '../../src-contract/limits.ts';
import { resumeJob } from '../../src-service/dispatch/resume.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { createHrw } from './hrw-fixture.ts';
import {
  accountName,
  groupName,
  publish,
  refusalOf,
  startJob,
  startRestFixture,
  startScriptedWorker,
  type RestFixture,
  type ScriptedWorker,
} from './rest-fixture.ts';

leftoversAreCheckedAtTheEnd();
let fixture: RestFixture;
beforeAll(async () => {
  fixture = await startRestFixture();
  await publish(fixture, 'Flow', 'PowerShellWorkflow', 'workflow Flow {\n  "a"\n  Suspend-Workflow\n  "b"\n}');
});
afterAll(() => fixture.close());

const open: ScriptedWorker[] = [];
async function worker(machineName: string): Promise<ScriptedWorker> {
  const started = await startScriptedWorker(fixture, machineName);
  open.push(started);
  return started;
}
afterEach(async () => {
  for (const one of open.splice(0)) {
    one.close();
    const params = { accountName, groupName, workerId: one.machineId };
    await fixture.rest.call('workers:delete', { params });
  }
});

const jobNamed = (jobName: string) => ({ params: { accountName, jobName } });
const checkpoint = (text: string, kind: 'checkpoint' | 'suspend' = 'suspend') => ({ kind, line: 3, body: Buffer.from(text) });

describe('publishing a workflow', () => {
  it('says whether PowerShell 7 can run it, and else what it is that cannot', async () => {
    const { rest } = fixture;
    const flow = await rest.call('runbooks:get', { params: { accountName, runbookName: 'Flow' } });
    expect(flow.workflow).toEqual({ kind: 'translatable' });
    await publish(fixture, 'Old', 'PowerShellWorkflow', 'workflow Old {\n  trap { 1 }\n}');
    const old = await rest.call('runbooks:get', { params: { accountName, runbookName: 'Old' } });
    expect(old.workflow).toEqual({ kind: 'native-only', line: 2, reason: 'trap is no part of a workflow; use try' });
    await publish(fixture, 'Plain', 'PowerShell', 'trap { 1 }');
    const plain = await rest.call('runbooks:get', { params: { accountName, runbookName: 'Plain' } });
    expect(plain.workflow).toBeNull();
  });
});

describe('a workflow that needs Windows PowerShell 5.1', () => {
  it('is refused at the start where no worker of the group has it, and waits where one may have it', async () => {
    const { rest } = fixture;
    await publish(fixture, 'Old', 'PowerShellWorkflow', 'workflow Old {\n  trap { 1 }\n}');
    const unseen = await worker('server-unseen');
    const waiting = await startJob(fixture, 'Old');
    await unseen.client.getSandboxActions({
      kinds: ['PowerShell7', 'PowerShellWorkflow'],
      translatesWorkflows: true,
      freeSlots: 1,
      limit: 1,
      state: 'ready',
    });
    expect((await rest.call('jobs:get', jobNamed(waiting))).waitingReason).toBe(
      `no worker of group ${groupName} can run this workflow, which needs Windows PowerShell 5.1`,
    );
    const refused = await refusalOf(startJob(fixture, 'Old'));
    expect(refused).toMatchObject({
      status: 409,
      code: provokes('workflow-not-translatable'),
      details: { runbook: 'Old', line: 2, reason: 'trap is no part of a workflow; use try', groupName },
    });
    const native = await worker('server-native');
    const attempt = await native.takeJob(['PowerShellWorkflow']);
    await attempt.end('Completed', 'completed');
    expect((await rest.call('jobs:get', jobNamed(waiting))).attempts).toMatchObject([{ workerName: 'server-native' }]);
  });
});

describe('a suspended job', () => {
  it('keeps its checkpoint until somebody resumes it, and another worker goes on from there', async () => {
    const { rest } = fixture;
    const first = await worker('server-one');
    const jobName = await startJob(fixture, 'Flow');
    const attempt = await first.takeJob(['PowerShellWorkflow'], true);
    const { sandbox, sandboxId, jobId } = attempt;
    await sandbox.putCheckpoint(sandboxId, jobId, checkpoint('<Objs>one</Objs>', 'checkpoint'));
    await sandbox.putCheckpoint(sandboxId, jobId, checkpoint('<Objs>größer ✓</Objs>'));
    await attempt.end('Suspended', 'suspended', 'the workflow suspended itself at line 3');
    expect(await rest.call('jobs:get', jobNamed(jobName))).toMatchObject({
      status: 'Suspended',
      exception: null,
      statusDetails: 'It waits to be resumed: the workflow suspended itself at line 3',
      provisioningState: 'Suspended',
    });
    const stored = await fixture.service.context.store.db.selectFrom('checkpoints').selectAll().execute();
    expect(JSON.stringify(stored)).not.toContain('größer');

    const { hrw } = await createHrw(fixture);
    const resumed = await hrw(['job', 'resume', '--account', accountName, jobName]);
    expect(resumed).toEqual({ code: 0, stdout: `Job ${jobName} is New. Resumed from the checkpoint of line 3.\n`, stderr: '' });
    expect(await rest.call('jobs:get', jobNamed(jobName))).toMatchObject({ status: 'New', endTime: null });
    const again = await refusalOf(rest.call('jobs:resume', { ...jobNamed(jobName), body: {} }));
    expect(again).toMatchObject({ status: 409, code: provokes('job-not-suspended'), details: { status: 'New' } });
    const refused = await hrw(['job', 'resume', '--account', accountName, jobName]);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('New');
    const second = await worker('server-two');
    const next = await second.takeJob(['PowerShellWorkflow'], true);
    expect((await next.sandbox.getUpdatableData(jobId)).hrw).toMatchObject({ attempt: 2, hasCheckpoint: true });
    expect(await next.sandbox.getCheckpoint(next.sandboxId, jobId)).toBe('<Objs>größer ✓</Objs>');
    const late = await failureOf(sandbox.putCheckpoint(sandboxId, jobId, checkpoint('<Objs>late</Objs>')));
    expect(late.code).toBe('attempt-fenced');
    await next.end('Completed', 'completed');
    expect(await rest.call('jobs:get', jobNamed(jobName))).toMatchObject({ status: 'Completed', attempts: [{}, {}] });
    expect(await fixture.service.context.store.db.selectFrom('checkpoints').selectAll().execute()).toEqual([]);
  });

  it('can be resumed by the worker that ran it, and by no other', async () => {
    const first = await worker('server-one');
    const jobName = await startJob(fixture, 'Flow');
    const attempt = await first.takeJob(['PowerShellWorkflow'], true);
    const { sandbox, sandboxId, jobId } = attempt;
    await sandbox.putCheckpoint(sandboxId, jobId, checkpoint('<Objs/>'));
    await attempt.end('Suspended', 'suspended', 'the workflow suspended itself at line 3');
    const other = await worker('server-two');
    expect((await failureOf(other.client.resumeJob(jobId))).code).toBe('resource-unknown');
    expect((await failureOf(sandbox.resumeJob(jobId))).code).toBe('worker-not-accepted');
    await first.client.resumeJob(jobId);
    expect(await fixture.rest.call('jobs:get', jobNamed(jobName))).toMatchObject({ status: 'New' });
    await fixture.rest.call('jobs:stop', { ...jobNamed(jobName), body: {} });
  });

  it('was suspended even when its sandbox was lost before it could say so', async () => {
    const first = await worker('server-one');
    const jobName = await startJob(fixture, 'Flow');
    const attempt = await first.takeJob(['PowerShellWorkflow'], true);
    await attempt.sandbox.putCheckpoint(attempt.sandboxId, attempt.jobId, checkpoint('<Objs/>'));
    await attempt.end('Failed', 'sandbox-crashed', 'it died');
    const job = await fixture.rest.call('jobs:get', jobNamed(jobName));
    expect(job).toMatchObject({ status: 'Suspended', attempts: [{ outcome: 'suspended' }] });
    expect(job.statusDetails).toContain('it died');
  });
});

describe('a job that was lost', () => {
  it('goes on from its last checkpoint, and is given three more attempts when it is resumed', async () => {
    const { rest, service } = fixture;
    const first = await worker('server-one');
    const jobName = await startJob(fixture, 'Flow');
    for (const turn of [1, 2, 3]) {
      const attempt = await first.takeJob(['PowerShellWorkflow'], true);
      const { hrw } = await attempt.sandbox.getUpdatableData(attempt.jobId);
      expect(hrw?.hasCheckpoint).toBe(turn > 1);
      if (turn === 1)
        await attempt.sandbox.putCheckpoint(attempt.sandboxId, attempt.jobId, checkpoint('<Objs>kept</Objs>', 'checkpoint'));
      else expect(await attempt.sandbox.getCheckpoint(attempt.sandboxId, attempt.jobId)).toBe('<Objs>kept</Objs>');
      await attempt.end('Failed', 'interrupted', 'the power failed');
    }
    expect(await rest.call('jobs:get', jobNamed(jobName))).toMatchObject({ status: 'Suspended' });
    await rest.call('jobs:resume', { ...jobNamed(jobName), body: {} });
    const fourth = await first.takeJob(['PowerShellWorkflow'], true);
    await fourth.end('Failed', 'interrupted', 'the power failed again');
    expect(await rest.call('jobs:get', jobNamed(jobName))).toMatchObject({ status: 'New', attempts: [{}, {}, {}, {}] });
    await rest.call('jobs:stop', { ...jobNamed(jobName), body: {} });
    const { store, clock } = service.context;
    const unknown = await store.write((tx) => resumeJob(tx, 'nobody', fourth.jobId, clock.now()));
    expect(unknown).toEqual({ kind: 'unknown' });
  });

  it('cannot keep a checkpoint that is too large or empty', async () => {
    const first = await worker('server-one');
    await startJob(fixture, 'Flow');
    const attempt = await first.takeJob(['PowerShellWorkflow'], true);
    const { sandbox, sandboxId, jobId } = attempt;
    const large = await failureOf(sandbox.putCheckpoint(sandboxId, jobId, checkpoint('x'.repeat(maxCheckpointBytes + 1))));
    expect(large.code).toBe('request-invalid');
    const empty = await failureOf(sandbox.putCheckpoint(sandboxId, jobId, checkpoint('')));
    expect(empty.code).toBe('request-invalid');
    expect((await failureOf(sandbox.getCheckpoint(sandboxId, jobId))).code).toBe('resource-unknown');
    await attempt.end('Completed', 'completed');
  });
});
