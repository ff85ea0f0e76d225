import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRestClient } from '../harness/rest-client.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, refusalOf, startRestFixture, startScriptedWorker, type RestFixture } from './rest-fixture.ts';

leftoversAreCheckedAtTheEnd();
let fixture: RestFixture;
beforeAll(async () => {
  fixture = await startRestFixture();
});
afterAll(() => fixture.close());

describe('an account', () => {
  it('is made once, and has an endpoint that names it and two keys', async () => {
    const { rest } = fixture;
    const params = { accountName: 'Fabrikam' };
    const made = await rest.call('accounts:create', { params, body: {} });
    expect(await rest.call('accounts:create', { params: { accountName: 'FABRIKAM' }, body: {} })).toEqual(made);
    expect(await rest.call('accounts:get', { params })).toEqual(made);
    const { endpoint, keys } = await rest.call('accounts:keys', { params });
    expect(endpoint).toBe(`${fixture.service.urls.agentUrl}/accounts/${made.accountId}`);
    expect(Buffer.from(keys.primary, 'base64')).toHaveLength(64);
    expect(keys.primary).not.toBe(keys.secondary);
    const listed = await rest.call('accounts:list', {});
    expect(listed.value.map(({ name }) => name)).toEqual([accountName, 'Fabrikam']);
    expect((await refusalOf(rest.call('accounts:get', { params: { accountName: 'nobody' } }))).code).toBe('resource-unknown');
  });

  it('gets one key anew and keeps the other; a registered worker stays', async () => {
    const { rest } = fixture;
    const params = { accountName };
    const worker = await startScriptedWorker(fixture);
    try {
      const before = await rest.call('accounts:keys', { params });
      const after = await rest.call('accounts:regenerate-key', { params, body: { keyName: 'primary' } });
      expect(after.keys.secondary).toBe(before.keys.secondary);
      expect(after.keys.primary).not.toBe(before.keys.primary);
      const query = { kinds: ['Bash'], freeSlots: 1, limit: 1, state: 'ready' } as const;
      expect(await worker.client.getSandboxActions(query)).toMatchObject({ actions: [] });
    } finally {
      worker.close();
    }
  });
});

describe('a token', () => {
  it('is shown once, works with its role, and no longer once it is revoked', async () => {
    const { rest } = fixture;
    const made = await rest.call('tokens:create', { body: { name: 'build server', role: 'reader' } });
    const client = createRestClient({ restUrl: fixture.service.urls.restUrl, caPem: fixture.caPem, token: made.token });
    try {
      expect((await client.call('accounts:list', {})).value).not.toHaveLength(0);
      expect((await refusalOf(client.call('tokens:list', {}))).code).toBe(provokes('role-too-low'));
      const listed = await rest.call('tokens:list', {});
      expect(JSON.stringify(listed)).not.toContain(made.token);
      expect(listed.value.find(({ tokenId }) => tokenId === made.tokenId)).toMatchObject({ role: 'reader', revokedTime: null });
      await rest.call('tokens:revoke', { params: { tokenId: made.tokenId } });
      expect((await refusalOf(client.call('accounts:list', {}))).code).toBe(provokes('token-refused'));
      expect((await refusalOf(rest.call('tokens:revoke', { params: { tokenId: made.tokenId } }))).code).toBe('resource-unknown');
    } finally {
      client.close();
    }
  });

  it('does not revoke itself', async () => {
    const { rest } = fixture;
    const [own] = (await rest.call('tokens:list', {})).value;
    const refused = await refusalOf(rest.call('tokens:revoke', { params: { tokenId: own?.tokenId ?? '' } }));
    expect(refused).toMatchObject({ status: 409, code: provokes('resource-in-use') });
  });

  it('is in the database as a hash alone', async () => {
    const rows = await fixture.service.context.store.db.selectFrom('tokens').selectAll().execute();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(fixture.token);
  });
});
