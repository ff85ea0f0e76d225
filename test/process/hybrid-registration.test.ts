/** The pack's PowerShell module, in a real PowerShell: with a command line that stands for the worker's, and with a real worker and service. */
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { requireRuntime } from '../harness/runtimes.ts';
import { accountName, makeAccount, root, startHeadlessWorker, startService } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const registration = {
  groupName: 'OnPremLab',
  accountId: 'bd12f612-91bc-4119-802c-5b6cd8841fc8',
  endpoint: 'https://127.0.0.1:1/accounts/bd12f612-91bc-4119-802c-5b6cd8841fc8',
  since: '2026-11-23T09:30:00.000Z',
};
const state = { machineName: 'HW1', status: 'ready', sentence: 'This machine is ready', registration };

interface Call {
  words: string[];
  input: string;
}

/** AzureAutomationFiles as a worker has it after the pack came; a folder with blanks, as on Windows. */
async function unpacked(): Promise<{ files: string; data: string }> {
  const data = join(await tempFolder(), 'data folder "x"');
  const files = join(data, 'AzureAutomationFiles');
  mkdirSync(files, { recursive: true });
  cpSync(join(root, 'assets', 'packs', 'AzureAutomation'), join(files, 'HybridRegistration'), { recursive: true });
  const command = [process.execPath, join(root, 'test', 'fixtures', 'hrw', 'fake-hrw.mjs')];
  writeFileSync(join(files, 'worker.json'), JSON.stringify({ command, dataFolder: data }));
  writeFileSync(join(data, 'status.json'), JSON.stringify(state));
  return { files, data };
}

