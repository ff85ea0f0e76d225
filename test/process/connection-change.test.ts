/** Another trust or proxy for a connection that is there, and trying one: without the workspace's key, and without a restart. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startScriptedProxy, type ProxyBehaviour } from '../fakes/scripted-proxy.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, makeAccount, publishRunbook, startService, waitFor, type Account, type Service } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { connectionTo, TestWorker } from '../harness/worker-in-process.ts';

leftoversAreCheckedAtTheEnd();

let service: Service;
let account: Account;
beforeAll(async () => {
  service = await startService(path.join(await tempFolder(), 'service'));
  account = await makeAccount(service);
  await publishRunbook(service, 'way', 'Bash', 'echo came\n');
});
afterAll(() => service.stop());

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function proxied(behaviour: ProxyBehaviour = {}) {
  const proxy = await startScriptedProxy(behaviour);
  closing.push(proxy.close);
  return proxy;
}

async function connected(): Promise<TestWorker> {
  const worker = await TestWorker.start(await tempFolder());
  closing.push(() => worker.close());
  await worker.connect(service, account);
  return worker;
}

const credentials = { userName: 'svc-worker', password: 'canary-way-2b7f' };

describe('the way of a connection', () => {
  it('is changed without key and restart: calls and jobs go through the new one', async () => {
    const worker = await connected();
    await worker.register(account, 'way');
    const { trust } = connectionTo(service, account);
    const proxy = await proxied({ credentials });
    const changed = await worker.ask('connection:change', { trust, proxy: { kind: 'manual', url: proxy.url, ...credentials } });
    expect(changed.connection?.proxy).toEqual({ kind: 'manual', url: proxy.url, userName: credentials.userName });
    expect(changed.connection?.since).toBe((await worker.state()).connection?.since);
    // The held poll was under way by the old one.
    const origin = new URL(service.ready.agentUrl).host;
    await worker.when('its next call for work', ({ status }) => status === 'ready');
    await waitFor('the poll through the proxy', 20, () => Promise.resolve(proxy.tunnels.length >= 3 || undefined));
    expect(new Set(proxy.tunnels)).toEqual(new Set([origin]));
    const before = proxy.tunnels.length;
    await service.rest.call('jobs:start', {
      params: { accountName, jobName: randomUUID() },
      body: { runbook: { name: 'way' }, parameters: {}, runOn: 'way' },
    });
    await waitFor('the job', 30, async () => {
      const { jobs } = await worker.ask('jobs:list', { limit: 1, before: null, outcome: null, runbookName: null });
      return jobs[0]?.phase === 'ended' ? jobs[0].outcome === 'completed' : undefined;
    });
    // Its sandbox was handed the way too.
    expect(proxy.tunnels.length).toBeGreaterThan(before);
    // The password stays where it is when only the trust is changed.
    const again = await worker.ask('connection:change', {
      trust,
      proxy: { kind: 'manual', url: proxy.url, userName: credentials.userName },
    });
    expect(again.status).not.toBe('not-connected');
    const log = await worker.events();
    expect(log.filter(({ id }) => id === 4504)).toHaveLength(2);
    expect(JSON.stringify(log)).not.toContain(credentials.password);
    const none = await worker.ask('connection:change', { trust, proxy: { kind: 'none' } });
    expect(none.connection?.proxy).toEqual({ kind: 'none' });
    expect(existsSync(path.join(worker.dataFolder, 'secrets', 'proxy-password'))).toBe(false);
  });

  it('that does not lead to the service is not kept', async () => {
    const worker = await connected();
    const { trust } = connectionTo(service, account);
    const before = readFileSync(path.join(worker.dataFolder, 'settings.json'), 'utf8');
    const ntlm = await proxied({ challenges: ['NTLM'] });
    const wants = await proxied({ credentials });
    const way = (url: string) => ({ trust, proxy: { kind: 'manual' as const, url } });
    expect(await worker.refusal('connection:change', way(ntlm.url))).toBe('proxy-ntlm-required');
    expect(await worker.refusal('connection:change', way(wants.url))).toBe('proxy-authentication-required');
    expect(await worker.refusal('connection:change', { trust: { kind: 'system' }, proxy: { kind: 'none' } })).toBe(
      'certificate-untrusted',
    );
    expect(await worker.refusal('connection:change', way('ftp://proxy'))).toBe('input-invalid');
    expect(readFileSync(path.join(worker.dataFolder, 'settings.json'), 'utf8')).toBe(before);
    expect(existsSync(path.join(worker.dataFolder, 'secrets', 'proxy-password'))).toBe(false);
    const steps = worker.heard.flatMap((event) =>
      event.event === 'progress-made' && event.payload.operation === 'change' ? [event.payload] : [],
    );
    expect(steps.filter(({ status }) => status === 'failed').map(({ step }) => step)).toEqual(['reach', 'reach', 'reach']);
  });

  it('is not there to be changed before there is a connection', async () => {
    const worker = await TestWorker.start(await tempFolder());
    closing.push(() => worker.close());
    expect(await worker.refusal('connection:change', { trust: { kind: 'system' }, proxy: { kind: 'none' } })).toBe(
      'not-connected',
    );
  });
});

describe('trying a way', () => {
  it('says each stage, and which proxy a system’s setting comes to', async () => {
    const worker = await TestWorker.start(await tempFolder());
    closing.push(() => worker.close());
    const { trust, serviceUrl } = connectionTo(service, account);
    const proxy = await proxied();
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const name of ['https_proxy', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY']) vi.stubEnv(name, '');
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    const found = await worker.ask('connection:test', { serviceUrl, trust, proxy: { kind: 'system' } });
    expect(found).toMatchObject({ proxy: proxy.url, because: 'HTTPS_PROXY', problem: null });
    expect(found.stages.map(({ stage }) => stage)).toEqual(['proxy', 'tunnel', 'encrypted', 'answer']);
    expect(found.certificate?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    const straight = await worker.ask('connection:test', { serviceUrl, trust, proxy: { kind: 'none' } });
    expect(straight.stages.map(({ stage }) => stage).filter((stage) => stage !== 'name')).toEqual([
      'reached',
      'encrypted',
      'answer',
    ]);
    expect(await worker.state()).toMatchObject({ status: 'not-connected', connection: null, problems: [] });
  });

  it('tells a password that is missing from Windows authentication, and how far it came', async () => {
    const worker = await TestWorker.start(await tempFolder());
    closing.push(() => worker.close());
    const { trust, serviceUrl } = connectionTo(service, account);
    const codes: (string | undefined)[] = [];
    for (const behaviour of [{ credentials, challenges: ['Basic realm="x"', 'NTLM'] }, { challenges: ['Negotiate', 'NTLM'] }]) {
      const proxy = await proxied(behaviour);
      const found = await worker.ask('connection:test', { serviceUrl, trust, proxy: { kind: 'manual', url: proxy.url } });
      expect(found.stages.map(({ stage }) => stage)).toEqual(['proxy']);
      codes.push(found.problem?.code);
    }
    expect(codes).toEqual(['proxy-authentication-required', 'proxy-ntlm-required']);
  });
});
