/** Where a worker's data lies when nobody says otherwise: the machine's folder (service mode), or the user's (the application's). */
import path from 'node:path';

export interface FolderFacts {
  platform: NodeJS.Platform;
  environment: NodeJS.ProcessEnv;
  homeFolder: string;
  /** May this user own the machine's folder? Root, or an elevated administrator. */
  isPrivileged: boolean;
  exists: (file: string) => boolean;
}

export function defaultDataFolder(facts: FolderFacts): string {
  const machine = machineDataFolder(facts);
  const user = userFolder(facts);
  const paths = facts.platform === 'win32' ? path.win32 : path.posix;
  const isUsed = (folder: string): boolean => facts.exists(paths.join(folder, 'layout.json'));
  if (isUsed(machine)) return machine;
  if (isUsed(user)) return user;
  return facts.isPrivileged ? machine : user;
}

/** Of a worker that is a service of the machine. */
export function machineDataFolder({ platform, environment }: Pick<FolderFacts, 'platform' | 'environment'>): string {
  if (platform === 'win32') return path.win32.join(environment['ProgramData'] ?? 'C:\\ProgramData', 'Hybrid Runbook Worker');
  return '/var/lib/hybrid-runbook-worker';
}

/** As Electron's `appData`, with the application's name. */
function userFolder({ platform, environment, homeFolder }: FolderFacts): string {
  const name = 'Hybrid Runbook Worker';
  if (platform === 'win32')
    return path.win32.join(environment['APPDATA'] ?? path.win32.join(homeFolder, 'AppData', 'Roaming'), name);
  if (platform === 'darwin') return path.posix.join(homeFolder, 'Library', 'Application Support', name);
  const configured = environment['XDG_CONFIG_HOME'] ?? '';
  return path.posix.join(path.posix.isAbsolute(configured) ? configured : path.posix.join(homeFolder, '.config'), name);
}
