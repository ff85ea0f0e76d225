import { spawnSync } from 'node:child_process';
import { randomUUID, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMachineIdentity } from '../../src-main/service-link/machine-identity.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import {
  accountName,
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
});
afterAll(() => fixture.close());

/** Not among the things that the repository prepares: without it one test says so and is skipped. */
const pkcs12Maker = 'openssl';
const named = (assetName: string) => ({ params: { accountName, assetName } });

describe('a variable', () => {
  it.each([['text'], [42], [true], [null], [{ a: [1, 'ä'] }]])('holds %j and gives it back', async (value) => {
    const { rest } = fixture;
    await rest.call('variables:put', { ...named('Any'), body: { value } });
    expect(await rest.call('variables:get', named('any'))).toMatchObject({ name: 'Any', value, isEncrypted: false });
  });

  it('that is encrypted is never shown, and stays encrypted', async () => {
    const { rest } = fixture;
    const secret = 'hunter2-in-a-variable';
    await rest.call('variables:put', { ...named('Secret'), body: { value: secret, isEncrypted: true } });
    expect(await rest.call('variables:get', named('Secret'))).toMatchObject({ value: null, isEncrypted: true });
    expect(JSON.stringify(await rest.call('variables:list', { params: { accountName } }))).not.toContain(secret);
    await rest.call('variables:put', { ...named('Secret'), body: { value: 'other' } });
    expect(await rest.call('variables:get', named('Secret'))).toMatchObject({ value: null, isEncrypted: true });
    const refused = await refusalOf(rest.call('variables:put', { ...named('Secret'), body: { value: 'x', isEncrypted: false } }));
    expect(refused).toMatchObject({ status: 400, code: 'request-invalid', details: { where: 'isEncrypted' } });
  });

  it('has a limit', async () => {
    const body = { value: 'x'.repeat(1_048_577) };
    const refused = await refusalOf(fixture.rest.call('variables:put', { ...named('Large'), body }));
    expect(refused).toMatchObject({ code: 'request-invalid', details: { where: 'body.value' } });
  });

  it('is what a running job reads', async () => {
    const { rest } = fixture;
    await rest.call('variables:put', { ...named('Share'), body: { value: '/srv/in', isEncrypted: true } });
    await publish(fixture, 'Plain', 'Bash', 'echo 1\n');
    const worker = await startScriptedWorker(fixture);
    try {
      await startJob(fixture, 'Plain');
      const attempt = await worker.takeJob();
      expect(await worker.client.getVariable('share')).toEqual({ name: 'Share', value: '"/srv/in"', isEncrypted: true });
      await attempt.end('Completed', 'completed');
    } finally {
      worker.close();
    }
  });
});

describe('secrets', () => {
  it('are write-only, and sealed in the database', async () => {
    const { rest } = fixture;
    const secret = 'hunter2-everywhere';
    await rest.call('credentials:put', { ...named('Login'), body: { userName: 'svc', password: secret, description: 'backup' } });
    const connectionFields = { Url: 'https://example', ApiKey: secret };
    await rest.call('connections:put', { ...named('Api'), body: { connectionFields, encryptedFieldNames: ['ApiKey'] } });
    expect(await rest.call('credentials:get', named('Login'))).toMatchObject({ userName: 'svc', description: 'backup' });
    expect(await rest.call('connections:get', named('Api'))).toMatchObject({
      connectionFields: { Url: 'https://example', ApiKey: null },
      encryptedFieldNames: ['ApiKey'],
    });
    const answers = await Promise.all([
      rest.call('credentials:list', { params: { accountName } }),
      rest.call('connections:list', { params: { accountName } }),
    ]);
    expect(JSON.stringify(answers)).not.toContain(secret);
    const rows = await fixture.service.context.store.db.selectFrom('assets').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(secret);
    expect(JSON.stringify(rows)).not.toContain('svc');
    const odd = { connectionFields: {}, encryptedFieldNames: ['Missing'] };
    expect((await refusalOf(rest.call('connections:put', { ...named('Api'), body: odd }))).code).toBe('request-invalid');
  });

  it('of certificates are kept, and shown by thumbprint and end', async () => {
    const { certificatePem, thumbprint } = await createMachineIdentity(randomUUID());
    const expiryTime = new Date(new X509Certificate(certificatePem).validTo).toISOString();
    const body = { base64Value: Buffer.from(certificatePem).toString('base64') };
    const made = await fixture.rest.call('certificates:put', { ...named('Plain'), body });
    expect(made).toMatchObject({ thumbprint, expiryTime, isExportable: true });
    const odd = await refusalOf(fixture.rest.call('certificates:put', { ...named('Odd'), body: { base64Value: 'AAAA' } }));
    expect(odd).toMatchObject({ code: 'request-invalid', details: { where: 'body.base64Value' } });
  });

  it('of certificates with their keys are opened with the password', async (context) => {
    const { certificatePem, privateKeyPem, thumbprint } = await createMachineIdentity(randomUUID());
    const pem = join(await tempFolder(), 'pair.pem');
    await writeFile(pem, privateKeyPem + certificatePem, { mode: 0o600 });
    const made = spawnSync(pkcs12Maker, ['pkcs12', '-export', '-passout', 'pass:open sesame', '-in', pem]);
    context.skip(made.error !== undefined, 'there is no openssl on this machine to make a PKCS #12 file');
    const body = { base64Value: made.stdout.toString('base64'), password: 'open sesame', isExportable: false };
    const put = fixture.rest.call('certificates:put', { ...named('Pfx'), body });
    expect(await put).toMatchObject({ thumbprint, isExportable: false });
    const wrong = await refusalOf(
      fixture.rest.call('certificates:put', { ...named('Pfx'), body: { ...body, password: 'wrong' } }),
    );
    expect(wrong).toMatchObject({ code: 'request-invalid', details: { where: 'body.base64Value' } });
  });

  it('go when they are removed', async () => {
    const { rest } = fixture;
    await rest.call('credentials:put', { ...named('Short'), body: { userName: 'u', password: 'p' } });
    await rest.call('credentials:delete', named('short'));
    expect((await refusalOf(rest.call('credentials:get', named('Short')))).code).toBe('resource-unknown');
    expect((await refusalOf(rest.call('credentials:delete', named('Short')))).code).toBe('resource-unknown');
  });
});
