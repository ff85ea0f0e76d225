/** Registering and deregistering, as Microsoft's onboarding does it and as it must be refused. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findGroup, findWorker } from '../../src-service/store/workers.ts';
import { insertWorkspace, putAgent } from '../../src-service/store/workspaces.ts';
import { makeIdentity, pythonJson, registrationBody, signedCall, type ClientIdentity } from '../fakes/scripted-worker.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { makeAccount, startedService, type StartedService } from './started-service.ts';

leftoversAreCheckedAtTheEnd();

let started: StartedService;
let identity: ClientIdentity;

beforeAll(async () => {
  started = await startedService();
  identity = await makeIdentity();
});
afterAll(() => started.close());

interface Given {
  machineId?: string;
  identity?: ClientIdentity;
  groupName?: string;
  body?: string;
  signedBody?: string;
  key?: string;
  now?: Date;
  endpoint?: string;
  entity?: string;
  headers?: Record<string, string>;
  presents?: ClientIdentity | 'nothing';
}

async function register(given: Given = {}) {
  const who = given.identity ?? (await makeIdentity());
  const connection = started.connect(given.presents === 'nothing' ? undefined : (given.presents ?? who));
  const machineId = given.machineId ?? randomUUID();
  const url = `${given.endpoint ?? started.account.endpoint}/${given.entity ?? 'HybridV2'}(MachineId='${machineId}')`;
  const body = given.body ?? registrationBody(who, given.groupName ?? 'Main');
  const { key = started.account.primary, now, signedBody, headers } = given;
  const options = { key, ...(now && { now }), ...(signedBody !== undefined && { signedBody }), ...(headers && { headers }) };
  return { machineId, answer: await signedCall(connection, 'PUT', url, body, options) };
}

describe('registering', () => {
  test('makes the machine a worker of a group that is made with it, and says where its jobs are', async () => {
    const { machineId, answer } = await register({ identity, groupName: 'Fresh' });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      jobRuntimeDataServiceUri: `${started.service.urls.agentUrl}/jrds`,
      AccountId: started.account.id,
      restApiUri: started.service.urls.restUrl,
      accountName: started.account.name,
    });
    const { db } = started.service.context.store;
    expect(await findGroup(db, started.account.id, 'fresh')).toMatchObject({ name: 'Fresh' });
    expect(await findWorker(db, machineId)).toMatchObject({
      machineName: 'worker-a',
      operatingSystem: 'Linux',
      thumbprint: identity.thumbprint,
      certificateSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  test('takes the secondary key too', async () => {
    expect((await register({ key: started.account.secondary })).answer.status).toBe(200);
  });

  test.each([
    ['in another case', "hybridv2(machineid='ID')", '/ACCOUNTS/'],
    ['with quotes and parentheses percent-encoded', 'HybridV2%28MachineId=%27ID%27%29', '/accounts/'],
  ])('finds its address %s', async (_how, entity, accounts) => {
    const who = await makeIdentity();
    const url = `${started.service.urls.agentUrl}${accounts}${started.account.id.toUpperCase()}/${entity.replace('ID', randomUUID())}`;
    const answer = await signedCall(started.connect(who), 'PUT', url, registrationBody(who, 'Main'), {
      key: started.account.primary,
    });
    expect(answer.status).toBe(200);
  });

  test('takes the short body of the older helper', async () => {
    const who = await makeIdentity();
    const body = pythonJson({
      RunbookWorkerGroup: 'Main',
      MachineName: 'm',
      IpAddress: '',
      Thumbprint: who.thumbprint,
      Issuer: '',
      Subject: '',
    });
    expect((await register({ identity: who, body })).answer.status).toBe(200);
  });

  test('again with the same group is the same registration', async () => {
    const who = await makeIdentity();
    const first = await register({ identity: who });
    const second = await register({ identity: who, machineId: first.machineId });
    expect(second.answer.status).toBe(200);
    const renamed = await register({ identity: who });
    expect(renamed.answer.status).toBe(200);
    expect(await findWorker(started.service.context.store.db, first.machineId)).toBeUndefined();
  });

  test('in another group, or in another account, is refused', async () => {
    const who = await makeIdentity();
    const { machineId } = await register({ identity: who });
    const moved = await register({ identity: who, machineId, groupName: 'Other' });
    expect(moved.answer).toMatchObject({
      status: 409,
      json: { code: provokes('already-registered'), details: { groupName: 'Main', account: started.account.name } },
    });
    const other = await makeAccount(started.service, 'another');
    const elsewhere = await register({ identity: who, endpoint: other.endpoint, key: other.primary });
    expect(elsewhere.answer).toMatchObject({ status: 409, json: { code: 'already-registered' } });
  });

  test('with a wrong key is refused, and with a body that was changed after signing too', async () => {
    const wrong = await register({ key: `${started.account.primary}x` });
    expect(wrong.answer).toMatchObject({ status: 401, json: { code: provokes('account-key-refused') } });
    const changed = await register({ signedBody: '{}' });
    expect(changed.answer).toMatchObject({ status: 401, json: { code: 'account-key-refused' } });
  });

  test('with an account that is not there is refused', async () => {
    const { answer } = await register({ endpoint: `${started.service.urls.agentUrl}/accounts/${randomUUID()}` });
    expect(answer).toMatchObject({ status: 404, json: { code: provokes('account-unknown') } });
  });

  test.each([
    ['ahead', 16],
    ['behind', -16],
  ])('with a clock that is %s is refused, and the difference named', async (direction, minutes) => {
    const { answer } = await register({ now: new Date(Date.now() + minutes * 60_000) });
    expect(answer).toMatchObject({ status: 403, json: { code: provokes('clock-skewed'), details: { direction, minutes: 16 } } });
  });

  test('with a clock 14 minutes off is taken', async () => {
    expect((await register({ now: new Date(Date.now() - 14 * 60_000) })).answer.status).toBe(200);
  });

  test('with a signature that was used before is refused', async () => {
    const given = { identity: await makeIdentity(), machineId: randomUUID(), now: new Date() };
    expect((await register(given)).answer.status).toBe(200);
    expect((await register(given)).answer).toMatchObject({ status: 403, json: { code: provokes('request-replayed') } });
  });

  test.each([
    ['no certificate', 'nothing' as const],
    ['another certificate', undefined],
  ])('while the connection shows %s is refused', async (_what, presents) => {
    const { answer } = await register({ presents: presents ?? (await makeIdentity()) });
    expect(answer).toMatchObject({ status: 401, json: { code: provokes('certificate-not-proven') } });
  });

  test('in a group whose name would need escaping is refused', async () => {
    const { answer } = await register({ groupName: 'Main group' });
    expect(answer).toMatchObject({ status: 400, json: { code: provokes('group-name-invalid') } });
  });

  test.each([
    ['no JSON', 'nonsense'],
    ['no thumbprint', '{"RunbookWorkerGroup": "Main"}'],
  ])('with %s in its body is refused', async (_what, body) => {
    expect((await register({ body })).answer).toMatchObject({ status: 400, json: { code: provokes('request-invalid') } });
  });

  test('at another address is refused as a problem with a correlation id', async () => {
    const { answer } = await register({ entity: 'HybridV3' });
    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json).toMatchObject({ status: 404, correlationId: expect.any(String) as string });
  });
});

describe('an agent of a workspace', () => {
  async function workspaceWith(accountId: string | null, agentMachineId: string): Promise<string> {
    const id = randomUUID();
    await started.service.context.store.write(async (tx) => {
      await insertWorkspace(tx, { id, name: id, primaryKey: '', secondaryKey: '', accountId, createdAt: 1 });
      const machine = { machineName: 'm', certificateSha256: '', version: '', operatingSystem: '', joinedAt: 1, lastSeenAt: 1 };
      await putAgent(tx, { workspaceId: id, machineId: agentMachineId, ...machine });
    });
    return id;
  }

  test.each([
    ['the account that its workspace is linked to', 'own', 200, undefined],
    ['another account', 'other', 409, provokes('workspace-wrong-account')],
    ['any account while its workspace is linked to none', 'none', 409, provokes('workspace-not-linked')],
  ])('registers with %s: %s', async (_what, linked, status, code) => {
    const machineId = randomUUID();
    const accountId = linked === 'own' ? started.account.id : linked === 'other' ? randomUUID() : null;
    const workspaceId = await workspaceWith(accountId, machineId);
    const { answer } = await register({ machineId, headers: { 'HRW-Workspace': workspaceId } });
    expect(answer.status).toBe(status);
    expect((answer.json as { code?: string }).code).toBe(code);
  });

  test('that the workspace does not know, or whose workspace is not there, is refused', async () => {
    const workspaceId = await workspaceWith(started.account.id, randomUUID());
    expect((await register({ headers: { 'HRW-Workspace': workspaceId } })).answer.json).toMatchObject({
      code: provokes('agent-unknown'),
    });
    expect((await register({ headers: { 'HRW-Workspace': randomUUID() } })).answer.json).toMatchObject({
      code: provokes('workspace-unknown'),
    });
  });
});

describe('deregistering', () => {
  const body = (who: ClientIdentity) => pythonJson({ Thumbprint: who.thumbprint, Issuer: '', Subject: '' });

  test('is a DELETE with a body; a machine that is not there is 404', async () => {
    const who = await makeIdentity();
    const { machineId } = await register({ identity: who });
    const remove = () =>
      signedCall(started.connect(who), 'DELETE', `${started.account.endpoint}/Hybrid(MachineId='${machineId}')`, body(who), {
        key: started.account.primary,
        // Each signature is good once, and the clock may not have moved between two calls.
        now: new Date(Date.now() + Math.floor(Math.random() * 600_000)),
      });
    expect((await remove()).status).toBe(200);
    expect(await findWorker(started.service.context.store.db, machineId)).toBeUndefined();
    expect(await remove()).toMatchObject({ status: 404, json: { code: provokes('machine-unknown') } });
  });

  test('with a wrong key is refused', async () => {
    const who = await makeIdentity();
    const { machineId } = await register({ identity: who });
    const url = `${started.account.endpoint}/Hybrid(MachineId='${machineId}')`;
    const answer = await signedCall(started.connect(who), 'DELETE', url, body(who), { key: 'wrong' });
    expect(answer.status).toBe(401);
    expect(await findWorker(started.service.context.store.db, machineId)).toBeDefined();
  });
});
