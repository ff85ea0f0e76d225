import { createPrivateKey, createPublicKey, randomUUID, type KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMachineIdentity } from '../../src-main/service-link/machine-identity.ts';
import { createWorkspaceClient, type WorkspaceClient } from '../../src-main/service-link/workspace-client.ts';
import { seedPacks } from '../../src-service/workspace/packs.ts';
import { createPublisher, manifestOf, packEntries, zipEntries, type PackParts } from '../fakes/pack-builder.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { accountName, refusalOf, startRestFixture, type RestFixture } from './rest-fixture.ts';

declare const HRW_PUBLISHER_PUBLIC_KEY: string;
leftoversAreCheckedAtTheEnd();
let fixture: RestFixture;
let publisher: KeyObject;
beforeAll(async () => {
  fixture = await startRestFixture();
  publisher = createPrivateKey(await readFile('.keys/publisher.key.pem'));
  expect(createPublicKey(publisher).export({ type: 'spki', format: 'pem' })).toBe(HRW_PUBLISHER_PUBLIC_KEY);
});
afterAll(() => fixture.close());

const partsOf = (version: string, more: Partial<PackParts> = {}): PackParts => ({
  name: 'Sample',
  version,
  folder: 'Sample',
  files: { 'readme.txt': `version ${version}`, 'lib/a.ps1': 'param()' },
  ...more,
});
const packOf = (version: string, more: Partial<PackParts> = {}) => zipEntries(packEntries(partsOf(version, more), publisher));
const named = (workspace: string) => ({ params: { workspace } });

describe('a workspace', () => {
  it('is made once, found by id and by name, and linked to an account', async () => {
    const { rest } = fixture;
    const made = await rest.call('workspaces:create', { ...named('Berlin'), body: {} });
    expect(made).toMatchObject({ name: 'Berlin', account: null, serviceUrl: fixture.service.urls.agentUrl });
    expect(await rest.call('workspaces:create', { ...named('berlin'), body: {} })).toEqual(made);
    expect(await rest.call('workspaces:get', named(made.workspaceId))).toEqual(made);
    const refused = await refusalOf(rest.call('workspaces:create', { ...named('Berlin'), body: { accountName } }));
    expect(refused).toMatchObject({ status: 409, code: provokes('resource-exists') });
    const linked = await rest.call('workspaces:link', { ...named('Berlin'), body: { accountName } });
    expect(linked.account).toMatchObject({ name: accountName });
    const nobody = await refusalOf(rest.call('workspaces:link', { ...named('Berlin'), body: { accountName: 'nobody' } }));
    expect(nobody).toMatchObject({ code: 'resource-unknown', details: { what: 'account' } });
    expect(await rest.call('workspaces:link', { ...named('Berlin'), body: { accountName: null } })).toMatchObject({
      account: null,
    });
  });

  it('gets one key anew and keeps the other', async () => {
    const { rest } = fixture;
    await rest.call('workspaces:create', { ...named('Keys'), body: {} });
    const before = await rest.call('workspaces:keys', named('Keys'));
    const after = await rest.call('workspaces:regenerate-key', { ...named('Keys'), body: { keyName: 'secondary' } });
    expect(after.primary).toBe(before.primary);
    expect(after.secondary).not.toBe(before.secondary);
  });
});

