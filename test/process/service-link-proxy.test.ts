/** The service behind a proxy: through it, and each way in which a proxy says no. */
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ProxySettings } from '../../src-contract/settings.ts';
import { createHttpsClient } from '../../src-main/service-link/https-client.ts';
import { createAuthority, type FakeAuthority } from '../fakes/certificate-authority.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { startScriptedProxy, type ProxyBehaviour } from '../fakes/scripted-proxy.ts';
import { startRawServer, startScriptedService, type ScriptedService } from '../fakes/scripted-service.ts';
import { provokes } from '../harness/provokes.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

let authority: FakeAuthority;
beforeAll(async () => {
  authority = await createAuthority('Service Authority');
});

const credentials = { userName: 'svc-worker', password: 'päss:word' };

async function serve(): Promise<ScriptedService> {
  const service = await startScriptedService(await authority.issue(), () => ({ body: { ok: true } }));
  closing.push(service.close);
  return service;
}

async function proxied(behaviour: ProxyBehaviour) {
  const proxy = await startScriptedProxy(behaviour);
  closing.push(proxy.close);
  return proxy;
}

function call(url: string, proxy: ProxySettings, connectMs = 5_000) {
  const client = createHttpsClient({
    address: { url, trust: { kind: 'authority', pem: authority.pem }, proxy },
    userAgent: 'test',
    timeouts: { connectMs },
  });
  closing.push(client.close);
  return client.call({ method: 'GET', path: '/' });
}

