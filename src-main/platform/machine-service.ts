/** The worker as a service of this machine. The only place that knows which platform it is. */
import type { MachineService } from '../../src-contract/machine-service.ts';
import type { Executables } from './executables.ts';
import { SystemdService } from './linux/systemd-service.ts';
import { secureServiceFolder, WindowsService } from './windows/windows-service.ts';

export function machineService({ hrw: program, eventMessages: messageFile }: Executables): MachineService {
  return process.platform === 'win32' ? new WindowsService({ program, messageFile }) : new SystemdService({ program });
}

/**
 * At each start of the service, before anything in the folder is trusted. On Linux the data folder itself is looked at (storage/data-folder).
 * Answers what was put right, in a sentence. Throws AppError `data-folder-unusable`.
 */
export function secureDataFolder(dataFolder: string): string | undefined {
  return process.platform === 'win32' ? secureServiceFolder(dataFolder) : undefined;
}
