/** The worker as a service of Windows, for `hrw service`. */
import { mkdirSync } from 'node:fs';
import { AppError } from '../../../src-contract/app-error.ts';
import {
  describeAccount,
  serviceTexts,
  type MachineService,
  type ServiceInstallation,
  type ServiceState,
  type ServiceStatus,
} from '../../../src-contract/machine-service.ts';
import type { Command } from '../executables.ts';
import { registerEventLog, unregisterEventLog } from './event-log.ts';
import { ensureFolderRights } from './folder-rights.ts';
import { makeRoleGroups, removeRoleGroups } from './role-groups.ts';
import { grantUserRight, lookUpSid, serviceSid } from './security.ts';
import {
  changeServiceCommand,
  createService,
  deleteService,
  isNotInstalled,
  queryService,
  startService,
  stopService,
} from './service-control.ts';
import { WindowsError } from './win32.ts';

export const windowsServiceName = 'HybridRunbookWorker';

/** A slow machine reads 90 MB of program and looks at its data before it says that it runs. */
const waitLimitMs = 120_000;
const lookAgainMs = 200;
const databaseLocked = 1055;

export interface WindowsServiceOptions {
  /** `hrw` of this installation. */
  program: Command;
  /** hrw-messages.dll, which scripts/windows-messages.mjs makes. */
  messageFile: string;
  /** For tests: several on one machine. */
  name?: string;
}

export class WindowsService implements MachineService {
  readonly #name: string;
  readonly #program: Command;
  readonly #messageFile: string;

  constructor({ program, messageFile, name = windowsServiceName }: WindowsServiceOptions) {
    this.#name = name;
    this.#program = program;
    this.#messageFile = messageFile;
  }

  async install({ account, dataFolder }: ServiceInstallation): Promise<string[]> {
    const notes = [describeAccount(account)];
    await this.#refusedAs('The service was not installed', () => {
      if (account.kind === 'named') grantUserRight(lookUpSid(account.name), 'SeServiceLogonRight');
      const { displayName, description } = serviceTexts;
      createService({ name: this.#name, displayName, description, command: this.#command(dataFolder), account });
    });
    try {
      await this.#refusedAs('The service was not installed', () => {
        makeRoleGroups();
        registerEventLog(this.#messageFile);
        secureServiceFolder(dataFolder, this.#name);
      });
    } catch (error) {
      deleteService(this.#name);
      throw error;
    }
    return notes;
  }

  /** The service that is installed starts the program of this installation from now on, and its events are read with its message file. */
  async pointHere(dataFolder: string): Promise<void> {
    await this.#refusedAs('The service was not changed', () => {
      changeServiceCommand(this.#name, this.#command(dataFolder));
      registerEventLog(this.#messageFile);
    });
  }

  #command(dataFolder: string): string {
    return commandLine([this.#program.file, ...this.#program.leading, ...serviceTexts.runCommand, '--data', dataFolder]);
  }

  async uninstall(): Promise<void> {
    if ((await this.status()).state !== 'stopped') await this.stop();
    await this.#refusedAs('The service was not removed', () => {
      deleteService(this.#name);
      removeRoleGroups();
      unregisterEventLog();
    });
  }

  async start(): Promise<void> {
    await this.#refusedAs('The service was not started', () => startService(this.#name));
    await this.#until('running', 'The service does not start');
  }

  async stop(): Promise<void> {
    await this.#refusedAs('The service was not stopped', () => stopService(this.#name));
    await this.#until('stopped', 'The service does not stop');
  }

  async status(): Promise<ServiceStatus> {
    const found = await this.#refusedAs('The service cannot be looked at', () => queryService(this.#name));
    return found ?? { state: 'not-installed', account: null, start: null, processId: null, command: null };
  }

  async #until(wanted: ServiceState, what: string): Promise<void> {
    const start = performance.now();
    let { state } = await this.status();
    while (state !== wanted) {
      const hasEnded = wanted === 'running' && state === 'stopped';
      if (hasEnded || performance.now() - start > waitLimitMs)
        throw new AppError('system-service-refused', { what, reason: `it is ${state}; the event log of Windows says why` });
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
      ({ state } = await this.status());
    }
  }

  /** While the machine starts its services, the database of services is locked for moments. */
  async #refusedAs<Result>(what: string, work: () => Result): Promise<Result> {
    for (const start = performance.now(); ;) {
      try {
        return work();
      } catch (error) {
        const isLocked = error instanceof WindowsError && error.number === databaseLocked;
        if (!isLocked || performance.now() - start > waitLimitMs) throw asFailure(what, error);
      }
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
    }
  }
}

/** Made where it is missing. Answers what was put right, in a sentence. Throws AppError `data-folder-unusable`, WindowsError. */
export function secureServiceFolder(dataFolder: string, serviceName = windowsServiceName): string | undefined {
  mkdirSync(dataFolder, { recursive: true });
  const { kind, found } = ensureFolderRights(dataFolder, serviceSid(serviceName));
  if (kind === 'foreign')
    throw new AppError('data-folder-unusable', { dataFolder, reason: `it belongs to another user (${found})` });
  return kind === 'repaired' ? `The rights of ${dataFolder} had been changed (${found}) and were put right.` : undefined;
}

function asFailure(what: string, error: unknown): Error {
  if (isNotInstalled(error)) return new AppError('system-service-missing', {}, { cause: error });
  if (error instanceof WindowsError)
    return new AppError('system-service-refused', { what, reason: error.message }, { cause: error });
  return error instanceof Error ? error : new Error(String(error));
}

/** As Windows' programs take a command line apart: what holds blanks or quotes is quoted. */
export function commandLine(parts: readonly string[]): string {
  return parts
    .map((part) => {
      if (part !== '' && !/[\s"]/.test(part)) return part;
      // Backslashes count only before a quote, and then double.
      return `"${part.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
    })
    .join(' ');
}
