import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ScriptedJrds, type JrdsOptions } from '../fakes/scripted-jrds.ts';
import { pwshAlone, requireRuntime } from '../harness/runtimes.ts';
import { endedWell, runSandbox, until } from '../harness/sandbox-process.ts';

interface Given {
  script: string;
  parameters?: Record<string, string>;
  settings?: NonNullable<JrdsOptions['job']['settings']>;
}

async function startJob(context: TestContext, { script, parameters, settings }: Given): Promise<ScriptedJrds> {
  requireRuntime(context, 'pwsh');
  const job = { kind: 'PowerShell7', script, ...(parameters && { parameters }), ...(settings && { settings }) } as const;
  const jrds = await ScriptedJrds.start({ job });
  onTestFinished(() => jrds.close());
  return jrds;
}

async function run(context: TestContext, given: Given): Promise<ScriptedJrds> {
  const jrds = await startJob(context, given);
  const sandbox = await runSandbox(jrds, { runtimes: pwshAlone() });
  expect(await sandbox.ended).toBe(endedWell);
  return jrds;
}

const lines = (jrds: ScriptedJrds): [string, string][] => jrds.records.map((record) => [record.stream, record.text]);

describe('a PowerShell runbook', () => {
  it('tells its streams apart, in the order in which it wrote them', async (context) => {
    const script = [
      '"one"',
      'Write-Warning "two"',
      'Write-Error "three"',
      'Write-Host "four"',
      'Write-Information "five" -InformationAction Continue',
      'Write-Verbose "six" -Verbose',
      'Write-Debug "seven" -Debug',
      '"eight"',
      '/bin/sh -c "echo nine"',
      '[Console]::Out.WriteLine("ten, by the console")',
    ].join('\n');
    const jrds = await run(context, { script, settings: { logVerbose: true, logDebug: true } });
    const typed = lines(jrds);
    expect(typed.map(([stream]) => stream)).toEqual([
      'Output',
      'Warning',
      'Error',
      'Information',
      'Information',
      'Verbose',
      'Debug',
      'Output',
      'Output',
    ]);
    expect(typed.map(([, text]) => text)).toEqual(
      expect.arrayContaining(['one', 'two', 'four', 'five', 'six', 'seven', 'eight', 'nine']),
    );
    expect(typed[2]?.[1]).toContain('three');
    expect(jrds.final).toMatchObject({ jobStatus: 'Completed', hrw: { outcome: 'completed', exitCode: 0, processesLeft: 0 } });
    expect(jrds.final?.hrw?.runtime).toMatch(/^PowerShell 7/);
  });

  it('leaves out the streams that its settings switch off, and the job says so', async (context) => {
    const jrds = await run(context, { script: 'Write-Verbose "a" -Verbose\nWrite-Verbose "b" -Verbose\n"c"' });
    expect(lines(jrds)).toEqual([['Output', 'c']]);
    expect(jrds.decisions).toEqual(["2 Verbose records were left out: the runbook's settings switch that stream off."]);
  });

  it('gets its parameters by name and with their types, whatever is in them', async (context) => {
    const script = [
      'param([string] $Text, [int] $Count, [bool] $Flag, [switch] $Switch, [string[]] $Names, [object] $Thing, [datetime] $When, $Nothing, [string] $Date, [string] $Empty = "default")',
      '$Text.Length; $Text',
      '"$Count $($Count.GetType().Name) $Flag $Switch $($Switch.GetType().Name)"',
      '"$($Names.Count) $($Names -join "|") $($Thing.a.b)"',
      '$When.ToString("yyyy-MM-dd HH:mm")',
      '"$($null -eq $Nothing) $Date [$Empty]"',
    ].join('\n');
    const text = 'it\'s "quoted" $env:PATH `n \n🐎 ; exit 5';
    const jrds = await run(context, {
      script,
      parameters: {
        Text: JSON.stringify(text),
        count: '"42"',
        Flag: 'true',
        Switch: 'true',
        Names: '["a b","c"]',
        Thing: '{"a":{"b":"deep"}}',
        When: '"2026-11-23T10:00:00"',
        Nothing: 'null',
        Date: '"2026-11-23T10:00:00Z"',
        Empty: '[EmptyString]',
      },
    });
    expect(lines(jrds).map(([, one]) => one)).toEqual([
      String(text.length),
      text,
      '42 Int32 True True SwitchParameter',
      '2 a b|c deep',
      '2026-11-23 10:00',
      'True 2026-11-23T10:00:00Z []',
    ]);
    expect(jrds.final?.jobStatus).toBe('Completed');
  });

  it('shows objects as the console does: one head for a run of them, in order with what stands between', async (context) => {
    const script =
      '[pscustomobject]@{ Name = "a"; Size = 1 }\n[pscustomobject]@{ Name = "b"; Size = 2 }\n"between"\n1.5\n$true\nGet-Date -Year 2026 -Month 1 -Day 2 -Hour 3 -Minute 4 -Second 5';
    const jrds = await run(context, { script });
    const outputs = jrds.records.map(({ text, value }) => ({ text: text.replaceAll(/ +$/gm, ''), value }));
    expect(outputs).toEqual([
      {
        text: '\nName Size\n---- ----\na       1\nb       2\n',
        value: [
          { Name: 'a', Size: 1 },
          { Name: 'b', Size: 2 },
        ],
      },
      { text: 'between', value: undefined },
      { text: '1.5', value: 1.5 },
      { text: 'True', value: true },
      { text: expect.stringContaining('2026') as string, value: expect.stringMatching(/^2026-01-02T03:04:05/) as string },
      { text: '', value: undefined },
    ]);
  });

  it('completes with errors that end only their statement', async (context) => {
    const jrds = await run(context, { script: 'Get-Item /nonexistent\n1/0\n"went on"' });
    expect(lines(jrds).map(([stream]) => stream)).toEqual(['Error', 'Error', 'Output']);
    expect(jrds.records[1]?.position).toMatchObject({ line: 2, column: 1 });
    expect(jrds.records[1]?.position?.script).toMatch(/Test-Runbook\.ps1$/);
    expect(jrds.final?.jobStatus).toBe('Completed');
  });

  it('has the places of its records where PowerShell has them: of errors, and of the calls of functions that warn', async (context) => {
    const script = [
      'function Write-All {',
      '  Write-Warning "w"; Write-Verbose "v" -Verbose; Write-Debug "d" -Debug',
      '  Write-Error "e"',
      '  Write-Information "i" -InformationAction Continue; "o"',
      '}',
      'Write-Warning "of the script itself"',
      'if ($true) { Write-All }',
    ].join('\n');
    const jrds = await run(context, { script, settings: { logVerbose: true, logDebug: true } });
    expect(jrds.records.map(({ stream, position }) => [stream, position?.line, position?.column])).toEqual([
      ['Warning', undefined, undefined],
      ['Warning', 7, 14],
      ['Verbose', 7, 14],
      ['Debug', 7, 14],
      ['Error', 7, 14],
      ['Information', undefined, undefined],
      ['Output', undefined, undefined],
    ]);
  });

  it('fails with message, position and stack when it throws', async (context) => {
    const script =
      'function Copy-It {\n  throw [System.InvalidOperationException]::new("no room", [System.IO.IOException]::new("disk full"))\n}\n"before"\nCopy-It\n"after"';
    const jrds = await run(context, { script });
    expect(lines(jrds)).toEqual([['Output', 'before']]);
    expect(jrds.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'failed', exitCode: 1 } });
    const exception = jrds.final?.exception ?? '';
    expect(exception).toMatch(/^no room\n/);
    expect(exception).toMatch(/Test-Runbook\.ps1:2 char:3/);
    expect(exception).toMatch(/at Copy-It, .*Test-Runbook\.ps1: line 2/);
    expect(exception).toMatch(/Caused by System\.IO\.IOException: disk full/);
    expect(exception).not.toMatch(/No file|host\.ps1/);
  });

  it('fails when a mandatory parameter is missing, a value does not convert, or the script cannot be parsed, and says which', async (context) => {
    const script = 'param([Parameter(Mandatory)] [int] $Count)\n$Count';
    const missing = await run(context, { script });
    expect(missing.final?.jobStatus).toBe('Failed');
    expect(missing.final?.exception).toMatch(/Count/);
    const wrong = await run(context, { script, parameters: { Count: '"many"' } });
    expect(wrong.final?.exception).toMatch(/Count.*many/s);
    const garbled = await run(context, { script: '"before"\nif ( {' });
    expect(garbled.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'failed' } });
    expect(lines(garbled).filter(([stream]) => stream === 'Output')).toEqual([]);
    expect(garbled.final?.exception).toMatch(/Test-Runbook\.ps1:2/);
  });

  it('may say its exit code, which is not that of the last native program', async (context) => {
    const exit = await run(context, { script: '"before"\nexit 7' });
    expect(exit.final).toMatchObject({
      jobStatus: 'Failed',
      exception: 'The runbook ended with exit code 7.',
      hrw: { exitCode: 7 },
    });
    const native = await run(context, { script: '/bin/sh -c "exit 4"\n"code $LASTEXITCODE"' });
    expect(lines(native)).toEqual([['Output', 'code 4']]);
    expect(native.final).toMatchObject({ jobStatus: 'Completed', hrw: { exitCode: 0 } });
  });

  it('was interrupted when its process ends without the host’s last word, whatever the exit code', async (context) => {
    const jrds = await run(context, { script: '"before"\n[Environment]::Exit(0)' });
    expect(lines(jrds)).toEqual([['Output', 'before']]);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'interrupted' });
    expect(jrds.final?.hrw?.reason).toMatch(/ended with exit code 0 in the middle of the runbook/);
  });

  it('can be stopped', async (context) => {
    const jrds = await startJob(context, { script: '"ready"\nStart-Sleep 300' });
    const sandbox = await runSandbox(jrds, { runtimes: pwshAlone() });
    await until('the first record', () => jrds.recordCount > 0);
    jrds.stopJob();
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'stopped', processesLeft: 0 });
  });

  it('keeps a text over the limit whole, in parts', async (context) => {
    const jrds = await run(context, { script: '"x" * 3MB\n"é" * 10' });
    const whole = jrds.records.filter((record) => record.part !== undefined);
    expect(whole.map((record) => record.text.length)).toEqual([1024 * 1024, 1024 * 1024, 1024 * 1024]);
    expect(whole.map((record) => record.part?.last)).toEqual([false, false, true]);
    expect(jrds.records.at(-1)?.text).toBe('é'.repeat(10));
  });
});

describe('a runtime that exits before its first word', () => {
  it('never started, although its exit code is 0', async (context) => {
    const jrds = await startJob(context, { script: '"never"' });
    const runtimes = [{ kind: 'PowerShell7', executable: '/bin/true', label: 'PowerShell 7' }];
    const sandbox = await runSandbox(jrds, { runtimes });
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'never-started' } });
    expect(jrds.final?.hrw?.reason).toMatch(/ended with exit code 0 before it began the runbook/);
  });
});
