/** hrw run, pause, resume, drain, settings */
import path from 'node:path';
import type { Command } from 'commander';
import type { EngineArguments } from '../../../src-contract/engine-calls.ts';
import type { Settings } from '../../../src-contract/settings.ts';
import type { CommandIo } from '../command-io.ts';
import { reportFailure, WrongUse } from '../failures.ts';
import { plainText } from '../terminal-text.ts';
import { describeEvent } from './describe-worker.ts';
import type { WorkerAccess } from './worker-access.ts';
import { addWorkerOptions, dataFolderOf, refusalOf, workerAction, type WorkerOptions } from './worker-options.ts';

const changeable = ['limit', 'stopGraceSeconds', 'startLimitSeconds', 'culture', 'retentionDays', 'trustedKeys'] as const;
type SettingName = (typeof changeable)[number];

export function addSteerCommands(program: Command, io: CommandIo, access: WorkerAccess): void {
  addWorkerOptions(program.command('run'))
    .description('run the worker here, without a window, until it is told to end')
    .option('--drain', 'on the first signal finish what runs; the second ends at once')
    .addHelpText(
      'after',
      '\nExample:\n  hrw run --data /var/lib/hybrid-runbook-worker\n\nCtrl+C or SIGTERM ends the worker. Jobs that run go on without it, and the next one finds them.\n',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<WorkerOptions & { drain?: boolean }>();
      const asJson = options.json === true;
      try {
        await access.run({
          dataFolder: dataFolderOf(options, access),
          drainOnSignal: options.drain === true,
          onEvent: (event) => void io.stdout.write(`${asJson ? JSON.stringify(event) : describeEvent(event)}\n`),
          say: (words) => void io.stderr.write(`${plainText(words)}\n`),
        });
      } catch (error) {
        reportFailure(refusalOf(error), io, asJson);
      }
    });

  const steering = [
    ['pause', 'worker:pause', 'take no new job until resumed; what runs goes on'],
    ['resume', 'worker:resume', 'take jobs again'],
    ['drain', 'worker:drain', 'take no new job, and end when what runs has ended'],
  ] as const;
  for (const [name, call, description] of steering) {
    addWorkerOptions(program.command(name))
      .description(description)
      .addHelpText('after', `\nExample:\n  hrw ${name}\n`)
      .action(
        workerAction(io, access, async ({ ask, print }) => {
          const state = await ask(call, {});
          print(state, `${plainText(state.sentence)}\n`);
        }),
      );
  }

  const settings = program.command('settings').description('settings of this worker that a person may change');
  addWorkerOptions(settings.command('get'))
    .description('show them')
    .addHelpText('after', '\nExample:\n  hrw settings get\n')
    .action(
      workerAction(io, access, async ({ ask, print }) => {
        const found = pick(await ask('settings:get', {}));
        print(found, describeSettings(found));
      }),
    );
  addWorkerOptions(settings.command('set'))
    .description('change one')
    .argument('<name>', changeable.join(', '))
    .argument(
      '<value>',
      'a number; for limit also "automatic" (as many as there are cores); for culture a name such as de-CH, or "automatic" (the machine\'s own); for trustedKeys a folder, or "none"',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  hrw settings set limit 4\n  hrw settings set limit automatic\n  hrw settings set trustedKeys /etc/hybrid-runbook-worker/keys\n',
    )
    .action(
      workerAction(io, access, async ({ args, ask, print }) => {
        const [name = '', text = ''] = args;
        const found = pick(await ask('settings:change', readChange(name, text)));
        print(found, describeSettings(found));
      }),
    );
}

function readChange(name: string, text: string): EngineArguments<'settings:change'> {
  const known = changeable.find((one) => one === name);
  if (known === undefined) throw new WrongUse(`There is no setting ${name}. There are: ${changeable.join(', ')}.`);
  if (known === 'limit' && text === 'automatic') return { limit: null };
  if (known === 'culture') return { culture: text === 'automatic' ? '' : text };
  // Signed runbooks only, with a key of that folder; "none" runs any.
  if (known === 'trustedKeys') return { trustedKeys: text === 'none' ? null : path.resolve(text) };
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new WrongUse(`${name}: ${text} is no number.`);
  return { [known]: value };
}

function pick({
  limit,
  stopGraceSeconds,
  startLimitSeconds,
  culture,
  retentionDays,
  trustedKeys,
}: Settings): Pick<Settings, SettingName> {
  return { limit, stopGraceSeconds, startLimitSeconds, culture, retentionDays, trustedKeys };
}

function describeSettings(found: Pick<Settings, SettingName>): string {
  const describe = (name: SettingName): string =>
    String(found[name] ?? (name === 'trustedKeys' ? 'none' : 'automatic')) || 'automatic';
  return changeable.map((name) => `${name.padEnd(17)}  ${describe(name)}\n`).join('');
}
