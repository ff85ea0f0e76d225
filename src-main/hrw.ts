/** `hrw`: the command line of worker and service, and the worker without a window (`hrw run`). A composition root. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { exitCodes, processIo } from './command-line/command-io.ts';
import { registerServiceCommands } from './command-line/service-commands.ts';
import { registerWorkerCommands } from './command-line/worker-commands.ts';
import type { RunOptions, WorkerAccess } from './command-line/worker/worker-access.ts';
import { connectControl } from './control/control-client.ts';
import { resolveExecutables } from './platform/executables.ts';
import { createHttpsClient } from './service-link/https-client.ts';
import { defaultDataFolder } from './storage/default-data-folder.ts';
import { dataLayout } from './storage/layout.ts';
import { programVersion } from './worker-host/version.ts';

/** Put in by the build: a release carries its parts differently from a checkout. */
declare const HRW_BUILD_FLAVOUR: string | undefined;

const access: WorkerAccess = {
  defaultDataFolder: () =>
    defaultDataFolder({
      platform: process.platform,
      environment: process.env,
      homeFolder: homedir(),
      isPrivileged: process.getuid?.() === 0,
      exists: existsSync,
    }),
  connect: (given) => {
    const dataFolder = path.resolve(given);
    const { controlFolder, controlAddressFile } = dataLayout(dataFolder);
    return connectControl({ dataFolder, controlFolder, addressFile: controlAddressFile });
  },
  run: runWorker,
};

/**
 * Ctrl+C reaches us from the terminal and again from whoever started us, and the module that conf writes files with sends every signal on
 * to its own process (when-exit): what comes so close together was meant once.
 */
const sameSignalMs = 1000;

async function runWorker({ dataFolder, drainOnSignal, onEvent, say }: RunOptions): Promise<void> {
  const folder = path.dirname(fileURLToPath(import.meta.url));
  const isRelease = typeof HRW_BUILD_FLAVOUR !== 'undefined' && HRW_BUILD_FLAVOUR === 'release';
  // Only here: a command that asks a worker or a service need not wait until a worker has been loaded.
  const [{ createWorkerHost }, { TerminalTransport }] = await Promise.all([
    import('./worker-host.ts'),
    import('./logging/terminal-transport.ts'),
  ]);
  const host = await createWorkerHost({
    dataFolder,
    mode: 'headless',
    executables: resolveExecutables({ mode: isRelease ? 'packaged' : 'checkout', folder, platform: process.platform }),
    transports: [new TerminalTransport(onEvent)],
  });
  let tellSignal: () => void = () => undefined;
  const signalled = new Promise<'signal'>((resolve) => {
    tellSignal = () => {
      resolve('signal');
    };
  });
  let signals = 0;
  let lastSignalMs = -sameSignalMs;
  const onSignal = (): void => {
    const isSame = performance.now() - lastSignalMs < sameSignalMs;
    lastSignalMs = performance.now();
    if (isSame) return;
    signals += 1;
    if (signals === 1 && drainOnSignal) {
      say('Taking no new job; ending when what runs has ended. A second signal ends at once, and jobs go on without the worker.');
      void host.call('administrator', 'worker:drain', {});
    } else if (signals <= (drainOnSignal ? 2 : 1)) {
      tellSignal();
    } else {
      process.exit(exitCodes.refused); // asked again while closing: something hangs
    }
  };
  // What is a mistake of ours ends the worker, for whoever starts it again: sandboxes go on, and the next worker finds them.
  const onFault = (error: unknown): void => {
    host.reportFault(error, 'not caught');
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exit(exitCodes.refused);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('uncaughtException', onFault).on('unhandledRejection', onFault);
  try {
    const why = await Promise.race([signalled, host.ended]);
    const state = await host.call('administrator', 'worker:state', {});
    const count = state.ok ? state.value.running : 0;
    const goOn =
      count === 0
        ? ''
        : ` ${count === 1 ? 'One job goes' : `${String(count)} jobs go`} on without it and will be found at the next start.`;
    say(`${why === 'drained' ? 'Everything that ran has ended. ' : ''}The worker ends.${goOn}`);
    await host.close();
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('uncaughtException', onFault).off('unhandledRejection', onFault);
  }
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
        '  4    hrw status: the worker runs, but can take no job',
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
