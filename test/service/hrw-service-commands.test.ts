import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CommandIo } from '../../src-main/command-line/command-io.ts';
import { registerServiceCommands } from '../../src-main/command-line/service-commands.ts';
import { createMachineIdentity } from '../../src-main/service-link/machine-identity.ts';
import { packEntries, zipEntries } from '../fakes/pack-builder.ts';
import { startTcpForwarder } from '../fakes/tcp-forwarder.ts';
import { freePort } from '../harness/free-port.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { createHrw, type Hrw } from './hrw-fixture.ts';
import {
  accountName,
  groupName,
  startRestFixture,
  startScriptedWorker,
  type RestFixture,
  type ScriptedWorker,
} from './rest-fixture.ts';

leftoversAreCheckedAtTheEnd();
let fixture: RestFixture;
let worker: ScriptedWorker;
let hrw: Hrw;
let bare: Hrw;
beforeAll(async () => {
  fixture = await startRestFixture();
  worker = await startScriptedWorker(fixture);
  ({ hrw, bare } = await createHrw(fixture));
});
afterAll(async () => {
  worker.close();
  await fixture.close();
});

async function ask<Answer>(...words: string[]): Promise<Answer> {
  const { code, stdout, stderr } = await hrw([...words, '--json']);
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Answer;
}

async function scriptFile(name: string, text: string): Promise<string> {
  const file = join(await tempFolder(), name);
  writeFileSync(file, text);
  return file;
}

const account = ['--account', accountName];

