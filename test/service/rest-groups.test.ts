import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import {
  accountName,
  groupName,
  publish,
  refusalOf,
  startJob,
  startRestFixture,
  startScriptedWorker,
  type RestFixture,
} from './rest-fixture.ts';

leftoversAreCheckedAtTheEnd();
let fixture: RestFixture;
beforeAll(async () => {
  fixture = await startRestFixture();
  await publish(fixture, 'Plain', 'Bash', 'echo 1\n');
});
afterAll(() => fixture.close());

const named = (name: string) => ({ params: { accountName, groupName: name } });

describe('a worker group', () => {
  it('is made, given a credential that exists, and removed when nothing is in it', async () => {
    const { rest } = fixture;
    expect(await rest.call('groups:put', { ...named('Munich'), body: {} })).toMatchObject({
      name: 'Munich',
      credential: null,
      workerCount: 0,
    });
    const refused = await refusalOf(rest.call('groups:put', { ...named('Munich'), body: { credential: 'none' } }));
    expect(refused).toMatchObject({ code: 'resource-unknown', details: { what: 'credential' } });
    await rest.call('credentials:put', { params: { accountName, assetName: 'run-as' }, body: { userName: 'u', password: 'p' } });
    expect(await rest.call('groups:put', { ...named('munich'), body: { credential: 'run-as' } })).toMatchObject({
      name: 'Munich',
      credential: 'run-as',
    });
    const odd = await refusalOf(rest.call('groups:put', { ...named('no group'), body: {} }));
    expect(odd.code).toBe(provokes('group-name-invalid'));
    await rest.call('groups:delete', named('Munich'));
    expect((await refusalOf(rest.call('groups:get', named('Munich')))).code).toBe('resource-unknown');
  });

  it('lists what waits for it, each with the reason, oldest first', async () => {
    const { rest } = fixture;
    const first = await startJob(fixture, 'Plain');
    const second = await startJob(fixture, 'Plain');
    const { value } = await rest.call('groups:waiting', named(groupName));
    expect(value.map(({ name }) => name)).toEqual([first, second]);
    expect(value[0]?.waitingReason).toBe(`group ${groupName} has no worker`);
    expect(await rest.call('groups:get', named(groupName))).toMatchObject({ waitingJobs: 2 });
    const refused = await refusalOf(rest.call('groups:delete', named(groupName)));
    expect(refused).toMatchObject({
      status: 409,
      code: provokes('resource-in-use'),
      details: { by: '2 jobs that have not ended' },
    });
    for (const jobName of [first, second]) await rest.call('jobs:stop', { params: { accountName, jobName }, body: {} });
  });
});

describe('a worker', () => {
  it('is shown with its state, its kinds and its running jobs, and is removed when it runs none', async () => {
    const { rest } = fixture;
    const worker = await startScriptedWorker(fixture, 'server-9');
    try {
      expect((await rest.call('workers:list', named(groupName))).value).toMatchObject([
        { workerName: 'server-9', state: 'Not configured', kinds: null },
      ]);
      await startJob(fixture, 'Plain');
      const attempt = await worker.takeJob(['Bash', 'Python3']);
      const params = { accountName, groupName, workerId: worker.machineId.toUpperCase() };
      const seen = await rest.call('workers:get', { params });
      expect(seen).toMatchObject({ workerId: worker.machineId, state: 'Ready', runningJobs: 1, limit: 1, version: '0.1.0' });
      expect([...(seen.kinds ?? [])].sort()).toEqual(['Bash', 'Python3']);
      expect(Date.now() - Date.parse(seen.lastSeenDateTime ?? '')).toBeLessThan(60_000);
      expect(await rest.call('groups:get', named(groupName))).toMatchObject({ workerCount: 1, readyCount: 1 });
      const busy = await refusalOf(rest.call('workers:delete', { params }));
      expect(busy).toMatchObject({ code: 'resource-in-use', details: { by: '1 running jobs' } });
      await attempt.end('Completed', 'completed');

      const paused = { kinds: ['Bash'], freeSlots: 0, limit: 1, state: 'paused' } as const;
      await worker.client.getSandboxActions(paused);
      expect(await rest.call('workers:get', { params })).toMatchObject({ state: 'Paused', runningJobs: 0 });
      await rest.call('workers:delete', { params });
      expect((await rest.call('workers:list', named(groupName))).value).toEqual([]);
      await expect(worker.client.getSandboxActions(paused)).rejects.toMatchObject({ code: provokes('worker-not-accepted') });
    } finally {
      worker.close();
    }
  });

  it('that the group does not have is unknown', async () => {
    const params = { accountName, groupName, workerId: randomUUID() };
    expect((await refusalOf(fixture.rest.call('workers:get', { params }))).code).toBe('resource-unknown');
    expect((await refusalOf(fixture.rest.call('workers:delete', { params }))).code).toBe('resource-unknown');
  });
});
