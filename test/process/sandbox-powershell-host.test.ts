/** What a PowerShell runbook finds around it, and what becomes of it in the end: console, stop, start, Constrained Language Mode. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { maxReasonBytes } from '../../src-contract/limits.ts';
import { runtimeVariables } from '../../src-contract/runtime-calls.ts';
import { sandboxCalls } from '../../src-contract/sandbox.ts';
import type { SandboxHandOver } from '../../src-contract/sandbox.ts';
import { connectLineChannel } from '../../src-main/channel/line-channel-client.ts';
import { ScriptedJrds, type JrdsOptions } from '../fakes/scripted-jrds.ts';
import { pwshAlone, requireRuntime } from '../harness/runtimes.ts';
import { endedWell, runSandbox, until, type RunningSandbox } from '../harness/sandbox-process.ts';

/** Whatever else the machine has to do. */
const limits = { timeout: 240_000 };
const runtimesFolder = path.join(import.meta.dirname, '..', 'fixtures', 'runtimes');
const fakeRuntime = (name: string): Partial<SandboxHandOver> => ({
  runtimes: [{ kind: 'PowerShell7', executable: path.join(runtimesFolder, name), label: 'PowerShell 7' }],
});

interface Run {
  jrds: ScriptedJrds;
  sandbox: RunningSandbox;
}

async function start(
  context: TestContext,
  script: string,
  { settings, change }: { settings?: NonNullable<JrdsOptions['job']['settings']>; change?: Partial<SandboxHandOver> } = {},
): Promise<Run> {
  requireRuntime(context, 'pwsh');
  const jrds = await ScriptedJrds.start({ job: { kind: 'PowerShell7', script, ...(settings && { settings }) } });
  onTestFinished(() => jrds.close());
  return { jrds, sandbox: await runSandbox(jrds, { runtimes: pwshAlone(), ...change }) };
}

const texts = ({ jrds }: Run): string[] => jrds.records.map((record) => record.text);

describe('how the host is started', () => {
  it('is not to be found in the runbook’s environment, nor in that of what it starts', limits, async (context) => {
    const run = await start(context, '& /usr/bin/env\nGet-ChildItem env: | ForEach-Object Name');
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(run.jrds.final?.hrw).toMatchObject({ outcome: 'completed' });
    expect(texts(run).join('\n')).toMatch(/^PATH=/m);
    expect(texts(run).filter((text) => /^(?:DOTNET|HRW_HOST)_/.test(text))).toEqual([]);
  });
});

describe('a record that throws when it is asked for its text', () => {
  it('is named by its type, and garbles nothing', limits, async (context) => {
    const script = `class Torn { [string] ToString() { throw 'torn' } }
class TornError : Exception { TornError() : base('x') { } [string] get_Message() { throw 'torn' } }
'before'
try { Write-Information ([Torn]::new()) } catch { 'caught' }
Write-Error -Exception ([TornError]::new())
'after'`;
    const run = await start(context, script);
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(run.jrds.final?.hrw).toMatchObject({ outcome: 'completed' });
    expect(run.jrds.records.map(({ stream, text }) => [stream, text])).toEqual([
      ['Output', 'before'],
      ['Information', 'Torn'],
      ['Output', 'caught'],
      ['Error', expect.stringContaining('TornError') as string],
      ['Output', 'after'],
    ]);
  });
});

describe('an exception of half a megabyte', () => {
  it('is cut where the job shows it, and stands among the records whole', limits, async (context) => {
    const run = await start(context, "'before'; throw ('x' * 500000 + ' the end')");
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(run.jrds.final?.hrw).toMatchObject({ outcome: 'failed' });
    const { exception } = run.jrds.final ?? {};
    expect(Buffer.byteLength(exception ?? '')).toBeLessThanOrEqual(maxReasonBytes);
    expect(exception).toMatch(/^x{60000}.*\n… \(the whole of it, \d+ bytes, is the last record of the stream Error\)$/s);
    const last = run.jrds.records.at(-1);
    expect(last?.stream).toBe('Error');
    expect(last?.text).toMatch(/^x{500000} the end\n/);
  });
});

