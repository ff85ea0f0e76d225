/** What is ours and what an execution policy decides about. Linux has no policies: what is tried here is our part in it. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createPowerShellRuntime, hostScripts } from '../../src-main/runtimes/powershell/powershell-runtime.ts';
import type { RuntimeRequest } from '../../src-main/runtimes/runtime.ts';
import { requireRuntime } from '../harness/runtimes.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const hostFolder = path.join(import.meta.dirname, '../../src-main/runtimes/powershell');
const timeout = 120_000;

async function prepared(change: Partial<RuntimeRequest> = {}) {
  const folder = await tempFolder();
  const [workFolder, privateFolder] = [path.join(folder, 'work'), path.join(folder, 'host')];
  for (const one of [workFolder, privateFolder]) await mkdir(one);
  const texts = await Promise.all(
    hostScripts.map(async (name) => [name, await readFile(path.join(hostFolder, name), 'utf8')] as const),
  );
  const runtime = createPowerShellRuntime(new Map(texts));
  const request: RuntimeRequest = {
    kind: 'PowerShell7',
    executable: 'pwsh',
    runbookName: 'Flow',
    script: '',
    parameters: [],
    workFolder,
    privateFolder,
    reportPipe: 'report',
    controlPipe: 'control',
    logVerbose: false,
    logDebug: false,
    logProgress: false,
    culture: '',
    checkpoint: undefined,
    ...change,
  };
  return { runtime, request, workFolder, privateFolder };
}

describe('execution policies', { timeout }, () => {
  it('meet no file of ours: none has a name that PowerShell would run', async () => {
    const { runtime, request, privateFolder, workFolder } = await prepared({ kind: 'PowerShellWorkflow' });
    const command = await runtime.prepare(request);
    expect(await readdir(workFolder)).toEqual(['Flow.ps1']);
    const files = await readdir(privateFolder);
    expect(files).toContain('host.text');
    expect(files).toContain('workflow-keeper.text');
    expect(files.filter((name) => /\.ps[dm]?1$/i.test(name))).toEqual([]);
    expect(command.arguments.join(' ')).not.toMatch(/\.ps1| -File /);
  });

  it('are asked about a workflow before it is run from text', async (context) => {
    const pwsh = requireRuntime(context, 'pwsh');
    const { runtime, request, privateFolder, workFolder } = await prepared({ kind: 'PowerShellWorkflow' });
    await runtime.prepare(request);
    // What PowerShell does not take for a script is one that it would not run.
    const allowed = path.join(workFolder, 'Flow.ps1');
    const other = path.join(workFolder, 'Flow.text');
    for (const file of [allowed, other]) await writeFile(file, 'workflow Flow { "ran" }');
    const command =
      'foreach ($file in $env:ALLOWED, $env:OTHER) { ' +
      '$made = & ([scriptblock]::Create([System.IO.File]::ReadAllText($env:WORKFLOW))) @{ Workflow = $env:WORKFLOW; Script = $file; RunbookName = "Flow"; CheckpointFolder = $env:FOLDER; ResumeFrom = ""; MaxCheckpointBytes = 1000 }; ' +
      'if ($made -is [scriptblock]) { & $made } else { "the file $([System.IO.Path]::GetFileName($made))" } }';
    const { stdout } = await promisify(execFile)(pwsh, ['-NoProfile', '-NonInteractive', '-Command', command], {
      env: {
        ...process.env,
        ALLOWED: allowed,
        OTHER: other,
        WORKFLOW: path.join(privateFolder, 'workflow.text'),
        FOLDER: path.join(privateFolder, 'checkpoints'),
      },
    });
    expect(stdout.trim().split('\n')).toEqual(['ran', 'the file Flow.text']);
  });

  it('are listed by the failure of a runbook that one forbids, and modules of ours can come from their texts', async (context) => {
    const pwsh = requireRuntime(context, 'pwsh');
    const script = path.join(import.meta.dirname, '../fixtures/powershell/call-host-functions.ps1');
    const words = ['-NoProfile', '-NonInteractive', '-File', script, hostFolder, path.join(hostFolder, 'modules')];
    const { stdout } = await promisify(execFile)(pwsh, words);
    const answer = z
      .object({ refused: z.string(), other: z.string(), source: z.string(), isOnDisk: z.boolean() })
      .parse(JSON.parse(stdout));
    expect(answer.refused).toMatch(/^Own\.ps1 is not digitally signed\.\n/);
    expect(answer.refused).toContain(
      '\nExecution policies, the first that is set decides: MachinePolicy AllSigned, Process Undefined\n' +
        'MachinePolicy and UserPolicy are set by Group Policy; LocalMachine and CurrentUser by Set-ExecutionPolicy.',
    );
    expect(answer.other).not.toContain('Execution policies');
    expect(answer).toMatchObject({ source: 'Orchestrator.AssetManagement.Cmdlets', isOnDisk: false });
  });
});
