/** `hrw`: the command line of worker and service, and the worker without a window (`hrw run`). A composition root. */
import '../src-contract/schemas-uncompiled.ts';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { AppError } from '../src-contract/app-error.ts';
import type { MachineSetup } from '../src-contract/machine-setup.ts';
import { exitCodes, processIo } from './command-line/command-io.ts';
import { registerServiceCommands } from './command-line/service-commands.ts';
import { registerWorkerCommands } from './command-line/worker-commands.ts';
import type { WorkerAccess } from './command-line/worker/worker-access.ts';
import { connectControl } from './control/control-client.ts';
import { openControlPanel } from './platform/control-panel.ts';
import { resolveApplication, resolveExecutables, thisInstallation, type Installation } from './platform/executables.ts';
import { machineService } from './platform/machine-service.ts';
import { machineSetup } from './platform/machine-setup.ts';
import { runAsService } from './platform/windows/service-host.ts';
import { windowsServiceName } from './platform/windows/windows-service.ts';
import { createHttpsClient } from './service-link/https-client.ts';
import { probeAddress } from './service-link/probe.ts';
import { splitCommandLine } from './setup/parameters.ts';
import { runSetup } from './setup/run-setup.ts';
import type { SetupWorld } from './setup/world.ts';
import { displayIsMissing } from './shell/display.ts';
import { defaultDataFolder, machineDataFolder } from './storage/default-data-folder.ts';
import { dataLayout } from './storage/layout.ts';
import { programVersion } from './worker-host/version.ts';

const access: WorkerAccess = {
  defaultDataFolder: () =>
    defaultDataFolder({
      platform: process.platform,
      environment: process.env,
      homeFolder: homedir(),
      isPrivileged: process.getuid?.() === 0,
      exists: existsSync,
    }),
  serviceDataFolder: () => machineDataFolder({ platform: process.platform, environment: process.env }),
  connect: (given) => {
    const dataFolder = path.resolve(given);
    const { controlFolder, controlAddressFile } = dataLayout(dataFolder);
    return connectControl({ dataFolder, controlFolder, addressFile: controlAddressFile });
  },
  service: () => machineService(resolveExecutables(installation())),
  runAsService: (run, onFault) => runAsService(windowsServiceName, run, onFault),
  openControlPanel: async ({ dataFolder, place }) => {
    if (displayIsMissing(process.env, process.platform)) throw new AppError('display-missing', {});
    const program = resolveApplication(installation());
    await openControlPanel({ program, dataFolder: path.resolve(dataFolder), place });
  },
  setUp: async (kind, given, show) => {
    const machine = machineSetup(installation());
    return runSetup({ kind, given, version: programVersion, show, makeWorld: (say) => setupWorld(machine, say) });
  },
  splitCommandLine,
  // Only here, from a bundle of its own: a command that asks a worker or a service need not wait until a worker has been read.
  run: async (options) => (await import('./headless-worker.ts')).runHeadlessWorker(options),
};

/** What installing touches, for `hrw setup`. */
function setupWorld(machine: MachineSetup, say: (line: string) => void): SetupWorld {
  return {
    machine,
    own: { version: programVersion, programFolder: installation().folder },
    dataFolder: access.serviceDataFolder(),
    connect: (dataFolder) => access.connect(dataFolder),
    tryWay: async ({ serviceUrl, trust, proxy }) => {
      const address = { url: new URL(serviceUrl).origin, trust, proxy };
      const { answer } = await probeAddress(
        { address, userAgent: `HybridRunbookWorker/${programVersion}` },
        new AbortController().signal,
      );
      if (answer.kind === 'failed') return { problem: answer.error.toProblem(), certificate: null };
      return { problem: null, certificate: { issuer: answer.issuer, fingerprint: answer.fingerprint } };
    },
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    say,
  };
}

function installation(): Installation {
  return thisInstallation(path.dirname(fileURLToPath(import.meta.url)));
}

function createProgram(): Command {
  const program = new Command('hrw')
    .description('Hybrid runbook worker: this machine as a worker, and the automation service that it works for')
    .version(programVersion)
    .configureHelp({ sortSubcommands: false })
    .exitOverride()
    .addHelpText(
      'after',
      [
        '',
        'Exit codes:',
        '  0    done',
        '  1    refused: the worker or the service was reached and said no',
        '  2    wrong use of this command',
        '  3    not reached: no worker runs here, or the service does not answer',
        '  4    hrw status: the worker runs, but can take no job; hrw diagnose: something is wrong',
        '  10, 11, 12   hrw job start --watch: the job failed, was stopped, was suspended',
        '  130  interrupted',
        '',
        'Secrets are read from a file or, with -, from standard input; never from the command line.',
        '',
      ].join('\n'),
    );
  const io = processIo(({ url, trust, userAgent }) => {
    const client = createHttpsClient({ address: { url, trust, proxy: { kind: 'none' } }, userAgent });
    return {
      host: new URL(url).host,
      call: (request) => client.call(request),
      download: (request, write) => client.download(request, write),
      close: () => {
        client.close();
      },
    };
  });
  registerWorkerCommands(program, io, access);
  registerServiceCommands(program, io);
  return program;
}

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error;
    // commander has said what it had to say; help and version are no mistakes.
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse;
  });