describe('texts longer than a report holds', () => {
  it('fail a runbook that throws one, and are progress like any other', limits, async (context) => {
    const run = await start(context, "Write-Progress 'long' -Status ('x' * 9MB)\n'after'\nthrow ('y' * 5MB)", {
      settings: { logProgress: true },
    });
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(run.jrds.final?.hrw).toMatchObject({ outcome: 'failed' });
    const [progress, after] = run.jrds.records;
    expect(progress?.progress?.status).toMatch(/^x{10000}…$/);
    expect(after?.text).toBe('after');
    const whole = run.jrds.records
      .filter((record) => record.stream === 'Error')
      .map((record) => record.text)
      .join('');
    expect(whole).toMatch(/^y{1000000}\.\.\. \(5242880 characters\)\nAt .*Test-Runbook\.ps1:3 char:1/);
    // Of a text that was thrown PowerShell makes the id too.
    expect(whole).not.toMatch(/Error id/);
  });
});

describe('the stop of a PowerShell runbook', () => {
  it('leaves its `finally` the whole grace', limits, async (context) => {
    const cleaning = 'for ($n = 1; $n -le 9; $n++) { Start-Sleep -Milliseconds 600; "cleaned $n" }';
    const run = await start(context, `try { 'ready'; Start-Sleep 300 } finally { ${cleaning} }`, {
      change: { stopGraceSeconds: 8 },
    });
    await until('the first record', () => texts(run).includes('ready'));
    run.jrds.stopJob();
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(texts(run).at(-1)).toBe('cleaned 9');
    expect(run.jrds.decisions.join()).not.toMatch(/had not come to its end/);
  });

  it('says when the grace was not enough, and ends what is left', limits, async (context) => {
    const cleaning = "while ($true) { Start-Sleep -Milliseconds 300; 'cleaning' }";
    const run = await start(context, `try { 'ready'; Start-Sleep 300 } finally { ${cleaning} }`, {
      change: { stopGraceSeconds: 3 },
    });
    await until('the first record', () => texts(run).includes('ready'));
    run.jrds.stopJob();
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(run.jrds.final?.hrw).toMatchObject({ outcome: 'stopped', processesLeft: 0 });
    expect(texts(run).at(-1)).toBe('cleaning');
    expect(run.jrds.decisions.join()).toMatch(/the runbook was asked and had not come to its end after 3 s; \d+ process/);
  });

  it('runs its finally blocks, and takes what they write', limits, async (context) => {
    const run = await start(
      context,
      'try { "ready"; Start-Sleep 300 } finally { "tidying"; Write-Warning "tidied"; Start-Sleep -Milliseconds 300; "tidy" }',
    );
    await until('the first record', () => run.jrds.recordCount > 0, 120);
    run.jrds.stopJob();
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(texts(run)).toEqual(['ready', 'tidying', 'tidied', 'tidy']);
    expect(run.jrds.final?.hrw).toMatchObject({ outcome: 'stopped', processesLeft: 0 });
  });

  it('ends a runbook that goes on in its finally block, within the grace, with all that it started', limits, async (context) => {
    const script =
      '$child = Start-Process /bin/sleep 300 -PassThru\ntry { "ready"; Start-Sleep 300 } finally { while ($true) { Start-Sleep 1 } }';
    const run = await start(context, script, { change: { stopGraceSeconds: 2 } });
    await until('the first record', () => run.jrds.recordCount > 0, 120);
    expect(run.sandbox.members().length).toBeGreaterThanOrEqual(2);
    const start_ = performance.now();
    run.jrds.stopJob();
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(performance.now() - start_).toBeLessThan(20_000);
    expect(run.jrds.final?.hrw).toMatchObject({ outcome: 'stopped', processesLeft: 0 });
  });
});

describe('a PowerShell runbook whose sandbox is killed', () => {
  it('ends too, whether it writes or not, and runs its finally blocks', limits, async (context) => {
    for (const body of ['while ($true) { try { "more" } catch { } }', 'while ($true) { try { Start-Sleep 1 } catch { } }']) {
      const run = await start(
        context,
        `"ready"; try { ${body} } finally { [System.IO.File]::WriteAllText("$PSScriptRoot/tidy", "") }`,
      );
      await until('the first record', () => run.jrds.recordCount > 0, 120);
      const { runtimePid } = await run.sandbox.state();
      expect(runtimePid).not.toBeNull();
      process.kill(run.sandbox.pid, 'SIGKILL');
      await until('the end of PowerShell', () => !run.sandbox.members().includes(runtimePid ?? 0), 20);
      expect(existsSync(path.join(run.sandbox.folder, 'work', 'tidy'))).toBe(true);
    }
  });
});

