/** Joining a workspace, hearing of its packs, fetching one. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyShared } from '../../src-contract/node/shared-signature.ts';
import { describeProblem } from '../../src-contract/problems.ts';
import type { PackList } from '../../src-contract/agent-service.ts';
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
      [
        { status: 401, body: describeProblem('workspace-key-refused', { workspaceId, keyEnding: '????' }) },
        provokes('workspace-key-refused'),
      ],
      [{ status: 404 }, provokes('workspace-unknown')],
      [{ status: 403, headers: { date: skewed } }, provokes('clock-skewed')],
      [{ status: 401, body: describeProblem('certificate-not-proven', { thumbprint: 'A' }) }, provokes('tls-intercepted')],
    ] as const;
    for (const [answer, code] of cases) {
      const { client } = await workspace(() => answer);
      const failure = await failureOf(client.join(key, body()));
      expect(failure.code).toBe(code);
      if (code === 'workspace-key-refused') expect(failure.details).toEqual({ workspaceId, keyEnding: key.slice(-4) });
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

describe('the list of packs', () => {
  it('comes at once when none is known, and is held when one is', async () => {
    const { service, client } = await workspace(({ headers }) => {
      if (headers['if-none-match'] === '"1"') return { status: 304, headers: { 'preference-applied': 'wait=7' } };
      return { body: listOf('1.0.0'), headers: { etag: '"1"' } };
    });
    expect(await client.getPacks({ waitSeconds: 7 })).toEqual({
      kind: 'changed',
      list: listOf('1.0.0'),
      etag: '"1"',
      held: false,
    });
    expect(await client.getPacks({ etag: '"1"', waitSeconds: 7 })).toEqual({ kind: 'unchanged', held: true });
    expect(service.requests.map((one) => one.headers['prefer'])).toEqual([undefined, 'wait=7']);
    expect(service.requests[1]?.clientCertificate).toBe(identity.sha256);
  });

  it('says when the service did not hold the call', async () => {
    const { client } = await workspace(() => ({ status: 304 }));
    expect(await client.getPacks({ etag: '"1"', waitSeconds: 7 })).toEqual({ kind: 'unchanged', held: false });
  });

  it('is not asked for by an agent that the workspace no longer knows', async () => {
    for (const answer of [{ status: 401 }, { status: 401, body: describeProblem('agent-unknown', { workspaceId }) }]) {
      const { client } = await workspace(() => answer);
      expect(await failureOf(client.getPacks())).toMatchObject({ code: provokes('agent-unknown'), retryable: false });
    }
  });

  it('may be asked for again after a while when the service is busy, or the answer is no list', async () => {
    const busy = await workspace(() => ({ status: 429, headers: { 'retry-after': '2' } }));
    const expected = { code: provokes('service-unavailable'), retryable: true, retryAfterMs: 2_000 };
    expect(await failureOf(busy.client.getPacks())).toMatchObject(expected);
    const odd = await workspace(() => ({ body: { packs: 'none' } }));
    expect(await failureOf(odd.client.getPacks())).toMatchObject({ code: provokes('answer-not-understood'), retryable: true });
  });

  it('is given up in the middle of a held call', async () => {
    const { client } = await workspace(() => ({ delayMs: 60_000 }));
    const ending = new AbortController();
    const held = client.getPacks({ etag: '"1"', waitSeconds: 20, signal: ending.signal });
    setTimeout(() => ending.abort(new Error('enough')), 50);
    await expect(held).rejects.toThrow('enough');
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
      // Somebody on the way may have put it there: the archive itself is not refused.
      expect(failure.retryable).toBe(true);
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('refuses a pack that is announced larger than packs may be', async () => {
    const { service, client } = await workspace(() => ({ body: archive }));
    const failure = await failureOf(client.downloadPack({ ...pack, bytes: 1e9 }, join(await tempFolder(), 'one.zip')));
    expect(failure.code).toBe(provokes('pack-invalid'));
    expect(failure.retryable).toBe(false);
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