describe('a pack', () => {
  it('is published once: the same archive again is the same, another of that version is refused', async () => {
    const { rest } = fixture;
    const archive = await packOf('1.0.0');
    const made = await rest.call('packs:publish', { body: archive });
    expect(made).toMatchObject({ name: 'Sample', version: '1.0.0', bytes: archive.length });
    expect(await rest.call('packs:publish', { body: archive })).toEqual(made);
    const other = await packOf('1.0.0', { files: { 'readme.txt': 'another' } });
    expect(await refusalOf(rest.call('packs:publish', { body: other }))).toMatchObject({
      status: 409,
      code: provokes('resource-exists'),
    });
    expect(await rest.call('packs:get', { params: { packName: 'Sample', version: '1.0.0' } })).toEqual(made);
    const unknown = await refusalOf(rest.call('packs:get', { params: { packName: 'Sample', version: '9.9.9' } }));
    expect(unknown).toMatchObject({ status: 404, code: provokes('pack-unknown') });
  });

  it('of another publisher is refused', async () => {
    const archive = await zipEntries(packEntries(partsOf('2.0.0'), createPublisher().privateKey));
    const refused = await refusalOf(fixture.rest.call('packs:publish', { body: archive }));
    expect(refused).toMatchObject({ code: provokes('pack-signature-invalid'), details: { pack: 'Sample', version: '2.0.0' } });
  });

  it.each([
    ['is no archive', () => Promise.resolve(Buffer.from('<html>')), 'The archive cannot be read'],
    ['lacks its manifest', () => zipEntries([{ name: 'readme.txt', content: Buffer.from('x') }]), 'It has no pack.json'],
    [
      'has a file that was changed',
      async () => {
        const entries = packEntries(partsOf('3.0.0'), publisher);
        return zipEntries(
          entries.map((one) => (one.name === 'readme.txt' ? { ...one, content: Buffer.from('version 3.0.1') } : one)),
        );
      },
      'readme.txt is not the one that was signed',
    ],
    [
      'has a file that the manifest does not list',
      () => zipEntries([...packEntries(partsOf('3.0.0'), publisher), { name: 'extra.txt', content: Buffer.from('x') }]),
      'extra.txt is not in the manifest',
    ],
    [
      'lacks a file',
      () => zipEntries(packEntries(partsOf('3.0.0'), publisher).filter(({ name }) => name !== 'readme.txt')),
      'It has no readme.txt',
    ],
    [
      'has a path that leads out',
      () => {
        const manifest = manifestOf(partsOf('3.0.0'));
        const [file] = manifest.files;
        if (file !== undefined) file.path = '../evil.txt';
        return zipEntries(packEntries(partsOf('3.0.0'), publisher, manifest));
      },
      'has an empty, "." or ".." part',
    ],
    [
      'is a bomb',
      () => {
        const manifest = manifestOf(partsOf('3.0.0'));
        const [file] = manifest.files;
        if (file !== undefined) file.bytes = 500 * 1024 * 1024;
        return zipEntries(packEntries(partsOf('3.0.0'), publisher, manifest));
      },
      'Unpacked it is larger than 400 MiB',
    ],
  ])('that %s is refused', async (_what, make, reason) => {
    const refused = await refusalOf(fixture.rest.call('packs:publish', { body: await make() }));
    expect(refused).toMatchObject({ status: 400, code: provokes('pack-invalid') });
    expect(String(refused.details['reason'])).toContain(reason);
  });

  it('is removed when no workspace gives it', async () => {
    const { rest } = fixture;
    await rest.call('packs:publish', { body: await packOf('5.0.0', { name: 'Removable' }) });
    await rest.call('workspaces:create', { ...named('Giver'), body: {} });
    const params = { packName: 'Removable', version: '5.0.0' };
    await rest.call('workspaces:add-pack', { params: { workspace: 'Giver', packName: 'Removable' }, body: {} });
    const refused = await refusalOf(rest.call('packs:delete', { params }));
    expect(refused).toMatchObject({ status: 409, code: provokes('resource-in-use'), details: { by: 'the workspace Giver' } });
    await rest.call('workspaces:remove-pack', { params: { workspace: 'Giver', packName: 'Removable' } });
    await rest.call('packs:delete', { params });
    expect((await refusalOf(rest.call('packs:get', { params }))).code).toBe('pack-unknown');
  });

  it('that lies beside the service is published at its start, once; a broken one is left out', async () => {
    const folder = await tempFolder();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'Seeded-1.0.0.zip'), await packOf('1.0.0', { name: 'Seeded' }));
    await writeFile(join(folder, 'Broken-1.0.0.zip'), 'no archive');
    const { context } = fixture.service;
    await seedPacks(context, folder);
    await seedPacks(context, folder);
    await seedPacks(context, join(folder, 'missing'));
    const { value } = await fixture.rest.call('packs:list', {});
    expect(value.filter(({ name }) => name === 'Seeded')).toHaveLength(1);
  });
});