describe('the records of a PowerShell runbook', () => {
  it('are on their way while it runs, progress too', limits, async (context) => {
    const script =
      '"first"\nforeach ($i in 1..200) { Write-Progress -Activity "Copy" -Status "going" -PercentComplete ($i / 2) }\nStart-Sleep 300';
    const run = await start(context, script, { settings: { logProgress: true } });
    await until('the last progress', () => run.jrds.records.at(-1)?.progress?.percent === 100, 120);
    expect(texts(run)[0]).toBe('first');
    // Its settings and its parameters lie nowhere any more.
    expect(readdirSync(path.join(run.sandbox.folder, 'host')).filter((name) => name.endsWith('-settings'))).toEqual([]);
    const progress = run.jrds.records.slice(1);
    expect(progress[0]?.progress).toEqual({ activity: 'Copy', status: 'going', percent: 0 });
    expect(progress.length).toBeLessThan(100);
    run.jrds.stopJob();
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(run.jrds.decisions).toContainEqual(
      `${200 - progress.length} Progress records were left out: a newer one of the same activity followed at once.`,
    );
  });
});

describe('the console of a PowerShell runbook', () => {
  it('is a terminal that can be watched, is no input, and is nobody’s controlling terminal', limits, async (context) => {
    const script = [
      '[Console]::Out.WriteLine("past PowerShell: $([Console]::IsOutputRedirected)")',
      `[Console]::Out.WriteLine("key $env:${runtimeVariables.key}.")`,
      "Set-Content ./child.sh 'test -t 1 && echo by a child; (: < /dev/tty) 2> /dev/null || echo no controlling terminal'",
      'Start-Process /bin/sh -ArgumentList ./child.sh -Wait',
      '"input ends: $($null -eq [Console]::In.ReadLine())"',
      'Start-Sleep 300',
    ].join('\n');
    const run = await start(context, script);
    await until('the record', () => run.jrds.recordCount > 0, 120);
    const { controlAddress } = await run.sandbox.state();
    const key = Buffer.from(readFileSync(path.join(run.sandbox.folder, 'control.key'), 'utf8').trim(), 'hex');
    const grown: unknown[] = [];
    const channel = await connectLineChannel({
      address: controlAddress,
      role: 'engine',
      key,
      onEvent: (name, value) => grown.push([name, value]),
    });
    const answer = await channel.call('sandbox:console', { from: 0 });
    if (!answer.ok) throw new Error(answer.problem.text);
    const piece = sandboxCalls['sandbox:console'].value.parse(answer.value);
    const refused = await channel.call('sandbox:console', { from: -1 });
    await channel.close();
    expect(refused).toMatchObject({ ok: false, problem: { code: 'input-invalid' } });
    const shown = Buffer.from(piece.bytes, 'base64').toString();
    expect(shown).toContain('past PowerShell: False\r\n');
    // What no record may show, no console may.
    expect(shown).toContain('key ***.\r\n');
    expect(shown).toContain('by a child\r\n');
    expect(shown).toContain('no controlling terminal\r\n');
    expect(piece).toMatchObject({ from: 0, next: Buffer.byteLength(shown), columns: 120 });
    expect(texts(run)).toEqual(['input ends: True']);
    run.jrds.stopJob();
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(run.jrds.final?.hrw).toMatchObject({ processesLeft: 0 });
  });
});

describe('the start of PowerShell', () => {
  it('has a limit, and says what was loaded and seen', limits, async (context) => {
    const run = await start(context, '"never"', { change: { ...fakeRuntime('silent-pwsh.sh'), startLimitSeconds: 1 } });
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(run.jrds.final?.hrw).toMatchObject({ outcome: 'never-started', processesLeft: 0 });
    expect(run.jrds.final?.hrw?.reason).toMatch(
      /^PowerShell 7 had not begun the runbook after 1 s and was ended; loaded into it: .*libc\.so.*: loading something large$/s,
    );
  });
});
