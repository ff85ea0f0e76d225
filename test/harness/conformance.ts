/** Runs the runbooks of test/fixtures/runbooks, each in a sandbox of its own and once by PowerShell alone, and compares what they come to. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import type { StreamRecord } from '../../src-contract/records.ts';
import { ScriptedJrds } from '../fakes/scripted-jrds.ts';
import type { Expectation } from '../fixtures/runbooks/expectation.ts';
import { findRuntime, pwshAlone, requireRuntime } from './runtimes.ts';
import { endedWell, runSandbox, until } from './sandbox-process.ts';
import { tempFolder } from './temp-folder.ts';

const folder = path.join(import.meta.dirname, '..', 'fixtures', 'runbooks');

export function conformanceSuite(theme: string, expectations: readonly Expectation[]): void {
  describe(`conformance: ${theme}`, () => {
    for (const expectation of expectations)
      it(`${expectation.name}: ${expectation.fact}`, { timeout: 240_000 }, (context) => conforms(expectation, context));
  });
}

async function conforms(expectation: Expectation, context: TestContext): Promise<void> {
  requireRuntime(context, 'pwsh');
  const script = await readFile(path.join(folder, `${expectation.name}.ps1`), 'utf8');
  const withBare = expectation.notBare === undefined;
  const [jrds, bare] = await Promise.all([
    runInSandbox(expectation, script),
    withBare ? runBare(expectation, script) : undefined,
  ]);
  const exception = withoutFolders(jrds.final?.exception ?? '');
  const outcome = `${String(jrds.final?.hrw?.outcome)}: ${String(jrds.final?.hrw?.reason)}`;
  expect(jrds.final?.jobStatus, outcome).toBe(expectation.ends ?? (expectation.fails === undefined ? 'Completed' : 'Failed'));
  const records = jrds.records.map((record) => simplify(record));
  expect(records.map(([stream, text]) => [stream, text])).toEqual(
    expectation.records.map(([stream, text]) => [stream, withoutBlanks(text)]),
  );
  expectation.records.forEach((expected, index) => {
    const [, , value] = expected;
    if (expected.length === 3) expect(records[index]?.[2], `the value of record ${index}`).toEqual(value);
  });
  if (expectation.decisions !== undefined) expect(jrds.decisions).toEqual(expectation.decisions);
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

async function runInSandbox(expectation: Expectation, script: string): Promise<ScriptedJrds> {
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
  const runtimes = pwshAlone().map((runtime) => ({ ...runtime, kind }));
  const sandbox = await runSandbox(jrds, { runtimes, ...(culture !== undefined && { culture }) });
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
  const text = (chunks: Buffer[]): string => withoutBlanks(withoutFolders(Buffer.concat(chunks).toString('utf8')));
  return { output: text(output), error: text(error) };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function simplify({ stream, text, value }: StreamRecord): Simple {
  return [stream, withoutBlanks(withoutFolders(text)), value];
}

/** The folders of the two runs are not the same. */
function withoutFolders(text: string): string {
  return text.replaceAll(/(?:\/[\w.+-]+)+\/work\//g, '').replaceAll('\r', '');
}

function withoutBlanks(text: string): string {
  return text.replaceAll(/[ \t]+$/gm, '');
}
