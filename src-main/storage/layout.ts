/** Every path of a worker's data folder, said once. Nothing here touches the disk. */
import path from 'node:path';

/** Version of the layout below; `layout.json` carries it. A change adds a step to `data-folder.ts` and raises this. */
export const layoutVersion = 1;

/** Certificate and key of the agent, or of the registered worker. */
export interface IdentityPaths {
  certificateFile: string;
  privateKeyFile: string;
}

export interface DataLayout {
  folder: string;
  versionFile: string;
  settingsFile: string;
  engineLock: string;
  secretsFolder: string;
  agentIdentity: IdentityPaths;
  workerIdentity: IdentityPaths;
  /** While the worker's certificate is being replaced: announced perhaps, not yet in use. */
  nextWorkerIdentity: IdentityPaths;
  /** What the next call for work has to bring. */
  workerTurn: string;
  proxyPasswordFile: string;
  /** Copy of connection and registration: they outlive settings that cannot be read. No secret, but as private as one. */
  registrationCopy: string;
  controlFolder: string;
  controlAddressFile: string;
  packsFolder: string;
  packList: string;
  workerCommand: string;
  historyFile: string;
  logsFolder: string;
  sandboxesFolder: string;
  journalsFolder: string;
}

export function dataLayout(folder: string): DataLayout {
  const inside = (...parts: string[]): string => path.join(folder, ...parts);
  return {
    folder,
    versionFile: inside('layout.json'),
    settingsFile: inside('settings.json'),
    engineLock: inside('engine.lock'),
    secretsFolder: inside('secrets'),
    agentIdentity: {
      certificateFile: inside('secrets', 'agent.cert.pem'),
      privateKeyFile: inside('secrets', 'agent.key.pem'),
    },
    workerIdentity: {
      certificateFile: inside('secrets', 'worker.cert.pem'),
      privateKeyFile: inside('secrets', 'worker.key.pem'),
    },
    nextWorkerIdentity: {
      certificateFile: inside('secrets', 'worker.next.cert.pem'),
      privateKeyFile: inside('secrets', 'worker.next.key.pem'),
    },
    workerTurn: inside('secrets', 'worker.turn'),
    proxyPasswordFile: inside('secrets', 'proxy-password'),
    registrationCopy: inside('secrets', 'registration.json'),
    controlFolder: inside('control'),
    controlAddressFile: inside('control', 'address.json'),
    packsFolder: inside('AzureAutomationFiles'),
    packList: inside('AzureAutomationFiles', 'packs.json'),
    workerCommand: inside('AzureAutomationFiles', 'worker.json'),
    historyFile: inside('history.sqlite'),
    logsFolder: inside('logs'),
    sandboxesFolder: inside('sandboxes'),
    journalsFolder: inside('journals'),
  };
}

export interface SandboxLayout {
  folder: string;
  /** What the sandbox says of itself, rewritten by it on each phase change. */
  stateFile: string;
  /** What the engine knew when it started the sandbox. No secret. */
  launchFile: string;
  controlKey: string;
  workFolder: string;
}

export function sandboxLayout(sandboxesFolder: string, sandboxId: string): SandboxLayout {
  const folder = path.join(sandboxesFolder, sandboxId);
  return {
    folder,
    stateFile: path.join(folder, 'state.json'),
    launchFile: path.join(folder, 'launch.json'),
    controlKey: path.join(folder, 'control.key'),
    workFolder: path.join(folder, 'work'),
  };
}

/**
 * Where a service puts several jobs into one sandbox id, all but the first run in processes and folders of their own, named after sandbox and
 * job. Their files beside the job are named by the sandbox id alone: the folder there is the job's.
 */
function attemptName(sandboxId: string): string {
  return sandboxId.split('.')[0] ?? sandboxId;
}

export function journalPath(journalsFolder: string, jobId: string, sandboxId: string): string {
  return path.join(journalsFolder, jobId, `${attemptName(sandboxId)}.journal`);
}

/** The attempt as it ended, beside its journal: with it the history can be made again whole. */
export function attemptSummaryPath(journalsFolder: string, jobId: string, sandboxId: string): string {
  return path.join(journalsFolder, jobId, `${attemptName(sandboxId)}.attempt.json`);
}
