/** A sandbox that is started before its job, with a PowerShell that waits in it: the job finds what it would find in a new one. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ProcessTree, processTreeFileName, processTreePlace } from '../../src-main/platform/process-tree.ts';
import { ScriptedJrds, type JrdsOptions } from '../fakes/scripted-jrds.ts';
import { dataFolderFor, otherUserName, requireOtherUser } from '../harness/other-user.ts';
import { pwshAlone, requireRuntime } from '../harness/runtimes.ts';
import { endedWell, runSandbox, until, waitingSandbox, type RunningSandbox } from '../harness/sandbox-process.ts';

const limits = { timeout: 240_000 };

async function service(script: string, job: Partial<JrdsOptions['job']> = {}): Promise<ScriptedJrds> {
  const jrds = await ScriptedJrds.start({ job: { kind: 'PowerShell7', script, ...job } });
  onTestFinished(() => jrds.close());
  return jrds;
}

/** Living processes of what waits. */
function membersOf(warmFolder: string): number[] {
  const text = readFileSync(path.join(warmFolder, processTreeFileName), 'utf8');
  return ProcessTree.reopen(processTreePlace.parse(JSON.parse(text))).members();
}

async function runWarm(context: TestContext, script: string, job: Partial<JrdsOptions['job']> = {}) {
  requireRuntime(context, 'pwsh');
  const jrds = await service(script, job);
  const { waiting, dataFolder, warmFolder } = await waitingSandbox();
  const sandbox = await runSandbox(jrds, { runtimes: pwshAlone() }, process.env, dataFolder, waiting);
  return { jrds, sandbox, warmFolder };
}

/** Everything that a runbook can find around it, one fact a record. */
const lookAround = `
param($Given)
"given: $Given"
"variables: $((Get-Variable | Where-Object Name -notin 'Error', 'StackTrace' | ForEach-Object Name | Sort-Object) -join ' ')"
"errors: $($Error.Count)"
"last: [$LASTEXITCODE] [$?]"
"modules: $((Get-Module | ForEach-Object Name | Sort-Object) -join ' ')"
"folder: $PWD $PSScriptRoot $([System.Environment]::CurrentDirectory)"
"home: $HOME $(Resolve-Path ~)"
"files: $((Get-ChildItem -Force -Recurse -Name $HOME | Where-Object { $_ -notlike '.tmp/*' } | Sort-Object) -join ' ')"
"environment: $((Get-ChildItem env: | Where-Object Name -ne 'AUTOMATION_ASSET_KEY' | Sort-Object Name -CaseSensitive | ForEach-Object { "$($_.Name)=$($_.Value)" }) -join ' ')"
"of a program: $((& /usr/bin/env | Where-Object { $_ -notlike 'AUTOMATION_ASSET_KEY=*' } | Sort-Object -CaseSensitive) -join ' ')"
"history: $((Get-History | Measure-Object).Count)"
"preferences: $VerbosePreference $DebugPreference $ProgressPreference $ErrorActionPreference $WarningPreference $InformationPreference"
"functions: $((Get-ChildItem function: | ForEach-Object Name | Sort-Object) -join ' ')"
"jobs: $((Get-Job | Measure-Object).Count), runspaces: $(@(Get-Runspace).Count)"
"job: $($PSPrivateMetadata.JobId) $env:AUTOMATION_JOB_ID"
`;

