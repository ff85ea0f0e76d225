/** Runs the runbooks of test/fixtures/runbooks, each in a sandbox of its own and once by PowerShell alone, and compares what they come to. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RunbookKind } from '../../src-contract/kinds.ts';
import type { SandboxHandOver } from '../../src-contract/sandbox.ts';
import { ScriptedJrds } from '../fakes/scripted-jrds.ts';
import type { Expectation } from '../fixtures/runbooks/expectation.ts';
import { findRuntime, pwshAlone, requireRuntime } from './runtimes.ts';
import { endedWell, runSandbox, until } from './sandbox-process.ts';
import { tempFolder } from './temp-folder.ts';
import { requireWindowsPrograms, type WindowsMachine } from './windows-machine.ts';

const folder = path.join(import.meta.dirname, '..', 'fixtures', 'runbooks');

export function conformanceSuite(theme: string, expectations: readonly Expectation[]): void {
  describe(`conformance: ${theme}`, () => {
    for (const expectation of expectations)
      it(`${expectation.name}: ${expectation.fact}`, { timeout: 240_000 }, async (context) => {
        requireRuntime(context, 'pwsh');
        const script = await readFile(path.join(folder, `${expectation.name}.ps1`), 'utf8');
        const [jrds, bare] = await Promise.all([
          runInSandbox(expectation, script, startHere),
          expectation.notBare === undefined ? runBare(expectation, script) : undefined,
        ]);
        conforms(expectation, jrds, bare, { edit: (text) => text, leaveOut: () => false });
      });
  });
}

/** Those that need nothing of Unix, with PowerShell for Windows on a machine that wine makes. `machine` is there when the first test begins. */
export function conformanceSuiteOnWindows(
  theme: string,
  expectations: readonly Expectation[],
  machine: () => WindowsMachine | undefined,
): void {
  describe(`conformance on Windows: ${theme}`, () => {
    for (const general of expectations.filter(
      ({ needsUnix, notOnWindows }) => needsUnix !== true && notOnWindows === undefined,
    )) {
      const expectation: Expectation = { ...general, ...general.onWindows };
      it(`${expectation.name}: ${expectation.fact}`, { timeout: 480_000 }, async (context) => {
        const programs = requireWindowsPrograms(context);
        const windows = machine();
        if (windows === undefined) throw new Error('there is no machine');
        const script = await readFile(path.join(folder, `${expectation.name}.ps1`), 'utf8');
        const start: Starting = (jrds, kind, change) => windows.runSandbox(programs, jrds, kind, change);
        const jrds = await runInSandbox(expectation, script, start);
        conforms(expectation, jrds, undefined, { edit: withoutLayout, leaveOut: isHeldOpen });
      });
    }
  });
}

/**
 * Two things of errors do not count there. PowerShell for Windows that was built on Linux has texts whose lines end as Linux's do, and its view
 * of errors, which looks for Windows' line ends in them, shows the tildes where the line of source should stand. And long messages are wrapped
 * at the width of a console, which has 80 columns under wine.
 */
function withoutLayout(text: string): string {
  const withoutSource = text.replaceAll(/^( *\d+ \| ).*\n( *\| )( *~+)$/gm, '$1$3\n$2$3');
  return withoutSource.replaceAll(/([^~\n])\n +\| (?! *~)/g, '$1 ');
}

/** Wine's desktop begins with the first program that needs one, has that program's standard error from then on, and outlives it. */
function isHeldOpen(decision: string): boolean {
  return decision.startsWith('The runbook had ended, and something outside it held its output open');
}

interface Allowance {
  /** Of the texts on both sides. */
  edit: (text: string) => string;
  /** Decisions that do not count. */
  leaveOut: (decision: string) => boolean;
}

function conforms(expectation: Expectation, jrds: ScriptedJrds, bare: Bare | undefined, { edit, leaveOut }: Allowance): void {
  const exception = tidy(jrds.final?.exception ?? '');
  const outcome = `${String(jrds.final?.hrw?.outcome)}: ${String(jrds.final?.hrw?.reason)}`;
  expect(jrds.final?.jobStatus, outcome).toBe(expectation.ends ?? (expectation.fails === undefined ? 'Completed' : 'Failed'));
  const records = jrds.records.map(({ stream, text, value }): Simple => [stream, edit(tidy(text)), value]);
  expect(records.map(([stream, text]) => [stream, text])).toEqual(
    expectation.records.map(([stream, text]) => [stream, edit(withoutBlanks(text))]),
  );
  expectation.records.forEach((expected, index) => {
    const [, , value] = expected;
    if (expected.length === 3) expect(records[index]?.[2], `the value of record ${index}`).toEqual(value);
  });
  const decisions = jrds.decisions.filter((decision) => !leaveOut(decision));
  if (expectation.decisions !== undefined) expect(decisions).toEqual(expectation.decisions);
  if (expectation.checkpoints !== undefined) expect(jrds.checkpoints.map(({ line }) => line)).toEqual(expectation.checkpoints);
  if (expectation.fails !== undefined) expect(exception).toMatch(expectation.fails);
  if (bare !== undefined) compareWithBare(expectation, records, bare);
}

