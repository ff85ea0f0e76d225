/**
 * Microsoft's own Linux worker against our service. Its source is public but not ours: HRW_MICROSOFT_WORKER names a folder with its
 * `3.x` tree (Python 3.6 to 3.11). Its sandbox looks for itself in a fixed system folder: see docs/interop.md. Its poll is every 30 s and cannot be hurried, so everything waits in the queue before it starts.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { requireFolderFrom } from '../harness/runtimes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import {
  accountName,
  makeAccount,
  publishRunbook,
  startProgram,
  startService,
  waitFor,
  type Account,
  type Program,
  type Service,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

leftoversAreCheckedAtTheEnd();
const groupName = 'foreign';
const required = (context: TestContext): string =>
  requireFolderFrom(context, 'HRW_MICROSOFT_WORKER', 'the Python 3 tree of Microsoft’s Linux hybrid worker');

describe('Microsoft’s Python worker', () => {
  let folder: string;
  let service: Service;
  let account: Account;
  let worker: Program | undefined;
  let state: string;
  let run: string;

  beforeAll(async () => {
    folder = await tempFolder();
    state = join(folder, 'state');
    run = join(folder, 'run');
    await Promise.all([mkdir(state), mkdir(run)]);
    service = await startService(join(folder, 'service'));
    account = await makeAccount(service);
  });
  afterAll(async () => {
    await worker?.stop();
    await service.stop();
  });

  /** Loopback must not go through a proxy that this machine may have; the worker trusts what OpenSSL trusts. */
  const environment = () => {
    const { http_proxy: _1, https_proxy: _2, HTTP_PROXY: _3, HTTPS_PROXY: _4, ...rest } = process.env;
    return { ...rest, SSL_CERT_FILE: service.ready.caFile, PYTHONDONTWRITEBYTECODE: '1' };
  };
  const onboard = (source: string, verb: 'register' | 'deregister', key = account.accountKey) =>
    spawnSync(
      'python3',
      [join(import.meta.dirname, 'drive_microsoft_worker.py'), source, verb, state, run, account.endpoint, groupName],
      { input: key, encoding: 'utf8', env: environment(), timeout: 60_000 },
    );
  const start = async (runbook: string, parameters: Record<string, unknown> = {}): Promise<string> => {
    const jobName = randomUUID();
    await service.rest.call('jobs:start', {
      params: { accountName, jobName },
      body: { runbook: { name: runbook }, parameters, runOn: groupName },
    });
    return jobName;
  };
  const whenStatus = (jobName: string, statuses: readonly string[]) =>
    waitFor(`${statuses.join(' or ')} of ${jobName}`, 120, async () => {
      const job = await service.rest.call('jobs:get', { params: { accountName, jobName } });
      return statuses.includes(job.status) ? job : undefined;
    });
  const outputOf = (jobName: string) => service.rest.call('jobs:output', { params: { accountName, jobName } });

  it('is refused with a wrong key, and registers with the account’s', async (context) => {
    const source = required(context);
    const refused = onboard(source, 'register', 'AjAoGmqk8drLWVIkBJTRedsfTUIRZlY2');
    expect(refused.stderr + refused.stdout).toContain('response_status=401');
    // It leaves an empty worker.conf behind and then refuses to try again.
    await rm(join(state, 'worker.conf'));
    const registered = onboard(source, 'register');
    expect(registered.stdout, registered.stderr).toContain('Registration successful!');
    const workers = await service.rest.call('workers:list', { params: { accountName, groupName } });
    expect(workers.value).toHaveLength(1);
  });

  it('runs a Python job with an asset, a Bash job, and stops one that would not end', async (context) => {
    const source = required(context);
    await service.rest.call('variables:put', {
      params: { accountName, assetName: 'Greeting' },
      body: { value: 'from the vault', isEncrypted: true },
    });
    // Setting one that nobody made is 404, as in Azure: a runbook changes variables, it does not make them.
    await service.rest.call('variables:put', { params: { accountName, assetName: 'Counter' }, body: { value: 0 } });
    await publishRunbook(service, 'ms-python', 'Python3', pythonRunbook);
    await publishRunbook(service, 'ms-bash', 'Bash', 'exec 2>&1\necho "bash says $1"\necho "to stderr" >&2\n');
    await publishRunbook(service, 'ms-endless', 'Bash', 'exec 2>&1\necho begun\nexec sleep 600\n');
    const python = await start('ms-python', { Name: 'Ada' });
    const bash = await start('ms-bash', { Text: 'hello' });
    const endless = await start('ms-endless');

    await allowUnsigned(join(state, 'worker.conf'));
    worker = startProgram(
      'python3',
      [join(source, 'worker', 'hybridworker.py'), join(state, 'worker.conf'), 'managed', 'rworkspace:none', 'rversion:1.10.0.0'],
      { logFile: join(folder, 'microsoft-worker.log'), env: environment() },
    );

    expect(await whenStatus(python, ['Completed', 'Failed'])).toMatchObject({ status: 'Completed', exception: null });
    expect(await outputOf(python)).toBe('hello Ada\nvariable: from the vault\nstored: 42\n');
    expect(await service.rest.call('variables:get', { params: { accountName, assetName: 'Counter' } })).toMatchObject({
      value: 42,
    });

    expect(await whenStatus(bash, ['Completed', 'Failed'])).toMatchObject({ status: 'Completed' });
    expect(await outputOf(bash)).toBe('bash says hello\nto stderr\n');

    await whenStatus(endless, ['Running']);
    await service.rest.call('jobs:stop', { params: { accountName, jobName: endless }, body: {} });
    expect(await whenStatus(endless, ['Stopped'])).toMatchObject({ status: 'Stopped' });
  }, 240_000);

  it('deregisters, and is unknown afterwards', async (context) => {
    const source = required(context);
    await worker?.stop();
    const gone = onboard(source, 'deregister');
    expect(gone.stdout, gone.stderr).toContain('Successfuly deregistered worker.');
    const workers = await service.rest.call('workers:list', { params: { accountName, groupName } });
    expect(workers.value).toHaveLength(0);
  });
});

const pythonRunbook = `import sys
import automationassets

print("hello " + sys.argv[1])
print("variable: " + automationassets.get_automation_variable("Greeting"))
automationassets.set_automation_variable("Counter", 42)
print("stored: " + str(automationassets.get_automation_variable("Counter")))
`;

/** New registrations demand GPG signatures; that is switched off as its own script does, and the sandbox polls each second. */
async function allowUnsigned(confFile: string): Promise<void> {
  const conf = await readFile(confFile, 'utf8');
  const options = 'enforce_runbook_signature_validation = False\njrds_polling_frequency = 1\n';
  await writeFile(confFile, conf.replace('[worker-optional]\n', `[worker-optional]\n${options}`));
}
