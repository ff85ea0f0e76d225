/** The same API on the other database: each kind of row goes in over REST and comes out again as it was. */
import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { packEntries, zipEntries } from '../fakes/pack-builder.ts';
import { postgresDatabase } from '../harness/postgres-database.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, groupName, publish, startJob, startRestFixture, startScriptedWorker } from './rest-fixture.ts';

leftoversAreCheckedAtTheEnd();

it('a job, its records, assets, packs and pages, on PostgreSQL', async (context) => {
  const fixture = await startRestFixture({ databaseUrl: await postgresDatabase(context) });
  onTestFinished(fixture.close);
  const worker = await startScriptedWorker(fixture);
  onTestFinished(worker.close);
  const { rest } = fixture;

  await publish(fixture, 'Say', 'PowerShell', 'param([Parameter(Mandatory)][string]$Name, [int]$Times = 2)');
  const jobName = await startJob(fixture, 'Say', { name: 'größer', times: '3' });
  const live: string[] = [];
  const following = (async () => {
    for await (const { event } of rest.live(accountName, jobName)) live.push(event);
  })();
  const attempt = await worker.takeJob();
  await attempt.write({ text: 'one ✓' }, { stream: 'Error', text: 'two' });
  await attempt.end('Completed', 'completed');
  await following;
  expect(live).toContain('records');
  expect(live.at(-1)).toBe('end');
  const params = { accountName, jobName };
  expect(await rest.call('jobs:get', { params })).toMatchObject({
    status: 'Completed',
    parameters: { Name: 'größer', Times: 3 },
    verified: true,
    recordCount: 2,
  });
  expect(await rest.call('jobs:output', { params })).toBe('one ✓\n');
  const first = await rest.call('jobs:streams', { params, query: { limit: 1 } });
  expect(first.value).toMatchObject([{ sequence: 0, streamText: 'one ✓' }]);
  const second = await rest.call('jobs:streams', { params, query: { limit: 1, after: first.next ?? '' } });
  expect(second.value).toMatchObject([{ sequence: 1, streamType: 'Error' }]);

  const waiting = [await startJob(fixture, 'Say', { Name: 'a' }), await startJob(fixture, 'Say', { Name: 'b' })];
  const page = await rest.call('jobs:list', { params: { accountName }, query: { limit: 2 } });
  expect(page.value.map(({ name }) => name)).toEqual([...waiting].reverse());
  const rest1 = await rest.call('jobs:list', { params: { accountName }, query: { limit: 2, after: page.next ?? '' } });
  expect(rest1).toMatchObject({ value: [{ name: jobName }], next: null });
  expect((await rest.call('groups:get', { params: { accountName, groupName } })).waitingJobs).toBe(2);

  const asset = { params: { accountName, assetName: 'Any' } };
  await rest.call('variables:put', { ...asset, body: { value: { a: [1, 'ä'] } } });
  expect(await rest.call('variables:get', asset)).toMatchObject({ value: { a: [1, 'ä'] }, isEncrypted: false });

  const publisher = createPrivateKey(await readFile('.keys/publisher.key.pem'));
  const parts = { name: 'Sample', version: '1.0.0', folder: 'Sample', files: { 'a.txt': 'x' } };
  const archive = await zipEntries(packEntries(parts, publisher));
  const published = await rest.call('packs:publish', { body: archive });
  expect(published.bytes).toBe(archive.length);
  await rest.call('workspaces:create', { params: { workspace: 'ws' }, body: { accountName } });
  await rest.call('workspaces:add-pack', { params: { workspace: 'ws', packName: 'Sample' }, body: {} });
  expect((await rest.call('workspaces:packs', { params: { workspace: 'ws' } })).value).toEqual([published]);
});
