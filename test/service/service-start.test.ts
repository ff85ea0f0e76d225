/** Starting: the data folder, the keys in it, the certificate that is shown, and what keeps a service from starting. */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { runService, type RunningService, type ServiceOptions } from '../../src-service/running-service.ts';
import { openStore } from '../../src-service/store/store.ts';
import { findToken } from '../../src-service/store/tokens.ts';
import { provokes } from '../harness/provokes.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { MovableClock } from './started-service.ts';

async function begin(options: Partial<ServiceOptions> = {}): Promise<RunningService & { dataFolder: string }> {
  const dataFolder = options.dataFolder ?? join(await tempFolder(), 'data');
  const service = await runService({
    version: '0.0.0-test',
    host: '127.0.0.1',
    publicNames: [],
    agentPort: 0,
    restPort: 0,
    ...options,
    dataFolder,
  });
  onTestFinished(() => service.close());
  return { ...service, dataFolder };
}

function shownBy(url: string, ca: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: Number(new URL(url).port), ca, servername: 'localhost' }, () => {
      resolve(socket.getPeerCertificate());
      socket.end();
    });
    socket.on('error', reject);
  });
}

test('the first start makes a token, later ones only when asked; all of them are good', async () => {
  const first = await begin();
  const token = first.administratorToken ?? '';
  expect(await findToken(first.context.store.db, token)).toMatchObject({ role: 'administrator' });
  await first.close();
  const second = await begin({ dataFolder: first.dataFolder });
  expect(second.administratorToken).toBeUndefined();
  await second.close();
  const third = await begin({ dataFolder: first.dataFolder, newAdministratorToken: true });
  expect(third.administratorToken).not.toBe(token);
  for (const one of [token, third.administratorToken ?? '']) expect(await findToken(third.context.store.db, one)).toBeDefined();
});

test('what a killed service had not finished is removed, and said', async () => {
  const first = await begin();
  await first.close();
  for (const name of ['authority.key.pem.new', 'server.pem.new']) writeFileSync(join(first.dataFolder, name), 'torn');
  const second = await begin({ dataFolder: first.dataFolder });
  await second.close();
  expect(readdirSync(first.dataFolder).filter((name) => name.endsWith('.new'))).toEqual([]);
  const said = readFileSync(join(first.dataFolder, 'logs', 'service.ndjson'), 'utf8');
  expect(said).toContain('"files":"authority.key.pem.new, server.pem.new"');
});

test('keys are for their owner alone, and the authority stays the same over a restart', async () => {
  const first = await begin();
  const keys = readdirSync(first.dataFolder).filter((name) => name.includes('key'));
  expect(keys.length).toBeGreaterThanOrEqual(3);
  for (const name of keys) expect(statSync(join(first.dataFolder, name)).mode & 0o777, name).toBe(0o600);
  expect(statSync(first.dataFolder).mode & 0o777).toBe(0o700);
  await first.close();
  const said = readFileSync(join(first.dataFolder, 'logs', 'service.ndjson'), 'utf8')
    .trim()
    .split('\n');
  expect(JSON.parse(said.at(-1) ?? '')).toMatchObject({ message: 'The service stops' });
  const second = await begin({ dataFolder: first.dataFolder });
  expect(second.caFingerprint).toBe(first.caFingerprint);
});

test('both ports show a certificate of the service’s own authority, good for every name', async () => {
  const service = await begin({ publicNames: ['automation.contoso.example', '10.1.2.3'] });
  const ca = readFileSync(service.caFile, 'utf8');
  expect(new X509Certificate(ca).fingerprint256.replaceAll(':', '').toLowerCase()).toBe(service.caFingerprint);
  for (const url of Object.values(service.urls) as string[]) {
    const { raw } = await shownBy(url, ca);
    const certificate = new X509Certificate(raw);
    expect(certificate.verify(new X509Certificate(ca).publicKey)).toBe(true);
    for (const name of ['localhost', 'automation.contoso.example']) expect(certificate.checkHost(name), name).toBe(name);
    for (const address of ['127.0.0.1', '::1', '10.1.2.3']) expect(certificate.checkIP(address), address).toBe(address);
  }
  expect(service.urls.agentUrl).toMatch(/^https:\/\/automation\.contoso\.example:\d+$/);
});

