/** hrw run, pause, resume, drain, settings */
import path from 'node:path';
import type { Command } from 'commander';
import type { EngineArguments } from '../../../src-contract/engine-calls.ts';
import { eventLevel } from '../../../src-contract/events.ts';
import { changeableNames, type ChangeableName, type Settings } from '../../../src-contract/settings.ts';
import type { CommandIo } from '../command-io.ts';
import { reportFailure, WrongUse } from '../failures.ts';
import { plainText } from '../terminal-text.ts';
import { describeEvent } from './describe-worker.ts';
import type { WorkerAccess } from './worker-access.ts';
import { addWorkerOptions, dataFolderOf, refusalOf, workerAction, type WorkerOptions } from './worker-options.ts';

/** Settings that may be left open, and what that is called. */
const openWords: Partial<Record<ChangeableName, string>> = {
  limit: 'automatic',
  culture: 'automatic',
  runAs: 'automatic',
  memoryLimitMb: 'none',
  processLimit: 'none',
  cpuLimitPercent: 'none',
  trustedKeys: 'none',
};

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
        const dataFolder = dataFolderOf(options, access);
        // Before anything is loaded: on a slow machine that takes seconds.
        io.stderr.write(plainText(`The worker starts; its data folder is ${dataFolder}.\n`));
        await access.run({
          dataFolder,
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

  addWorkerOptions(program.command('drain'))
    .description('take no new job, and end when what runs has ended')
    .option('--deadline <time>', 'stop what still runs after this time: 90s, 30m, 2h')
    .addHelpText(
      'after',
      '\nExamples:\n  hrw drain\n  hrw drain --deadline 30m\n\nA worker that is ended or restarted meanwhile goes on draining; `hrw resume` calls it off.\n',
    )
    .action(
      workerAction<{ deadline?: string }>(io, access, async ({ options, ask, print }) => {
        const { deadline } = options;
        const state = await ask('worker:drain', deadline === undefined ? {} : { deadlineSeconds: readTime(deadline) });
        print(state, `${plainText(state.sentence)}\n`);
      }),
    );

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
    .argument('<name>', changeableNames.join(', '))
    .argument(
      '<value>',
      'a number; for culture a name such as de-CH; for runAs a user; for logLevel Information, Warning or Error; for trustedKeys a folder; "automatic" (the machine\'s own, as many as there are cores) or "none" where there need not be one',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  hrw settings set limit 4\n  hrw settings set limit automatic\n  hrw settings set runAs hrw-runbook\n  hrw settings set memoryLimitMb 2048\n  hrw settings set trustedKeys /etc/hybrid-runbook-worker/keys\n',
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
  const known = changeableNames.find((one) => one === name);
  if (known === undefined) throw new WrongUse(`There is no setting ${name}. There are: ${changeableNames.join(', ')}.`);
  if (known === 'culture') return { culture: text === openWords[known] ? '' : text };
  if (text === openWords[known]) return { [known]: null };
  if (known === 'logLevel') {
    const level = eventLevel.safeParse(text);
    if (!level.success) throw new WrongUse(`${name}: ${text} is none of ${eventLevel.options.join(', ')}.`);
    return { logLevel: level.data };
  }
  if (known === 'runAs') return { runAs: text };
  // Signed runbooks only, with a key of that folder.
  if (known === 'trustedKeys') return { trustedKeys: path.resolve(text) };
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw new WrongUse(`${name}: ${text} is no number.`);
  return { [known]: value };
}

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600 };

function readTime(text: string): number {
  const found = /^(\d{1,6})([smh])$/.exec(text);
  if (found === null) throw new WrongUse(`--deadline: ${text} is no time. Give a number with s, m or h: 30m.`);
  return Number(found[1]) * (unitSeconds[found[2] ?? ''] ?? 1);
}

type Changeable = Pick<Settings, ChangeableName>;

function pick(settings: Settings): Changeable {
  return Object.fromEntries(changeableNames.map((name) => [name, settings[name]])) as Changeable;
}

function describeSettings(found: Changeable): string {
  const words = (name: ChangeableName): string => String(found[name] ?? '') || (openWords[name] ?? '');
  return changeableNames.map((name) => `${name.padEnd(17)}  ${words(name)}\n`).join('');
}
