/** PowerShell, 5.1 and 7: our host script runs the runbook; parameters reach it typed, through a file that it removes when it has read it. */
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { scriptFileName, type RunbookParameter, type RuntimeDefinition, type RuntimeRequest } from '../runtime.ts';
import { ReportReader } from './report-reader.ts';

/** `hostScript`: the text of host.ps1, read when the sandbox starts, because the file may be replaced under it. */
export function createPowerShellRuntime(hostScript: string): RuntimeDefinition {
  return {
    kinds: ['PowerShell', 'PowerShell7'],
    async prepare(request) {
      const { executable, runbookName, script, workFolder, privateFolder } = request;
      const scriptFile = path.join(workFolder, scriptFileName(runbookName, '.ps1'));
      const hostFile = path.join(privateFolder, 'host.ps1');
      const settingsFile = path.join(privateFolder, 'host-settings');
      await writeFile(scriptFile, withMark(script), { mode: 0o600 });
      await writeFile(hostFile, hostScript, { mode: 0o600 });
      await writeFile(settingsFile, describeSettings(request, scriptFile), { mode: 0o600 });
      // For this process alone; what Group Policy demands stays above it.
      const policy = process.platform === 'win32' ? ['-ExecutionPolicy', 'Bypass'] : [];
      return {
        file: executable,
        arguments: ['-NoProfile', '-NonInteractive', ...policy, '-File', hostFile, settingsFile],
        environment: {
          POWERSHELL_TELEMETRY_OPTOUT: '1',
          POWERSHELL_UPDATECHECK: 'Off',
          // Windows has it; runbooks that were written there read it.
          COMPUTERNAME: hostname().split('.')[0] ?? '',
        },
      };
    },
    readHost: (listener) => new ReportReader(listener),
  };
}

/** Windows PowerShell takes a script without a byte order mark for the machine's old code page; elsewhere the bytes are the author's. */
function withMark(script: string): string {
  const needsMark = process.platform === 'win32' && !script.startsWith('\ufeff') && /[^\u0000-\u007f]/.test(script);
  return needsMark ? `\ufeff${script}` : script;
}

function describeSettings({ reportPipe, logVerbose, parameters }: RuntimeRequest, scriptFile: string): string {
  if (reportPipe === undefined) throw new Error('PowerShell needs a pipe for its reports');
  const settings: [string, string][] = [
    ['Script', scriptFile],
    ['Pipe', reportPipe],
    ['Verbose', String(logVerbose)],
  ];
  const lines = [...settings.map(([name, value]) => line('setting', name, value)), ...parameters.map(describeParameter)];
  return lines.join('');
}

function describeParameter({ name, value, credential }: RunbookParameter): string {
  if (credential !== undefined) {
    const parts = [credential.userName, credential.password].map((part) => Buffer.from(part, 'utf8').toString('base64'));
    return line('credential', name, parts.join(' '));
  }
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