async function run(
  context: TestContext,
  files: string,
  script: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const pwsh = requireRuntime(context, 'pwsh');
  const whole = `$ErrorActionPreference = 'Stop'; $PSStyle.OutputRendering = 'PlainText'; $env:PSModulePath = '${files}'; Import-Module HybridRegistration; ${script}`;
  try {
    const { stdout, stderr } = await promisify(execFile)(pwsh, ['-NoProfile', '-NonInteractive', '-Command', whole]);
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

const callsOf = (data: string): Call[] =>
  readFileSync(join(data, 'calls.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Call);

describe('HybridRegistration', () => {
  it('registers as the article does it, shows the steps and returns what came of it', async (context) => {
    const { files, data } = await unpacked();
    const key = 'AjAoGmqk8drLWVIkBJTRedsfTUIRZlY2b/iJnTHPMFPUdTAm397Ry0ROauNPXsEzvoPpKf4w89T6VC9cxrFQ==';
    const settings = `@{ Name = 'OnPremLab'; EndPoint = '${registration.endpoint}'; Token = '${key}' }`;
    const { code, stdout } = await run(
      context,
      files,
      `$settings = ${settings}; Add-HybridRunbookWorker @settings | ConvertTo-Json`,
    );
    expect(code).toBe(0);
    expect(stdout).toContain('done    Register (größer)');
    const made = JSON.parse(stdout.slice(stdout.indexOf('{'))) as object;
    expect(made).toMatchObject({
      MachineName: 'HW1',
      Status: 'ready',
      GroupName: 'OnPremLab',
      AccountId: registration.accountId,
    });
    const [register, status] = callsOf(data);
    const words = ['register', '--group', 'OnPremLab', '--endpoint', registration.endpoint, '--token-file', '-', '--data', data];
    expect(register).toEqual({ words, input: key });
    expect(status?.words).toEqual(['status', '--json', '--data', data]);
  }, 60_000);

  it('takes the newer names of its parameters', async (context) => {
    const { files, data } = await unpacked();
    const script = `Add-HybridRunbookWorker -GroupName A -Url ${registration.endpoint} -Key k | Out-Null`;
    expect((await run(context, files, script)).code).toBe(0);
    expect(callsOf(data)[0]).toMatchObject({ input: 'k' });
  }, 60_000);

  it('fails with the worker’s own words', async (context) => {
    const { files } = await unpacked();
    const { code, stdout, stderr } = await run(context, files, `Add-HybridRunbookWorker A ${registration.endpoint} wrong`);
    expect(code).not.toBe(0);
    expect(stdout).toContain('failed  Check the key');
    expect(stderr.replace(/\s+/g, ' ')).toContain(
      'The account did not accept the key. Nothing was registered. Enter one of the account’s current keys.',
    );
  }, 60_000);

  it('leaves with a key or locally, and not the account that it is not in', async (context) => {
    const { files, data } = await unpacked();
    const script = `Remove-HybridRunbookWorker -EndPoint ${registration.endpoint}/ -Token k | Out-Null; Remove-HybridRunbookWorker -Local | Out-Null; Remove-HybridRunbookWorker -Url https://other/accounts/x -Key k`;
    const { code, stderr } = await run(context, files, script);
    expect(code).not.toBe(0);
    expect(stderr.replace(/\s+/g, ' ')).toContain('Nothing was changed.');
    const told = callsOf(data).filter(({ words }) => words[0] === 'unregister');
    expect(told.map(({ words, input }) => [words.slice(1, 3), input])).toEqual([
      [['--token-file', '-'], 'k'],
      [['--local', '--data'], ''],
    ]);
  }, 60_000);

  it('shows a worker that can take no job', async (context) => {
    const { files, data } = await unpacked();
    writeFileSync(join(data, 'status.json'), JSON.stringify({ ...state, status: 'paused' }));
    const { code, stdout } = await run(context, files, '(Get-HybridRunbookWorker).Status');
    expect([code, stdout.trim()]).toEqual([0, 'paused']);
  }, 60_000);

  it('says what to do where no worker has run', async (context) => {
    const { files } = await unpacked();
    const { code, stderr } = await run(context, files, `Remove-Item '${files}/worker.json'; Get-HybridRunbookWorker`);
    expect(code).not.toBe(0);
    expect(stderr.replace(/\s+/g, ' ')).toContain('Start the worker on this machine');
  }, 60_000);

  it('switches the check of signatures on and off, with a folder of keys', async (context) => {
    const { files, data } = await unpacked();
    const script = `Set-Location '${data}'; $on = Set-HybridRunbookWorkerSignatureValidation -Enable $true -TrustedKeyFolder keys
      $off = Set-HybridRunbookWorkerSignatureValidation -Enable $false; "$($on.Enabled) $($on.TrustedKeyFolder) $($off.Enabled)"
      Set-HybridRunbookWorkerSignatureValidation -Enable $true -TrustedCertStoreLocation Cert:/LocalMachine/Root`;
    const { code, stdout, stderr } = await run(context, files, script);
    const keys = join(data, 'keys');
    expect(stdout).toContain(`True ${keys} False`);
    expect(code).not.toBe(0);
    expect(stderr.replace(/\s+/g, ' ')).toContain('give -TrustedKeyFolder');
    expect(callsOf(data).map(({ words }) => words.slice(0, 5))).toEqual([
      ['settings', 'set', 'trustedKeys', keys, '--json'],
      ['settings', 'set', 'trustedKeys', 'none', '--json'],
    ]);
  }, 60_000);

  it('changes nothing for a user who may not, and says what to do', async (context) => {
    const pwsh = requireRuntime(context, 'pwsh');
    if (process.getuid?.() !== 0) {
      context.skip('only root can run something as another user');
      return;
    }
    const { files, data } = await unpacked();
    mkdirSync(join(data, 'control'));
    writeFileSync(join(data, 'control', 'administrator.key'), '00', { mode: 0o600 });
    for (let folder = files; folder !== '/tmp' && folder !== '/'; folder = dirname(folder)) chmodSync(folder, 0o755);
    const script = `$PSStyle.OutputRendering = 'PlainText'; $env:PSModulePath = '${files}'; Import-Module HybridRegistration; Add-HybridRunbookWorker A ${registration.endpoint} k`;
    const another = {
      uid: 65_534,
      gid: 65_534,
      env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', TMPDIR: '/tmp' },
      cwd: '/',
    };
    const failed = await promisify(execFile)(pwsh, ['-NoProfile', '-NonInteractive', '-Command', script], another).then(
      () => '',
      (error: unknown) => (error as { stderr: string }).stderr,
    );
    expect(failed.replace(/\s+\|?\s*/g, ' ')).toContain(
      'belongs to another user. Repeat it as that user, or with sudo pwsh. Nothing was changed.',
    );
    expect(existsSync(join(data, 'calls.ndjson'))).toBe(false);
  }, 60_000);
});

describe('the article’s registration block, its line breaks restored and its values filled in', () => {
  it('finds the module by name in a fresh PowerShell, registers this machine and prints what came of it; says why with a wrong token', async (context) => {
    const pwsh = requireRuntime(context, 'pwsh');
    const folder = await tempFolder();
    const service = await startService(join(folder, 'service'));
    const account = await makeAccount(service);
    const data = join(folder, 'worker');
    const worker = await startHeadlessWorker(data, join(folder, 'worker.log'));
    onTestFinished(async () => {
      await worker.control.close();
      await worker.program.stop();
      await service.stop();
    });
    const node = join(root, 'node_modules', 'node', 'bin', 'node');
    const hrw = async (...words: string[]): Promise<string> =>
      (await promisify(execFile)(node, [join(root, 'out', 'hrw.cjs'), ...words, '--data', data])).stdout;
    const keyFile = join(folder, 'workspace-key');
    writeFileSync(keyFile, account.workspaceKey);
    const connected = await hrw(
      ...['connect', '--service-url', service.ready.agentUrl, '--workspace-id', account.workspaceId],
      ...['--workspace-key-file', keyFile, '--ca', service.ready.caFile],
    );
    const line = (await hrw('module-path')).trim();
    expect(connected).toContain(line);

    const block = (token: string): string =>
      [
        line,
        'Import-Module HybridRegistration',
        '$settings = @{',
        '    Name = "OnPremLabRBWG1"',
        `    EndPoint = "${account.endpoint}"`,
        `    Token = "${token}"`,
        '}',
        'Add-HybridRunbookWorker @settings',
        '',
      ].join('\n');
    // As pasted into a console: read from standard input, line by line.
    const paste = (text: string): Promise<{ stdout: string; stderr: string }> =>
      new Promise((resolve, reject) => {
        const child = execFile(pwsh, ['-NoProfile', '-NonInteractive', '-Command', '-'], (error, stdout, stderr) => {
          // A failed last statement is exit code 1 here.
          if (error !== null && error.code !== 1) reject(new Error('PowerShell failed', { cause: error }));
          else resolve({ stdout, stderr });
        });
        // An empty line ends a block of several lines for a PowerShell that reads its input.
        child.stdin?.end(`$PSStyle.OutputRendering = 'PlainText'\n${text}\n\n`);
      });

    const wrong = await paste(block('bm90IHRoZSBrZXk='));
    expect(wrong.stdout).toMatch(/failed +\S/);
    expect(`${wrong.stdout} ${wrong.stderr}`.replace(/\s+\|?\s*/g, ' ')).toContain('did not accept the key');
    const before = await worker.control.call('worker:state', {});
    expect(before).toMatchObject({ ok: true, value: { registration: null } });

    const right = await paste(block(account.accountKey));
    expect(right.stdout).toMatch(/Registering this machine with worker group OnPremLabRBWG1/);
    expect(right.stdout).toMatch(/^Status +: ready$/m);
    expect(right.stdout).toMatch(/^GroupName +: OnPremLabRBWG1$/m);
    expect(right.stdout).toMatch(/^EndPoint +: https:/m);
    const { value } = await service.rest.call('workers:list', { params: { accountName, groupName: 'OnPremLabRBWG1' } });
    expect(value).toHaveLength(1);
  }, 180_000);
});