describe('a PowerShell that was started ahead', () => {
  it('shows a runbook exactly what a new one shows it', limits, async (context) => {
    const parameters = { Given: '"a value"' };
    const warm = await runWarm(context, lookAround, { parameters });
    expect(await warm.sandbox.ended).toBe(endedWell);
    const cold = await service(lookAround, { parameters });
    const other = await runSandbox(cold, { runtimes: pwshAlone() });
    expect(await other.ended).toBe(endedWell);
    const neutral = (jrds: ScriptedJrds, folder: string): string[] =>
      jrds.records.map(({ text }) =>
        text
          .replaceAll(path.join(folder, 'work'), 'WORK')
          .replaceAll(path.join(folder, 'host'), 'HOST')
          .replaceAll(jrds.jobId, 'JOB')
          .replaceAll(jrds.sandboxId, 'SANDBOX')
          .replaceAll(/HRW_SANDBOX=\S+/g, 'MARK')
          .replaceAll(/AUTOMATION_ASSET_ENDPOINT=\S+/g, 'ADDRESS'),
      );
    const found = neutral(warm.jrds, warm.warmFolder);
    expect(found).toEqual(neutral(cold, other.folder));
    expect(found).toContain('given: a value');
    expect(warm.jrds.final?.hrw).toMatchObject({ outcome: 'completed', processesLeft: 0 });
  });

  it('has nothing of a job in its command line and environment, and no secret once it has one', limits, async (context) => {
    requireRuntime(context, 'pwsh');
    const { waiting, dataFolder, warmFolder } = await waitingSandbox();
    const jrds = await service('"one"; Start-Sleep 300');
    const before = membersOf(warmFolder);
    expect(before).toHaveLength(1);
    const sandbox = await runSandbox(jrds, { runtimes: pwshAlone() }, process.env, dataFolder, waiting);
    await until('the first record', () => jrds.recordCount > 0, 60);
    expect(sandbox.members()).toEqual(before);
    const { credential } = jrds.handOver({ sandboxFolder: '', journalsFolder: '', runtimes: [] });
    const secret = credential.kind === 'sandbox-secret' ? credential.secret : '';
    expect(secret).not.toBe('');
    for (const pid of [...before, waiting.process.pid])
      for (const name of ['cmdline', 'environ']) {
        const text = readFileSync(`/proc/${String(pid)}/${name}`, 'utf8');
        expect(text).not.toContain(secret);
        expect(text).not.toContain(jrds.jobId);
      }
    jrds.stopJob();
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'stopped', processesLeft: 0 });
  });

  it('counts time, processor and memory from the job on', limits, async (context) => {
    const { jrds, sandbox } = await runWarm(context, '"one"');
    expect(await sandbox.ended).toBe(endedWell);
    const report = jrds.final?.hrw;
    expect(report).toMatchObject({ outcome: 'completed' });
    // Its start is most of what a trivial runbook uses.
    const cold = await service('"one"');
    const other = await runSandbox(cold, { runtimes: pwshAlone() });
    expect(await other.ended).toBe(endedWell);
    expect(report?.cpuMs).toBeLessThan((cold.final?.hrw?.cpuMs ?? 0) / 2);
    expect(report?.peakMemoryBytes).toBeGreaterThan(20_000_000);
  });

  it('writes the first record of its job much sooner than one that is started for it', limits, async (context) => {
    const script = "Write-Output 'one line'";
    const warm = await runWarm(context, script);
    expect(await warm.sandbox.ended).toBe(endedWell);
    const cold = await service(script);
    const sandbox = await runSandbox(cold, { runtimes: pwshAlone() });
    expect(await sandbox.ended).toBe(endedWell);
    const untilFirst = async (jrds: ScriptedJrds, { state }: Pick<RunningSandbox, 'state'>): Promise<number> =>
      Date.parse(jrds.records[0]?.time ?? '') - Date.parse((await state()).startedAt ?? '');
    // A tenth on an idle machine.
    expect(await untilFirst(warm.jrds, warm.sandbox)).toBeLessThan((await untilFirst(cold, sandbox)) / 2);
  });

  it('leaves a job of another kind to a runtime of its own', limits, async (context) => {
    requireRuntime(context, 'pwsh');
    const jrds = await service('echo "from bash"', { kind: 'Bash' });
    const { waiting, dataFolder, warmFolder } = await waitingSandbox();
    const sandbox = await runSandbox(jrds, {}, process.env, dataFolder, waiting);
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.records.map((record) => record.text)).toEqual(['from bash']);
    expect(membersOf(warmFolder)).toEqual([]);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'completed', processesLeft: 0 });
  });

  it('runs as the user that it was started for, with files of that user', limits, async (context) => {
    requireRuntime(context, 'pwsh');
    const user = requireOtherUser(context);
    const jrds = await service('"$([System.Environment]::UserName)"; Set-Content mine.txt x; (Get-Item $PSCommandPath).User');
    const { waiting, dataFolder } = await waitingSandbox({ runAs: user }, await dataFolderFor(user));
    const sandbox = await runSandbox(jrds, { runtimes: pwshAlone(), runAs: user }, process.env, dataFolder, waiting);
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.records.map((record) => record.text)).toEqual([otherUserName, otherUserName]);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'completed', processesLeft: 0, runAs: otherUserName });
  });
});

describe('a sandbox that waits', () => {
  it('ends with its runtime and its folder when whoever started it is gone', limits, async (context) => {
    requireRuntime(context, 'pwsh');
    const { waiting, warmFolder } = await waitingSandbox();
    const members = membersOf(warmFolder);
    expect(members).toHaveLength(1);
    // What the kernel does for an engine that was killed.
    await waiting.end();
    expect(await waiting.ended).toBe(endedWell);
    await until('the end of PowerShell', () => !existsSync(`/proc/${String(members[0])}`));
    expect(readdirSync(path.dirname(warmFolder))).toEqual([]);
  });

  it('ends when its runtime does', limits, async (context) => {
    requireRuntime(context, 'pwsh');
    const { waiting, warmFolder } = await waitingSandbox();
    process.kill(membersOf(warmFolder)[0] ?? 0, 'SIGKILL');
    expect(await waiting.ended).toBe(endedWell);
    expect(existsSync(warmFolder)).toBe(false);
  });

  it('leaves no runtime behind when it is killed', limits, async (context) => {
    requireRuntime(context, 'pwsh');
    const { waiting, warmFolder } = await waitingSandbox();
    const members = membersOf(warmFolder);
    process.kill(waiting.process.pid, 'SIGKILL');
    await waiting.ended;
    await until('the end of PowerShell', () => membersOf(warmFolder).length === 0);
    expect(members).toHaveLength(1);
  });
});
