/** Assets as a running job gets them, and as nobody else does. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certificateRead, connectionRead, credentialRead, variableRead } from '../../src-contract/jrds.ts';
import { findAsset, insertAsset, type AssetKind } from '../../src-service/store/assets.ts';
import { openAsset, sealAsset, type AssetContent } from '../../src-service/vault/asset-content.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { changeStatus, foreignSandboxOf, queueJob, readJob, start, takeJob, type Sandbox } from './job-life.ts';
import { sampleRunbook } from './store-samples.ts';
import { registerWorker, startedService, type StartedService } from './started-service.ts';

leftoversAreCheckedAtTheEnd();

let started: StartedService;
let dataFolder: string;
let sandbox: Sandbox;
const password = 'correct horse battery staple';

async function put<Kind extends AssetKind>(
  kind: Kind,
  name: string,
  content: AssetContent<Kind>,
  isEncrypted = false,
): Promise<void> {
  const { store, vault } = started.service.context;
  const key = { accountId: started.account.id, kind, name };
  const asset = { ...key, description: 'for tests', isEncrypted, content: sealAsset(vault, key, content) };
  await store.write((tx) => insertAsset(tx, asset, 1));
}

beforeAll(async () => {
  dataFolder = await tempFolder();
  started = await startedService({ dataFolder });
  sandbox = await takeJob(started, await registerWorker(started, 'Main'), 'Main');
  await start(sandbox);
  await put('variable', 'Region', { value: '"north"' });
  await put('variable', 'Secret', { value: `"${password}"` }, true);
  await put('credential', 'Backup', { userName: 'CONTOSO\\backup', password });
  await put('connection', 'Azure', { connectionType: 'Azure', fields: { SubscriptionID: 's' }, encryptedFieldNames: [] });
  await put('certificate', 'Client', {
    thumbprint: 'AB',
    isExportable: true,
    value: 'AAEC',
    expiryTime: '2027-01-01T00:00:00.000+00:00',
  });
});
afterAll(() => started.close());

describe('a job reads', () => {
  test('a variable, encrypted or not, as JSON text', async () => {
    const open = await sandbox.accountCall('GET', '/variables/Region');
    expect(open).toMatchObject({ status: 200, json: { name: 'Region', value: '"north"', isEncrypted: false } });
    const encrypted = await sandbox.accountCall('GET', '/VARIABLES/secret');
    expect(variableRead.parse(encrypted.json)).toEqual({ name: 'Secret', value: `"${password}"`, isEncrypted: true });
  });

  test('a credential with its password in the field that the protocol calls value', async () => {
    const { json } = await sandbox.accountCall('GET', '/credentials/Backup');
    expect(credentialRead.parse(json)).toEqual(json);
    expect(json).toEqual({ name: 'Backup', userName: 'CONTOSO\\backup', value: password, description: 'for tests' });
  });

  test('a connection and a certificate', async () => {
    const connection = await sandbox.accountCall('GET', '/connections/Azure');
    expect(connection.json).toEqual({ connectionFields: { SubscriptionID: 's' }, encryptedFieldNames: [] });
    expect(connectionRead.safeParse(connection.json).success).toBe(true);
    const certificate = await sandbox.accountCall('GET', '/certificates/Client');
    expect(certificateRead.parse(certificate.json)).toEqual(certificate.json);
    expect(certificate.json).toMatchObject({ name: 'Client', value: 'AAEC', thumbprint: 'AB' });
  });

  test.each(['variables', 'credentials', 'connections', 'certificates'])('of %s only what there is', async (path) => {
    expect(await sandbox.accountCall('GET', `/${path}/Nothing`)).toMatchObject({
      status: 404,
      json: { code: 'resource-unknown' },
    });
  });
});

describe('a job writes a variable', () => {
  const set = (name: string, body: object) => sandbox.accountCall('POST', `/variables/${name}`, { body });

  test('whose encryption stays, though clients always say that it is none', async () => {
    const answer = await set('Secret', { name: 'Secret', value: '"changed"', isEncrypted: false });
    expect(answer).toMatchObject({ status: 200, json: { name: 'Secret', value: '"changed"', isEncrypted: true } });
    expect((await sandbox.accountCall('GET', '/variables/Secret')).json).toMatchObject({ value: '"changed"', isEncrypted: true });
  });

  test('of a million characters, and no more', async () => {
    const value = JSON.stringify('x'.repeat(1_048_574));
    expect((await set('Region', { name: 'Region', value, isEncrypted: false })).status).toBe(200);
    const more = JSON.stringify('x'.repeat(1_048_575));
    expect(await set('Region', { name: 'Region', value: more })).toMatchObject({
      status: 400,
      json: { code: 'request-invalid' },
    });
  });

  test('that is there, under the name in the address', async () => {
    expect((await set('Region', { name: 'Other', value: '1' })).status).toBe(400);
    expect((await set('Nothing', { name: 'Nothing', value: '1' })).status).toBe(404);
  });
});

describe('assets are given', () => {
  test('to a foreign worker only while a job of its own runs', async () => {
    const worker = await registerWorker(started, 'Foreign');
    const read = () => worker.connection.call('GET', `${started.jrds}/credentials/Backup`);
    expect((await read()).status).toBe(404);
    const job = await queueJob(started, 'Foreign');
    const foreign = foreignSandboxOf(started, worker, job, await worker.poll());
    expect((await read()).status).toBe(404);
    await start(foreign);
    expect((await read()).status).toBe(200);
    await changeStatus(foreign, 'Completed');
    expect((await read()).status).toBe(404);
  });

  test('to no sandbox whose job has ended, and to none of another account', async () => {
    const worker = await registerWorker(started, 'Ended');
    const ended = await takeJob(started, worker, 'Ended');
    await start(ended);
    await changeStatus(ended, 'Completed');
    expect((await ended.accountCall('GET', '/credentials/Backup')).status).toBe(404);
    const elsewhere = started.jrds.replace(
      started.account.id,
      started.account.id.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    );
    const headers = { authorization: `Bearer ${sandbox.secret}` };
    expect((await started.connect().call('GET', `${elsewhere}/credentials/Backup`, { headers })).status).toBe(401);
  });

  test('to nobody who reads the disk', async () => {
    await put('credential', 'OnDisk', { userName: 'u', password });
    const { db } = started.service.context.store;
    const asset = await findAsset(db, started.account.id, 'credential', 'OnDisk');
    const bytes = ['', '-wal'].map((end) => readFileSync(join(dataFolder, `automation.sqlite${end}`)));
    expect(bytes.some((one) => one.includes(asset?.content ?? 'nothing'))).toBe(true);
    expect(bytes.some((one) => one.includes(password) || one.includes(sandbox.secret))).toBe(false);
    const key = { accountId: started.account.id, kind: 'credential', name: 'OnDisk' } as const;
    expect(openAsset(started.service.context.vault, key, asset?.content ?? '').password).toBe(password);
  });
});

describe('a job starts another', () => {
  const child = (id: string, body?: object) =>
    sandbox.call(body === undefined ? 'GET' : 'PUT', `/${sandbox.job.id}/children/${id}`, body && { body });

  test('once for each id, however often it asks, on its own group where it names none', async () => {
    const runbook = await sampleRunbook(started.service.context.store, started.account.id, { name: 'Child' });
    const id = randomUUID();
    const body = { runbookName: runbook.name, parameters: {}, runOn: null };
    const first = await child(id, body);
    expect(first).toMatchObject({ status: 200, json: { jobId: id, runbookName: 'Child', status: 'New', exception: null } });
    expect(await child(id, body)).toMatchObject({ status: 200, json: first.json });
    expect(await child(id)).toMatchObject({ status: 200, json: first.json });
    const job = await readJob(started, { ...sandbox.job, id });
    expect(job).toMatchObject({ groupName: 'Main', startedBy: `job ${sandbox.job.id} (${sandbox.job.runbookName})` });
    const other = await child(id, { ...body, parameters: { a: 1 } });
    expect(other).toMatchObject({ status: 409, json: { code: 'resource-exists' } });
  });

  test('of its own account only, by a GUID, and sees none but its own', async () => {
    const body = { runbookName: 'NoSuch', parameters: {}, runOn: null };
    expect(await child(randomUUID(), body)).toMatchObject({ status: 404, json: { code: 'resource-unknown' } });
    expect(await child('mine', body)).toMatchObject({ status: 400, json: { code: 'request-invalid' } });
    expect(await child(sandbox.job.id)).toMatchObject({ status: 404, json: { code: 'resource-unknown' } });
    const strange = await sandbox.call('GET', `/${randomUUID()}/children/${randomUUID()}`);
    expect(strange).toMatchObject({ status: 404 });
  });
});
