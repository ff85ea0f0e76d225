/**
 * PowerShell, 5.1 and 7: our host script runs the runbook; parameters reach it typed, through a file that it removes when it has read it.
 *
 * The host is no script file for PowerShell but text that a command reads, and so is everything else of ours that runs before a runbook:
 * execution policies of the machine and of Group Policy decide about script files, so that they meet the runbook, not us. Under Constrained
 * Language Mode, where no pipe can be opened, a smaller script takes the host's place.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { maxCheckpointBytes } from '../../../src-contract/limits.ts';
import {
  scriptFileName,
  type RunbookParameter,
  type RuntimeCommand,
  type RuntimeDefinition,
  type RuntimeRequest,
  type WarmJob,
} from '../runtime.ts';
import { ReportReader } from './report-reader.ts';

/** Beside host.ps1, for runbooks that hold a workflow; workflow.ps1 is what the host calls. */
const workflowScripts = [
  'workflow.ps1',
  'workflow-rules.ps1',
  'workflow-program.ps1',
  'workflow-machine.ps1',
  'workflow-keeper.ps1',
] as const;

/** Parts of the host that are given to it as texts, in this order. */
const hostParts = [
  'sink.ps1',
  'sink-records.ps1',
  'sink-progress.ps1',
  'sink-objects.ps1',
  'sink-errors.ps1',
  'prompt.ps1',
  'parameters.ps1',
  'ending.ps1',
  'ahead.ps1',
] as const;

/** What has to be read for `createPowerShellRuntime`, from this folder. */
export const hostScripts = ['host.ps1', ...hostParts, 'constrained.ps1', 'rehearsal.ps1', ...workflowScripts] as const;

/** How our scripts are named where the runtime reads them: PowerShell runs no file of this name, so none is run as a script file by mistake. */
const asText = (script: string): string => script.replace(/\.ps1$/, '.text');

const folderVariable = 'HRW_HOST_FOLDER';

/**
 * What .NET does in the first second, chosen for runbooks that last not much longer: of a start that took 0.9 s on a small machine they save
 * 0.15 s. Memory for machine code is written where it is run, as before .NET 7; code is not measured before it is made better; garbage has no
 * thread of its own, and there may be 16 MiB of it before it is looked for.
 */
const quickStart = {
  DOTNET_EnableWriteXorExecute: '0',
  DOTNET_TieredPGO: '0',
  DOTNET_gcConcurrent: '0',
  DOTNET_GCgen0size: '0x1000000',
};

/** Nothing of a job stands in it. What the host finds in the environment is gone when the runbook begins. */
const bootCommand = [
  `$folder = $env:${folderVariable}`,
  // No command: the first one costs the loading of its module.
  ...[folderVariable, ...Object.keys(quickStart)].map((name) => `$env:${name} = $null`),
  "if ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') { " +
    // It holds the job's parameters too, and nobody else would remove it.
    '[System.IO.File]::Delete("$folder/constrained-settings"); ' +
    '$state = [initialsessionstate]::CreateDefault2(); ' +
    // Write-Output's, which hardly a runbook does without; by its place, because looking for it takes as long again. The policy that Windows
    // PowerShell needs for it is not set yet.
    'if ($IsCoreCLR) { $state.ImportPSModule([string[]] "$PSHOME/Modules/Microsoft.PowerShell.Utility") }; ' +
    '$runspace = [runspacefactory]::CreateRunspace($Host, $state); ' +
    // While the host is read. OpenAsync would say that it is open before the module is there.
    "$opening = [System.Threading.Tasks.Task]::Run([System.Delegate]::CreateDelegate([System.Action], $runspace, 'Open')); " +
    '& ([scriptblock]::Create([System.IO.File]::ReadAllText("$folder/host.text"))) $runspace $opening $folder ' +
    '} else { Invoke-Expression -Command (Get-Content -LiteralPath "$folder/constrained.text" -Raw) }',
].join('; ');