type Simple = readonly [string, string, unknown];

/**
 * Output and Error text are PowerShell's own, whole. Of a runbook that fails it prints what the job has as its exception; that comes after
 * the errors before it. Where they are not the same the expectation says why, and then they must not be: a reason that is no longer true
 * goes.
 */
function compareWithBare({ fails, unlikeBare }: Expectation, records: readonly Simple[], bare: Bare): void {
  const textOf = (stream: string): string =>
    records
      .filter(([name]) => name === stream)
      .map(([, text]) => `${text}\n`)
      .join('');
  const sameErrors = fails === undefined ? bare.error === textOf('Error') : bare.error.startsWith(textOf('Error'));
  const same = bare.output === textOf('Output') && sameErrors;
  if (unlikeBare !== undefined) {
    expect(same, `not as PowerShell alone, because: ${unlikeBare}`).toBe(false);
    return;
  }
  expect({ output: textOf('Output'), error: fails === undefined ? textOf('Error') : sameErrors }).toEqual({
    output: bare.output,
    error: fails === undefined ? bare.error : true,
  });
}

type Starting = (jrds: ScriptedJrds, kind: RunbookKind, change: Partial<SandboxHandOver>) => Promise<{ ended: Promise<string> }>;

const startHere: Starting = (jrds, kind, change) => {
  const runtimes = pwshAlone().map((runtime) => ({ ...runtime, kind }));
  return runSandbox(jrds, { runtimes, ...change });
};

async function runInSandbox(expectation: Expectation, script: string, start: Starting): Promise<ScriptedJrds> {
  const { name, kind = 'PowerShell7', parameters, settings, culture, assets, credentialParameters, stopAfter } = expectation;
  const job = {
    kind,
    script,
    runbookName: name,
    ...(parameters && { parameters }),
    ...(settings && { settings }),
    ...(assets && { assets }),
    ...(credentialParameters && { credentialParameters }),
  } as const;
  const jrds = await ScriptedJrds.start({ job });
  onTestFinished(() => jrds.close());
  const sandbox = await start(jrds, kind, culture === undefined ? {} : { culture });
  if (stopAfter !== undefined) {
    await until(`${String(stopAfter)} records`, () => jrds.recordCount >= stopAfter, 120);
    jrds.stopJob();
  }
  expect(await sandbox.ended).toBe(endedWell);
  return jrds;
}

interface Bare {
  output: string;
  error: string;
}

/** The script by its file, its parameters splatted, streams beside Output and Error sent away. */
async function runBare({ name, parameters }: Expectation, script: string): Promise<Bare> {
  const work = path.join(await tempFolder(), 'work');
  await mkdir(work);
  const file = path.join(work, `${name}.ps1`);
  await writeFile(file, script);
  const values = Object.entries(parameters ?? {}).map(([key, text]) => [key, readJson(text)]);
  const command =
    '$private:given = ConvertFrom-Json -AsHashtable -NoEnumerate $env:GIVEN; & $env:RUNBOOK @given 3>$null 4>$null 5>$null 6>$null';
  const environment = {
    ...process.env,
    GIVEN: JSON.stringify(Object.fromEntries(values)),
    RUNBOOK: file,
    HOME: work,
    NO_COLOR: '1',
  };
  const child = spawn(findRuntime('pwsh') ?? 'pwsh', ['-NoProfile', '-NonInteractive', '-Command', command], {
    cwd: work,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: Buffer[] = [];
  const error: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => error.push(chunk));
  await new Promise<void>((resolve, reject) => child.once('error', reject).once('close', () => resolve()));
  const text = (chunks: Buffer[]): string => tidy(Buffer.concat(chunks).toString('utf8').replaceAll('\r', ''));
  return { output: text(output), error: text(error) };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function tidy(text: string): string {
  return withoutBlanks(withoutFolders(text));
}

/** The folders of the two runs are not the same. */
function withoutFolders(text: string): string {
  return text.replaceAll(/(?:\/[\w.+-]+)+\/work\/|[A-Z]:(?:\\[\w.+-]+)+\\work\\/g, '');
}

function withoutBlanks(text: string): string {
  return text.replaceAll(/[ \t]+$/gm, '');
}
