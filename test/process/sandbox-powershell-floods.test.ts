import { readFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ScriptedJrds } from '../fakes/scripted-jrds.ts';
import { findRuntime, pwshAlone, requireRuntime } from '../harness/runtimes.ts';
import { endedWell, runSandbox } from '../harness/sandbox-process.ts';

/** Of what PowerShell writes fast. */
const count = 200_000;
/** Nothing that is gathered would go unseen with so many either; all of them would take minutes. */
const fewer = 50_000;
/** PowerShell alone shows twenty errors a second where their script is in a file, and a few hundred where not. */
const errors = 2000;
/** What takes longer is a failure. */
const limitMs = 90_000;
const settings = { logVerbose: true, logDebug: true, logProgress: true };
const maxSandboxBytes = 150 * 1024 * 1024;
const allowance = 100 * 1024 * 1024;

interface Peaks {
  sandbox: number;
  pwsh: number;
}

/** The most memory that a process ever had, as the kernel remembers it. Asked while it lives. */
async function peakOf(pid: number | null): Promise<number> {
  if (pid === null) return 0;
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
}

async function watch(look: () => Promise<void>): Promise<() => void> {
  const timer = setInterval(() => void look(), 50);
  const end = (): void => clearInterval(timer);
  onTestFinished(end);
  await look();
  return end;
}

async function flood(context: TestContext, script: string): Promise<{ jrds: ScriptedJrds; peaks: Peaks; seconds: number }> {
  requireRuntime(context, 'pwsh');
  const jrds = await ScriptedJrds.start({ keepRecords: false, job: { kind: 'PowerShell7', script, settings } });
  onTestFinished(() => jrds.close());
  const begun = performance.now();
  const sandbox = await runSandbox(jrds, { runtimes: pwshAlone() });
  const peaks: Peaks = { sandbox: 0, pwsh: 0 };
  const end = await watch(async () => {
    peaks.sandbox = Math.max(peaks.sandbox, await peakOf(sandbox.pid));
    const state = await sandbox.state().catch(() => undefined);
    peaks.pwsh = Math.max(peaks.pwsh, await peakOf(state?.runtimePid ?? null));
  });
  expect(await within(limitMs, sandbox.ended)).toBe(endedWell);
  end();
  expect(jrds.final?.jobStatus, jrds.final?.exception ?? '').toBe('Completed');
  return { jrds, peaks, seconds: (performance.now() - begun) / 1000 };
}

/** The same by PowerShell alone, into a pipe that is read. */
async function bare(script: string): Promise<{ peak: number; seconds: number }> {
  const begun = performance.now();
  const child = spawn(findRuntime('pwsh') ?? 'pwsh', ['-NoProfile', '-NonInteractive', '-Command', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let peak = 0;
  const end = await watch(async () => {
    peak = Math.max(peak, await peakOf(child.pid ?? null));
  });
  child.stdout.resume();
  child.stderr.resume();
  onTestFinished(() => void child.kill('SIGKILL'));
  await within(limitMs, new Promise((resolve) => child.once('close', resolve)));
  end();
  return { peak, seconds: (performance.now() - begun) / 1000 };
}

async function within<Value>(milliseconds: number, what: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not over after ${milliseconds} ms`)), milliseconds);
  });
  return await Promise.race([what, late]).finally(() => clearTimeout(timer));
}

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;

describe.each([
  ['Output', '"line $i"', count],
  ['Error', 'Write-Error "line $i"', errors],
  ['Warning', 'Write-Warning "line $i"', fewer],
  ['Verbose', 'Write-Verbose "line $i" -Verbose', fewer],
  ['Debug', 'Write-Debug "line $i" -Debug', fewer],
  ['Information', 'Write-Host "line $i"', fewer],
] as const)('a PowerShell runbook that floods %s', (_stream, statement, records) => {
  it('has every record arrive, in bounded memory', { timeout: 2 * limitMs + 10_000 }, async (context) => {
    const script = `for ($i = 0; $i -lt ${records}; $i++) { ${statement} }`;
    const alone = await bare(script);
    const { jrds, peaks, seconds } = await flood(context, script);
    await context.annotate(
      `${(records / seconds).toFixed(0)} records/s, alone ${(records / alone.seconds).toFixed(0)}/s; ` +
        `sandbox at most ${megabytes(peaks.sandbox)}, pwsh ${megabytes(peaks.pwsh)}, alone ${megabytes(alone.peak)}`,
    );
    expect(jrds.recordCount).toBe(records);
    expect(peaks.sandbox).toBeLessThan(maxSandboxBytes);
    expect(peaks.pwsh).toBeLessThan(1.3 * alone.peak + allowance);
  });
});

describe('a PowerShell runbook that floods Progress', () => {
  it(
    'has the newest arrive, and every other one counted, in bounded memory',
    { timeout: 2 * limitMs + 10_000 },
    async (context) => {
      const script = `for ($i = 0; $i -lt ${count}; $i++) { Write-Progress -Activity "Copy" -Status "line $i" }`;
      const { jrds, peaks } = await flood(context, script);
      const merged = Number(/^(\d+) Progress records were left out/.exec(jrds.decisions[0] ?? '')?.[1]);
      expect(jrds.recordCount + merged).toBe(count);
      expect(peaks.sandbox).toBeLessThan(maxSandboxBytes);
    },
  );
});

describe('a PowerShell runbook that writes 200 MB as one string', () => {
  it('has all of it arrive, in parts, in bounded memory', { timeout: 2 * limitMs + 10_000 }, async (context) => {
    const script = '"x" * 200MB';
    const alone = await bare(script);
    const { jrds, peaks } = await flood(context, script);
    await context.annotate(
      `sandbox at most ${megabytes(peaks.sandbox)}, pwsh ${megabytes(peaks.pwsh)}, alone ${megabytes(alone.peak)}`,
    );
    expect(jrds.recordCount).toBe(200);
    expect(peaks.sandbox).toBeLessThan(maxSandboxBytes);
    expect(peaks.pwsh).toBeLessThan(1.3 * alone.peak + allowance);
  });
});