describe('hrw', () => {
  it('makes an account and a workspace, links them, and shows their keys', async () => {
    const made = await ask<{ accountId: string }>('account', 'create', '--name', 'fabrikam');
    const again = await hrw(['account', 'create', '--name', 'fabrikam']);
    expect(again.stdout).toBe(`The account fabrikam was there already, with the id ${made.accountId}.\n`);
    expect((await hrw(['runbook', 'list', '--account', 'fabrikam'])).stdout).toBe('There is no runbook yet.\n');
    expect((await hrw(['account', 'list'])).stdout).toMatch(new RegExp(`fabrikam +${made.accountId}`));
    const keys = await ask<{ endpoint: string; primary: string; secondary: string }>('account', 'keys', '--account', 'fabrikam');
    // The account commands take the name of an account under both names.
    expect(await ask('account', 'keys', '--name', 'fabrikam')).toEqual(keys);
    expect(await ask('account', 'create', '--account', 'fabrikam')).toMatchObject({ accountId: made.accountId });
    expect(keys.endpoint).toContain(made.accountId);
    const renewed = await ask<typeof keys>('account', 'regenerate-key', '--account', 'fabrikam', '--key', 'primary');
    expect(renewed).toMatchObject({ endpoint: keys.endpoint, secondary: keys.secondary });
    expect(renewed.primary).not.toBe(keys.primary);

    const { workspaceId } = await ask<{ workspaceId: string }>('workspace', 'create', '--name', 'berlin-1');
    const unlinked = await hrw(['workspace', 'create', '--name', 'berlin-1']);
    expect(unlinked.stdout).toContain('\nIt is linked to no account: hrw workspace link --workspace berlin-1 --account NAME\n');
    vi.stubEnv('HRW_ACCOUNT', 'fabrikam');
    try {
      const byVariable = await hrw(['workspace', 'create', '--name', 'berlin-2']);
      expect(byVariable.stdout).toContain('\nIt is linked to the account fabrikam.\n');
    } finally {
      vi.unstubAllEnvs();
    }
    const link = ['workspace', 'link', '--workspace', workspaceId, '--account', 'fabrikam'];
    expect((await hrw(link)).stdout).toBe('The workspace berlin-1 is linked to the account fabrikam.\n');
    const join = await ask<Record<string, string>>('workspace', 'keys', '--workspace', 'berlin-1');
    expect(Object.keys(join).sort()).toEqual(['primary', 'secondary', 'serviceUrl', 'workspaceId']);
    expect((await hrw(['workspace', 'agents', '--workspace', 'berlin-1'])).stdout).toBe('No machine has joined yet.\n');
    expect((await hrw(['workspace', 'list'])).stdout).toContain('fabrikam');
  });

  it('makes a workspace with everything that its agents are given, in one command', async () => {
    const publisher = createPrivateKey(readFileSync('.keys/publisher.key.pem'));
    const parts = { name: 'Given', version: '2.0.0', folder: 'Given', files: { 'a.txt': 'x' } };
    const archive = join(await tempFolder(), 'given.zip');
    writeFileSync(archive, await zipEntries(packEntries(parts, publisher)));
    expect((await hrw(['pack', 'publish', archive])).stdout).toBe('Published Given 2.0.0.\n');
    await hrw(['account', 'create', '--name', 'whole']);
    const create = ['workspace', 'create', '--name', 'whole-1', '--account', 'whole'];
    const made = await hrw([...create, '--pack', 'Given']);
    expect(made.stdout).toMatch(
      /^Made the workspace whole-1; it has the ID .+\.\nIt is linked to the account whole\.\nIt gives Given 2\.0\.0\.\n$/,
    );
    expect((await hrw(['pack', 'list', '--workspace', 'whole-1'])).stdout).toMatch(/Given +2\.0\.0/);
    // A second time after a mistake: what was made is there, and what was missing comes.
    expect(await hrw([...create, '--pack', 'Givven'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Givven') as string,
    });
    expect((await hrw([...create, '--pack', 'Given'])).stdout).toContain('was there already');
  });

  it('publishes a script under the name and kind of its file, and shows its parameters', async () => {
    const file = await scriptFile(
      'Copy-LocalFiles.ps1',
      '# comment\nworkflow Copy-LocalFiles { param([Parameter(Mandatory)][string]$A, [int]$B = 2) }',
    );
    const published = await hrw(['runbook', 'publish', ...account, file, '--log-verbose']);
    expect(published).toMatchObject({
      code: 0,
      stdout: 'Published Copy-LocalFiles (PowerShell Workflow), parameters: A, [B].\n',
    });
    expect((await hrw(['runbook', 'show', ...account, 'copy-localfiles'])).stdout).toMatch(
      /A +System\.String +mandatory\nB +System\.Int32 +2\n/,
    );
    expect(await ask('runbook', 'list', ...account)).toMatchObject([{ name: 'Copy-LocalFiles', logVerbose: true }]);
    const broken = await scriptFile('broken.ps1', 'param([string $A)');
    const refused = await hrw(['runbook', 'publish', ...account, broken, '--json']);
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stderr)).toMatchObject({ code: provokes('runbook-invalid'), details: { line: 1 } });
    // Nothing of it stays: not a runbook that was not there, nor a draft over one that was published.
    const asBefore = [{ name: 'Copy-LocalFiles', state: 'Published' }];
    expect(await ask('runbook', 'list', ...account)).toMatchObject(asBefore);
    const named = ['--name', 'Copy-LocalFiles', '--kind', 'PowerShellWorkflow'];
    expect((await hrw(['runbook', 'publish', ...account, broken, ...named])).code).toBe(1);
    expect(await ask('runbook', 'list', ...account)).toMatchObject(asBefore);
  });

  it('publishes several scripts at once, and says which were not', async () => {
    const [one, two, broken] = [
      await scriptFile('several-1.sh', 'echo 1\n'),
      await scriptFile('several-2.ps1', 'param([int]$A)\n$A\n'),
      await scriptFile('several-3.ps1', 'param([string $A)'),
    ];
    const publish = ['runbook', 'publish', ...account];
    expect(await hrw([...publish, one, two])).toMatchObject({
      code: 0,
      stdout: 'Published several-1 (Bash), parameters: any.\nPublished several-2 (PowerShell), parameters: [A].\n',
    });
    expect(await ask(...publish, one, two)).toMatchObject([{ name: 'several-1' }, { name: 'several-2' }]);
    const refused = await hrw([...publish, one, broken, two]);
    expect(refused).toMatchObject({ code: 1, stdout: 'Published several-1 (Bash), parameters: any.\n' });
    expect(refused.stderr).toContain(`Not published: ${broken}, nor what comes after it: ${two}\n`);
    const refusedAsJson = await hrw([...publish, one, broken, two, '--json']);
    expect(refusedAsJson).toMatchObject({ code: 1, stdout: '' });
    expect(refusedAsJson.stderr).toContain(`Published: several-1\nNot published: ${broken}`);
    // Nothing is sent where the files themselves cannot be right.
    const twin = await scriptFile('several-1.py', 'print(1)\n');
    expect(await hrw([...publish, one, twin])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('would both be') as string,
    });
    expect((await hrw([...publish, one, two, '--name', 'x'])).stderr).toBe('--name is for one file.\n');
    for (const name of ['several-1', 'several-2']) await hrw(['runbook', 'remove', ...account, name]);
  });

  it('changes the settings of a runbook without its kind, and says what changed', async () => {
    const create = ['runbook', 'create', ...account, '--name', 'Settled'];
    expect(await hrw(create)).toMatchObject({ code: 2, stderr: 'There is no runbook Settled yet: give its --kind.\n' });
    expect((await hrw([...create, '--kind', 'Bash'])).stdout).toBe('Made the runbook Settled (New).\n');
    const change = [...create, '--log-verbose', '--log-debug', '--description', 'Counts'];
    expect((await hrw(change)).stdout).toBe(
      'Changed the runbook Settled (New): description: Counts; records kept besides: verbose, debug.\n',
    );
    expect((await hrw(change)).stdout).toBe('The runbook Settled (New) is as it was.\n');
    expect((await hrw(['runbook', 'show', ...account, 'Settled'])).stdout).toMatch(/^records kept besides +verbose, debug$/m);
    await hrw(['runbook', 'remove', ...account, 'Settled']);
  });

  it('removes a group, and a worker that is gone, told apart from its twin by its id', async () => {
    await fixture.rest.call('groups:put', { params: { accountName, groupName: 'Leipzig' }, body: {} });
    expect(await hrw(['group', 'remove', ...account, 'Leipzig'])).toMatchObject({
      code: 0,
      stdout: 'Removed the worker group Leipzig.\n',
    });
    expect((await hrw(['group', 'remove', ...account, 'Leipzig'])).stderr).toContain('There is no worker group Leipzig');
    const [gone, stays] = [await startScriptedWorker(fixture, 'twin'), await startScriptedWorker(fixture, 'twin')];
    const list = ['worker', 'list', ...account, '--group', groupName];
    const remove = ['worker', 'remove', ...account, '--group', groupName];
    try {
      expect((await hrw(list)).stdout).not.toContain('Disconnected');
      await gone.client.getSandboxActions({ kinds: ['Bash'], freeSlots: 0, limit: 1, state: 'paused' });
      const later = vi.spyOn(fixture.service.context.clock, 'now').mockReturnValue(Date.now() + 3_600_000);
      const { stdout } = await hrw(list);
      later.mockRestore();
      expect(stdout).toMatch(new RegExp(`^twin +${gone.machineId} +${groupName} +Disconnected`, 'm'));
      expect(stdout).toContain(`\n  hrw ${remove.join(' ')} ${gone.machineId}\n`);
      expect((await hrw([...remove, gone.machineId])).stdout).toBe(
        `Removed the worker ${gone.machineId} from the group ${groupName}.\n`,
      );
      expect(await ask<object[]>(...list)).toEqual(
        expect.not.arrayContaining([expect.objectContaining({ workerId: gone.machineId })]),
      );
      expect((await hrw([...remove, stays.machineId])).code).toBe(0);
      expect((await hrw([...remove, stays.machineId])).code).toBe(1);
    } finally {
      gone.close();
      stays.close();
    }
  });

  it('removes a runbook, once', async () => {
    await hrw(['runbook', 'publish', ...account, await scriptFile('short-lived.sh', 'echo 1\n')]);
    const remove = ['runbook', 'remove', ...account, 'short-lived'];
    expect(await hrw(remove)).toMatchObject({ code: 0, stdout: 'Removed the runbook short-lived. Its jobs stay.\n' });
    expect((await hrw(remove)).stderr).toContain('There is no runbook short-lived');
  });

  it('says of jobs, groups and workers what the service knows', async () => {
    await hrw(['runbook', 'publish', ...account, await scriptFile('wait.sh', 'echo 1\n')]);
    const started = await hrw(['job', 'start', ...account, '--runbook', 'wait', '--on', groupName, '--id', 'waiting-1']);
    expect(started.stdout).toMatch(/^Job waiting-1 is New: group berlin has no worker that was ever seen\.\n$/);
    expect((await hrw(['job', 'show', ...account, 'waiting-1'])).stdout).toContain('New: group berlin');
    expect((await hrw(['group', 'waiting', ...account, groupName])).stdout).toContain('group berlin has no worker');
    expect((await hrw(['group', 'list', ...account])).stdout).toMatch(/berlin +1 +0 +1/);
    expect((await hrw(['worker', 'list', ...account])).stdout).toMatch(/server-7 +[0-9a-f-]{36} +berlin +Not configured/);
    expect((await hrw(['job', 'list', ...account, '--status', 'New', '--limit', '5'])).stdout).toContain('waiting-1');
    expect((await hrw(['job', 'stop', ...account, 'waiting-1'])).stdout).toBe('Stopped.\n');
    const again = await hrw(['job', 'stop', ...account, 'waiting-1']);
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('The job has already ended');
  });

  it('takes secrets from files and standard input alone', async () => {
    const set = ['credential', 'set', ...account, 'backup', '--user', 'svc', '--password-file', '-'];
    expect((await hrw(set, { stdin: 'p w\n' })).code).toBe(0);
    expect((await hrw(['credential', 'list', ...account])).stdout).toMatch(/backup +svc/);
    const refused = await hrw(['variable', 'set', ...account, 'Key', '--encrypted', '--value', 'secret']);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('--value-file');
    const variable = ['variable', 'set', ...account, 'Key', '--encrypted', '--value-file', '-'];
    expect((await hrw(variable, { stdin: 'secret' })).code).toBe(0);
    expect((await hrw(['variable', 'list', ...account])).stdout).toMatch(/Key +\(encrypted\)/);
    expect((await hrw(['variable', 'remove', ...account, 'Key'])).stdout).toBe('Removed the variable Key.\n');
    expect((await hrw(['variable', 'list', ...account])).stdout).toBe('There is no variable.\n');
    expect((await hrw(['credential', 'remove', ...account, 'backup'])).stdout).toBe('Removed the credential backup.\n');
    expect((await hrw(['credential', 'remove', ...account, 'backup'])).code).toBe(1);
    const both = ['credential', 'set', ...account, 'x', '--user', 'u', '--password-file', '-', '--token-file', '-'];
    const twice = await bare([...both, '--api', fixture.service.urls.restUrl, '--ca', fixture.service.caFile], {
      stdin: fixture.token,
    });
    expect(twice).toMatchObject({ code: 2 });
    expect(twice.stderr).toContain('standard input was already read');
    const created = await ask<{ token: string; tokenId: string }>('token', 'create', '--name', 'ci', '--role', 'reader');
    expect(created.token).toMatch(/^hrw_/);
    expect((await hrw(['token', 'list'])).stdout).not.toContain(created.token);
    expect((await hrw(['token', 'revoke', created.tokenId])).code).toBe(0);
  });

  it('tells refused, wrong use and not reached apart by its exit code', async () => {
    const { restUrl } = fixture.service.urls;
    const wrongToken = await bare(['account', 'list', '--api', restUrl, '--ca', fixture.service.caFile, '--token-file', '-'], {
      stdin: 'no',
    });
    expect(wrongToken).toMatchObject({ code: 1 });
    expect(wrongToken.stderr).toContain('The service did not accept the token');
    expect(wrongToken.stderr).toContain('Authorization: Bearer');
    expect(await bare(['account', 'list', '--token-file', '-'], { stdin: 'x' })).toMatchObject({ code: 2 });
    expect(await bare(['account', 'frobnicate'])).toMatchObject({ code: 2 });
    expect(await hrw(['job', 'start', ...account, '--runbook', 'wait', '--on', groupName, '--param', 'novalue'])).toMatchObject({
      code: 2,
    });
    const folder = await tempFolder();
    for (const [words, said] of [
      [['--api', 'http://127.0.0.1:1'], 'the service speaks HTTPS. Use https://127.0.0.1:1'],
      [['--api', ''], 'Say where the service is'],
      [['--api', restUrl, '--ca', join(folder, 'none.pem')], `--ca: there is no file ${join(folder, 'none.pem')}.`],
      [['--api', restUrl, '--ca', folder], `--ca: ${folder} is a folder.`],
      [['--api', restUrl, '--ca', '', '--token-file', ''], 'Give a token: --token-file FILE, or HRW_TOKEN_FILE.'],
    ] as const) {
      const wrong = await bare(['account', 'list', ...words]);
      expect(wrong).toMatchObject({ code: 2 });
      expect(wrong.stderr).toContain(said);
    }
    const agentPort = ['--api', fixture.service.urls.agentUrl, '--ca', fixture.service.caFile, '--token-file', '-'];
    const misled = await bare(['account', 'list', ...agentPort], { stdin: fixture.token });
    expect(misled.stderr).toContain('That is the service’s agent port.');
    expect(misled.stderr).toContain(`Use ${restUrl}`);
    const nobody = `https://127.0.0.1:${String(await freePort())}`;
    const absent = await bare(['account', 'list', '--api', nobody, '--token-file', '-', '--json'], { stdin: 'x' });
    expect(absent).toMatchObject({ code: 3 });
    expect(JSON.parse(absent.stderr)).toMatchObject({ code: 'connection-refused' });
    const untrusted = await bare(['account', 'list', '--api', restUrl, '--token-file', '-', '--json'], { stdin: 'x' });
    expect(untrusted).toMatchObject({ code: 3 });
    expect(JSON.parse(untrusted.stderr)).toMatchObject({ code: 'certificate-untrusted' });
  });

  it('sets, lists and removes connections and certificates', async () => {
    const fields = JSON.stringify({ Server: 'db-1', Password: 'p w' });
    const connection = ['connection', 'set', ...account, 'Warehouse', '--fields-file', '-', '--encrypt', 'Password'];
    expect((await hrw(connection, { stdin: fields })).stdout).toBe('The connection Warehouse is set.\n');
    const listed = (await hrw(['connection', 'list', ...account])).stdout;
    expect(listed).toMatch(/^Warehouse +Server=db-1, Password=\(encrypted\)$/m);
    expect((await hrw(connection, { stdin: '{"Port": 5432}' })).stderr).toBe('--fields-file: the field Port is no text.\n');
    expect((await hrw(connection, { stdin: '[]' })).stderr).toContain('--fields-file - does not hold a JSON object');
    expect((await hrw(['connection', 'remove', ...account, 'Warehouse'])).code).toBe(0);
    expect((await hrw(['connection', 'list', ...account])).stdout).toBe('There is no connection.\n');

    const { certificatePem, thumbprint } = await createMachineIdentity('server-8');
    const der = join(await tempFolder(), 'signing.cer');
    writeFileSync(der, new X509Certificate(certificatePem).raw);
    const set = ['certificate', 'set', ...account, 'Signing', '--file', der];
    expect((await hrw(set)).stdout).toMatch(new RegExp(`^The certificate Signing is set: ${thumbprint}, until 20`));
    expect(await ask('certificate', 'list', ...account)).toMatchObject([{ name: 'Signing', isExportable: true }]);
    expect((await hrw([...set, '--no-export'])).code).toBe(0);
    expect(await ask('certificate', 'list', ...account)).toMatchObject([{ name: 'Signing', isExportable: false }]);
    expect((await hrw(['certificate', 'remove', ...account, 'Signing'])).stdout).toBe('Removed the certificate Signing.\n');
    expect((await hrw(['certificate', 'list', ...account])).stdout).toBe('There is no certificate.\n');
  });

  it('takes the first administrator’s token out of the file that the service writes when it is ready', async () => {
    const words = ['account', 'list', '--api', fixture.service.urls.restUrl, '--ca', fixture.service.caFile, '--token-file'];
    const first = await scriptFile('ready.json', JSON.stringify({ restUrl: 'x', administratorToken: fixture.token }));
    expect(await bare([...words, first])).toMatchObject({ code: 0 });
    const later = await scriptFile('ready.json', JSON.stringify({ restUrl: 'x' }));
    expect(await bare([...words, later])).toMatchObject({ code: 2, stderr: `There is no token in ${later}.\n` });
  });

  it('trusts a pinned fingerprint, and no other', async () => {
    const words = ['account', 'list', '--api', fixture.service.urls.restUrl, '--token-file', '-'];
    const right = await bare([...words, '--fingerprint', fixture.service.caFingerprint.toUpperCase()], { stdin: fixture.token });
    expect(right).toMatchObject({ code: 0 });
    const wrong = await bare([...words, '--fingerprint', 'ab'.repeat(32), '--json'], { stdin: fixture.token });
    expect(JSON.parse(wrong.stderr)).toMatchObject({ code: 'certificate-pin-mismatch' });
  });
});

