/** The worker looks at itself: a whole one against the real service, with one thing after the other made wrong. */
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diagnosticRule, type Finding } from '../../src-contract/diagnostics.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { makeAccount, startService, waitFor, type Account, type Service } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { connectionTo, TestWorker } from '../harness/worker-in-process.ts';

leftoversAreCheckedAtTheEnd();

let service: Service;
let account: Account;
let worker: TestWorker;

beforeAll(async () => {
  service = await startService(path.join(await tempFolder(), 'service'));
  account = await makeAccount(service);
  worker = await TestWorker.start(path.join(await tempFolder(), 'worker'));
});
afterAll(async () => {
  await worker.close();
  await service.stop();
});

async function findings(): Promise<Record<string, Finding>> {
  const { findings: found } = await worker.ask('diagnostics:run', {});
  expect(found.map(({ rule }) => rule)).toEqual(diagnosticRule.options);
  return Object.fromEntries(found.map((one) => [one.rule, one]));
}

const value = (one: Finding | undefined, name: string): string => one?.evidence.find((fact) => fact.name === name)?.value ?? '';

describe('diagnostics', () => {
  it('of a machine that is not connected say what to do first', async () => {
    const found = await findings();
    for (const rule of ['service-reachable', 'certificate-chain', 'proxy', 'pack-integrity'])
      expect(found[rule], rule).toMatchObject({ result: 'not-checked' });
    expect(found['registration']).toMatchObject({
      result: 'attention',
      repair: expect.stringContaining('hrw connect') as string,
    });
    expect(found['runtimes']).toMatchObject({ result: expect.stringMatching(/good|attention/) as string });
  });

  it('of a worker that is well show what was seen', async () => {
    await worker.connect(service, account);
    await worker.register(account, 'diagnosed');
    await worker.when('the first answer', ({ status }) => status === 'ready');
    const found = await findings();
    for (const rule of ['service-reachable', 'certificate-chain', 'proxy', 'clock', 'registration', 'pack-integrity'])
      expect(found[rule], rule).toMatchObject({ result: 'good', repair: null });
    expect(found['disk-and-folders']?.result).toMatch(/good|attention/);
    const { host } = new URL(service.ready.agentUrl);
    expect(value(found['service-reachable'], host)).toMatch(/connected \d+ ms, TLS open \d+ ms, first byte \d+ ms/);
    expect(value(found['certificate-chain'], `${host} issued by`)).not.toBe('');
    expect(found['registration']?.sentence).toContain('diagnosed');
    expect(value(found['registration'], 'certificate')).toMatch(/^[0-9A-F]{40}$/);
  });

  it('name files of a pack that are not those of its publisher', async () => {
    const { packs } = await worker.state();
    const folder = packs[0]?.folder ?? '';
    const [file] = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    await writeFile(path.join(file?.parentPath ?? '', file?.name ?? ''), 'changed');
    await writeFile(path.join(folder, 'added.ps1'), '');
    const found = (await findings())['pack-integrity'];
    expect(found).toMatchObject({ result: 'failed', repair: expect.stringContaining('received anew') as string });
    expect(found?.evidence[0]?.value).toContain(`${file?.name ?? ''} is changed`);
    expect(found?.evidence[0]?.value).toContain('added.ps1 was added');
  });

  it('name a folder of secrets that others can look into, and what follows from it', async () => {
    const secrets = path.join(worker.dataFolder, 'secrets');
    await chmod(secrets, 0o755);
    expect((await findings())['disk-and-folders']).toMatchObject({
      result: 'failed',
      sentence: expect.stringContaining(secrets) as string,
      repair: expect.stringContaining('register again') as string,
    });
    await chmod(secrets, 0o700);
    expect((await findings())['disk-and-folders']?.result).toMatch(/good|attention/);
  });

  it('say whether runbooks can list a folder, and are refused to who is no administrator', async () => {
    const folder = path.join(await tempFolder(), 'share');
    await mkdir(folder);
    await writeFile(path.join(folder, 'one'), '');
    await chmod(path.dirname(folder), 0o755);
    const good = await worker.ask('diagnostics:test-path', { path: folder });
    expect(good).toMatchObject({ reached: true, evidence: [{ name: 'entries', value: '1' }], repair: null });
    const missing = await worker.ask('diagnostics:test-path', { path: path.join(folder, 'missing') });
    expect(missing).toMatchObject({ reached: false, sentence: expect.stringContaining('there is no such folder') as string });
    expect(missing.repair).toMatch(/spelt right/);
    const share = await worker.ask('diagnostics:test-path', { path: '\\\\server\\share' });
    expect(share).toMatchObject({ reached: false, repair: expect.stringMatching(/^Mount the share/) as string });
    expect(await worker.call('diagnostics:test-path', { path: folder }, 'operator')).toMatchObject({ ok: false });
    expect(await worker.call('diagnostics:run', {}, 'reader')).toMatchObject({ ok: false });
  });

  it('of a worker whose service is gone name the cause once, and leave open what depends on it', async () => {
    await service.stop();
    // The held call ends with the service; what it came to stands in the state.
    await waitFor('the worker to notice', 20, async () => ((await worker.state()).status === 'offline' ? true : undefined));
    const found = await findings();
    expect(found['service-reachable']).toMatchObject({ result: 'failed', repair: expect.any(String) as string });
    expect(found['certificate-chain']?.result).toBe('not-checked');
    expect(found['clock']?.result).toBe('not-checked');
    expect(found['proxy']?.result).toBe('not-checked');
    await worker.ask('connection:connect', connectionTo(service, account)).catch(() => undefined);
  });
});
