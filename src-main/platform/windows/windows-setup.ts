/** What an installation is on Windows: services, registry, rights, processes; for `hrw setup`. */
import path from 'node:path';
import type { InstallationRecord, MachineSetup } from '../../../src-contract/machine-setup.ts';
import { findConflictingAgents } from './conflicting-agents.ts';
import { endProcess, imageOf, kernel32 } from './kernel.ts';
import { addToMachinePath, removeFromMachinePath } from './machine-path.ts';
import { listProcesses } from './processes.ts';
import { deleteRegistryKey, readRegistryValue, setRegistryValues } from './registry.ts';
import { readToken, wellKnownSids } from './security.ts';
import { secureServiceFolder, type WindowsService } from './windows-service.ts';

/** Below HKEY_LOCAL_MACHINE; only administrators may write there. */
const recordKey = 'SOFTWARE\\Hybrid Runbook Worker';
const valueNames = { version: 'Version', programFolder: 'ProgramFolder', dataFolder: 'DataFolder' } as const;

export class WindowsSetup implements MachineSetup {
  readonly service: WindowsService;
  readonly #serviceIn: (programFolder: string) => WindowsService;

  /** `serviceIn`: the same service, as the programs of another folder would install it. */
  constructor(service: WindowsService, serviceIn: (programFolder: string) => WindowsService) {
    this.service = service;
    this.#serviceIn = serviceIn;
  }

  isAdministrator(): boolean {
    // The group of one who has not elevated is there, and does not count.
    return readToken(kernel32().GetCurrentProcess()).groups.includes(wellKnownSids.administrators);
  }

  readRecord(): InstallationRecord | undefined {
    const text = (name: string): string | undefined => {
      const found = readRegistryValue(recordKey, name);
      return typeof found === 'string' ? found : undefined;
    };
    const version = text(valueNames.version);
    const programFolder = text(valueNames.programFolder);
    const dataFolder = text(valueNames.dataFolder);
    if (version === undefined || programFolder === undefined || dataFolder === undefined) return undefined;
    return { version, programFolder, dataFolder };
  }

  writeRecord(record: InstallationRecord): void {
    const names = Object.entries(valueNames) as [keyof InstallationRecord, string][];
    setRegistryValues(recordKey, Object.fromEntries(names.map(([field, name]) => [name, record[field]])));
  }

  removeRecord(): void {
    deleteRegistryKey(recordKey);
  }

  findConflicts(): { agent: string; knownBy: string }[] {
    return findConflictingAgents();
  }

  secureDataFolder(dataFolder: string): void {
    secureServiceFolder(dataFolder);
  }

  pointService(programFolder: string, dataFolder: string): Promise<void> {
    return this.#serviceIn(programFolder).pointHere(dataFolder);
  }

  processesBelow(folder: string): number[] {
    const start = `${path.win32.resolve(folder)}\\`.toLowerCase();
    return listProcesses()
      .map(({ pid }) => pid)
      .filter((pid) => pid !== process.pid && imageOf(pid)?.toLowerCase().startsWith(start) === true);
  }

  endProcesses(pids: readonly number[]): void {
    for (const pid of pids) endProcess(pid);
  }

  addToPath(folder: string): void {
    addToMachinePath(folder);
  }

  removeFromPath(folder: string): void {
    removeFromMachinePath(folder);
  }
}
