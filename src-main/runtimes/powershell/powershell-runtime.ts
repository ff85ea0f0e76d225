/** PowerShell, 5.1 and 7: our host script runs the runbook; parameters reach it typed, through a file that it removes when it has read it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { maxCheckpointBytes } from '../../../src-contract/limits.ts';
import { scriptFileName, type RunbookParameter, type RuntimeDefinition, type RuntimeRequest } from '../runtime.ts';
import { ReportReader } from './report-reader.ts';

/** Beside host.ps1, for runbooks that hold a workflow; workflow.ps1 is what the host calls. */
export const workflowScripts = [
  'workflow.ps1',
  'workflow-rules.ps1',
  'workflow-program.ps1',
  'workflow-machine.ps1',
  'workflow-keeper.ps1',
] as const;

/** Texts of the scripts in this folder by file name, read when the sandbox starts, because the files may be replaced under it. */
export function createPowerShellRuntime(scripts: ReadonlyMap<string, string>): RuntimeDefinition {
  const hostScript = scripts.get('host.ps1') ?? '';
  return {
    kinds: ['PowerShell', 'PowerShell7', 'PowerShellWorkflow'],
    async prepare(request) {
      const { executable, runbookName, script, workFolder, privateFolder } = request;
      const scriptFile = path.join(workFolder, scriptFileName(runbookName, '.ps1'));
      const hostFile = path.join(privateFolder, 'host.ps1');
      const settingsFile = path.join(privateFolder, 'host-settings');
      await writeFile(scriptFile, withMark(script), { mode: 0o600 });
      await writeFile(hostFile, hostScript, { mode: 0o600 });
      const workflow = request.kind === 'PowerShellWorkflow' ? await placeWorkflow(request, scripts) : undefined;
      await writeFile(settingsFile, describeSettings(request, scriptFile, workflow?.settings ?? []), { mode: 0o600 });
      // For this process alone; what Group Policy demands stays above it.
      const policy = process.platform === 'win32' ? ['-ExecutionPolicy', 'Bypass'] : [];
      return {
        file: executable,
        arguments: ['-NoProfile', '-NonInteractive', ...policy, '-File', hostFile, settingsFile],
        environment: {
          POWERSHELL_TELEMETRY_OPTOUT: '1',
          POWERSHELL_UPDATECHECK: 'Off',
          ...computerName(),
        },
        ...(workflow === undefined ? {} : { checkpointFolder: workflow.checkpointFolder }),
      };
    },
    readHost: (listener) => new ReportReader(listener),
  };
}

/** Windows has it, and runbooks that were written there read it: as they like, because there the case of the name does not matter. */
function computerName(): Record<string, string> {
  const name = hostname().split('.')[0] ?? '';
  return process.platform === 'win32' ? { COMPUTERNAME: name } : { COMPUTERNAME: name, ComputerName: name, computername: name };
}

interface WorkflowPlace {
  settings: [string, string][];
  checkpointFolder: string;
}

async function placeWorkflow(
  { privateFolder, runbookName, checkpoint }: RuntimeRequest,
  scripts: ReadonlyMap<string, string>,
): Promise<WorkflowPlace> {
  const checkpointFolder = path.join(privateFolder, 'checkpoints');
  const resumeFrom = path.join(privateFolder, 'resume.clixml');
  await mkdir(checkpointFolder, { recursive: true, mode: 0o700 });
  for (const name of workflowScripts) await writeFile(path.join(privateFolder, name), scripts.get(name) ?? '', { mode: 0o600 });
  if (checkpoint !== undefined) await writeFile(resumeFrom, checkpoint, { mode: 0o600 });
  return {
    settings: [
      ['Workflow', path.join(privateFolder, 'workflow.ps1')],
      ['RunbookName', runbookName],
      ['CheckpointFolder', checkpointFolder],
      ['ResumeFrom', checkpoint === undefined ? '' : resumeFrom],
      ['MaxCheckpointBytes', String(maxCheckpointBytes)],
    ],
    checkpointFolder,
  };
}

/** Windows PowerShell takes a script without a byte order mark for the machine's old code page; elsewhere the bytes are the author's. */
function withMark(script: string): string {
  const needsMark = process.platform === 'win32' && !script.startsWith('\ufeff') && /[^\u0000-\u007f]/.test(script);
  return needsMark ? `\ufeff${script}` : script;
}

function describeSettings(
  { reportPipe, logVerbose, parameters }: RuntimeRequest,
  scriptFile: string,
  further: readonly [string, string][],
): string {
  if (reportPipe === undefined) throw new Error('PowerShell needs a pipe for its reports');
  const settings: [string, string][] = [
    ['Script', scriptFile],
    ['Pipe', reportPipe],
    ['Verbose', String(logVerbose)],
    ...further,
  ];
  const lines = [...settings.map(([name, value]) => line('setting', name, value)), ...parameters.map(describeParameter)];
  return lines.join('');
}

function describeParameter({ name, value }: RunbookParameter): string {
  if (typeof value === 'string') return line('string', name, value);
  if (typeof value === 'boolean') return line('boolean', name, String(value));
  if (value === null || value === undefined) return line('null', name, '');
  if (typeof value === 'number') return line(Number.isSafeInteger(value) ? 'integer' : 'number', name, String(value));
  return line('json', name, JSON.stringify(value));
}

function line(kind: string, name: string, value: string): string {
  // A name with a tab or a line end is no name that PowerShell could bind.
  return `${kind}\t${name.replaceAll(/[\t\r\n]/g, ' ')}\t${Buffer.from(value, 'utf8').toString('base64')}\n`;
}
