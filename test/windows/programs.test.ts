/**
 * The programs for Windows, as single executables under wine: the service and the worker serve and register on loopback, and batch runbooks
 * run in cmd.exe. What wine cannot show stands in docs/windows.md.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest';
import { builtPrograms, makingLimitMs } from '../harness/built-programs.ts';
import { createRestClient, type RestClient } from '../harness/rest-client.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, makeAccount, publishRunbook, waitFor, type Account, type ServiceReady } from '../harness/stack.ts';
import { wineEnvironment } from '../harness/wine-prefix.ts';

leftoversAreCheckedAtTheEnd();

const run = promisify(execFile);
const root = path.join(import.meta.dirname, '..', '..');
const node = path.join(root, 'node_modules', 'node', 'bin', 'node');

const groupName = 'windows';
/** A start of one of the programs under wine, on a machine under load. */
const startSeconds = 120;
const jobSeconds = 120;

/** Skips the test where something is missing. */
function requireWine(context: TestContext): void {
  const prefix = inject('winePrefix');
  if (prefix.kind === 'ready') return;
  // vitest asks a skipped test too whether it expected anything.
  context.expect(prefix.reason).not.toBe('');
  context.skip(prefix.reason);
}

interface Running {
  child: ChildProcess;
  ended: Promise<number | null>;
  output: () => string;
}

/** Makes and publishes a batch runbook, and starts it. */
async function startJob(rest: RestClient, script: string, parameters: Record<string, string> = {}) {
  const params = { accountName, jobName: randomUUID() };
  const runbookName = `batch-${params.jobName}`;
  await publishRunbook({ rest }, runbookName, 'Batch', script);
  await rest.call('jobs:start', { params, body: { runbook: { name: runbookName }, parameters, runOn: groupName } });
  return params;
}

