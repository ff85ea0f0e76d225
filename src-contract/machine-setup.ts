/** What `hrw setup` asks of the machine that it installs on, and what the machine remembers of an installation. */
import type { MachineService } from './machine-service.ts';

export interface InstallationRecord {
  version: string;
  /** Of this version's programs. */
  programFolder: string;
  dataFolder: string;
}

export interface MachineSetup {
  readonly service: MachineService;
  /** May this process install? */
  isAdministrator(): boolean;
  readRecord(): InstallationRecord | undefined;
  writeRecord(record: InstallationRecord): void;
  removeRecord(): void;
  /** Agents of others that run jobs on this machine already, by the names that people know; each with what it was known by. */
  findConflicts(): { agent: string; knownBy: string }[];
  /** Closed to all but administrators, the system and the service. Throws AppError `data-folder-unusable` where somebody else owns it. */
  secureDataFolder(dataFolder: string): void;
  /** The service that is installed runs the programs of that folder from its next start on; texts of events come from them. */
  pointService(programFolder: string, dataFolder: string): Promise<void>;
  /** Processes whose program lies in that folder or below, but for this one. */
  processesBelow(folder: string): number[];
  /** At once, and what they have started in their Job Objects with them. */
  endProcesses(pids: readonly number[]): void;
  /** `hrw` is found by its name in every new terminal. */
  addToPath(folder: string): void;
  removeFromPath(folder: string): void;
}