describe('a proxy', () => {
  it('is passed through, with and without a password', async () => {
    const service = await serve();
    const open = await proxied({});
    const guarded = await proxied({ credentials });
    expect((await call(service.url, { kind: 'manual', url: open.url })).status).toBe(200);
    expect((await call(service.url, { kind: 'manual', url: guarded.url, ...credentials })).status).toBe(200);
    expect(guarded.tunnels).toEqual([`localhost:${service.port}`]);
  });

  it('may itself be reached over TLS, by the system’s authorities', async () => {
    const file = join(await tempFolder(), 'system.pem');
    await writeFile(file, authority.pem);
    vi.stubEnv('SSL_CERT_FILE', file);
    onTestFinished(() => void vi.unstubAllEnvs());
    const service = await serve();
    const plain = await proxied({ credentials });
    const port = Number(new URL(plain.url).port);
    const front = await startRawServer(
      (socket) => {
        const inner = connect(port, '127.0.0.1');
        inner.on('error', () => socket.destroy());
        socket.on('close', () => inner.destroy());
        socket.pipe(inner).pipe(socket);
      },
      await authority.issue(),
    );
    closing.push(front.close);
    const url = `https://localhost:${front.port}`;
    expect((await call(service.url, { kind: 'manual', url, ...credentials })).status).toBe(200);
    vi.unstubAllEnvs();
    expect((await failureOf(call(service.url, { kind: 'manual', url, ...credentials }))).code).toBe('proxy-unreachable');
  });

  it('of the system is the one that the environment names, found anew for each connection', async () => {
    const service = await serve();
    const first = await proxied({ credentials });
    const second = await proxied({});
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const name of ['https_proxy', 'all_proxy', 'ALL_PROXY', 'no_proxy', 'NO_PROXY']) vi.stubEnv(name, '');
    const { userName, password } = credentials;
    vi.stubEnv('HTTPS_PROXY', first.url.replace('//', `//${encodeURIComponent(userName)}:${encodeURIComponent(password)}@`));
    expect((await call(service.url, { kind: 'system' })).status).toBe(200);
    vi.stubEnv('HTTPS_PROXY', second.url);
    expect((await call(service.url, { kind: 'system' })).status).toBe(200);
    vi.stubEnv('NO_PROXY', 'localhost');
    expect((await call(service.url, { kind: 'system' })).status).toBe(200);
    expect([first.tunnels.length, second.tunnels.length]).toEqual([1, 1]);
    vi.stubEnv('NO_PROXY', '');
    vi.stubEnv('HTTPS_PROXY', 'socks5://127.0.0.1:1080');
    const failure = await failureOf(call(service.url, { kind: 'system' }));
    expect(failure).toMatchObject({ code: provokes('system-proxy-unusable'), details: { setting: 'HTTPS_PROXY' } });
    vi.stubEnv('HTTPS_PROXY', '');
    expect((await call(service.url, { kind: 'system' })).status).toBe(200);
    expect(service.connections).toBe(4);
  });

  it('that wants a password is named, for none and for a wrong one', async () => {
    const service = await serve();
    const proxy = await proxied({ credentials, challenges: ['NTLM', 'Basic realm="x"'] });
    const none = await failureOf(call(service.url, { kind: 'manual', url: proxy.url }));
    expect(none.code).toBe(provokes('proxy-authentication-required'));
    const wrong = await failureOf(call(service.url, { kind: 'manual', url: proxy.url, ...credentials, password: 'no' }));
    expect(wrong.code).toBe(provokes('proxy-authentication-required'));
    expect([none, wrong].map((failure) => failure.toProblem().title.replace(/^.* (?=wants|did)/, ''))).toEqual([
      'wants a user name and password',
      'did not accept the user name and password',
    ]);
    expect(wrong.details).toEqual({ proxy: new URL(proxy.url).host, userName: 'svc-worker' });
    expect(service.connections).toBe(0);
  });

  it('that only takes Windows authentication says which', async () => {
    const service = await serve();
    for (const challenges of [['NTLM', 'Negotiate'], ['Negotiate, NTLM']]) {
      const proxy = await proxied({ challenges });
      const failure = await failureOf(call(service.url, { kind: 'manual', url: proxy.url, ...credentials }));
      expect(failure.code).toBe(provokes('proxy-ntlm-required'));
      expect(failure.message).toContain('NTLM');
      expect(failure.message).toContain('Negotiate');
    }
  });

  it('that refuses the host is named with its answer', async () => {
    const service = await serve();
    const proxy = await proxied({ refuseWith: 403 });
    const failure = await failureOf(call(service.url, { kind: 'manual', url: proxy.url }));
    expect(failure.code).toBe(provokes('proxy-refused'));
    expect(failure.details).toMatchObject({ status: 403, host: `localhost:${service.port}` });
  });

  it('that is not there is told apart from a service that is not there', async () => {
    const service = await serve();
    const gone = await proxied({});
    await gone.close();
    for (const url of [gone.url, 'http://no-such-proxy.invalid:8080']) {
      const failure = await failureOf(call(service.url, { kind: 'manual', url }));
      expect(failure.code).toBe(provokes('proxy-unreachable'));
      expect(failure.retryable).toBe(true);
    }
    const proxy = await proxied({});
    await service.close();
    const failure = await failureOf(call(service.url, { kind: 'manual', url: proxy.url }));
    expect(failure.code).toBe(provokes('proxy-refused'));
    expect(failure.details).toMatchObject({ status: 502 });
  });

  it('that does not speak HTTP is told apart from one that is not there', async () => {
    const service = await serve();
    const odd = await startRawServer((socket) => void socket.end('220 mail.contoso.example ESMTP\r\n'));
    closing.push(odd.close);
    const failure = await failureOf(call(service.url, { kind: 'manual', url: `http://127.0.0.1:${odd.port}` }));
    expect(failure).toMatchObject({ code: provokes('proxy-not-understood'), retryable: true });
  });

  it('that takes the connection and never answers is unreachable', async () => {
    const service = await serve();
    const silent = await startRawServer(() => undefined);
    closing.push(silent.close);
    const failure = await failureOf(call(service.url, { kind: 'manual', url: `http://127.0.0.1:${silent.port}` }, 150));
    expect(failure.code).toBe(provokes('proxy-unreachable'));
  });
});