describe('hrw job start --watch', () => {
  const start = ['job', 'start', ...account, '--on', groupName, '--watch'];
  beforeAll(async () => {
    const script = '# .PARAMETER Name string mandatory\necho "$1"\n';
    await hrw(['runbook', 'publish', ...account, await scriptFile('say.sh', script)]);
  });

  it('shows records and states, told apart and without control sequences, and ends with the job’s outcome', async () => {
    const watching = hrw([...start, '--runbook', 'say', '--param', 'Name=world']);
    const attempt = await worker.takeJob();
    await attempt.write(
      { text: 'plain \u001b[31mred\u001b[0m \u001b]0;title\u0007text\u0008!' },
      { stream: 'Error', text: 'two\nlines' },
      { text: 'long ', part: { index: 0, last: false } },
      { text: 'line', part: { index: 1, last: true } },
    );
    await attempt.end('Failed', 'failed', 'exit code 1\nat line 3');
    const { code, stdout } = await watching;
    expect(code).toBe(10);
    expect(stdout).toMatch(/^— New for group berlin/m);
    const lines = stdout.split('\n').map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3}/, 'TIME'));
    expect(lines).toContain('TIME  Output       plain red text!');
    expect(lines).toContain('TIME  Error        two');
    expect(lines).toContain(`${' '.repeat(27)}lines`);
    expect(lines).toContain('TIME  Output       long line');
    expect(stdout).toContain('— Running on server-7\n');
    expect(stdout).toMatch(
      /Failed after 5 ms, exit code 1, 4 records \(all there\), 1 error\.\n {2}exit code 1\n {2}at line 3\n$/,
    );
    const [job] = await ask<{ name: string }[]>('job', 'list', ...account, '--status', 'Failed');
    const shown = (await hrw(['job', 'show', ...account, job?.name ?? ''])).stdout;
    expect(shown).toMatch(/^parameter Name +world$/m);
    expect(shown).toMatch(/^ran for +0\.0 s$/m);
    expect(shown).toMatch(/^1 +server-7 +[0-9a-f-]{36} +failed/m);
    expect(shown).not.toMatch(/^\S[^\n]* {2,}$/m);
  });

  it('prints a JSON object a line, parameters from a file', async () => {
    const watching = hrw([...start, '--runbook', 'say', '--params-file', '-', '--json'], { stdin: '{"Name": "moon"}' });
    const attempt = await worker.takeJob();
    await attempt.write({ text: 'hello' });
    await attempt.end('Completed', 'completed');
    const { code, stdout } = await watching;
    expect(code).toBe(0);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; status?: string });
    expect(events.find(({ event }) => event === 'record')).toMatchObject({
      stream: 'Output',
      text: 'hello',
      attempt: 1,
      sequence: 0,
    });
    expect(events.at(-1)).toEqual({ event: 'end', status: 'Completed' });
    const jobs = await ask<{ name: string }[]>('job', 'list', ...account, '--status', 'Completed');
    expect((await hrw(['job', 'output', ...account, jobs[0]?.name ?? ''])).stdout).toBe('hello\n');
  });

  it('leaves the job running when it is interrupted, and says how to go on; watching again shows all of it', async () => {
    let interrupt: () => void = () => undefined;
    const watching = hrw([...start, '--runbook', 'say', '--param', 'Name=x', '--id', 'long-one'], {
      onStart: (given) => (interrupt = given),
      onOutput: (stdout) => {
        if (stdout.includes('first')) interrupt();
      },
    });
    const attempt = await worker.takeJob();
    await attempt.write({ text: 'first' });
    const interrupted = await watching;
    expect(interrupted.code).toBe(130);
    expect(interrupted.stderr).toContain(`hrw job watch --account ${accountName} long-one`);
    expect(await ask('job', 'show', ...account, 'long-one')).toMatchObject({ status: 'Running' });
    await attempt.write({ text: 'second' });
    await attempt.end('Stopped', 'stopped');
    const again = await hrw(['job', 'watch', ...account, 'long-one']);
    expect(again.code).toBe(11);
    expect(again.stdout).toMatch(/first[^]*second[^]*Stopped/);
  });

  it('goes on through a broken connection, without losing or repeating a record', async () => {
    const forwarder = await startTcpForwarder(Number(new URL(fixture.service.urls.restUrl).port));
    try {
      let seen = '';
      const api = ['--api', `https://127.0.0.1:${forwarder.port}`, '--ca', fixture.service.caFile, '--token-file', '-'];
      const words = [...start, '--runbook', 'say', '--param', 'Name=x', ...api];
      const watching = bare(words, { stdin: fixture.token, onOutput: (stdout) => (seen = stdout) });
      const attempt = await worker.takeJob();
      await attempt.write({ text: 'before the break' });
      await expect.poll(() => seen).toContain('before the break');
      forwarder.cut();
      await attempt.write({ text: 'during the break' });
      await attempt.end('Completed', 'completed');
      const { code, stdout, stderr } = await watching;
      expect(code).toBe(0);
      expect(stdout.match(/before the break/g)).toHaveLength(1);
      expect(stdout.match(/during the break/g)).toHaveLength(1);
      expect(stderr).toContain('The connection to the service broke');
    } finally {
      await forwarder.close();
    }
  });
});

describe('every command', () => {
  it('has a description, an example in its help, and --json', () => {
    const program = new Command('hrw');
    registerServiceCommands(program, {} as CommandIo);
    const leaves = program.commands.flatMap((group) => group.commands);
    expect(leaves.length).toBeGreaterThan(25);
    for (const command of leaves) {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      expect(command.description(), command.name()).not.toBe('');
      expect(help, command.name()).toMatch(/Examples?:\n {2}hrw /);
      expect(help, command.name()).toContain('--json');
      expect(help, command.name()).toContain('HRW_API');
    }
  });
});