/** `scripts`: their texts by file name, read when the sandbox starts, because the files may be replaced under it. */
export function createPowerShellRuntime(scripts: ReadonlyMap<string, string>): RuntimeDefinition {
  return {
    kinds: ['PowerShell', 'PowerShell7', 'PowerShellWorkflow'],
    async prepare(request) {
      const { executable, runbookName, script, workFolder, privateFolder } = request;
      const scriptFile = path.join(workFolder, scriptFileName(runbookName, '.ps1'));
      const workflow = request.kind === 'PowerShellWorkflow' ? await placeWorkflow(request, scripts) : undefined;
      const consoleMark = randomUUID();
      const job = describeJob(request, scriptFile, workflow?.settings ?? [], request.parameters.map(describeParameter));
      const files: [string, string][] = [
        [scriptFile, withMark(script)],
        ...hostFiles(request, scripts, job.settings),
        [path.join(privateFolder, asText('constrained.ps1')), scripts.get('constrained.ps1') ?? ''],
        ...job.files,
        [path.join(privateFolder, 'constrained-settings'), describeConstrained(request, scriptFile, consoleMark)],
      ];
      await Promise.all(files.map(([file, text]) => writeFile(file, text, { mode: 0o600 })));
      const { checkpointFolder } = workflow ?? {};
      return {
        ...hostCommand(executable, privateFolder),
        consoleMark,
        ...(checkpointFolder !== undefined && { checkpointFolder }),
      };
    },
    readHost: (listener) => new ReportReader(listener),
    warm: {
      async start({ executable, privateFolder, reportPipe, controlPipe, culture }) {
        const rehearsal = path.join(privateFolder, 'rehearsal.ps1');
        const files: [string, string][] = [
          ...hostFiles({ privateFolder, reportPipe, controlPipe, culture }, scripts, undefined),
          [rehearsal, scripts.get('rehearsal.ps1') ?? ''],
        ];
        await Promise.all(files.map(([file, text]) => writeFile(file, text, { mode: 0o600 })));
        return hostCommand(executable, privateFolder);
      },
      give: (job) => giveJob(job, scripts),
    },
  };
}

function hostCommand(executable: string, privateFolder: string): RuntimeCommand {
  return {
    file: executable,
    arguments: ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', bootCommand],
    environment: {
      POWERSHELL_TELEMETRY_OPTOUT: '1',
      POWERSHELL_UPDATECHECK: 'Off',
      ...computerName(),
      // The console of Constrained Language Mode is where records come from; colours would be in them.
      NO_COLOR: '1',
      ...quickStart,
      [folderVariable]: privateFolder,
    },
  };
}

async function giveJob({ request, environment, owner }: WarmJob, scripts: ReadonlyMap<string, string>) {
  const { runbookName, script, workFolder, privateFolder } = request;
  const scriptFile = path.join(workFolder, scriptFileName(runbookName, '.ps1'));
  const settingsFile = path.join(privateFolder, 'host-settings');
  const workflow = request.kind === 'PowerShellWorkflow' ? await placeWorkflow(request, scripts) : undefined;
  const variables = Object.entries(environment).map(([name, value]) => line('environment', name, value));
  const lines = [...variables, ...request.parameters.map(describeParameter)];
  const job = describeJob(request, scriptFile, workflow?.settings ?? [], lines);
  await Promise.all([
    placeScript(scriptFile, withMark(script), owner),
    writeFile(settingsFile, zeroBetween(job.settings), { mode: 0o600 }),
    ...job.files.map(([file, text]) => writeFile(file, text, { mode: 0o600 })),
  ]);
  return {
    line: `${settingsFile}\n`,
    ...(workflow !== undefined && { checkpointFolder: workflow.checkpointFolder }),
  };
}

/** Its folder may be another user's, who could have put something under this name: it is made new, and what was made is given away. */
async function placeScript(file: string, text: string, owner: WarmJob['owner']): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    if (owner !== undefined) await handle.chown(owner.userId, owner.groupId);
  } finally {
    await handle.close();
  }
}

/** Windows has it, and runbooks that were written there read it: as they like, because there the case of the name does not matter. */
function computerName(): Record<string, string> {
  const name = hostname().split('.')[0] ?? '';
  return process.platform === 'win32' ? { COMPUTERNAME: name } : { COMPUTERNAME: name, ComputerName: name, computername: name };
}

type HostPlace = Pick<RuntimeRequest, 'privateFolder' | 'reportPipe' | 'controlPipe' | 'culture'>;

interface WorkflowPlace {
  /** The end of the host's settings. */
  settings: string[];
  checkpointFolder: string;
}

async function placeWorkflow(
  { privateFolder, runbookName, checkpoint }: RuntimeRequest,
  scripts: ReadonlyMap<string, string>,
): Promise<WorkflowPlace> {
  const checkpointFolder = path.join(privateFolder, 'checkpoints');
  const resumeFrom = path.join(privateFolder, 'resume.clixml');
  await mkdir(checkpointFolder, { recursive: true, mode: 0o700 });
  for (const name of workflowScripts)
    await writeFile(path.join(privateFolder, asText(name)), scripts.get(name) ?? '', { mode: 0o600 });
  if (checkpoint !== undefined) await writeFile(resumeFrom, checkpoint, { mode: 0o600 });
  return {
    settings: [
      path.join(privateFolder, asText('workflow.ps1')),
      runbookName,
      checkpointFolder,
      checkpoint === undefined ? '' : resumeFrom,
      String(maxCheckpointBytes),
    ],
    checkpointFolder,
  };
}

