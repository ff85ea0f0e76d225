import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { ScriptedJrds, type JrdsOptions } from '../fakes/scripted-jrds.ts';
import { requireRuntime } from '../harness/runtimes.ts';
import { endedWell, runSandbox, until } from '../harness/sandbox-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';

type Given = Omit<JrdsOptions['job'], 'kind'> & Pick<JrdsOptions, 'checkpoint' | 'foreign'>;

async function run(context: TestContext, { checkpoint, foreign, ...given }: Given): Promise<ScriptedJrds> {
  requireRuntime(context, 'pwsh');
  const jrds = await ScriptedJrds.start({
    job: { kind: 'PowerShellWorkflow', ...given },
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(foreign === undefined ? {} : { foreign }),
  });
  onTestFinished(() => jrds.close());
  const sandbox = await runSandbox(jrds);
  expect(await sandbox.ended).toBe(endedWell);
  return jrds;
}

const output = (jrds: ScriptedJrds): string[] =>
  jrds.records.filter((record) => record.stream === 'Output').map((record) => record.text);

/** Some start PowerShell several times, and a machine under load takes its time over that. */
const timeout = 240_000;

describe('a workflow on PowerShell 7', { timeout }, () => {
  it('copies files, as the workflow of the first look at hybrid workers does, and says the same lines in the same order', async (context) => {
    const folder = await tempFolder();
    const source = path.join(folder, 'large file.txt');
    const destination = path.join(folder, 'target');
    await mkdir(destination);
    await writeFile(source, 'hypothetically very large');
    const script = await readFile(path.join(import.meta.dirname, '../fixtures/workflows/Copy-LocalFiles.ps1'), 'utf8');
    const parameters = { SourcePath: JSON.stringify(source), DestinationPath: JSON.stringify(destination) };
    const jrds = await run(context, { script, runbookName: 'Copy-LocalFiles', parameters });
    expect(jrds.records.map((record) => [record.stream, record.text])).toEqual(
      [
        `Executing runbook on hybrid runbook worker: ${hostname().split('.')[0] ?? ''}`,
        `Source: ${source}`,
        `Destination: ${destination}`,
        'Successfully copied files',
        'Execution finished',
      ].map((text) => ['Output', text]),
    );
    expect(jrds.final).toMatchObject({ jobStatus: 'Completed', hrw: { outcome: 'completed', processesLeft: 0 } });
    expect(await readFile(path.join(destination, 'large file.txt'), 'utf8')).toBe('hypothetically very large');
  });

  it('has the author’s places in its errors, in branches and in InlineScript too', async (context) => {
    const script = [
      'workflow Test-Runbook {',
      '  parallel { Get-Item /nonexistent-in-branch }',
      '  InlineScript {',
      '    Get-Item /nonexistent-in-inline',
      '  }',
      '  foreach ($turn in 1..2) {',
      '    sequence { if ($turn -eq 2) { throw "turn $turn" } }',
      '  }',
      '}',
    ].join('\n');
    const jrds = await run(context, { script });
    expect(jrds.records.map(({ stream, position }) => [stream, position?.line, position?.column])).toEqual([
      ['Error', 2, 14],
      ['Error', 4, 5],
    ]);
    expect(jrds.records[0]?.position?.script).toMatch(/Test-Runbook\.ps1$/);
    expect(jrds.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'failed' } });
    expect(jrds.final?.exception).toMatch(/^turn 2\n.*Test-Runbook\.ps1:7 char:35/);
    expect(jrds.final?.exception).not.toMatch(/No file|workflow-/);
  });

  it('says what it cannot run, with the line, and runs nothing of it', async (context) => {
    const script = 'workflow Test-Runbook {\n  "before"\n  Get-Process -PSComputerName other\n}';
    const jrds = await run(context, { script });
    expect(jrds.records).toEqual([]);
    expect(jrds.final?.exception).toMatch(
      /^This workflow needs Windows PowerShell 5\.1: line 3, -PSComputerName needs the remoting/,
    );
    expect(jrds.final?.exception).toMatch(/Test-Runbook\.ps1:3 char:15/);
  });

  const suspending = [
    'workflow Test-Runbook {',
    '  param([string[]] $Names)',
    '  $seen = @()',
    '  foreach ($name in $Names) {',
    '    $seen += $name',
    '    if ($name -eq "b") { Suspend-Workflow; "resumed in $name" }',
    '    "turn $name"',
    '  }',
    '  "seen $($seen -join ",")"',
    '}',
  ].join('\n');

  it('is suspended with its checkpoint on the service, and another sandbox goes on in that turn of the loop', async (context) => {
    const parameters = { Names: '["a","b","c"]' };
    const first = await run(context, { script: suspending, parameters });
    expect(output(first)).toEqual(['turn a']);
    expect(first.final).toMatchObject({ jobStatus: 'Suspended', hrw: { outcome: 'suspended', exitCode: 0 } });
    expect(first.final?.hrw?.reason).toBe('the workflow suspended itself at line 6');
    expect(first.checkpoints.map(({ kind, line }) => [kind, line])).toEqual([['suspend', 6]]);
    const checkpoint = first.checkpoints[0]?.text ?? '';

    const second = await run(context, { script: suspending, parameters, checkpoint });
    expect(output(second)).toEqual(['resumed in b', 'turn b', 'turn c', 'seen a,b,c']);
    expect(second.final).toMatchObject({ jobStatus: 'Completed', hrw: { outcome: 'completed' } });
    expect(second.decisions).toContain('The workflow goes on from its checkpoint on the service.');

    const changed = await run(context, { script: `${suspending}\n# another text`, parameters, checkpoint });
    expect(changed.final?.exception).toMatch(/^The checkpoint was made by another version of the worker, or of the runbook\./);
  });

  it('waits at a checkpoint until the service has it, and goes on when it is back', async (context) => {
    requireRuntime(context, 'pwsh');
    const script = 'workflow Test-Runbook {\n  "before"\n  Checkpoint-Workflow\n  "after"\n}';
    const jrds = await ScriptedJrds.start({ job: { kind: 'PowerShellWorkflow', script } });
    onTestFinished(() => jrds.close());
    let refused = 0;
    jrds.answerFirst = (called) => (called.endsWith('/checkpoint') && ++refused <= 2 ? { status: 503, body: {} } : undefined);
    const sandbox = await runSandbox(jrds);
    await until('the service was asked twice', () => refused >= 2, 120);
    expect(output(jrds)).toEqual(['before']);
    expect(await sandbox.ended).toBe(endedWell);
    expect(output(jrds)).toEqual(['before', 'after']);
    expect(jrds.checkpoints.map(({ kind, line }) => [kind, line])).toEqual([['checkpoint', 3]]);
  });

  it('goes on past a checkpoint that a service cannot keep, but cannot be suspended there', async (context) => {
    const script = 'workflow Test-Runbook {\n  Checkpoint-Workflow\n  "after"\n  Suspend-Workflow\n  "never"\n}';
    requireRuntime(context, 'pwsh');
    const jrds = await ScriptedJrds.start({ job: { kind: 'PowerShellWorkflow', script }, foreign: true });
    onTestFinished(() => jrds.close());
    expect(await (await runSandbox(jrds)).ended).toBe(endedWell);
    expect(jrds.posted.map(({ Type, StreamRecordText }) => [Type, StreamRecordText])).toEqual([
      ['Warning', 'The checkpoint at line 2 was not kept: this service keeps no checkpoints'],
      ['Output', 'after'],
    ]);
    expect(jrds.final?.exception).toMatch(/^The workflow cannot be suspended: this service keeps no checkpoints/);
  });
});
