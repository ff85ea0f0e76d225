/** Which runtimes this machine has, asked of themselves: a file called python3 may be a shim, and its version decides. */
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type { RunbookKind } from '../../src-contract/kinds.ts';
import { askProgram } from './ask-program.ts';

export interface FoundRuntime {
  kind: RunbookKind;
  /** Absolute. */
  executable: string;
  /** Name and version, as a person reads it. */
  label: string;
  /** A workflow that runs as what workflow compatibility makes of it, because there is no Windows PowerShell 5.1. */
  isTranslated?: true;
}

export interface RuntimeSearch {
  environment: NodeJS.ProcessEnv;
  platform: NodeJS.Platform;
  signal?: AbortSignal;
}

interface Candidate {
  kinds: RunbookKind[];
  /** Names to look for on PATH, or absolute paths. The first that answers is taken. */
  names: string[];
  question: string[];
  /** Executable and label from the answer; undefined when it is not what was looked for. */
  read: (answer: string, executable: string) => { executable: string; label: string } | undefined;
}

/** `7.6.5` of `PowerShell 7.6.5-0-g7acb2928…`, as builds of one's own call themselves; `7.7.0-preview.2` keeps what it is. */
const powerShellVersion = /PowerShell (\d+(?:\.\d+)*(?:-[a-z]+(?:\.\d+)*)?)(?![\w.])/i;

export async function findRuntimes(search: RuntimeSearch): Promise<FoundRuntime[]> {
  const answers = await Promise.all(candidatesFor(search).map((candidate) => findOne(candidate, search)));
  const found = new Map<RunbookKind, FoundRuntime>();
  // Earlier candidates are preferred: PowerShell runs on Windows PowerShell where there is one, else on 7.
  for (const runtime of answers.flat()) if (!found.has(runtime.kind)) found.set(runtime.kind, runtime);
  return [...found.values()];
}

/** Where a runtime of this kind was looked for, in words. */
export function describeSearch(kind: RunbookKind, search: Omit<RuntimeSearch, 'signal'>): string {
  const names = candidatesFor(search)
    .filter((candidate) => candidate.kinds.includes(kind))
    .flatMap((candidate) => candidate.names);
  return names.length === 0 ? `no runtime on ${search.platform}` : [...new Set(names)].join(', ');
}

function candidatesFor({ environment, platform }: RuntimeSearch): Candidate[] {
  const isWindows = platform === 'win32';
  const systemFolder = path.win32.join(environment['SystemRoot'] ?? 'C:\\Windows', 'System32');
  const named = (variable: string): string[] => {
    const value = environment[variable];
    return value === undefined || value === '' ? [] : [value];
  };
  const windowsOnly: Candidate[] = [
    {
      kinds: ['PowerShell', 'PowerShellWorkflow'],
      names: [path.win32.join(systemFolder, 'WindowsPowerShell', 'v1.0', 'powershell.exe')],
      question: ['-NoProfile', '-NonInteractive', '-Command', '$PSVersionTable.PSVersion.ToString()'],
      read: (answer, executable) => labelled(executable, 'Windows PowerShell', /^(5\.\d+[\d.]*)/.exec(answer)?.[1]),
    },
    {
      kinds: ['Batch'],
      names: [path.win32.join(systemFolder, 'cmd.exe')],
      question: ['/d', '/c', 'ver'],
      read: (answer, executable) => labelled(executable, 'Windows command processor', /(\d+\.\d+[\d.]*)/.exec(answer)?.[1]),
    },
  ];
  return [
    ...(isWindows ? windowsOnly : []),
    {
      kinds: ['PowerShell7', 'PowerShell', 'PowerShellWorkflow'],
      names: ['pwsh'],
      question: ['--version'],
      read: (answer, executable) => labelled(executable, 'PowerShell', powerShellVersion.exec(answer)?.[1]),
    },
    {
      kinds: ['Python3'],
      names: [...named('PYTHON_3_PATH'), 'python3', ...(isWindows ? ['python'] : [])],
      question: ['-c', 'import sys; print(sys.executable); print("%d.%d.%d" % sys.version_info[:3])'],
      // A shim answers with the interpreter behind it, which starts without the shim's delay.
      read: (answer) => {
        const [executable = '', version] = answer.split(/\r?\n/);
        return labelled(executable, 'Python', /^(3\.\d+\.\d+)$/.exec(version ?? '')?.[1]);
      },
    },
    ...(isWindows
      ? []
      : [
          {
            kinds: ['Bash'],
            names: ['bash'],
            question: ['--version'],
            read: (answer, executable) => labelled(executable, 'Bash', /version (\d+\.\d+\.\d+)/.exec(answer)?.[1]),
          } satisfies Candidate,
        ]),
  ];
}

function labelled(executable: string, name: string, version: string | undefined) {
  return version === undefined || executable === '' ? undefined : { executable, label: `${name} ${version}` };
}

async function findOne(candidate: Candidate, search: RuntimeSearch): Promise<FoundRuntime[]> {
  for (const name of candidate.names) {
    const executable = await lookUp(name, search);
    if (executable === undefined) continue;
    const answer = await askProgram(executable, candidate.question, search);
    const found = answer === undefined ? undefined : candidate.read(answer.trim(), executable);
    if (found !== undefined) return candidate.kinds.map((kind) => describeRuntime(kind, found, candidate));
  }
  return [];
}

function describeRuntime(
  kind: RunbookKind,
  found: { executable: string; label: string },
  { kinds }: Pick<Candidate, 'kinds'>,
): FoundRuntime {
  const isTranslated = kind === 'PowerShellWorkflow' && kinds.includes('PowerShell7');
  return { kind, ...found, ...(isTranslated ? { isTranslated } : {}) };
}

/** The file that the name stands for: an absolute path as it is, any other on PATH. Never the current folder. */
async function lookUp(name: string, { environment, platform }: RuntimeSearch): Promise<string | undefined> {
  const paths = platform === 'win32' ? path.win32 : path.posix;
  const suffixes = platform === 'win32' && paths.extname(name) === '' ? ['.exe'] : [''];
  const folders = paths.isAbsolute(name)
    ? ['']
    : (environment['PATH'] ?? environment['Path'] ?? '').split(paths.delimiter).filter((folder) => paths.isAbsolute(folder));
  for (const folder of folders) {
    for (const suffix of suffixes) {
      const file = paths.join(folder, name + suffix);
      if (await isExecutable(file)) return file;
    }
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
