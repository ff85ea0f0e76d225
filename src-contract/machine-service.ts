/** The worker as a service of the machine (Windows' own, or systemd's): what `hrw service` asks for and tells. */

/** Who the service runs as. `virtual` is an account that Windows makes for this service alone; on Linux it is root. */
export type ServiceAccount =
  | { kind: 'virtual' }
  | { kind: 'local-system' }
  /** `DOMAIN\name`; with `$` at its end a managed one (gMSA), whose password Windows itself knows: null. */
  | { kind: 'named'; name: string; password: string | null };

export type ServiceState = 'not-installed' | 'stopped' | 'starting' | 'running' | 'stopping';

export interface ServiceStatus {
  state: ServiceState;
  /** As the system names it; null where nothing is installed. */
  account: string | null;
  start: 'automatic' | 'automatic-delayed' | 'manual' | 'disabled' | null;
  processId: number | null;
  command: string | null;
}

export interface ServiceInstallation {
  account: ServiceAccount;
  dataFolder: string;
}

/** Throws AppError `system-service-manager-missing`, `system-service-missing`, `system-service-refused`. */
export interface MachineService {
  /** What an administrator should know of it, a sentence each. */
  install(installation: ServiceInstallation): Promise<string[]>;
  /** Stops it first; jobs that run go on to their end. Data stays. */
  uninstall(): Promise<void>;
  /** Resolves when it runs. */
  start(): Promise<void>;
  /** Resolves when it has stopped. */
  stop(): Promise<void>;
  status(): Promise<ServiceStatus>;
}

export const serviceTexts = {
  displayName: 'Hybrid Runbook Worker',
  description:
    'Takes runbook jobs from an automation service and runs them on this machine. It connects out only; nothing connects in.',
  /** Of `hrw`: what the system starts. Not meant for people. */
  runCommand: ['service', 'run'],
} as const;

export function describeAccount(account: ServiceAccount): string {
  switch (account.kind) {
    case 'virtual':
      return 'The service has an account of its own, which has no rights on this machine but those that it was given; on the network it is this computer (DOMAIN\\COMPUTER$).';
    case 'local-system':
      return 'The service runs as Local System: it may do everything on this machine, and on the network it is this computer (DOMAIN\\COMPUTER$): give that account the rights that runbooks need elsewhere. Runbooks have the same rights.';
    case 'named':
      return `The service runs as ${account.name}, here and on the network. It was given the right to log on as a service.`;
  }
}
