/**
 * The life of an installation under wine, by the installer that is given away, against a real automation service on loopback. What wine
 * cannot show stands in docs/windows.md.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';
import { builtInstaller, makingInstallersLimitMs, missingInstallerTool } from '../harness/built-installers.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, makeAccount, publishRunbook, startService, waitFor, type Account, type Service } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { differenceOf, readSettledState, readWindowsState, type WindowsState } from '../harness/windows-state.ts';
import { endWinePrefix, makeWinePrefix, wineEnvironment } from '../harness/wine-prefix.ts';

leftoversAreCheckedAtTheEnd();

const groupName = 'installed';
const waitSeconds = 180;
const newer = '9.9.9';
const folderName = 'Hybrid Runbook Worker';

function requireInstaller(context: TestContext): void {
  const prefix = inject('winePrefix');
  const reason = prefix.kind === 'missing' ? prefix.reason : missingInstallerTool();
  if (reason === undefined) return;
  // vitest asks a skipped test too whether it expected anything.
  context.expect(reason).not.toBe('');
  context.skip(reason);
}

describe('the installer for Windows', () => {
  let machine = '';
  let drive = '';
  let programs = '';
  let data = '';
  let version = '';
  let service: Service | undefined;
  let account: Account | undefined;
  let before: WindowsState | undefined;
  let count = 0;

  /** Lines of a batch file, because wine would quote arguments in its own way; answers the last one's exit code. */
  const runBatch = async (lines: string[]): Promise<number | null> => {
    const name = `run-${String((count += 1))}.bat`;
    writeFileSync(path.join(machine, name), ['@echo off', ...lines, 'exit /b %ERRORLEVEL%', ''].join('\r\n'));
    const output = await open(path.join(machine, `${name}.txt`), 'w');
    const child = spawn('wine', ['cmd', '/c', `Z:${path.join(machine, name).replaceAll('/', '\\')}`], {
      cwd: drive,
      env: wineEnvironment(machine),
      stdio: ['ignore', output.fd, output.fd],
    });
    await output.close();
    return await new Promise((resolve) => child.once('exit', resolve));
  };
  const setUp = async (file: string, given: string[]): Promise<{ exitCode: number | null; log: string }> => {
    const log = `log-${String((count += 1))}.txt`;
    const exitCode = await runBatch([`start /wait C:\\${file} /S /LOG=C:\\setup\\${log} ${given.join(' ')}`]);
    const logFile = path.join(drive, 'setup', log);
    return { exitCode, log: existsSync(logFile) ? readFileSync(logFile, 'utf8') : '' };
  };
  const registryValue = async (key: string, name: string): Promise<string | undefined> => {
    await runBatch([`reg query "${key}" /v "${name}" > C:\\setup\\value.txt 2>&1`]);
    const text = readFileSync(path.join(drive, 'setup', 'value.txt'), 'utf8');
    return new RegExp(`^\\s*${name}\\s+REG_\\w+\\s+(.*?)\\s*$`, 'm').exec(text)?.[1];
  };
  const putKeys = (): void => {
    writeFileSync(path.join(drive, 'setup', 'key.txt'), account?.workspaceKey ?? '');
    writeFileSync(path.join(drive, 'setup', 'token.txt'), account?.accountKey ?? '');
  };
  const keysAreThere = (): boolean[] => ['key.txt', 'token.txt'].map((name) => existsSync(path.join(drive, 'setup', name)));
  const everything = (): string[] => [
    ...['/MODE=service', `/WORKSPACEID=${account?.workspaceId ?? ''}`, '/WORKSPACEKEYFILE=C:\\setup\\key.txt'],
    ...[`/SERVICEURL=${service?.ready.agentUrl ?? ''}`, `/CA=${service?.ready.caFingerprint ?? ''}`],
    ...[`/GROUP=${groupName}`, '/TOKENFILE=C:\\setup\\token.txt'],
  ];
  /** Commands of processes of this Windows, as Linux shows them. */
  const processes = (part: string): { pid: number; command: string }[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
          const isOurs = command.includes(part) && readFileSync(`/proc/${name}/environ`, 'utf8').includes(machine);
          return isOurs ? [{ pid: Number(name), command }] : [];
        } catch {
          return [];
        }
      });
  const startJob = async (script: string): Promise<{ accountName: string; jobName: string }> => {
    const { rest } = requireService();
    const params = { accountName, jobName: randomUUID() };
    await publishRunbook({ rest }, `batch-${params.jobName}`, 'Batch', script);
    const runbook = { name: `batch-${params.jobName}` };
    await rest.call('jobs:start', { params, body: { runbook, parameters: {}, runOn: groupName } });
    return params;
  };
  const whenJob = async (params: { accountName: string; jobName: string }, status: string) =>
    await waitFor(`job ${params.jobName} as ${status}`, waitSeconds, async () => {
      const job = await requireService().rest.call('jobs:get', { params });
      if (job.endTime !== null && job.status !== status) throw new Error(`it is ${job.status}: ${job.exception ?? ''}`);
      return job.status === status ? job : undefined;
    });
  function requireService(): Service {
    if (service === undefined) throw new Error('the automation service does not run');
    return service;
  }

  beforeAll(async () => {
    if (inject('winePrefix').kind === 'missing' || missingInstallerTool() !== undefined) return;
    const files = { 'setup-old.exe': await builtInstaller(), 'setup-new.exe': await builtInstaller(newer) };
    version = /Worker-(.+)-x64/.exec(files['setup-old.exe'])?.[1] ?? '';
    machine = await tempFolder();
    drive = path.join(machine, 'prefix', 'drive_c');
    programs = path.join(drive, 'Program Files', folderName);
    data = path.join(drive, 'ProgramData', folderName);
    await makeWinePrefix(machine);
    mkdirSync(path.join(drive, 'setup'));
    for (const [name, file] of Object.entries(files)) copyFileSync(file, path.join(drive, name));
    service = await startService(path.join(machine, 'service'));
    account = await makeAccount(service);
    before = await readSettledState(drive, runBatch);
  }, makingInstallersLimitMs);
  afterAll(async () => {
    await service?.stop();
    if (machine !== '') await endWinePrefix(machine);
  }, 120_000);

  it('refuses what it cannot do, each with a code of its own, a sentence in the log, and nothing changed', async (context) => {
    requireInstaller(context);
    putKeys();
    const unknown = await setUp('setup-old.exe', [...everything(), '/GROOP=typo']);
    expect(unknown).toMatchObject({ exitCode: 2, log: expect.stringContaining('/GROOP=typo is no parameter') as string });
    const application = await setUp('setup-old.exe', ['/MODE=app']);
    expect(application).toMatchObject({ exitCode: 14, log: expect.stringContaining('does not carry the application') as string });
    await runBatch(['reg add "HKLM\\SOFTWARE\\Microsoft\\HybridRunbookWorkerV2" /f']);
    const conflict = await setUp('setup-old.exe', everything());
    await runBatch(['reg delete "HKLM\\SOFTWARE\\Microsoft\\HybridRunbookWorkerV2" /f']);
    expect(conflict).toMatchObject({
      exitCode: 11,
      log: expect.stringContaining('the Azure Automation Hybrid Runbook Worker') as string,
    });
    expect(keysAreThere()).toEqual([true, true]);
    expect([existsSync(programs), existsSync(data)]).toEqual([false, false]);
  }, 600_000);

  it('takes everything back when the service refuses the machine; the key files are gone', async (context) => {
    requireInstaller(context);
    putKeys();
    writeFileSync(path.join(drive, 'setup', 'key.txt'), Buffer.alloc(64, 7).toString('base64'));
    const refused = await setUp('setup-old.exe', everything());
    expect(refused.exitCode).toBe(22);
    expect(refused.log).toContain('Taken back: remove the service.');
    expect([existsSync(programs), existsSync(data), ...keysAreThere()]).toEqual([false, false, false, false]);
    const after = await readWindowsState(drive, runBatch);
    expect(differenceOf(after.registry, before?.registry ?? [])).toEqual([]);
  }, 600_000);

  it('installs by one line: the service runs, the machine is connected and in its group, and a batch runbook runs', async (context) => {
    requireInstaller(context);
    putKeys();
    const done = await setUp('setup-old.exe', everything());
    expect(done, done.log).toMatchObject({ exitCode: 0 });
    expect(done.log).toContain(`Version ${version} is installed. This machine works in the group ${groupName}`);
    expect(keysAreThere()).toEqual([false, false]);
    expect(await registryValue('HKLM\\SYSTEM\\CurrentControlSet\\Services\\HybridRunbookWorker', 'ImagePath')).toContain(
      `Program Files\\${folderName}\\${version}\\hrw.exe`,
    );
    expect(
      await registryValue(`HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\${folderName}`, 'DisplayVersion'),
    ).toBe(version);
    const ended = await whenJob(await startJob('@echo off\r\necho from an installed worker\r\n'), 'Completed');
    expect(ended.exception).toBeNull();
  }, 900_000);

  it('has its events written, and their texts registered', async (context) => {
    requireInstaller(context);
    const source = `HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\${folderName}\\${folderName}`;
    const messageFile = (await registryValue(source, 'EventMessageFile')) ?? '';
    expect(messageFile).toBe(`C:\\Program Files\\${folderName}\\${version}\\hrw-messages.dll`);
    const logs = readdirSync(path.join(data, 'logs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /[.]ndjson$/.test(name),
    );
    const text = logs.map((name) => readFileSync(path.join(data, 'logs', name), 'utf8')).join('\n');
    // A job was picked up, and its sandbox started.
    expect(text).toContain('15007');
  }, 300_000);

  it('is upgraded in place: configuration and a job that runs are kept, and a downgrade is refused', async (context) => {
    requireInstaller(context);
    const job = await startJob(
      '@echo off\r\necho begun\r\n:again\r\nping -n 2 127.0.0.1 >nul\r\nif not exist C:\\setup\\go.txt goto again\r\necho ended\r\n',
    );
    await whenJob(job, 'Running');
    const earlier = processes('Orchestrator.Sandbox.exe').map(({ pid }) => pid);
    const upgraded = await setUp('setup-new.exe', []);
    expect(upgraded, upgraded.log).toMatchObject({ exitCode: 0 });
    expect(upgraded.log).toContain(`Version ${newer} replaces ${version}. This machine works in the group ${groupName}`);
    // The old version's programs are still in use.
    expect(readdirSync(programs).sort()).toEqual([version, newer, 'bin', 'uninstall.exe']);
    // That of the job is one of them; one that waited for work may have gone.
    expect(processes('Orchestrator.Sandbox.exe').filter(({ pid }) => earlier.includes(pid))).not.toEqual([]);
    writeFileSync(path.join(drive, 'setup', 'go.txt'), '');
    const ended = await whenJob(job, 'Completed');
    expect((await requireService().rest.call('jobs:output', { params: job })).trim().split('\n')).toEqual(['begun', 'ended']);
    expect(ended.exception).toBeNull();

    const downgrade = await setUp('setup-old.exe', []);
    expect(downgrade).toMatchObject({
      exitCode: 10,
      log: expect.stringContaining(`The newer version ${newer} is installed`) as string,
    });
    // The same again: nothing is asked, nothing lost, and what nobody uses any more goes.
    await waitFor('the end of what runs from the old version', waitSeconds, () =>
      processes(`\\${version}\\`).length === 0 ? true : undefined,
    );
    expect(await setUp('setup-new.exe', [])).toMatchObject({ exitCode: 0 });
    expect(readdirSync(programs).sort()).toEqual([newer, 'bin', 'uninstall.exe']);
    await whenJob(await startJob('@echo after the upgrade\r\n'), 'Completed');
  }, 900_000);

  it('is removed after jobs, a pack and a killed sandbox, and leaves nothing', async (context) => {
    requireInstaller(context);
    const job = await startJob('@echo off\r\n:again\r\nping -n 2 127.0.0.1 >nul\r\ngoto again\r\n');
    await whenJob(job, 'Running');
    const running = processes('Orchestrator.Sandbox.exe');
    expect(running.length).toBeGreaterThan(0);
    for (const { pid } of running) process.kill(pid, 'SIGKILL');
    putKeys();
    const key = `HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\${folderName}`;
    const command = (await registryValue(key, 'QuietUninstallString')) ?? '';
    const exitCode = await runBatch([
      command.replace(' _?=', ' /LOG=C:\\setup\\removal.txt /DRAIN=0 /TOKENFILE=C:\\setup\\token.txt _?='),
    ]);
    const log = readFileSync(path.join(drive, 'setup', 'removal.txt'), 'utf8');
    expect(exitCode, log).toBe(0);
    expect(log).toContain(`This machine left the group ${groupName}; the account was told.`);
    const { rest } = requireService();
    expect((await rest.call('workers:list', { params: { accountName, groupName } })).value).toEqual([]);
    // The uninstaller's own file goes once it has ended.
    await waitFor('the end of the folder', waitSeconds, () => (existsSync(programs) ? undefined : true));
    expect([existsSync(data), keysAreThere()[1]]).toEqual([false, false]);
    expect(processes('hrw.exe')).toEqual([]);
    expect(processes('Orchestrator.Sandbox.exe')).toEqual([]);
    const after = await readWindowsState(drive, runBatch);
    const left = differenceOf(after.files, before?.files ?? []).filter((file) => !file.startsWith('setup'));
    expect(left).toEqual([]);
    expect(differenceOf(after.registry, before?.registry ?? [])).toEqual([]);
  }, 900_000);
});
