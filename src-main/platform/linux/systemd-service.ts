/**
 * The worker as a unit of systemd, for `hrw service`. The unit ends the worker alone (`KillMode=process`), so that jobs outlive a restart;
 * its control group is the worker's to divide (`Delegate`), with a group of its own for each sandbox's job beside that of the worker.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../../src-contract/app-error.ts';
import {
  serviceTexts,
  type MachineService,
  type ServiceInstallation,
  type ServiceState,
  type ServiceStatus,
} from '../../../src-contract/machine-service.ts';
import type { Command } from '../executables.ts';

const unitName = 'hybrid-runbook-worker.service';

export interface SystemdOptions {
  program: Command;
  /** For tests. */
  unitFolder?: string;
  /** There while systemd runs this machine: sd_booted(3). */
  systemdFolder?: string;
  environment?: NodeJS.ProcessEnv;
}

export class SystemdService implements MachineService {
  readonly #program: Command;
  readonly #unitFile: string;
  readonly #systemdFolder: string;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(options: SystemdOptions) {
    const {
      program,
      unitFolder = '/etc/systemd/system',
      systemdFolder = '/run/systemd/system',
      environment = process.env,
    } = options;
    this.#program = program;
    this.#unitFile = path.join(unitFolder, unitName);
    this.#systemdFolder = systemdFolder;
    this.#environment = environment;
  }

  async install({ account, dataFolder }: ServiceInstallation): Promise<string[]> {
    this.#mustHaveSystemd();
    if (account.kind !== 'virtual')
      throw new AppError('system-service-refused', {
        what: 'The service was not installed',
        reason: 'on Linux it runs as root, which gives each runbook to another user: leave the account out',
      });
    const command = [this.#program.file, ...this.#program.leading, 'run', '--data', dataFolder];
    await this.#refusedAs('The service was not installed', async () => {
      await mkdir(path.dirname(this.#unitFile), { recursive: true });
      await writeFile(this.#unitFile, unitText(command));
      await chmod(this.#unitFile, 0o644);
    });
    await this.#systemctl('The service was not installed', 'daemon-reload');
    await this.#systemctl('The service was not installed', 'enable', unitName);
    return ['The service runs as root and gives each runbook to the user that the settings name (`hrw status`).'];
  }

  async uninstall(): Promise<void> {
    this.#mustBeInstalled();
    await this.#systemctl('The service was not removed', 'disable', '--now', unitName);
    await this.#refusedAs('The service was not removed', () => rm(this.#unitFile));
    await this.#systemctl('The service was not removed', 'daemon-reload');
  }

  async start(): Promise<void> {
    this.#mustBeInstalled();
    await this.#systemctl('The service was not started', 'start', unitName);
  }

  async stop(): Promise<void> {
    this.#mustBeInstalled();
    await this.#systemctl('The service was not stopped', 'stop', unitName);
  }

  async status(): Promise<ServiceStatus> {
    this.#mustHaveSystemd();
    if (!existsSync(this.#unitFile))
      return { state: 'not-installed', account: null, start: null, processId: null, command: null };
    const text = await this.#systemctl(
      'The service cannot be looked at',
      ...['show', unitName, '--property=ActiveState,MainPID,UnitFileState'],
    );
    const facts = new Map(text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
    const processId = Number(facts.get('MainPID') ?? 0);
    return {
      state: states[facts.get('ActiveState') ?? ''] ?? 'stopped',
      account: 'root',
      start: facts.get('UnitFileState') === 'enabled' ? 'automatic' : 'manual',
      processId: processId === 0 ? null : processId,
      command: [this.#program.file, ...this.#program.leading].join(' '),
    };
  }

  #mustHaveSystemd(): void {
    if (existsSync(this.#systemdFolder)) return;
    throw new AppError('system-service-manager-missing', {
      reason: `systemd does not run this machine (there is no ${this.#systemdFolder}), and nothing else is known here.`,
    });
  }

  #mustBeInstalled(): void {
    this.#mustHaveSystemd();
    if (!existsSync(this.#unitFile)) throw new AppError('system-service-missing', {});
  }

  #systemctl(what: string, ...given: string[]): Promise<string> {
    const options = { env: this.#environment, timeout: 120_000 };
    return new Promise((resolve, reject) => {
      execFile('systemctl', ['--no-ask-password', ...given], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else
          reject(new AppError('system-service-refused', { what, reason: firstLine(stderr) ?? error.message }, { cause: error }));
      });
    });
  }

  async #refusedAs<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new AppError('system-service-refused', { what, reason }, { cause: error });
    }
  }
}

const states: Record<string, ServiceState> = {
  active: 'running',
  reloading: 'running',
  activating: 'starting',
  deactivating: 'stopping',
  inactive: 'stopped',
  failed: 'stopped',
};

function firstLine(text: string): string | undefined {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line === '' ? undefined : line;
}

export function unitText(command: readonly string[]): string {
  return `${[
    '[Unit]',
    `Description=${serviceTexts.displayName}`,
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${command.map(quoteForSystemd).join(' ')}`,
    'Restart=on-failure',
    'RestartSec=5',
    '# The worker alone: jobs go on without it, and the next worker finds them.',
    'KillMode=process',
    '# A control group for each job, beside that of the worker (systemd 254 and later; older ones ignore the second line).',
    'Delegate=yes',
    'DelegateSubgroup=worker',
    'TimeoutStopSec=60',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ].join('\n')}\n`;
}

/** systemd.syntax(7), systemd.service(5): `%` begins a specifier and `$` a variable. */
function quoteForSystemd(part: string): string {
  const escaped = part.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$');
  return `"${escaped}"`;
}