/** Windows PowerShell takes a script without a byte order mark for the machine's old code page; elsewhere the bytes are the author's. */
function withMark(script: string): string {
  const needsMark = process.platform === 'win32' && !script.startsWith('\ufeff') && /[^\u0000-\u007f]/.test(script);
  return needsMark ? `\ufeff${script}` : script;
}

/** The host, and what it reads first: its parts, its pipes, and the job, or none yet. */
function hostFiles(
  { privateFolder, reportPipe, controlPipe, culture }: HostPlace,
  scripts: ReadonlyMap<string, string>,
  job: readonly string[] | undefined,
): [string, string][] {
  if (reportPipe === undefined || controlPipe === undefined)
    throw new Error('PowerShell needs pipes for its reports and its control');
  const parts = hostParts.map((name) => scripts.get(name) ?? '');
  const settings = [...parts, reportPipe, controlPipe, culture, ...(job === undefined ? ['ahead'] : ['', ...job])];
  return [
    [path.join(privateFolder, asText('host.ps1')), scripts.get('host.ps1') ?? ''],
    [path.join(privateFolder, 'host-settings'), zeroBetween(settings)],
  ];
}

/** The job in the host's settings, and the file that holds `lines`, parameters and environment, where there are any. */
function describeJob(
  { logVerbose, logDebug, logProgress, privateFolder }: RuntimeRequest,
  scriptFile: string,
  workflow: readonly string[],
  lines: readonly string[],
): { settings: string[]; files: [string, string][] } {
  const parametersFile = path.join(privateFolder, 'host-parameters');
  return {
    settings: [
      scriptFile,
      ...[logVerbose, logDebug, logProgress].map((isOn) => (isOn ? 'on' : '')),
      lines.length === 0 ? '' : parametersFile,
      ...(workflow.length === 0 ? [''] : workflow),
    ],
    files: lines.length === 0 ? [] : [[parametersFile, lines.join('')]],
  };
}

/** Read by position and nothing else, which PowerShell does quickest. */
function zeroBetween(values: readonly string[]): string {
  if (values.some((value) => value.includes('\0'))) throw new Error('a setting of the PowerShell host holds a zero byte');
  return values.join('\0');
}

function describeParameter({ name, value, credential }: RunbookParameter): string {
  if (credential !== undefined) {
    const parts = [credential.userName, credential.password].map((part) => Buffer.from(part, 'utf8').toString('base64'));
    return line('credential', name, parts.join(' '));
  }
  if (typeof value === 'string') return line('string', name, value);
  if (typeof value === 'boolean') return line('boolean', name, String(value));
  if (typeof value === 'number') return line(Number.isSafeInteger(value) ? 'integer' : 'number', name, String(value));
  if (typeof value !== 'object' || value === null) return line('null', name, '');
  const inside = Array.isArray(value)
    ? value.map((item) => describeParameter({ name: '', value: item as unknown }))
    : Object.entries(value).map(([key, item]) => describeParameter({ name: key, value: item as unknown }));
  return [line(Array.isArray(value) ? 'array' : 'object', name, ''), ...inside, line('end', '', '')].join('');
}

function line(kind: string, name: string, value: string): string {
  // A name with a tab or a line end is no name that PowerShell could bind.
  return `${kind}\t${name.replaceAll(/[\t\r\n]/g, ' ')}\t${Buffer.from(value, 'utf8').toString('base64')}\n`;
}

/** JSON, because that is what can be read in that mode. ASCII alone, whatever the machine's code page. */
function describeConstrained(request: RuntimeRequest, scriptFile: string, mark: string): string {
  const { kind, runbookName, logVerbose, logDebug, parameters } = request;
  const text = JSON.stringify({
    mark,
    script: markText(scriptFile),
    workflow: kind === 'PowerShellWorkflow',
    runbookName: markText(runbookName),
    verbose: logVerbose,
    debug: logDebug,
    parameters: {
      kind: 'object',
      items: parameters.map(({ name, value, credential }) => constrainedEntry(name, value, credential)),
    },
  });
  return text.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** ConvertFrom-Json takes some texts for dates: none that begins like this. */
const markText = (text: string): string => `s${text}`;

function constrainedEntry(name: string, value: unknown, credential?: RunbookParameter['credential']): object {
  if (credential === undefined) return { name: markText(name), value: constrainedValue(value) };
  const { userName, password } = credential;
  return { name: markText(name), value: { kind: 'credential', userName: markText(userName), password: markText(password) } };
}

/** An object as its entries: any name goes, also none. */
function constrainedValue(value: unknown): unknown {
  if (typeof value === 'string') return markText(value);
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value)
    ? { kind: 'array', items: value.map(constrainedValue) }
    : { kind: 'object', items: Object.entries(value).map(([name, one]) => constrainedEntry(name, one)) };
}
