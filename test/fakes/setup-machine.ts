/** A machine without Windows for `hrw setup`: what was asked of it, and a worker that answers as it is told. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../src-contract/app-error.ts';
import type { EngineEvent, WorkerState } from '../../src-contract/engine-calls.ts';
import type { MachineService, ServiceStatus } from '../../src-contract/machine-service.ts';
import type { InstallationRecord, MachineSetup } from '../../src-contract/machine-setup.ts';
import type { Problem } from '../../src-contract/problems.ts';
import type { SetupWorker, SetupWorld } from '../../src-main/setup/world.ts';

export class FakeSetup {
  /** Everything that was asked, in order: `service install`, `registration:register` … */
  readonly asked: string[] = [];
  readonly said: string[] = [];
  isAdministrator = true;
  conflicts: { agent: string; knownBy: string }[] = [];
  record: InstallationRecord | undefined;
  serviceState: ServiceStatus['state'] = 'not-installed';
  serviceCommand: string | null = null;
  folderIsForeign = false;
  /** Calls of the worker that are refused, by name. */
  readonly refusals = new Map<string, Problem>();
  wayProblem: Problem | null = null;
  serviceDoesNotStart = false;
  running = 0;
  /** Folders from which something runs. */
  busyFolders: string[] = [];
  path: string[] = [];
  state: Pick<WorkerState, 'connection' | 'registration' | 'packs'> = { connection: null, registration: null, packs: [] };
  /** A worker answers though no service runs. */
  workerByHand = false;
  readonly root: string;
  readonly dataFolder: string;
  version = '0.2.0';

  constructor(folder: string) {
    this.root = path.join(folder, 'programs');
    this.dataFolder = path.join(folder, 'data');
  }

  programFolder(version: string): string {
    return path.join(this.root, version);
  }

  /** As the installer puts it down. */
  putPrograms(version: string): void {
    const folder = this.programFolder(version);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'hrw.exe'), 'program');
    writeFileSync(path.join(folder, 'programs.json'), JSON.stringify({ files: [{ path: 'hrw.exe', bytes: 7 }] }));
  }

  /** As if that version had been installed before, and runs. */
  hasInstalled(version: string): void {
    this.putPrograms(version);
    this.record = { version, programFolder: this.programFolder(version), dataFolder: this.dataFolder };
    this.serviceState = 'running';
    mkdirSync(this.dataFolder, { recursive: true });
  }

  world(): SetupWorld {
    return {
      machine: this.#machine(),
      own: { version: this.version, programFolder: this.programFolder(this.version) },
      dataFolder: this.dataFolder,
      connect: () => {
        if (this.serviceState !== 'running' && !this.workerByHand)
          return Promise.reject(new AppError('engine-not-running', { dataFolder: this.dataFolder }));
        return Promise.resolve(this.#worker());
      },
      tryWay: () => {
        this.asked.push('way');
        return Promise.resolve({ problem: this.wayProblem, certificate: { issuer: 'an authority', fingerprint: 'aa' } });
      },
      sleep: () => Promise.resolve(),
      say: (line) => void this.said.push(line),
    };
  }

  #machine(): MachineSetup {
    return {
      service: this.#service(),
      isAdministrator: () => this.isAdministrator,
      readRecord: () => this.record,
      writeRecord: (record) => {
        this.asked.push(`record ${record.version}`);
        this.record = record;
      },
      removeRecord: () => {
        this.asked.push('no record');
        this.record = undefined;
      },
      findConflicts: () => this.conflicts,
      secureDataFolder: (dataFolder) => {
        if (this.folderIsForeign)
          throw new AppError('data-folder-unusable', { dataFolder, reason: 'it belongs to another user (O:S-1-5-21)' });
        mkdirSync(dataFolder, { recursive: true });
      },
      pointService: (programFolder) => {
        this.asked.push(`point ${path.basename(programFolder)}`);
        return Promise.resolve();
      },
      processesBelow: (folder) => (this.busyFolders.includes(folder) ? [4711] : []),
      endProcesses: (pids) => {
        this.asked.push(`end ${pids.join(' ')}`);
        this.busyFolders = [];
      },
      addToPath: (folder) => void this.path.push(folder),
      removeFromPath: (folder) => {
        this.path = this.path.filter((one) => one !== folder);
      },
    };
  }

  #service(): MachineService {
    const become = (state: ServiceStatus['state'], what: string): Promise<void> => {
      this.asked.push(`service ${what}`);
      this.serviceState = state;
      return Promise.resolve();
    };
    return {
      install: async ({ account }) => {
        await become('stopped', `install ${account.kind}`);
        return ['a note'];
      },
      uninstall: () => become('not-installed', 'uninstall'),
      start: () => {
        if (!this.serviceDoesNotStart) return become('running', 'start');
        this.asked.push('service start');
        return Promise.reject(
          new AppError('system-service-refused', { what: 'The service does not start', reason: 'it is stopped' }),
        );
      },
      stop: () => become('stopped', 'stop'),
      status: () =>
        Promise.resolve({ state: this.serviceState, account: null, start: null, processId: null, command: this.serviceCommand }),
    };
  }

  #worker(): SetupWorker {
    const listeners = new Set<(event: EngineEvent) => void>();
    return {
      call: (name, callArguments) => {
        if (name !== 'worker:state') this.asked.push(name);
        const problem = this.refusals.get(name);
        if (problem !== undefined) return Promise.resolve({ ok: false, problem });
        this.#follow(name, callArguments);
        const state = { ...this.state, running: this.running, processId: 42 } as WorkerState;
        for (const listener of listeners) listener({ event: 'worker-changed', payload: state });
        const value = name === 'jobs:running' ? [{ jobId: 'a-job', runbookName: 'Endless', sandboxId: 'a-sandbox' }] : state;
        return Promise.resolve({ ok: true, value: value as never });
      },
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      close: () => Promise.resolve(),
    };
  }

  #follow(name: string, given: Record<string, unknown>): void {
    const account = { accountId: 'an-account', name: 'contoso', endpoint: 'https://host/accounts/an-account' };
    if (name === 'connection:connect')
      this.state = {
        ...this.state,
        connection: { workspaceName: 'berlin', account } as WorkerState['connection'],
        packs: [{ name: 'AzureAutomation', version: '1.0.0', receivedAt: '', folder: '' }],
      };
    if (name === 'connection:disconnect') this.state = { ...this.state, connection: null };
    if (name === 'registration:register')
      this.state = {
        ...this.state,
        registration: {
          groupName: given['groupName'],
          machineId: 'a-machine',
          accountName: 'contoso',
        } as WorkerState['registration'],
      };
    if (name === 'registration:unregister') this.state = { ...this.state, registration: null };
    if (name === 'jobs:stop') this.running = 0;
  }
}
