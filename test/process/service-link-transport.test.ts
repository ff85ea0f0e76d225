/** Everything that can keep an answer from arriving, brought about over real sockets. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  createHttpsClient,
  type HttpsClient,
  type HttpsClientOptions,
  type Timeouts,
} from '../../src-main/service-link/https-client.ts';
import { createMachineIdentity } from '../../src-main/service-link/machine-identity.ts';
import type { Trust } from '../../src-contract/settings.ts';
import { createAuthority, selfSigned, type FakeAuthority, type ServerCertificate } from '../fakes/certificate-authority.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { startRawServer, startScriptedService, type Answering } from '../fakes/scripted-service.ts';
import { provokes } from '../harness/provokes.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

let authority: FakeAuthority;
let other: FakeAuthority;
let certificate: ServerCertificate;
beforeAll(async () => {
  authority = await createAuthority('Service Authority');
  other = await createAuthority('Inspecting Gateway');
  certificate = await authority.issue();
});

interface ClientParts extends Partial<HttpsClientOptions> {
  url: string;
  trust?: Trust;
  timeouts?: Partial<Timeouts>;
}

function clientFor({ url, trust = { kind: 'authority', pem: authority.pem }, ...rest }: ClientParts): HttpsClient {
  const client = createHttpsClient({ address: { url, trust, proxy: { kind: 'none' } }, userAgent: 'test', ...rest });
  closing.push(client.close);
  return client;
}

async function serve(answer: Answering = () => ({ body: { ok: true } }), shown: ServerCertificate = certificate) {
  const service = await startScriptedService(shown, answer);
  closing.push(service.close);
  return service;
}

async function serveRaw(onConnection: (socket: Socket) => void, shown?: ServerCertificate): Promise<string> {
  const server = await startRawServer(onConnection, shown);
  closing.push(server.close);
  return `${shown === undefined ? 'http' : 'https'}://localhost:${server.port}`;
}

const get = { method: 'GET', path: '/' } as const;

describe('reaching the service', () => {
  it('names a host that has no address', async () => {
    const failure = await failureOf(clientFor({ url: 'https://no-such-host.invalid' }).call(get));
    expect(failure.code).toBe(provokes('host-unknown'));
    expect(failure.details).toEqual({ host: 'no-such-host.invalid' });
    expect(failure.retryable).toBe(true);
  });

  it('names a port at which nothing answers', async () => {
    const service = await serve();
    await service.close();
    const failure = await failureOf(clientFor({ url: service.url }).call(get));
    expect(failure.code).toBe(provokes('connection-refused'));
    expect(failure.details).toEqual({ host: 'localhost', port: service.port });
    expect(failure.retryable).toBe(true);
  });

  it('gives up on a server that accepts and never speaks TLS', async () => {
    const server = await startRawServer(() => undefined);
    closing.push(server.close);
    const client = clientFor({ url: `https://localhost:${server.port}`, timeouts: { connectMs: 150 } });
    const failure = await failureOf(client.call(get));
    expect(failure.code).toBe(provokes('connection-timed-out'));
    expect(failure.retryable).toBe(true);
  });

  it('gives up on a server that takes the request and never answers', async () => {
    const url = await serveRaw(() => undefined, certificate);
    const startedAt = performance.now();
    const failure = await failureOf(clientFor({ url, timeouts: { answerMs: 150 } }).call(get));
    expect(failure.code).toBe(provokes('connection-timed-out'));
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it('gives up on an answer that stops in its middle, though the connection stays', async () => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal'));
    });
    const failure = await failureOf(clientFor({ url, timeouts: { answerMs: 150 } }).call(get));
    expect(failure.code).toBe(provokes('connection-timed-out'));
  });

  it('does not take a slow answer for a silent one', async () => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
        let sent = 0;
        const timer = setInterval(() => {
          socket.write('x');
          if ((sent += 1) === 5) clearInterval(timer);
        }, 80);
        socket.on('close', () => clearInterval(timer));
      });
    });
    const answer = await clientFor({ url, timeouts: { answerMs: 200 } }).call(get);
    expect(answer.body.toString()).toBe('xxxxx');
  });

  it('waits for a held call as long as it is held, and a little longer', async () => {
    const service = await serve(() => ({ delayMs: 1_200, headers: { 'preference-applied': 'wait=1' } }));
    const client = clientFor({ url: service.url, timeouts: { answerMs: 100, holdGraceMs: 1_000 } });
    const answer = await client.call({ ...get, heldSeconds: 1 });
    expect(answer.status).toBe(200);
    expect(service.requests[0]?.headers['prefer']).toBe('wait=1');
  });

  it('says that an answer was cut in its middle', async () => {
    const url = await serveRaw((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it'));
    }, certificate);
    const failure = await failureOf(clientFor({ url }).call(get));
    expect(failure.code).toBe(provokes('connection-cut'));
    expect(failure.retryable).toBe(true);
  });

  it('says that a connection was cut before the answer', async () => {
    const url = await serveRaw((socket) => void socket.once('data', () => socket.destroy()), certificate);
    const failure = await failureOf(clientFor({ url }).call(get));
    expect(failure.code).toBe(provokes('connection-cut'));
  });

  it('does not understand a port that speaks neither TLS nor HTTP', async () => {
    const url = await serveRaw((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    const failure = await failureOf(clientFor({ url: url.replace('http:', 'https:') }).call(get));
    expect(failure.code).toBe(provokes('answer-not-understood'));
    const garbage = await failureOf(clientFor({ url }).call(get));
    expect(garbage.code).toBe(provokes('answer-not-understood'));
  });

  it('refuses an answer that is larger than it may be, packed or unpacked', async () => {
    const large = Buffer.alloc(300_000, 'x');
    const service = await serve(({ url }) =>
      url === '/packed' ? { body: gzipSync(large), headers: { 'content-encoding': 'gzip' } } : { body: large },
    );
    const client = clientFor({ url: service.url });
    for (const path of ['/plain', '/packed']) {
      const failure = await failureOf(client.call({ ...get, path, maxAnswerBytes: 100_000 }));
      expect(failure.code).toBe(provokes('answer-not-understood'));
    }
    const whole = await client.call({ ...get, path: '/packed' });
    expect(whole.body.equals(large)).toBe(true);
  });

  it('does not understand compressed bytes that are none', async () => {
    const service = await serve(() => ({ body: 'not gzip', headers: { 'content-encoding': 'gzip' } }));
    const failure = await failureOf(clientFor({ url: service.url }).call(get));
    expect(failure.code).toBe(provokes('answer-not-understood'));
  });
});

describe('ending a call', () => {
  it('rejects with the signal’s reason while it connects, while it waits and before it begins', async () => {
    const silentTls = await startRawServer(() => undefined);
    closing.push(silentTls.close);
    const silentUrl = await serveRaw(() => undefined, certificate);
    for (const url of [`https://localhost:${silentTls.port}`, silentUrl]) {
      const ending = new AbortController();
      const call = clientFor({ url }).call({ ...get, signal: ending.signal });
      setTimeout(() => ending.abort(new Error('enough')), 50);
      await expect(call).rejects.toThrow('enough');
    }
    await expect(
      clientFor({ url: silentUrl }).call({ ...get, signal: AbortSignal.abort(new Error('too late')) }),
    ).rejects.toThrow('too late');
  });

  it('ends calls under way when the client is closed', async () => {
    const client = clientFor({ url: await serveRaw(() => undefined, certificate) });
    const call = client.call(get);
    setTimeout(client.close, 50);
    await expect(call).rejects.toThrow('closed');
  });
});

describe('kept connections', () => {
  it('are ended when the client is closed', async () => {
    let ended: Promise<unknown> = Promise.resolve();
    const url = await serveRaw((socket) => {
      ended = once(socket, 'close');
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    });
    const client = clientFor({ url });
    await client.call(get);
    client.close();
    await expect(ended).resolves.toBeDefined();
  }, 2_000);

  it('makes many calls over one connection', async () => {
    const service = await serve();
    const client = clientFor({ url: service.url });
    for (let call = 0; call < 5; call += 1) await client.call(get);
    expect(service.requests).toHaveLength(5);
    expect(service.connections).toBe(1);
  });

  it('begins a call again when the kept connection had already been closed', async () => {
    let connections = 0;
    const url = await serveRaw((socket) => {
      connections += 1;
      let requests = 0;
      // Ends the connection in the moment of the second request, as a server does whose idle time is over.
      socket.on('data', () => {
        requests += 1;
        if (requests === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        else socket.resetAndDestroy();
      });
    });
    const client = clientFor({ url });
    await client.call(get);
    const answer = await client.call({ method: 'POST', path: '/', body: Buffer.from('again') });
    expect(answer.body.toString()).toBe('ok');
    expect(connections).toBe(2);
  });

  it('sends a body of many pieces whole', async () => {
    const body = Buffer.alloc(3 * 1024 * 1024 + 17, 'abc');
    const service = await serve();
    await clientFor({ url: service.url }).call({ method: 'POST', path: '/', body });
    expect(service.requests[0]?.body.equals(body)).toBe(true);
    await clientFor({ url: service.url }).call({ method: 'POST', path: '/' });
    expect(service.requests[1]?.headers['content-length']).toBe('0');
  });
});

describe('trusting the service', () => {
  const reached = async (url: string, trust: Trust) => (await clientFor({ url, trust }).call(get)).status;

  it('accepts the configured authority, a pinned authority and a pinned leaf', async () => {
    const { url } = await serve();
    expect(await reached(url, { kind: 'authority', pem: authority.pem })).toBe(200);
    expect(await reached(url, { kind: 'fingerprint', sha256: authority.sha256 })).toBe(200);
    expect(await reached(url, { kind: 'fingerprint', sha256: certificate.sha256 })).toBe(200);
  });

  it('accepts an authority that the system knows', async () => {
    const file = join(await tempFolder(), 'system.pem');
    await writeFile(file, `${other.pem}\n${authority.pem}`);
    vi.stubEnv('SSL_CERT_FILE', file);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { url } = await serve();
    expect(await reached(url, { kind: 'system' })).toBe(200);
  });

  it('tells who the service is and how far the clocks differ', async () => {
    const service = await serve(() => ({ headers: { date: new Date(Date.now() - 3_600_000).toUTCString() } }));
    const answer = await clientFor({ url: service.url }).call(get);
    expect(answer.chain).toEqual({ issuer: 'Service Authority', fingerprint: authority.sha256 });
    expect(Math.round((answer.clockAheadMs ?? 0) / 60_000)).toBe(60);
  });

  it('does not trust a certificate that the service made itself, and shows it', async () => {
    const own = await selfSigned();
    const service = await serve(undefined, own);
    const failure = await failureOf(clientFor({ url: service.url, trust: { kind: 'system' } }).call(get));
    expect(failure.code).toBe(provokes('certificate-untrusted'));
    expect(failure.details).toMatchObject({ issuer: 'localhost', fingerprint: own.sha256 });
    expect(service.requests).toHaveLength(0);
  });

  it('does not trust an authority that the system does not know', async () => {
    const service = await serve();
    const failure = await failureOf(clientFor({ url: service.url, trust: { kind: 'system' } }).call(get));
    expect(failure.code).toBe(provokes('certificate-untrusted'));
    expect(failure.details).toMatchObject({ issuer: 'Service Authority', fingerprint: authority.sha256 });
  });

  it('says so when another authority than the configured one has issued the certificate, and claims no more', async () => {
    for (const shown of [await other.issue(), await other.issue({ withoutAuthority: true }), await selfSigned()]) {
      const service = await serve(undefined, shown);
      const failure = await failureOf(clientFor({ url: service.url }).call(get));
      expect(failure.code).toBe(provokes('certificate-other-authority'));
      expect(service.requests).toHaveLength(0);
    }
    const service = await serve(undefined, await other.issue());
    const failure = await failureOf(clientFor({ url: service.url }).call(get));
    expect(failure.details).toEqual({ host: 'localhost', issuer: 'Inspecting Gateway', fingerprint: other.sha256 });
  });

  it('refuses every certificate but the pinned one', async () => {
    const service = await serve(undefined, await other.issue());
    const client = clientFor({ url: service.url, trust: { kind: 'fingerprint', sha256: authority.sha256 } });
    const failure = await failureOf(client.call(get));
    expect(failure.code).toBe(provokes('certificate-pin-mismatch'));
    expect(failure.details).toEqual({
      host: 'localhost',
      expected: authority.sha256,
      actual: other.sha256,
      issuer: 'Inspecting Gateway',
    });
    expect(service.requests).toHaveLength(0);
  });

  it('does not take a pinned authority that is only shown, without having signed', async () => {
    // The interceptor's own leaf, followed by the true service's authority, which anybody can fetch.
    const forged = await other.issue({ withoutAuthority: true });
    const service = await serve(undefined, { ...forged, cert: `${forged.cert}\n${authority.pem}` });
    const client = clientFor({ url: service.url, trust: { kind: 'fingerprint', sha256: authority.sha256 } });
    const failure = await failureOf(client.call(get));
    expect(failure.code).toBe(provokes('certificate-pin-mismatch'));
    expect(service.requests).toHaveLength(0);
  });

  it('does not take an authority of the same name as the pinned one', async () => {
    const namesake = await createAuthority('Service Authority');
    const forged = await namesake.issue({ withoutAuthority: true, withoutKeyIdentifier: true });
    const service = await serve(undefined, { ...forged, cert: `${forged.cert}\n${authority.pem}` });
    const client = clientFor({ url: service.url, trust: { kind: 'fingerprint', sha256: authority.sha256 } });
    const failure = await failureOf(client.call(get));
    expect(failure.code).toBe(provokes('certificate-untrusted'));
    expect(failure.message).toContain('not truly signed');
    expect(service.requests).toHaveLength(0);
  });

  it('wants the host’s name in a certificate of an authority, pinned or given, but not in a pinned leaf', async () => {
    const elsewhere = await authority.issue({ names: ['elsewhere.example'] });
    const service = await serve(undefined, elsewhere);
    for (const trust of [
      { kind: 'authority', pem: authority.pem },
      { kind: 'fingerprint', sha256: authority.sha256 },
    ] as const) {
      const failure = await failureOf(clientFor({ url: service.url, trust }).call(get));
      expect(failure.code).toBe(provokes('certificate-untrusted'));
      expect(failure.message).toContain('elsewhere.example');
    }
    expect(await reached(service.url, { kind: 'fingerprint', sha256: elsewhere.sha256 })).toBe(200);
  });

  it('refuses a certificate that is over or not yet valid, and shows this machine’s clock', async () => {
    const over = await authority.issue({ notBefore: new Date(Date.now() - 9e7), notAfter: new Date(Date.now() - 6e7) });
    const early = await authority.issue({ notBefore: new Date(Date.now() + 6e7), notAfter: new Date(Date.now() + 9e7) });
    for (const shown of [over, early]) {
      const service = await serve(undefined, shown);
      for (const trust of [
        { kind: 'authority', pem: authority.pem },
        { kind: 'fingerprint', sha256: authority.sha256 },
        { kind: 'fingerprint', sha256: shown.sha256 },
      ] as const) {
        const failure = await failureOf(clientFor({ url: service.url, trust }).call(get));
        expect(failure.code).toBe(provokes('certificate-untrusted'));
        expect(failure.message).toContain(new Date().toISOString().slice(0, 10));
      }
    }
  });

  it('connects by address as well as by name', async () => {
    const service = await serve();
    const url = `https://127.0.0.1:${service.port}`;
    expect(await reached(url, { kind: 'authority', pem: authority.pem })).toBe(200);
    expect(await reached(url, { kind: 'fingerprint', sha256: authority.sha256 })).toBe(200);
  });

  it('proves its own certificate', async () => {
    const service = await serve();
    const identity = await createMachineIdentity('00000000-0000-4000-8000-000000000001');
    const answer = await clientFor({ url: service.url, certificate: identity }).call(get);
    expect(answer.presentedCertificate).toBe(true);
    expect(service.requests[0]?.clientCertificate).toBe(identity.sha256);
  });
});
