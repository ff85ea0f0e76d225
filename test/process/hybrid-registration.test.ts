/** The pack's PowerShell module, in a real PowerShell, with a command line that stands for the worker's. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, describe, type TestContext } from 'vitest';
import { requireRuntime } from '../harness/runtimes.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const root = join(import.meta.dirname, '..', '..');
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
});
