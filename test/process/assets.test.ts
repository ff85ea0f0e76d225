/** What a runbook asks of its account: real service, real worker, real sandbox, real PowerShell and Python. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { summarizeJournal } from '../../src-main/journal/journal-reader.ts';
import { requireRuntime } from '../harness/runtimes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import {
  accountName,
  joinGroup,
  makeAccount,
  publishRunbook,
  startHeadlessWorker,
  startService,
  waitFor,
  type Service,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

leftoversAreCheckedAtTheEnd();
const groupName = 'assets';
const password = 'pa ss<w>"ö&1';
const secret = 'an encrypted value';
const run = promisify(execFile);

let service: Service;
let worker: Awaited<ReturnType<typeof startHeadlessWorker>>;
let data: string;
let pfx: Buffer;
let thumbprint: string;
let count = 0;

async function putAssets(folder: string): Promise<void> {
  const { rest } = service;
  const named = (assetName: string) => ({ accountName, assetName });
  await rest.call('variables:put', { params: named('Region'), body: { value: 'nord 2026-11-23T10:00:00Z' } });
  await rest.call('variables:put', { params: named('Date'), body: { value: '2026-11-23T10:00:00Z' } });
  await rest.call('variables:put', { params: named('Settings'), body: { value: { size: 3, on: true, names: ['a', 'b'] } } });
  await rest.call('variables:put', { params: named('Secret'), body: { value: secret, isEncrypted: true } });
  await rest.call('variables:put', { params: named('Changing'), body: { value: 'before', isEncrypted: true } });
  await rest.call('credentials:put', { params: named('Backup'), body: { userName: 'CONTOSO\\backup', password } });
  await rest.call('connections:put', {
    params: named('Azure'),
    body: {
      connectionFields: { SubscriptionId: 'sub-1', Key: 'the key of the connection' },
      encryptedFieldNames: ['Key'],
    },
  });
  const [key, certificate, file] = ['key.pem', 'cert.pem', 'cert.pfx'].map((name) => join(folder, name));
  if (key === undefined || certificate === undefined || file === undefined) throw new Error('three names');
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=runbook', '-days', '2'];
  await run('openssl', [...words, '-keyout', key, '-out', certificate]);
  await run('openssl', ['pkcs12', '-export', '-inkey', key, '-in', certificate, '-out', file, '-passout', 'pass:']);
  pfx = await readFile(file);
  const made = await rest.call('certificates:put', {
    params: named('Client'),
    body: { base64Value: pfx.toString('base64'), password: '' },
  });
  thumbprint = made.thumbprint;
}

beforeAll(async () => {
  const folder = await tempFolder();
  data = join(folder, 'worker');
  service = await startService(join(folder, 'service'));
  const account = await makeAccount(service);
  await putAssets(folder);
  worker = await startHeadlessWorker(data, join(folder, 'worker.log'));
  await joinGroup(worker.control, service, account, groupName);
}, 180_000);

afterAll(async () => {
  await worker.control.close();
  await worker.program.stop();
  await service.stop();
});

interface Ended {
  jobId: string;
  status: string;
  exception: string | null;
  output: string;
  decisions: string[];
}

async function runJob(
  context: TestContext,
  kind: 'PowerShell7' | 'Python3' | 'Bash',
  script: string,
  parameters: Record<string, unknown> = {},
): Promise<Ended> {
  requireRuntime(context, { PowerShell7: 'pwsh', Python3: 'python3', Bash: 'bash' }[kind] as 'pwsh');
  count += 1;
  const name = `runbook-${count}`;
  await publishRunbook(service, name, kind, script);
  const jobName = randomUUID();
  await service.rest.call('jobs:start', {
    params: { accountName, jobName },
    body: { runbook: { name }, parameters, runOn: groupName },
  });
  return ended(jobName);
}

async function ended(jobName: string): Promise<Ended> {
  const params = { accountName, jobName };
  const job = await waitFor(`the end of ${jobName}`, 120, async () => {
    const found = await service.rest.call('jobs:get', { params });
    return found.endTime === null ? undefined : found;
  });
  const folder = join(data, 'journals', job.jobId);
  const [journal] = await readdir(folder);
  const { decisions } = await summarizeJournal(join(folder, journal ?? ''));
  return {
    jobId: job.jobId,
    status: job.status,
    exception: job.exception,
    output: await service.rest.call('jobs:output', { params }),
    decisions: decisions.map(({ text }) => text),
  };
}

describe('a PowerShell runbook', () => {
  it('reads every kind of asset, and each access is in the history', async (context) => {
    const script = `
$ErrorActionPreference = 'Stop'
"region $(Get-AutomationVariable -Name Region)"
$date = Get-AutomationVariable Date
"date $date $($date.GetType().Name)"
$settings = Get-AutomationVariable -Name settings
"settings $($settings.size) $($settings.on) $($settings.names -join '+')"
"secret is right: $((Get-AutomationVariable -Name Secret) -ceq 'an enc' + 'rypted value')"
$credential = Get-AutomationPSCredential -Name 'Backup'
"credential $($credential.GetType().Name) $($credential.UserName) $($credential.GetNetworkCredential().Password.Length)"
$connection = Get-AutomationConnection -Name Azure
"connection $($connection.GetType().Name) $($connection.SubscriptionId) $($connection['Key'].Length)"
$certificate = Get-AutomationCertificate -Name Client
"certificate $($certificate.Thumbprint) $($certificate.HasPrivateKey)"
"job $($PSPrivateMetadata.JobId.Guid -eq $env:AUTOMATION_JOB_ID)"
Import-Module Orchestrator.AssetManagement.Cmdlets
"module $((Get-Command Get-AutomationVariable).Source)"
`;
    const { status, exception, output, decisions } = await runJob(context, 'PowerShell7', script);
    expect([status, exception]).toEqual(['Completed', null]);
    expect(output.trim().split('\n')).toEqual([
      'region nord 2026-11-23T10:00:00Z',
      'date 2026-11-23T10:00:00Z String',
      'settings 3 True a+b',
      'secret is right: True',
      `credential PSCredential CONTOSO\\backup ${password.length}`,
      'connection Hashtable sub-1 25',
      `certificate ${thumbprint} True`,
      'job True',
      'module Orchestrator.AssetManagement.Cmdlets',
    ]);
    expect(decisions).toEqual([
      'The runbook read the variable Region.',
      'The runbook read the variable Date.',
      'The runbook read the variable settings.',
      'The runbook read the variable Secret.',
      'The runbook read the credential Backup.',
      'The runbook read the connection Azure.',
      'The runbook read the certificate Client.',
    ]);
  }, 180_000);

  it('shows no secret that it has read, in no stream, no encoding and not in its exception', async (context) => {
    const script = `
$p = (Get-AutomationPSCredential Backup).GetNetworkCredential().Password
$bytes = [Text.Encoding]::UTF8.GetBytes($p)
"plain [$p]"
"utf8 [$([Convert]::ToBase64String($bytes))]"
"utf16 [$([Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($p)))]"
"url [$([uri]::EscapeDataString($p))]"
"json $(ConvertTo-Json -Compress $p)"
"json html $(ConvertTo-Json -Compress -EscapeHandling EscapeHtml $p)"
"json ascii $(ConvertTo-Json -Compress -EscapeHandling EscapeNonAscii $p)"
"xml [$([Security.SecurityElement]::Escape($p))]"
"hex [$([BitConverter]::ToString($bytes))] [$([Convert]::ToHexString($bytes))]"
"basic [$([Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes("user:$p")))]"
"key [$((Get-AutomationConnection Azure).Key)]"
"variable [$(Get-AutomationVariable Secret)]"
Set-AutomationVariable -Name Changing -Value 'changed to this'
"changed [$(Get-AutomationVariable Changing)]"
Write-Warning "warned of $p"
[Console]::Out.WriteLine("console $p")
Write-Output $p.Substring(0, 5); Write-Output $p.Substring(5)
"environment [$env:AUTOMATION_ASSET_KEY]"
$c = [Convert]::ToBase64String((Get-AutomationCertificate Client).Export('Pfx'))
throw "failed with $p"
`;
    const { jobId, status, exception, output } = await runJob(context, 'PowerShell7', script);
    expect(status).toBe('Failed');
    expect(exception).toContain('failed with ***');
    const streams = await service.rest.call('jobs:streams', { params: { accountName, jobName: jobId }, query: {} });
    const all = `${output}\n${exception ?? ''}\n${JSON.stringify(streams)}`;
    const texts = output.split('\n');
    expect(texts).toEqual(
      expect.arrayContaining([
        'plain [***]',
        'utf8 [***]',
        'utf16 [***]',
        'url [***]',
        'json "***"',
        'json html "***"',
        'json ascii "***"',
        'xml [***]',
        'hex [***] [***]',
        'key [***]',
        'variable [***]',
        'changed [***]',
        'environment [***]',
      ]),
    );
    expect(texts.find((text) => text.startsWith('basic'))).toMatch(/^basic \[dXNlcjpw?\w{0,2}\*\*\*=?=?\]$/);
    for (const shown of [
      password,
      password.slice(0, 6),
      password.slice(4),
      secret,
      'changed to this',
      'the key of the connection',
    ])
      expect(all).not.toContain(shown);
  }, 180_000);

  it('is told which asset is not there, with an error that it can catch by its id', async (context) => {
    const script = `
try { Get-AutomationVariable -Name NoSuch } catch { "$($_.FullyQualifiedErrorId) $($_.CategoryInfo.Category) $($_.Exception.Message)" }
try { Get-AutomationPSCredential -Name NoSuch } catch { $_.Exception.Message }
try { Set-AutomationVariable -Name NoSuch -Value 1 } catch { $_.Exception.Message }
"nothing: $($null -eq (Get-AutomationConnection -Name NoSuch -ErrorAction SilentlyContinue))"
Get-AutomationCertificate -Name Missing -ErrorAction Stop
"not reached"
`;
    const { status, exception, output, decisions } = await runJob(context, 'PowerShell7', script);
    const [first, second, third, ...more] = output.trim().split('\n');
    expect(first).toMatch(/^AutomationAssetNotFound\S* ObjectNotFound The variable NoSuch: .*NoSuch/);
    expect(second).toMatch(/^The credential NoSuch: /);
    expect(third).toMatch(/^The variable NoSuch: /);
    expect(more).toEqual(['nothing: True']);
    expect(status).toBe('Failed');
    expect(exception).toMatch(/^The certificate Missing: /);
    expect(decisions[0]).toMatch(/^The runbook could not read the variable NoSuch: /);
  }, 180_000);

  it('is handed a credential for a parameter that names one', async (context) => {
    const script = `param([Parameter(Mandatory)] [pscredential] $Credential, [string] $Other)
"$($Credential.UserName) $($Credential.GetNetworkCredential().Password.Length) $($Credential.GetNetworkCredential().Password) $Other"`;
    const parameters = { Credential: 'backup', Other: 'x' };
    const { output, decisions } = await runJob(context, 'PowerShell7', script, parameters);
    expect(output.trim()).toBe(`CONTOSO\\backup ${password.length} *** x`);
    expect(decisions).toEqual(['The runbook read the credential backup for its parameter Credential.']);
  }, 180_000);

  it('starts another runbook with parameters, and waits for it', async (context) => {
    requireRuntime(context, 'pwsh');
    await publishRunbook(
      service,
      'Child',
      'Bash',
      '# .PARAMETER What string mandatory\necho "child of $1"; [ "$1" != fail ] || exit 3\n',
    );
    const script = `
$job = Start-AutomationRunbook -Name Child -Parameters @{ What = 'good luck' }
"$($job.GetType().Name) $job"
$result = Wait-AutomationJob -Id $job -DelayInSeconds 1
"$($result.JobId -eq $job) $($result.Status)"
$failed = Start-AutomationRunbook Child @{ What = 'fail' } | Wait-AutomationJob
"$($failed.Status) $($failed.Exception)"
try { Start-AutomationRunbook -Name Child } catch { $_.Exception.Message }
try { Start-AutomationRunbook -Name NoSuch } catch { $_.Exception.Message }
try { Wait-AutomationJob -Id $PSPrivateMetadata.JobId } catch { $_.FullyQualifiedErrorId }
`;
    const { jobId, output, decisions } = await runJob(context, 'PowerShell7', script);
    const [started, waited, failed, missing, unknown, foreign] = output.split('\n');
    const childId = /^Guid (\S+)$/.exec(started ?? '')?.[1] ?? '';
    expect(waited).toBe('True Completed');
    expect(failed).toMatch(/^Failed .*exit code 3/);
    expect(missing).toMatch(/^The runbook Child: .*What/);
    expect(unknown).toMatch(/^The runbook NoSuch: /);
    expect(foreign).toMatch(/^AutomationAssetNotFound/);
    const child = await service.rest.call('jobs:get', { params: { accountName, jobName: childId } });
    expect(child).toMatchObject({ runOn: groupName, status: 'Completed', startedBy: `job ${jobId} (runbook-${count})` });
    expect(decisions[0]).toBe('The runbook started the runbook Child.');
    expect((await ended(childId)).output.trim()).toBe('child of good luck');
  }, 240_000);
});

describe('a Python runbook', () => {
  it('reads every kind of asset, sets a variable, and shows no secret', async (context) => {
    const script = `
import automationassets, base64, sys
from automationassets import AutomationAssetNotFound
print("region", automationassets.get_automation_variable("Region"))
print("settings", automationassets.get_automation_variable("Settings"))
credential = automationassets.get_automation_credential("Backup")
print("credential", credential["username"], len(credential["password"]), credential["password"])
print("encoded", base64.b64encode(credential["password"].encode()).decode())
print("connection", automationassets.get_automation_connection("Azure"))
certificate = automationassets.get_automation_certificate("Client")
print("certificate", type(certificate).__name__, len(certificate), base64.b64encode(certificate).decode())
sys.stdout.write(base64.encodebytes(certificate).decode())
automationassets.set_automation_variable("Changing", "set by Python ö")
print("changed", automationassets.get_automation_variable("Changing") == "set by Py" + "thon ö")
try:
    automationassets.get_automation_variable("NoSuch")
except AutomationAssetNotFound as error:
    print("not found:", error)
automationassets.get_automation_credential("Missing")
`;
    const { status, exception, output } = await runJob(context, 'Python3', script);
    expect(output.trim().split('\n')).toEqual([
      'region nord 2026-11-23T10:00:00Z',
      "settings {'size': 3, 'on': True, 'names': ['a', 'b']}",
      `credential CONTOSO\\backup ${password.length} ***`,
      'encoded ***',
      "connection {'SubscriptionId': 'sub-1', 'Key': '***'}",
      `certificate bytes ${pfx.length} ***`,
      '***',
      'changed True',
      expect.stringMatching(/^not found: The variable NoSuch: /),
    ]);
    expect(status).toBe('Failed');
    expect(exception).toContain('AutomationAssetNotFound: The credential Missing');
  }, 180_000);

  it('gets nothing with another key than its own', async (context) => {
    const script = `
import os, automationassets
os.environ["AUTOMATION_ASSET_KEY"] = "00" * 32
try:
    print(automationassets.get_automation_variable("Region"))
except RuntimeError as error:
    print(error)
del os.environ["AUTOMATION_ASSET_KEY"]
try:
    print(automationassets.get_automation_variable("Region"))
except RuntimeError as error:
    print(error)
`;
    const { output, decisions } = await runJob(context, 'Python3', script);
    const [wrong, none] = output.split('\n');
    expect(wrong).toBe('What listens for this job is not its sandbox, or this job has ended.');
    expect(none).toMatch(/^Assets can be had by a job on a hybrid worker only/);
    expect(decisions).toEqual([]);
  }, 180_000);
});

describe('a Bash runbook', () => {
  it('shows neither the key of its sandbox nor the token that the sandbox has', async (context) => {
    const { output } = await runJob(
      context,
      'Bash',
      'env | grep ^AUTOMATION_ASSET_KEY; printf %s "$AUTOMATION_ASSET_KEY" | base64 -w 60',
    );
    expect(output.trim().split('\n')).toEqual(['AUTOMATION_ASSET_KEY=***', '***']);
  }, 180_000);
});
