/** Joining a workspace, hearing of its packs, fetching one. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyShared } from '../../src-contract/node/shared-signature.ts';
import { describeProblem } from '../../src-contract/problems.ts';
import type { PackList } from '../../src-contract/agent-service.ts';
import type { AppError } from '../../src-contract/app-error.ts';
import { createMachineIdentity, type MachineIdentity } from '../../src-main/service-link/machine-identity.ts';
import { createWorkspaceClient, type WorkspaceClient } from '../../src-main/service-link/workspace-client.ts';
import { createAuthority, type FakeAuthority } from '../fakes/certificate-authority.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { sha256Of } from '../fakes/pack-builder.ts';
import { startRawServer, startScriptedService, type Answering, type ScriptedService } from '../fakes/scripted-service.ts';
import { provokes } from '../harness/provokes.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const workspaceId = '33333333-2222-4333-8444-555555555555';
const machineId = '0f0e0d0c-0000-4000-8000-000000000001';
const key = 'workspace key';

let authority: FakeAuthority;
let identity: MachineIdentity;
beforeAll(async () => {
  authority = await createAuthority('Service Authority');
  identity = await createMachineIdentity(machineId);
});

function clientOf(serviceUrl: string): WorkspaceClient {
  const client = createWorkspaceClient({
    serviceUrl,
    workspaceId,
    trust: { kind: 'authority', pem: authority.pem },
    proxy: { kind: 'none' },
    identity,
    version: '9.8.7',
  });
  closing.push(client.close);
  return client;
}

async function workspace(answer: Answering): Promise<{ service: ScriptedService; client: WorkspaceClient }> {
  const service = await startScriptedService(await authority.issue(), answer);
  closing.push(service.close);
  return { service, client: clientOf(service.url) };
}

describe('joining a workspace', () => {
  const body = () => ({
    machineId,
    machineName: 'server-7',
    thumbprint: identity.thumbprint,
    version: '9.8.7',
    operatingSystem: 'linux',
  });

  it('proves the key and the certificate', async () => {
    const joined = { workspaceName: 'Main', account: null };
    const { service, client } = await workspace(() => ({ status: 201, body: joined }));
    expect(await client.join(key, body())).toEqual(joined);
    const seen = service.requests[0];
    expect(`${seen?.method ?? ''} ${seen?.url ?? ''}`).toBe(`POST /workspaces/${workspaceId}/agents`);
    expect(seen?.headers['protocolversion']).toBe('2.0');
    const signature = String(seen?.headers.authorization).replace('Shared ', '');
    expect(verifyShared(key, seen?.body ?? Buffer.alloc(0), String(seen?.headers['x-ms-date']), signature)).toBe(true);
    expect(seen?.clientCertificate).toBe(identity.sha256);
  });

  it('says what is wrong: key, workspace, clock', async () => {
    const skewed = new Date(Date.now() - 50 * 60_000).toUTCString();
    const cases = [
      [{ status: 401 }, provokes('workspace-key-refused')],
      [{ status: 401, body: describeProblem('workspace-key-refused', { workspaceId }) }, provokes('workspace-key-refused')],
      [{ status: 404 }, provokes('workspace-unknown')],
      [{ status: 403, headers: { date: skewed } }, provokes('clock-skewed')],
      [{ status: 401, body: describeProblem('certificate-not-proven', { thumbprint: 'A' }) }, provokes('tls-intercepted')],
    ] as const;
    for (const [answer, code] of cases) {
      const { client } = await workspace(() => answer);
      expect((await failureOf(client.join(key, body()))).code).toBe(code);
    }
  });

  it('can be undone', async () => {
    const { service, client } = await workspace(() => ({ status: 204 }));
    await client.leave(machineId);
    expect(`${service.requests[0]?.method ?? ''} ${service.requests[0]?.url ?? ''}`).toBe(
      `DELETE /workspaces/${workspaceId}/agents/${machineId}`,
    );
  });
});

function listOf(version: string): PackList {
  return { account: null, packs: [{ name: 'AzureAutomation', version, sha256: 'a'.repeat(64), bytes: 1 }] };
}

describe('watching packs', () => {
  /** A service that has the given versions, one after the other, each known by its etag. */
  function versions(known: readonly string[], holds: boolean): Answering {
    let at = 0;
    return ({ headers }) => {
      const asked = headers['if-none-match'];
      if (asked === `"${known[at] ?? ''}"`) {
        if (at + 1 >= known.length) return { status: 304, delayMs: 60_000 };
        at += 1;
        if (!holds) return { status: 304, headers: { etag: asked } };
      }
      const version = known[at] ?? '';
      const applied: Record<string, string> =
        headers['prefer'] === undefined || !holds ? {} : { 'preference-applied': 'wait=20' };
      return { body: listOf(version), headers: { etag: `"${version}"`, ...applied } };
    };
  }

  it('yields the list at once and after each change, asking again without a pause where calls are held', async () => {
    const { service, client } = await workspace(versions(['1.0.0', '1.0.1', '1.0.2'], true));
    const ending = new AbortController();
    const waits: number[] = [];
    const seen: string[] = [];
    let contacts = 0;
    for await (const list of client.watchPacks({
      signal: ending.signal,
      onContact: () => (contacts += 1),
      delay: async (ms) => Promise.resolve(void waits.push(ms)),
    })) {
      seen.push(list.packs[0]?.version ?? '');
      if (seen.length === 3) ending.abort();
    }
    expect(seen).toEqual(['1.0.0', '1.0.1', '1.0.2']);
    expect(contacts).toBe(3);
    expect(waits).toEqual([]);
    expect(service.requests.map((one) => one.headers['prefer'])).toEqual([undefined, 'wait=20', 'wait=20']);
  });

  it('polls each 30 s where calls are not held', async () => {
    const { client } = await workspace(versions(['1.0.0', '1.0.1'], false));
    const ending = new AbortController();
    const waits: number[] = [];
    const seen: string[] = [];
    for await (const list of client.watchPacks({
      signal: ending.signal,
      random: () => 0.5,
      delay: async (ms) => Promise.resolve(void waits.push(ms)),
    })) {
      seen.push(list.packs[0]?.version ?? '');
      if (seen.length === 2) ending.abort();
    }
    expect(seen).toEqual(['1.0.0', '1.0.1']);
    // The second wait is the one that the end of the watch cuts short.
    expect(waits).toEqual([30_000, 30_000]);
  });

  it('outlasts the service’s absence and tells of it', async () => {
    let calls = 0;
    const { client } = await workspace(() => {
      calls += 1;
      if (calls < 3) return { status: 503, headers: { 'retry-after': '2' } };
      return { body: listOf('1.0.0'), headers: { etag: '"1"' } };
    });
    const ending = new AbortController();
    const failures: AppError[] = [];
    const waits: number[] = [];
    for await (const list of client.watchPacks({
      signal: ending.signal,
      onFailure: (error) => failures.push(error),
      random: () => 0,
      delay: async (ms) => Promise.resolve(void waits.push(ms)),
    })) {
      expect(list.packs).toHaveLength(1);
      ending.abort();
    }
    expect(failures.map((one) => one.code)).toEqual(['service-unavailable', 'service-unavailable']);
    expect(waits).toEqual([2_125, 2_250]);
  });

  it('does not ask in a tight loop when a service claims to hold and does not', async () => {
    const { client } = await workspace(({ headers }) =>
      headers['if-none-match'] === undefined
        ? { body: listOf('1.0.0'), headers: { etag: '"1"' } }
        : { status: 304, headers: { 'preference-applied': 'wait=20' } },
    );
    const ending = new AbortController();
    const waits: number[] = [];
    for await (const list of client.watchPacks({
      signal: ending.signal,
      delay: async (ms) => {
        waits.push(ms);
        if (waits.length === 3) ending.abort();
        return Promise.resolve();
      },
    })) {
      expect(list.packs).toHaveLength(1);
    }
    expect(Math.min(...waits)).toBeGreaterThan(500);
  });

  it('ends with the reason when the workspace no longer knows the agent', async () => {
    for (const answer of [{ status: 401 }, { status: 401, body: describeProblem('agent-unknown', { workspaceId }) }]) {
      const { client } = await workspace(() => answer);
      const failure = await failureOf(client.watchPacks({ signal: new AbortController().signal }).next());
      expect(failure.code).toBe(provokes('agent-unknown'));
    }
  });

  it('ends quietly while a call is held', async () => {
    const { client } = await workspace(() => ({ delayMs: 60_000 }));
    const ending = new AbortController();
    const next = client.watchPacks({ signal: ending.signal }).next();
    setTimeout(() => ending.abort(), 50);
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

describe('fetching a pack', () => {
  const archive = Buffer.alloc(300_000, 'pack bytes');
  const pack = { name: 'AzureAutomation', version: '1.2.3', sha256: sha256Of(archive), bytes: archive.length };

  it('writes exactly what was announced', async () => {
    const { service, client } = await workspace(() => ({ body: archive, headers: { 'content-type': 'application/zip' } }));
    const folder = await tempFolder();
    await client.downloadPack(pack, join(folder, 'one.zip'));
    expect((await readFile(join(folder, 'one.zip'))).equals(archive)).toBe(true);
    expect(await readdir(folder)).toEqual(['one.zip']);
    expect(service.requests[0]?.url).toBe(`/workspaces/${workspaceId}/packs/AzureAutomation/1.2.3`);
  });

  it('keeps nothing of an archive that is longer, shorter or other than announced', async () => {
    const other = Buffer.from(archive);
    other[7] = 0;
    for (const body of [Buffer.concat([archive, archive]), archive.subarray(1), other]) {
      const { client } = await workspace(() => ({ body }));
      const folder = await tempFolder();
      const failure = await failureOf(client.downloadPack(pack, join(folder, 'one.zip')));
      expect(failure.code).toBe(provokes('pack-invalid'));
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('refuses a pack that is announced larger than packs may be', async () => {
    const { service, client } = await workspace(() => ({ body: archive }));
    const failure = await failureOf(client.downloadPack({ ...pack, bytes: 1e9 }, join(await tempFolder(), 'one.zip')));
    expect(failure.code).toBe(provokes('pack-invalid'));
    expect(service.requests).toHaveLength(0);
  });

  it('keeps nothing of an archive whose connection was cut', async () => {
    const server = await startRawServer((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${archive.length}\r\n\r\nhalf`));
    });
    closing.push(server.close);
    const folder = await tempFolder();
    const failure = await failureOf(clientOf(`http://localhost:${server.port}`).downloadPack(pack, join(folder, 'one.zip')));
    expect(failure).toMatchObject({ code: provokes('connection-cut'), retryable: true });
    expect(await readdir(folder)).toEqual([]);
  });

  it('says that the service does not have it', async () => {
    const { client } = await workspace(() => ({ status: 404 }));
    const failure = await failureOf(client.downloadPack(pack, join(await tempFolder(), 'one.zip')));
    expect(failure.code).toBe(provokes('pack-unknown'));
  });
});
