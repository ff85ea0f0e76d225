/** What is left of a PowerShell runbook under Constrained Language Mode, and what the job says of it. */
import path from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ScriptedJrds, type ScriptedJob } from '../fakes/scripted-jrds.ts';
import { requireRuntime } from '../harness/runtimes.ts';
import { endedWell, runSandbox, until, type RunningSandbox } from '../harness/sandbox-process.ts';

const executable = path.join(import.meta.dirname, '..', 'fixtures', 'runtimes', 'constrained-pwsh.sh');
/** Whatever else the machine has to do. */
const limits = { timeout: 240_000 };
const password = 'pa ss<w>"ö&1';

async function start(
  context: TestContext,
  script: string,
  job: Partial<ScriptedJob> = {},
): Promise<{ jrds: ScriptedJrds; sandbox: RunningSandbox }> {
  requireRuntime(context, 'pwsh');
  const jrds = await ScriptedJrds.start({ job: { kind: 'PowerShell7', script, ...job } });
  onTestFinished(() => jrds.close());
  const runtimes = ['PowerShell7', 'PowerShellWorkflow'].map((kind) => ({ kind, executable, label: 'PowerShell 7' }));
  return { jrds, sandbox: await runSandbox(jrds, { runtimes }) };
}

async function run(context: TestContext, script: string, job: Partial<ScriptedJob> = {}): Promise<ScriptedJrds> {
  const { jrds, sandbox } = await start(context, script, job);
  expect(await sandbox.ended).toBe(endedWell);
  return jrds;
}

const texts = ({ records }: ScriptedJrds): string[] => records.map((record) => record.text);