test('the certificate is renewed before its end, on the open ports', async () => {
  const clock = new MovableClock();
  const service = await begin({ clock });
  const ca = readFileSync(service.caFile, 'utf8');
  const before = await shownBy(service.urls.restUrl, ca);
  expect(await service.renewCertificate()).toBe(false);
  clock.advance(300 * 24 * 60 * 60 * 1000);
  expect(await service.renewCertificate()).toBe(true);
  for (const url of [service.urls.agentUrl, service.urls.restUrl]) {
    const after = await shownByUnchecked(url);
    expect(after.fingerprint256).not.toBe(before.fingerprint256);
    expect(Date.parse(after.valid_to)).toBeGreaterThan(clock.now());
  }
  expect(service.caFingerprint).toBe(new X509Certificate(ca).fingerprint256.replaceAll(':', '').toLowerCase());
});

/** The new certificate is not valid yet by this machine's clock, which the test has not moved. */
function shownByUnchecked(url: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate());
      socket.end();
    });
    socket.on('error', reject);
  });
}

test('a second service on the folder is refused while the first runs', async () => {
  const first = await begin();
  const refused = begin({ dataFolder: first.dataFolder });
  await expect(refused).rejects.toMatchObject({ code: provokes('service-already-running'), details: { pid: process.pid } });
  await first.close();
  expect((await begin({ dataFolder: first.dataFolder })).urls.agentUrl).toContain('https://');
});

test('a database of a newer version is refused, and left as it is', async () => {
  const first = await begin();
  await first.close();
  const store = await openStore({ kind: 'sqlite', file: join(first.dataFolder, 'automation.sqlite') });
  const migrations = store.db as unknown as {
    insertInto: (table: string) => { values: (row: object) => { execute: () => Promise<unknown> } };
  };
  await migrations.insertInto('migrations').values({ name: '9999-of-the-future', timestamp: '' }).execute();
  await store.close();
  await expect(begin({ dataFolder: first.dataFolder })).rejects.toMatchObject({
    code: provokes('data-folder-newer'),
    details: { found: 9999 },
  });
});

test('another vault key than the database’s is refused before anything is written with it', async () => {
  const first = await begin();
  await first.close();
  const vaultKeyFile = join(first.dataFolder, 'other.key');
  const refused = { code: 'data-file-damaged', details: { file: vaultKeyFile } };
  await expect(begin({ dataFolder: first.dataFolder, vaultKeyFile })).rejects.toMatchObject(refused);
  // A mistyped name is no wish for another key.
  expect(existsSync(vaultKeyFile)).toBe(false);
  writeFileSync(vaultKeyFile, `${'ab'.repeat(32)}\n`);
  await expect(begin({ dataFolder: first.dataFolder, vaultKeyFile })).rejects.toMatchObject(refused);
  expect((await begin({ dataFolder: first.dataFolder })).administratorToken).toBeUndefined();
});

test.each(['automation.sqlite', 'authority.pem', 'vault.key'])('a damaged %s is named, and left as it is', async (name) => {
  const first = await begin();
  await first.close();
  const file = join(first.dataFolder, name);
  for (const beside of ['-wal', '-shm']) rmSync(`${file}${beside}`, { force: true });
  writeFileSync(file, 'no such thing'.repeat(1000));
  const refused = begin({ dataFolder: first.dataFolder });
  await expect(refused).rejects.toMatchObject({ code: provokes('data-file-damaged') });
  await expect(refused).rejects.toHaveProperty('details.file', expect.stringContaining(name));
  expect(readFileSync(file, 'utf8')).toContain('no such thing');
});

test('a folder that is a file is refused by name', async () => {
  const dataFolder = join(await tempFolder(), 'file');
  writeFileSync(dataFolder, '');
  await expect(begin({ dataFolder })).rejects.toMatchObject({ code: provokes('data-folder-unusable') });
});

test('a port that is taken is named, and the folder is free again', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as { port: number };
  const dataFolder = join(await tempFolder(), 'data');
  await expect(begin({ dataFolder, restPort: port })).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining(String(port)) as string,
    details: { reason: 'Another program listens on that port; --rest-port names another.' },
  });
  expect((await begin({ dataFolder })).urls.restUrl).toContain('https://');
});

test('a database that does not answer is named, without its password', async () => {
  const refused = begin({ databaseUrl: 'postgres://somebody:hunter2@localhost:1/automation' });
  await expect(refused).rejects.toMatchObject({
    code: provokes('input-invalid'),
    details: { what: 'DATABASE_URL', reason: expect.stringContaining('ECONNREFUSED') as string },
  });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') as string });
});
