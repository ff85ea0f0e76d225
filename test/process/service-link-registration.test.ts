/** Registering with an account and leaving it: the signed bytes, and each refusal in plain words. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyShared } from '../../src-contract/node/shared-signature.ts';
import { describeProblem } from '../../src-contract/problems.ts';
import { createMachineIdentity, type MachineIdentity } from '../../src-main/service-link/machine-identity.ts';
import { checkEndpoint, deregister, register, type AccountAccess } from '../../src-main/service-link/registration-client.ts';
import { createAuthority, type FakeAuthority } from '../fakes/certificate-authority.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { startScriptedService, type Answering, type ScriptedService } from '../fakes/scripted-service.ts';
import { provokes } from '../harness/provokes.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const accountId = '11111111-2222-4333-8444-555555555555';
const machineId = '0f0e0d0c-0000-4000-8000-000000000001';
const workspaceId = '33333333-2222-4333-8444-555555555555';
const key = 'cGxhaW4gdGV4dCBrZXkgdGhhdCBsb29rcyBsaWtlIGJhc2U2NA==';
const registered = { jobRuntimeDataServiceUri: 'https://localhost/jrds/', AccountId: accountId, accountName: 'main' };

let authority: FakeAuthority;
let identity: MachineIdentity;
beforeAll(async () => {
  authority = await createAuthority('Service Authority');
  identity = await createMachineIdentity(machineId);
});

async function account(answer: Answering): Promise<{ service: ScriptedService; access: AccountAccess & { groupName: string } }> {
  const service = await startScriptedService(await authority.issue(), answer);
  closing.push(service.close);
  return {
    service,
    access: {
      endpoint: `${service.url}/accounts/${accountId}`,
      key,
      groupName: 'Group-1',
      machineId,
      identity,
      trust: { kind: 'authority', pem: authority.pem },
      proxy: { kind: 'none' },
      version: '9.8.7',
      workspaceId,
    },
  };
}

describe('registering', () => {
  it('signs the bytes that it sends, over a connection that proves the certificate it names', async () => {
    const { service, access } = await account(() => ({ body: registered }));
    expect(await register(access)).toEqual({
      jrdsUri: 'https://localhost/jrds',
      accountId,
      restApiUri: null,
      accountName: 'main',
    });
    const seen = service.requests[0];
    expect(`${seen?.method ?? ''} ${seen?.url ?? ''}`).toBe(`PUT /accounts/${accountId}/HybridV2(MachineId='${machineId}')`);
    expect(seen?.headers).toMatchObject({
      protocolversion: '2.0',
      'content-type': 'application/json',
      'hrw-workspace': workspaceId,
    });
    const date = String(seen?.headers['x-ms-date']);
    expect(date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}-00:00$/);
    const signature = String(seen?.headers.authorization).replace('Shared ', '');
    expect(verifyShared(key, seen?.body ?? Buffer.alloc(0), date, signature)).toBe(true);
    expect(seen?.clientCertificate).toBe(identity.sha256);
    expect(JSON.parse(String(seen?.body))).toMatchObject({ RunbookWorkerGroup: 'Group-1', Thumbprint: identity.thumbprint });
  });

  it('refuses an endpoint that names no account before anything is sent', async () => {
    const { service, access } = await account(() => ({ body: registered }));
    for (const endpoint of [
      'not a url',
      `${service.url}/accounts/`,
      `${service.url}/accounts/${accountId}/accounts/${machineId}`,
      `ftp://localhost/accounts/${accountId}`,
    ]) {
      expect((await failureOf(register({ ...access, endpoint }))).code).toBe(provokes('endpoint-invalid'));
    }
    expect(checkEndpoint(`https://HOST/Accounts/${accountId.toUpperCase()}`)).toBe(accountId);
    expect(service.requests).toHaveLength(0);
  });

  it('never repeats a password that was pasted with an endpoint', async () => {
    const { access } = await account(() => ({}));
    const failure = await failureOf(register({ ...access, endpoint: 'https://me:hunter2@host/x' }));
    expect(JSON.stringify(failure.toProblem())).not.toContain('hunter2');
  });

  it('refuses a name that no group can have', async () => {
    const { access } = await account(() => ({ body: registered }));
    for (const groupName of ['', 'two words', '-x', 'a'.repeat(128)]) {
      expect((await failureOf(register({ ...access, groupName }))).code).toBe(provokes('group-name-invalid'));
    }
  });

  it('says that the key is wrong, showing only its end', async () => {
    const refusals = [
      { status: 401, body: describeProblem('account-key-refused', { keyEnding: '????', outcome: 'Nothing was registered' }) },
      { status: 401 },
      { status: 403, body: 'Forbidden' },
    ];
    for (const refusal of refusals) {
      const { access } = await account(() => refusal);
      const failure = await failureOf(register(access));
      expect(failure.code).toBe(provokes('account-key-refused'));
      expect(failure.details).toEqual({ keyEnding: 'NA==', outcome: 'Nothing was registered' });
      expect(JSON.stringify(failure.toProblem())).not.toContain(key);
    }
  });

  it('says that the clock is wrong, by the service’s word or by its date', async () => {
    const said = await account(() => ({
      status: 403,
      body: describeProblem('clock-skewed', { minutes: 40, direction: 'ahead' }),
    }));
    expect((await failureOf(register(said.access))).details).toEqual({ minutes: 40, direction: 'ahead' });
    const shown = await account(() => ({ status: 403, headers: { date: new Date(Date.now() + 40 * 60_000).toUTCString() } }));
    const failure = await failureOf(register(shown.access));
    expect(failure.code).toBe(provokes('clock-skewed'));
    expect(failure.details).toEqual({ minutes: 40, direction: 'behind' });
  });

  it('signs with the time that it is given', async () => {
    const { service, access } = await account(() => ({ body: registered }));
    await register({ ...access, now: () => new Date('2026-11-23T15:52:42.696Z') });
    expect(service.requests[0]?.headers['x-ms-date']).toBe('2026-11-23T15:52:42.6960000-00:00');
  });

  it('passes on each reason of the service', async () => {
    const wrongAccount = describeProblem('workspace-wrong-account', { workspaceId, linkedAccountId: machineId, accountId });
    const cases = [
      [{ status: 404 }, provokes('account-unknown')],
      [{ status: 409 }, provokes('already-registered')],
      [{ status: 409, body: wrongAccount }, 'workspace-wrong-account'],
      [{ status: 400, body: { message: 'bad group' } }, provokes('service-refused')],
      [{ status: 503 }, provokes('service-unavailable')],
      [{ status: 200, body: '<html>log on</html>' }, provokes('answer-not-understood')],
    ] as const;
    for (const [answer, code] of cases) {
      const { access } = await account(() => answer);
      expect((await failureOf(register(access))).code).toBe(code);
    }
  });

  it('knows that TLS is opened on the way when the service saw no certificate', async () => {
    const body = describeProblem('certificate-not-proven', { thumbprint: identity.thumbprint });
    const { access } = await account(() => ({ status: 401, body }));
    const failure = await failureOf(register(access));
    expect(failure.code).toBe(provokes('tls-intercepted'));
    expect(failure.details).toMatchObject({ issuer: 'Service Authority', fingerprint: authority.sha256 });
  });
});

describe('leaving', () => {
  it('deletes by the machine id, with the certificate’s names in a signed body', async () => {
    const { service, access } = await account(() => ({ body: '' }));
    await deregister(access);
    const seen = service.requests[0];
    expect(`${seen?.method ?? ''} ${seen?.url ?? ''}`).toBe(`DELETE /accounts/${accountId}/Hybrid(MachineId='${machineId}')`);
    expect(JSON.parse(String(seen?.body))).toEqual({
      Thumbprint: identity.thumbprint,
      Issuer: identity.issuer,
      Subject: identity.subject,
    });
    const signature = String(seen?.headers.authorization).replace('Shared ', '');
    expect(verifyShared(key, seen?.body ?? Buffer.alloc(0), String(seen?.headers['x-ms-date']), signature)).toBe(true);
  });

  it('says that the account does not know this machine', async () => {
    const { access } = await account(() => ({ status: 404 }));
    const failure = await failureOf(deregister(access));
    expect(failure.code).toBe(provokes('machine-unknown'));
  });
});
