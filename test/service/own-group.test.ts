/** What a worker may ask for in its own name: why its group's jobs wait, and one test job on itself. Nothing else. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testJob, waitingJobs } from '../../src-contract/jrds.ts';
import { findJob } from '../../src-service/store/jobs.ts';
import { findRunbook, findRunbookVersion } from '../../src-service/store/runbooks.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { actionsOf, queueJob, takeJob } from './job-life.ts';
import { ownHeaders, registerWorker, startedService, type RegisteredWorker, type StartedService } from './started-service.ts';

leftoversAreCheckedAtTheEnd();

let started: StartedService;
beforeAll(async () => {
  started = await startedService();
});
afterAll(() => started.close());

const ask = (of: StartedService, worker: RegisteredWorker, method: string, path: string) =>
  worker.connection.call(method, `${of.jrds}${path}?api-version=1.0`, method === 'PUT' ? { body: {} } : undefined);
const testJobPath = (id: string): string => `/Workers/testJobs/${id}`;
const jobOf = (jobId: string) => findJob(started.service.context.store.db, started.account.id, jobId);

describe('the waiting jobs of a group', () => {
  test('are told to its worker with why each waits, oldest first, and no others', async () => {
    const worker = await registerWorker(started, 'Asking');
    await registerWorker(started, 'Other');
    const first = await queueJob(started, 'Asking', { kind: 'PowerShell7' });
    const second = await queueJob(started, 'Asking', { now: started.clock.now() + 1 });
    await queueJob(started, 'Other');
    await worker.poll({ headers: ownHeaders({ state: 'paused', kinds: '11' }) });
    const answer = await ask(started, worker, 'GET', '/Workers/waitingJobs');
    expect(answer.status).toBe(200);
    const { value, total } = waitingJobs.parse(answer.json);
    expect(total).toBe(2);
    expect(value).toEqual([
      expect.objectContaining({ jobId: first.id, reason: 'no worker of group Asking can run PowerShell 7' }),
      expect.objectContaining({ jobId: second.id, reason: 'the only worker is paused', startedBy: second.startedBy }),
    ]);
  });

  test('are a page of twenty, however many there are', async () => {
    const worker = await registerWorker(started, 'Busy');
    for (let number = 0; number < 23; number += 1) await queueJob(started, 'Busy');
    const { value, total } = waitingJobs.parse((await ask(started, worker, 'GET', '/Workers/waitingJobs')).json);
    expect([value.length, total]).toEqual([20, 23]);
  });

  test('are not told to a sandbox', async () => {
    const worker = await registerWorker(started, 'Boxed');
    const sandbox = await takeJob(started, worker, 'Boxed');
    for (const [method, path] of [
      ['GET', '/Workers/waitingJobs'],
      ['PUT', testJobPath(randomUUID())],
    ] as const)
      expect(await sandbox.accountCall(method, path, { body: {} })).toMatchObject({ status: 401 });
  });
});

describe('a test job', () => {
  test('is the sample, made when the account has none, and given to the worker that asked, and to no other', async () => {
    const worker = await registerWorker(started, 'Pair');
    const other = await registerWorker(started, 'Pair');
    await worker.poll({ headers: ownHeaders({ kinds: '11' }) });
    const id = randomUUID();
    const answer = await ask(started, worker, 'PUT', testJobPath(id));
    expect(testJob.parse(answer.json)).toEqual({ jobId: id });
    const { db } = started.service.context.store;
    const runbook = await findRunbook(db, started.account.id, 'test-hybridworker');
    expect(runbook).toMatchObject({ kind: 'Bash', rerun: 'never' });
    const version = await findRunbookVersion(db, started.account.id, runbook?.publishedVersionId ?? '');
    expect(version?.definition).toContain('This worker runs jobs.');
    expect(await jobOf(id)).toMatchObject({
      groupName: 'Pair',
      onlyMachineId: worker.machineId,
      runbookName: 'Test-HybridWorker',
    });
    expect(actionsOf(await other.poll({ headers: ownHeaders() }))).toEqual([]);
    // Once more: the same call, and another one while it is under way, are the same job.
    for (const again of [id, randomUUID()])
      expect((await ask(started, worker, 'PUT', testJobPath(again))).json).toEqual({ jobId: id });
    expect(actionsOf(await worker.poll({ headers: ownHeaders() }))).toHaveLength(1);
  });

  test('is refused where the worker cannot run it, and makes nothing', async () => {
    const fresh = await startedService();
    const worker = await registerWorker(fresh, 'Bare');
    await worker.poll({ headers: ownHeaders({ kinds: '' }) });
    const answer = await ask(fresh, worker, 'PUT', testJobPath(randomUUID()));
    expect(answer).toMatchObject({ status: 409, json: { code: provokes('test-job-impossible') } });
    expect(await findRunbook(fresh.service.context.store.db, fresh.account.id, 'Test-HybridWorker')).toBeUndefined();
  });

  test('needs a GUID, and is no other job of the account', async () => {
    const worker = await registerWorker(started, 'Strict');
    expect(await ask(started, worker, 'PUT', testJobPath('no-guid'))).toMatchObject({ status: 400 });
    const id = randomUUID();
    const other = await registerWorker(started, 'Strict');
    for (const one of [worker, other]) await one.poll({ headers: ownHeaders() });
    expect(await ask(started, other, 'PUT', testJobPath(id))).toMatchObject({ status: 200 });
    expect(await ask(started, worker, 'PUT', testJobPath(id))).toMatchObject({
      status: 409,
      json: { code: provokes('resource-exists') },
    });
  });
});
