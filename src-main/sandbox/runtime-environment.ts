/**
 * What a runtime finds in its environment: what the machine gives to everybody, a home of its own, the job's ids. Nothing of ours, and
 * none of the variables that would change how interpreters and loaders behave. Beside it comes only where this runtime reaches its sandbox
 * (assets/runtime-endpoint.ts), with a key for that alone.
 */
import path from 'node:path';

/** Beside these, and what a runtime adds itself, a runbook gets nothing of the worker's own environment. */
const passedOn = {
  posix: ['PATH', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'USER', 'LOGNAME', 'SHELL'],
  win32: [
    'PATH',
    'PATHEXT',
    'SYSTEMROOT',
    'SYSTEMDRIVE',
    'WINDIR',
    'COMSPEC',
    'COMPUTERNAME',
    'USERNAME',
    'USERDOMAIN',
    'ALLUSERSPROFILE',
    'PROGRAMDATA',
    'PROGRAMFILES',
    'PROGRAMFILES(X86)',
    'PROGRAMW6432',
    'COMMONPROGRAMFILES',
    'COMMONPROGRAMFILES(X86)',
    'COMMONPROGRAMW6432',
    'NUMBER_OF_PROCESSORS',
    'OS',
    'PROCESSOR_ARCHITECTURE',
    'PROCESSOR_IDENTIFIER',
    'PSMODULEPATH',
    'PUBLIC',
    'TZ',
  ],
};

export interface EnvironmentFacts {
  /** The sandbox's own. */
  inherited: NodeJS.ProcessEnv;
  platform: NodeJS.Platform;
  workFolder: string;
  jobId: string;
  activityId: string;
  /** Of the runtime, where that is not the sandbox's own. */
  userName?: string | undefined;
}

export function runtimeEnvironment({ jobId, activityId, ...facts }: EnvironmentFacts): Record<string, string> {
  return { ...warmEnvironment(facts), ...jobEnvironment({ jobId, activityId }) };
}

export function jobEnvironment({ jobId, activityId }: Pick<EnvironmentFacts, 'jobId' | 'activityId'>): Record<string, string> {
  return { AUTOMATION_JOB_ID: jobId, AUTOMATION_ACTIVITY_ID: activityId };
}

/** Without what only the job brings. */
export function warmEnvironment({
  inherited,
  platform,
  workFolder,
  userName,
}: Omit<EnvironmentFacts, 'jobId' | 'activityId'>): Record<string, string> {
  const isWindows = platform === 'win32';
  const wanted = new Set(isWindows ? passedOn.win32 : passedOn.posix);
  const base = Object.entries(inherited).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && wanted.has(isWindows ? entry[0].toUpperCase() : entry[0]),
  );
  const temporary = path.join(workFolder, '.tmp');
  return {
    ...(isWindows ? {} : { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' }),
    ...Object.fromEntries(base),
    ...(isWindows
      ? { USERPROFILE: workFolder, APPDATA: temporary, LOCALAPPDATA: temporary, TEMP: temporary, TMP: temporary }
      : { HOME: workFolder, TMPDIR: temporary }),
    ...(userName === undefined ? {} : { USER: userName, LOGNAME: userName }),
  };
}
