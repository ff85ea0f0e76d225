/** hrw service install, uninstall, start, stop, status, run: the worker among the services of this machine */
import path from 'node:path';
import type { Command } from 'commander';
import type { ServiceAccount, ServiceStatus } from '../../../src-contract/machine-service.ts';
import type { CommandIo } from '../command-io.ts';
import { reportFailure, WrongUse } from '../failures.ts';
import { plainText } from '../terminal-text.ts';
import { describeEvent } from './describe-worker.ts';
import { readSecret } from './way-options.ts';
import type { WorkerAccess } from './worker-access.ts';
import { addWorkerOptions, dataFolderOf, refusalOf, type WorkerOptions } from './worker-options.ts';

interface InstallOptions extends WorkerOptions {
  account?: string;
  passwordFile?: string;
}

export function addMachineServiceCommands(program: Command, io: CommandIo, access: WorkerAccess): void {
  const service = program
    .command('service')
    .description('the worker as a service of this machine, which runs with nobody logged on');

  addWorkerOptions(service.command('install'))
    .description('make it a service that starts with the machine (as an administrator)')
    .option('--account <name>', 'Windows: virtual, local-system, DOMAIN\\name, or DOMAIN\\name$ for a managed one', 'virtual')
    .option('--password-file <file>', 'the password of a DOMAIN\\name; - reads standard input')
    .addHelpText(
      'after',
      '\nExamples:\n  hrw service install\n  hrw service install --account local-system\n  hrw service install --account CONTOSO\\hrw$\n  hrw service install --account CONTOSO\\hrw --password-file -\n',
    )
    .action(
      serviceAction(io, async (options, print) => {
        const account = await readAccount(options, io);
        const given = options.data === undefined || options.data === '' ? access.serviceDataFolder() : options.data;
        const notes = await access.service().install({ account, dataFolder: path.resolve(given) });
        print({ installed: true, notes }, ['The worker is installed as a service. Start it with `hrw service start`.', ...notes]);
      }),
    );

  const verbs = [
    ['uninstall', 'remove the service; the worker’s data stays, and jobs that run go on to their end', 'The service is removed.'],
    ['start', 'start it, and wait until it runs', 'The service runs.'],
    ['stop', 'stop it; jobs that run go on without it, and it finds them when it starts again', 'The service has stopped.'],
  ] as const;
  for (const [verb, description, done] of verbs) {
    addWorkerOptions(service.command(verb))
      .description(description)
      .addHelpText('after', `\nExample:\n  hrw service ${verb}\n`)
      .action(
        serviceAction(io, async (_options, print) => {
          await access.service()[verb]();
          print({ done: verb }, [done]);
        }),
      );
  }

  addWorkerOptions(service.command('status'))
    .description('whether it is installed, and whether it runs')
    .addHelpText('after', '\nExample:\n  hrw service status\n')
    .action(
      serviceAction(io, async (_options, print) => {
        const status = await access.service().status();
        print(status, describeStatus(status));
      }),
    );

  addWorkerOptions(service.command('run', { hidden: true }))
    .description('what the system starts')
    .action(
      serviceAction(io, async (options) => {
        await access.runAsService(
          (steering) =>
            access.run({
              dataFolder: dataFolderOf(options, access),
              drainOnSignal: false,
              onEvent: (event) => void io.stdout.write(`${describeEvent(event)}\n`),
              say: (words) => void io.stderr.write(`${plainText(words)}\n`),
              steering,
            }),
          (error) => void io.stderr.write(`${plainText(error instanceof Error ? error.message : String(error))}\n`),
        );
      }),
    );
}

function serviceAction(
  io: CommandIo,
  work: (options: InstallOptions, print: (value: unknown, sentences: string[]) => void) => Promise<void>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const options = (given.at(-1) as Command).optsWithGlobals<InstallOptions>();
    const asJson = options.json === true;
    try {
      await work(options, (value, sentences) => {
        io.stdout.write(asJson ? `${JSON.stringify(value, null, 2)}\n` : plainText(`${sentences.join('\n')}\n`));
      });
    } catch (error) {
      reportFailure(refusalOf(error), io, asJson);
    }
  };
}

async function readAccount({ account = 'virtual', passwordFile }: InstallOptions, io: CommandIo): Promise<ServiceAccount> {
  const isNamed = account !== 'virtual' && account !== 'local-system';
  const isManaged = account.endsWith('$');
  if (passwordFile !== undefined && (!isNamed || isManaged))
    throw new WrongUse(`--password-file: the account ${account} has no password that a person knows.`);
  if (!isNamed) return { kind: account };
  if (!account.includes('\\') && !account.includes('@'))
    throw new WrongUse(
      `--account: ${account} names no domain. Give DOMAIN\\name, .\\name for one of this machine, virtual or local-system.`,
    );
  if (isManaged) return { kind: 'named', name: account, password: null };
  if (passwordFile === undefined)
    throw new WrongUse(`--account: ${account} needs its password, in a file: --password-file FILE, or - for standard input.`);
  return { kind: 'named', name: account, password: await readSecret(passwordFile, '--password-file', io) };
}

const stateWords: Record<ServiceStatus['state'], string> = {
  'not-installed': 'The worker is not installed as a service.',
  stopped: 'The service is installed and does not run.',
  starting: 'The service starts.',
  running: 'The service runs.',
  stopping: 'The service stops.',
};

function describeStatus({ state, account, start, processId, command }: ServiceStatus): string[] {
  const facts: [string, string | null][] = [
    ['Account', account],
    ['Start', start],
    ['Process', processId === null ? null : String(processId)],
    ['Command', command],
  ];
  const known = facts.filter(([, value]) => value !== null);
  return [stateWords[state], ...known.map(([name, value]) => `  ${name.padEnd(8)} ${value ?? ''}`)];
}