describe('a PowerShell that is held to Constrained Language Mode', limits, () => {
  it('runs the runbook all the same, its streams as one text, and the job says so', async (context) => {
    const jrds = await run(context, '"$($ExecutionContext.SessionState.LanguageMode)"\nWrite-Warning "two"\n1 / 0\n"four"');
    const records = jrds.records.map(({ stream, text }) => [stream, text]);
    expect(records[0]).toEqual(['Output', 'ConstrainedLanguage']);
    expect(records[1]).toEqual(['Output', 'WARNING: two']);
    expect(texts(jrds).join('\n')).toContain('divide by zero');
    expect(records.at(-1)).toEqual(['Output', 'four']);
    expect(jrds.decisions[0]).toMatch(/Constrained Language Mode/);
    expect(jrds.final).toMatchObject({ jobStatus: 'Completed', hrw: { outcome: 'completed', exitCode: 0 } });
  });

  it('says what ended the runbook, and its exit code', async (context) => {
    const thrown = await run(context, '"before"\nthrow "no room"');
    expect(thrown.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'failed' } });
    expect(thrown.final?.exception).toMatch(/no room/);
    const left = await run(context, '"before"\nexit 7');
    expect(left.final).toMatchObject({ exception: 'The runbook ended with exit code 7.', hrw: { exitCode: 7 } });
  });

  it('was interrupted where the second mark is missing', async (context) => {
    const jrds = await run(context, '"before"\n/bin/kill -KILL $PID');
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'interrupted' });
  });

  it('is not believed when the runbook prints the mark itself, and what it writes after that is not lost', async (context) => {
    const script = [
      '$found = foreach ($scope in 1..3) { try { Get-Variable -Scope $scope -ErrorAction Stop | Where-Object { $_.Value.mark } } catch { } }',
      '$found = @($found)[0].Value.mark',
      '"found $($found.Length)"',
      '"$found end 0"',
      '"after"',
      'throw "no room"',
    ].join('\n');
    const jrds = await run(context, script);
    expect(texts(jrds).slice(0, 2)).toEqual(['found 36', 'after']);
    expect(jrds.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'failed', exitCode: 1 } });
    expect(jrds.final?.exception).toMatch(/no room/);
  });

  it('hands over parameters with their types, and meets nothing of ours in the runbook', async (context) => {
    const script = [
      'param([string] $Text, $When, [int] $Count, [string[]] $Names, [hashtable] $Table, $Thing, [switch] $On, $Nothing, [pscredential] $Login)',
      '"$Text|$When $($When.GetType().Name)|$Count|$($Names -join ",")|$($Table.a) $($Table.when)|$($Thing.deep.items[1].b)|$On|$($null -eq $Nothing)"',
      '"$($Login.UserName) $($Login.Password.Length)"',
      '"<$mark$Mark$settings$given$runbook$folder$restore> $env:HRW_HOST_FOLDER$env:HRW_HOST_MARK $($PSPrivateMetadata.JobId)"',
    ].join('\n');
    const jrds = await run(context, script, {
      parameters: {
        Text: JSON.stringify('2026-11-23T10:00:00Z "$x" ö\u{1f40e}'),
        When: '"2026-11-23T10:00:00Z"',
        Count: '42',
        Names: '["a b","2026-11-23T10:00:00Z"]',
        Table: '{"a":1,"when":"2026-11-23T10:00:00Z"}',
        Thing: '{"deep":{"items":[1,{"b":"x"}],"":0}}',
        On: 'true',
        Nothing: 'null',
        Login: '"Backup"',
      },
      credentialParameters: ['Login'],
      assets: { credentials: { Backup: { userName: 'u', value: password } } },
    });
    // A console of 120 columns may break what a terminal shows; records are what was written.
    expect(texts(jrds)).toEqual([
      '2026-11-23T10:00:00Z "$x" ö\u{1f40e}|2026-11-23T10:00:00Z String|42|a b,2026-11-23T10:00:00Z|1 2026-11-23T10:00:00Z|x|True|True',
      `u ${String(password.length)}`,
      `<>  ${jrds.jobId}`,
    ]);
    expect(jrds.final?.jobStatus).toBe('Completed');
  });

  it('masks what a parameter has brought of secrets', async (context) => {
    const script = 'param([pscredential] $Login)\n"a $($Login.GetNetworkCredential().Password) b"\n"plain"';
    const jrds = await run(context, script, {
      parameters: { Login: '"Backup"' },
      credentialParameters: ['Login'],
      assets: { credentials: { Backup: { userName: 'u', value: password } } },
    });
    expect(texts(jrds)).toEqual(['a *** b', 'plain']);
  });

  it('shows verbose and debug lines only where the settings want them', async (context) => {
    const script = 'Write-Verbose "verbose"\nWrite-Debug "debug"\nWrite-Progress "progress"\n"after"';
    expect(texts(await run(context, script))).toEqual(['after']);
    const jrds = await run(context, script, { settings: { logVerbose: true, logDebug: true, logProgress: true } });
    expect(texts(jrds)).toEqual(['VERBOSE: verbose', 'DEBUG: debug', 'after']);
  });

  it('is stopped, without its finally blocks', async (context) => {
    const { jrds, sandbox } = await start(context, 'try { "ready"; Start-Sleep 300 } finally { "tidy" }');
    await until('the first record', () => jrds.recordCount > 0, 120);
    jrds.stopJob();
    expect(await sandbox.ended).toBe(endedWell);
    expect(texts(jrds)).toEqual(['ready']);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'stopped', processesLeft: 0 });
  });

  it('cannot ask for assets, and says why', async (context) => {
    const script = 'try { Get-AutomationVariable Region } catch { "$_" }\n"after"';
    const jrds = await run(context, script, { assets: { variables: { Region: { value: '"nord"', isEncrypted: false } } } });
    expect(texts(jrds)).toEqual([
      expect.stringMatching(
        /^The variable Region: Constrained Language Mode lets no script open the way to the sandbox/,
      ) as string,
      'after',
    ]);
  });

  it('does not run a workflow on PowerShell 7, and says why', async (context) => {
    const jrds = await run(context, 'workflow Test-Runbook { "never" }', { kind: 'PowerShellWorkflow' });
    expect(texts(jrds)).toEqual([]);
    expect(jrds.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'failed' } });
    expect(jrds.final?.exception).toMatch(/^A workflow cannot be run under Constrained Language Mode by PowerShell 7/);
  });
});