describe('the programs for Windows', () => {
  let folder = '';
  let environment: NodeJS.ProcessEnv = {};
  let drive = '';
  let count = 0;
  const running: Running[] = [];
  let service: { ready: ServiceReady; rest: RestClient } | undefined;
  let account: Account | undefined;

  /** Output goes to files: what Node for Windows would write into Linux's pipes is refused. */
  const start = async (program: string, given: readonly string[]): Promise<Running> => {
    const file = path.join(drive, `output-${String((count += 1))}.txt`);
    const output = await open(file, 'w');
    const child = spawn('wine', [path.join(folder, program), ...given], {
      cwd: drive,
      env: environment,
      stdio: ['ignore', output.fd, output.fd],
    });
    await output.close();
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const one = { child, ended, output: () => readFileSync(file, 'utf8') };
    running.push(one);
    return one;
  };
  const runToEnd = async (program: string, given: readonly string[]): Promise<{ exitCode: number | null; output: string }> => {
    const one = await start(program, given);
    return { exitCode: await one.ended, output: one.output() };
  };
  const hrw = (...given: string[]): ReturnType<typeof runToEnd> => runToEnd('hrw.exe', [...given, '--data', 'C:\\worker']);

  beforeAll(async () => {
    const prefix = inject('winePrefix');
    if (prefix.kind === 'missing') return;
    environment = wineEnvironment(prefix.folder);
    drive = path.join(prefix.folder, 'prefix', 'drive_c');
    folder = path.join(drive, 'Program Files', 'Hybrid Runbook Worker');
    await cp(await builtPrograms('win-x64'), folder, { recursive: true });
  }, makingLimitMs);
  afterAll(async () => {
    service?.rest.close();
    // Whatever still runs in the prefix ends with it; these are wine's own processes that were started for ours.
    for (const { child } of running) child.kill('SIGKILL');
    await Promise.all(running.map(({ ended }) => ended));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  it('describe themselves to Explorer and Task Manager, and are ready to be signed', async (context) => {
    requireWine(context);
    const expected = {
      'hrw.exe': 'Hybrid Runbook Worker',
      'Orchestrator.Sandbox.exe': 'Orchestrator.Sandbox',
      'hrw-service.exe': 'Hybrid Runbook Worker automation service',
    };
    const icon = await readFile(path.join(root, 'assets', 'icons', 'product.ico'));
    for (const [name, description] of Object.entries(expected)) {
      const { stdout } = await run(node, [path.join(root, 'scripts', 'programs', 'read-resources.mjs'), path.join(folder, name)]);
      expect(JSON.parse(stdout)).toMatchObject({
        signatureBytes: 0,
        version: { FileDescription: description, OriginalFilename: name, ProductName: 'Hybrid Runbook Worker' },
        // One group, with as many pictures as the product's icon has.
        iconGroups: [icon.readUInt16LE(4)],
      });
    }
  });

  it('say their version', async (context) => {
    requireWine(context);
    const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await runToEnd('hrw.exe', ['--version'])).toEqual({ exitCode: 0, output: `${version}\n` });
    expect((await runToEnd('hrw-service.exe', ['--version'])).output.trim()).toBe(version);
  });

  it('serve on loopback: hrw-service.exe', async (context) => {
    requireWine(context);
    const one = await start('hrw-service.exe', [
      ...['--data', 'C:\\service', '--agent-port', '0', '--rest-port', '0', '--ready-file', 'C:\\ready.json'],
    ]);
    const ready = await waitFor('hrw-service.exe', startSeconds, async () => {
      if (one.child.exitCode !== null) throw new Error(`it ended:\n${one.output()}`);
      const text = await readFile(path.join(drive, 'ready.json'), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : (JSON.parse(text) as ServiceReady);
    });
    const caPem = await readFile(path.join(drive, 'service', 'authority.pem'), 'utf8');
    const rest = createRestClient({ restUrl: ready.restUrl, caPem, token: ready.administratorToken ?? '' });
    service = { ready, rest };
    account = await makeAccount(service);
    expect(account.endpoint).toContain('https://');
  });

  it('connect and register: hrw.exe', async (context) => {
    const { ready, account: own } = requireService(context);
    const worker = await start('hrw.exe', ['run', '--data', 'C:\\worker']);
    await waitFor('the worker’s control channel', startSeconds, async () => {
      if (worker.child.exitCode !== null) throw new Error(`it ended:\n${worker.output()}`);
      return await readFile(path.join(drive, 'worker', 'control', 'address.json'), 'utf8').catch(() => undefined);
    });
    await writeFile(path.join(drive, 'workspace-key.txt'), own.workspaceKey);
    await writeFile(path.join(drive, 'account-key.txt'), own.accountKey);
    const connected = await hrw(
      ...['connect', '--service-url', ready.agentUrl, '--workspace-id', own.workspaceId],
      ...['--workspace-key-file', 'C:\\workspace-key.txt', '--ca', 'C:\\service\\authority.pem'],
    );
    expect(connected).toMatchObject({ exitCode: 0 });
    const registered = await hrw(
      ...['register', '--group', groupName, '--endpoint', own.endpoint, '--token-file', 'C:\\account-key.txt'],
    );
    expect(registered).toMatchObject({ exitCode: 0 });
    await waitFor('the worker among those of its group', startSeconds, async () => {
      const { value } = await requireService(context).rest.call('workers:list', { params: { accountName, groupName } });
      return value.find(({ kinds }) => kinds?.includes('Batch') === true);
    });
  });

  it('run a batch runbook in a sandbox of its own, with its output, its parameters and its exit code', async (context) => {
    const { rest } = requireService(context);
    const runJob = async (script: string, parameters: Record<string, string> = {}) => {
      const params = await startJob(rest, script, parameters);
      const job = await waitFor(`the end of job ${params.jobName}`, jobSeconds, async () => {
        const found = await rest.call('jobs:get', { params });
        return found.endTime === null ? undefined : found;
      });
      return {
        job,
        lines: (await rest.call('jobs:output', { params })).trimEnd().split('\n'),
      };
    };

    const plain = await runJob(
      '@echo off\nrem .PARAMETER Word string mandatory\necho given: %1\necho named: %AUTOMATION_PARAMETER_Word%\n',
      {
        Word: 'two words',
      },
    );
    expect(plain.job).toMatchObject({ status: 'Completed', exception: null });
    expect(plain.lines).toEqual(['given: "two words"', 'named: two words']);

    const unsafe = '@echo off\r\nsetlocal EnableDelayedExpansion\r\necho !AUTOMATION_PARAMETER_Word!\r\n';
    const value = 'x" & echo injected & rem %PATH% ^ | more';
    expect((await runJob(unsafe, { Word: value })).lines).toEqual([value]);

    const refused = await runJob('@echo off\necho %1\n', { Word: value });
    expect(refused.job.status).toBe('Failed');
    expect(refused.job.exception).toContain('!AUTOMATION_PARAMETER_Word!');
    expect(refused.lines).toEqual(['']);

    const failed = await runJob('@echo off\necho before\nexit /b 3\n');
    expect(failed.job.status).toBe('Failed');
    expect(failed.job.exception).toContain('exit code 3');

    // In the console's page, which wine's cmd reads a batch file in whatever `chcp` says: what that lacks is tried without it.
    const text = await runJob('@echo off\necho Größe ½\n');
    expect(text.lines).toEqual(['Größe ½']);
  }, 600_000);

  function requireService(context: TestContext) {
    requireWine(context);
    if (service === undefined || account === undefined) return context.skip('hrw-service.exe did not start: see the test before');
    return { ...service, account };
  }

  it('stop a batch runbook with everything that it has started', async (context) => {
    const { rest } = requireService(context);
    const params = await startJob(rest, '@echo off\necho begun\n:again\ncmd /c rem\ngoto again\n');
    await waitFor('what the runbook writes first', jobSeconds, async () =>
      (await rest.call('jobs:output', { params })).includes('begun') ? true : undefined,
    );
    await rest.call('jobs:stop', { params });
    const ended = await waitFor('a job that has ended', jobSeconds, async () => {
      const job = await rest.call('jobs:get', { params });
      return job.endTime === null ? undefined : job;
    });
    expect(ended.status).toBe('Stopped');
  }, 600_000);

  it('end when they are told to: a worker that drains', async (context) => {
    requireService(context);
    const worker = running.find(({ child }) => child.exitCode === null && child.spawnargs.includes('run'));
    expect(await hrw('drain')).toMatchObject({ exitCode: 0 });
    expect(await worker?.ended).toBe(0);
  });
});
