/** Installers beside the service, over REST and through `hrw workspace install-line`; the line that is printed is one that the installer takes. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readInstallParameters, splitCommandLine } from '../../src-main/setup/parameters.ts';
import { installerHandlers } from '../../src-service/rest-api/installer-handlers.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { startProgram, startService } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { createHrw, type Hrw } from './hrw-fixture.ts';
import { accountName, refusalOf, startRestFixture, type RestFixture } from './rest-fixture.ts';

leftoversAreCheckedAtTheEnd();

const workspace = 'berlin-hosts';
const newest = 'Hybrid-Runbook-Worker-0.10.0-x64.exe';
const content = randomBytes(3_000_001);
const sha256 = createHash('sha256').update(content).digest('hex');
let folder: string;
let fixture: RestFixture;
let hrw: Hrw;
let workspaceId: string;

beforeAll(async () => {
  folder = join(await tempFolder(), 'installers');
  fixture = await startRestFixture({ installersFolder: folder });
  ({ hrw } = await createHrw(fixture));
  ({ workspaceId } = await fixture.rest.call('workspaces:create', { params: { workspace }, body: { accountName } }));
  await fixture.rest.call('workspaces:create', { params: { workspace: 'alone' }, body: {} });
});
afterAll(() => fixture.close());
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(join(folder, newest), content);
  for (const name of ['Hybrid-Runbook-Worker-0.9.0-x64.exe', 'Hybrid-Runbook-Worker-0.10.0-rc.1-x64.exe', 'notes.txt', 'key.pem'])
    writeFileSync(join(folder, name), name);
});

function fetchBytes(path: string): Promise<{ status: number; headers: Record<string, unknown>; bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    const call = request(new URL(path, fixture.service.urls.restUrl), { ca: fixture.caPem, agent: false }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, bytes: Buffer.concat(pieces) }));
    });
    call.on('error', reject);
    call.end();
  });
}

const sharedParameters = (): object => ({
  mode: 'service',
  connection: {
    workspaceId,
    workspaceKeyFile: 'workspace-key.txt',
    serviceUrl: fixture.service.urls.agentUrl,
    trust: { kind: 'fingerprint', sha256: fixture.service.caFingerprint },
    proxy: { kind: 'none' },
  },
  account: { kind: 'virtual' },
});

describe('installers beside the service', () => {
  it('are listed by their names, the newest first, with size and hash; a trial version is older than the version', async () => {
    const { value } = await fixture.rest.call('installers:list');
    expect(value.map(({ version }) => version)).toEqual(['0.10.0', '0.10.0-rc.1', '0.9.0']);
    const url = `${fixture.service.urls.restUrl}/installers/${newest}`;
    expect(value[0]).toEqual({ name: newest, version: '0.10.0', bytes: content.length, sha256, url });
  });

  it('are served whole to a machine that has no token yet', async () => {
    const { status, headers, bytes } = await fetchBytes(`/installers/${newest}`);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': String(content.length),
    });
    expect(bytes.equals(content)).toBe(true);
  });

  it('are another program with another hash when the file was replaced', async () => {
    await fixture.rest.call('installers:list');
    writeFileSync(join(folder, newest), 'another');
    const { value } = await fixture.rest.call('installers:list');
    expect(value[0]).toMatchObject({ bytes: 7, sha256: createHash('sha256').update('another').digest('hex') });
  });

  it.each(['Hybrid-Runbook-Worker-7.0.0-x64.exe', 'notes.txt', '..%2Finstallers%2Fkey.pem', '..%5Ckey.pem'])(
    'that are not there, or are no installers, are named in a refusal: %s',
    async (name) => {
      const { status, code, text } = await fixture.send(`/installers/${name}`);
      expect({ status, code }).toEqual({ status: 404, code: 'resource-unknown' });
      expect(JSON.parse(text)).toMatchObject({ details: { what: 'installer', name: decodeURIComponent(name) } });
    },
  );

  it('need not be there', async () => {
    rmSync(folder, { recursive: true });
    expect(await fixture.rest.call('installers:list')).toEqual({ value: [] });
    const found = await fixture.rest.call('installers:command-line', { params: { workspace }, query: {} });
    expect(found.installer).toBeNull();
    expect(found.commandLine).toMatch(/^Hybrid-Runbook-Worker-0\.1\.0-x64\.exe \/S /);
  });
});

describe('the line that installs a worker', () => {
  it('is one that the installer takes, and means this workspace and this service', async () => {
    const { commandLine } = await fixture.rest.call('installers:command-line', { params: { workspace }, query: {} });
    expect(commandLine.startsWith(`${newest} /S `)).toBe(true);
    expect(readInstallParameters(splitCommandLine(commandLine))).toEqual({
      ...sharedParameters(),
      registration: null,
      logFile: null,
    });
  });

  it('joins a group where one is named', async () => {
    const query = { groupName: 'On-Prem_Lab.2' };
    const { commandLine, account } = await fixture.rest.call('installers:command-line', { params: { workspace }, query });
    expect(account).toBe(accountName);
    expect(readInstallParameters(splitCommandLine(commandLine))).toMatchObject({
      ...sharedParameters(),
      registration: { groupName: 'On-Prem_Lab.2', tokenFile: 'account-key.txt', endpoint: null },
    });
  });

  it('needs no quotes in cmd nor in PowerShell, also where the service is known by an address', async () => {
    const { context } = fixture.service;
    const urls = { agentUrl: 'https://[2001:db8::7]:8443', restUrl: 'https://[2001:db8::7]:8444' };
    const handlers = installerHandlers({ ...context, urls });
    const params = { workspace };
    const call = { body: undefined, caller: { id: '', name: '', role: 'reader' }, lastEventId: undefined } as const;
    const { signal } = new AbortController();
    const query = { groupName: 'OnPremLab' };
    const answer = await handlers['installers:command-line']({ ...call, params, query, signal });
    const { commandLine } = 'value' in answer ? answer.value : { commandLine: '' };
    expect(commandLine).toMatch(/ \/SERVICEURL=https:\/\/\[2001:db8::7\]:\d+ /);
    // Neither a blank within a value, nor what one of the two would take for its own.
    expect(commandLine).toMatch(/^[\w.-]+( \/[\w./:=[\]-]+)+$/);
    expect(readInstallParameters(splitCommandLine(commandLine)).connection?.serviceUrl).toBe(urls.agentUrl);
  });

  it('is refused for what nothing could come of', async () => {
    const lineOf = (name: string, groupName?: string) =>
      refusalOf(fixture.rest.call('installers:command-line', { params: { workspace: name }, query: { groupName } }));
    expect(await lineOf('nowhere')).toMatchObject({ status: 404, code: 'resource-unknown' });
    expect(await lineOf(workspace, 'a & calc')).toMatchObject({ code: 'group-name-invalid', details: { groupName: 'a & calc' } });
    expect(await lineOf('alone', 'OnPremLab')).toMatchObject({ code: 'workspace-not-linked' });
  });
});

describe('hrw workspace install-line', () => {
  const words = ['workspace', 'install-line', '--workspace', workspace];

  it('prints the line, where the installer is, and which keys it reads; and no key', async () => {
    const { code, stdout } = await hrw([...words, '--group', 'OnPremLab']);
    expect(code).toBe(0);
    const [line = ''] = stdout.split('\n');
    expect(readInstallParameters(splitCommandLine(line))).toMatchObject({
      ...sharedParameters(),
      registration: { groupName: 'OnPremLab', tokenFile: 'account-key.txt' },
    });
    expect(stdout).toContain(`${fixture.service.urls.restUrl}/installers/${newest}\n  SHA-256 ${sha256}\n`);
    expect(stdout).toContain('workspace-key.txt: a key of the workspace (hrw workspace keys)');
    expect(stdout).toContain(`account-key.txt: a key of the account ${accountName} (hrw account keys)`);
    for (const key of await keys()) expect(stdout).not.toContain(key);
    expect((await hrw(words)).stdout).not.toContain('account-key.txt');
  });

  it('says where to take the installer from when none lies beside the service', async () => {
    rmSync(join(folder, newest));
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
    expect((await hrw(words)).stdout).toContain('No installer lies beside the service');
  });

  it('makes a folder with the installer, the keys for nobody else to read, and a file that calls the line', async () => {
    const target = join(await tempFolder(), 'for new workers');
    const { code, stdout } = await hrw([...words, '--group', 'OnPremLab', '--folder', target]);
    expect(code).toBe(0);
    expect(readdirSync(target).sort()).toEqual([newest, 'account-key.txt', 'install.cmd', 'workspace-key.txt']);
    for (const name of readdirSync(target)) {
      expect(statSync(join(target, name)).mode & 0o777, name).toBe(0o600);
      expect(stdout).toContain(`${join(target, name)}\n`);
    }
    expect(readFileSync(join(target, newest)).equals(content)).toBe(true);
    const [workspaceKey, accountKey] = await keys();
    expect(readFileSync(join(target, 'workspace-key.txt'), 'utf8')).toBe(`${workspaceKey}\n`);
    expect(readFileSync(join(target, 'account-key.txt'), 'utf8')).toBe(`${accountKey}\n`);
    const batch = readFileSync(join(target, 'install.cmd'), 'utf8').split('\r\n');
    expect(batch[0]).toBe('@pushd "%~dp0"');
    expect(batch[1]).toMatch(new RegExp(`^@start /wait "" ${newest} /S /MODE=service .*/GROUP=OnPremLab `));
  });

  it('keeps no installer whose bytes are not those that the service named', async () => {
    const file = join(folder, newest);
    const time = new Date('2026-01-01T00:00:00Z');
    utimesSync(file, time, time);
    await fixture.rest.call('installers:list');
    // The service knows the hash of this name, size and time.
    writeFileSync(file, randomBytes(content.length));
    utimesSync(file, time, time);
    const target = join(await tempFolder(), 'folder');
    const { code, stderr } = await hrw([...words, '--folder', target]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(`other bytes of ${newest} than its SHA-256 says`);
    expect(existsSync(join(target, newest))).toBe(false);
  });

  it('refuses a group’s name that is none, and a workspace of no account', async () => {
    expect(await hrw([...words, '--group', 'a & calc'])).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('a & calc') as string,
    });
    const alone = await hrw(['workspace', 'install-line', '--workspace', 'alone', '--group', 'OnPremLab']);
    expect(alone.stdout).toBe('');
    expect(alone.code).not.toBe(0);
  });

  async function keys(): Promise<[string, string]> {
    const ofWorkspace = await fixture.rest.call('workspaces:keys', { params: { workspace } });
    const ofAccount = await fixture.rest.call('accounts:keys', { params: { accountName } });
    return [ofWorkspace.primary, ofAccount.keys.primary];
  }
});

describe('the service’s --installers', () => {
  it('names the folder that they are in', async () => {
    const service = await startService(await tempFolder(), { arguments: ['--installers', folder] });
    onTestFinished(() => service.stop());
    const { value } = await service.rest.call('installers:list');
    expect(value.map(({ name }) => name)).toContain(newest);
  });

  it('refuses a folder that is not there, before anything is made', async () => {
    const target = await tempFolder();
    const missing = join(target, 'misspelt');
    const program = join(process.env['HRW_TEST_OUT'] ?? '', 'service.cjs');
    const given = ['--data', join(target, 'data'), '--agent-port', '0', '--rest-port', '0', '--installers', missing];
    const { child, logFile } = startProgram(process.execPath, [program, ...given], { logFile: join(target, 'said') });
    await new Promise((resolve) => child.once('close', resolve));
    expect(child.exitCode).toBe(2);
    expect(readFileSync(logFile, 'utf8')).toContain(`--installers ${missing}: there is no such folder`);
    expect(readdirSync(target)).toEqual(['said']);
  });
});