describe('an agent', () => {
  const clients: WorkspaceClient[] = [];
  afterAll(() => {
    for (const client of clients) client.close();
  });

  async function joined(workspace: string, key: string, { service, caPem }: RestFixture = fixture) {
    const machineId = randomUUID();
    const identity = await createMachineIdentity(machineId);
    const trust = { kind: 'authority', pem: caPem } as const;
    const client = createWorkspaceClient({
      serviceUrl: service.urls.agentUrl,
      workspaceId: workspace,
      trust,
      proxy: { kind: 'none' },
      identity,
      version: '0.1.0',
    });
    clients.push(client);
    const about = { machineId, machineName: 'server-7', version: '0.1.0', operatingSystem: 'linux' };
    await client.join(key, { ...about, thumbprint: identity.thumbprint });
    return { client, machineId };
  }

  const etagOf = async (client: WorkspaceClient): Promise<string> => {
    const answer = await client.getPacks();
    if (answer.kind !== 'changed' || answer.etag === undefined) throw new Error('there was no list');
    return answer.etag;
  };

  it('joins with either key, is listed, hears of links, packs and newer packs at once, and is sent away', async () => {
    const { rest } = fixture;
    const { workspaceId } = await rest.call('workspaces:create', { ...named('Agents'), body: {} });
    const keys = await rest.call('workspaces:keys', named('Agents'));
    const { client, machineId } = await joined(workspaceId, keys.primary);
    await joined(workspaceId, keys.secondary);
    const agents = await rest.call('workspaces:agents', named('Agents'));
    expect(agents.value.map((one) => one.machineName)).toEqual(['server-7', 'server-7']);

    const linked = client.getPacks({ etag: await etagOf(client), waitSeconds: 20 });
    await rest.call('workspaces:link', { ...named('Agents'), body: { accountName } });
    expect(await linked).toMatchObject({ kind: 'changed', list: { account: { name: accountName }, packs: [] } });

    await rest.call('packs:publish', { body: await packOf('1.9.0', { name: 'Growing' }) });
    const packs = { params: { workspace: 'Agents', packName: 'Growing' } };
    const added = client.getPacks({ etag: await etagOf(client), waitSeconds: 20 });
    await rest.call('workspaces:add-pack', { ...packs, body: {} });
    expect(await added).toMatchObject({ kind: 'changed', list: { packs: [{ name: 'Growing', version: '1.9.0' }] } });

    const grown = client.getPacks({ etag: await etagOf(client), waitSeconds: 20 });
    await rest.call('packs:publish', { body: await packOf('1.10.0', { name: 'Growing' }) });
    expect(await grown).toMatchObject({ kind: 'changed', list: { packs: [{ name: 'Growing', version: '1.10.0' }] } });

    // Who was given an older version on purpose keeps it.
    await rest.call('workspaces:add-pack', { ...packs, body: { version: '1.9.0' } });
    await rest.call('packs:publish', { body: await packOf('1.11.0', { name: 'Growing' }) });
    expect((await rest.call('workspaces:packs', named('Agents'))).value).toMatchObject([{ version: '1.9.0' }]);

    const held = client.getPacks({ etag: await etagOf(client), waitSeconds: 20 });
    const refused = expect(held).rejects.toMatchObject({ code: provokes('agent-unknown') });
    await rest.call('workspaces:remove-agent', { params: { workspace: 'Agents', machineId } });
    await refused;
  });

  it('is refused a pack that its workspace does not give', async () => {
    const { rest } = fixture;
    const { workspaceId } = await rest.call('workspaces:create', { ...named('Closed'), body: {} });
    const { client } = await joined(workspaceId, (await rest.call('workspaces:keys', named('Closed'))).primary);
    const pack = await rest.call('packs:publish', { body: await packOf('6.0.0', { name: 'Private' }) });
    const download = client.downloadPack(pack, join(await tempFolder(), 'pack.zip'));
    await expect(download).rejects.toMatchObject({ code: provokes('pack-unknown') });
  });

  it('that is held is let go when the service ends, which does not wait for it', async () => {
    const own = await startRestFixture();
    const { workspaceId } = await own.rest.call('workspaces:create', { ...named('Ending'), body: {} });
    const { primary } = await own.rest.call('workspaces:keys', named('Ending'));
    const { client } = await joined(workspaceId, primary, own);
    const held = client.getPacks({ etag: await etagOf(client), waitSeconds: 20 });
    await expect.poll(() => own.service.context.changes.size).toBeGreaterThan(1);
    const closingAt = performance.now();
    await own.close();
    expect(performance.now() - closingAt).toBeLessThan(3_000);
    expect(await held).toMatchObject({ kind: 'unchanged' });
  });
});
