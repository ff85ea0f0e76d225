/** hrw runbook … */
import { Option, type Command } from 'commander';
import { kindLabels, rerunPolicy, runbookKind, type RerunPolicy, type RunbookKind } from '../../../src-contract/kinds.ts';
import type { RunbookView } from '../../../src-contract/rest/runbooks.ts';
import { Refused } from '../../../src-contract/refused.ts';
import type { ServiceClient } from '../../rest-client/service-client.ts';
import type { CommandIo } from '../command-io.ts';
import { WrongUse } from '../failures.ts';
import { formatList, formatTable, plainText } from '../terminal-text.ts';
import { formatFacts } from './account-commands.ts';
import { describeRunbookFile, type RunbookFile } from './runbook-file.ts';
import { accountOption, addServiceOptions, readFile, serviceAction } from './service-options.ts';

interface SettingOptions {
  account: string;
  description?: string;
  rerun?: RerunPolicy;
  logVerbose?: boolean;
  logProgress?: boolean;
  logDebug?: boolean;
}

export function addRunbookCommands(program: Command, io: CommandIo): void {
  const runbook = program.command('runbook').description('runbooks: the scripts that jobs run');

  addSettingOptions(runbook.command('create'))
    .description('make a runbook without content, or change its settings')
    .requiredOption('--name <name>', 'its name')
    .addOption(kindOption('the language; may be left out where the runbook is there'))
    .addHelpText(
      'after',
      '\nExamples:\n  hrw runbook create --account contoso --name Copy-LocalFiles --kind PowerShell\n  hrw runbook create --account contoso --name Copy-LocalFiles --log-verbose\n',
    )
    .action(
      serviceAction<SettingOptions & { name: string; kind?: RunbookKind }>(io, async ({ client, options, print }) => {
        const params = { accountName: options.account, runbookName: options.name };
        const before = await find(client, params);
        const kind = options.kind ?? before?.kind;
        if (kind === undefined) throw new WrongUse(`There is no runbook ${options.name} yet: give its --kind.`);
        const made = await client.call('runbooks:put', { params, body: { kind, ...settingsOf(options) } });
        print(made, plainText(describeChange(before, made)));
      }),
    );

  addSettingOptions(runbook.command('publish'))
    .description('publish scripts; a runbook is made where there is none, and takes name and kind from its file')
    .argument('<files...>', 'the scripts')
    .option('--name <name>', 'another name than the file’s; for one file')
    .addOption(kindOption())
    .addHelpText(
      'after',
      '\nExamples:\n  hrw runbook publish --account contoso Copy-LocalFiles.ps1\n  hrw runbook publish --account contoso runbooks/*.ps1\n\nAs JSON: one file gives its runbook, several give a list.\n',
    )
    .action(
      serviceAction<SettingOptions & { name?: string; kind?: RunbookKind }>(io, async ({ client, options, args, print }) => {
        if (args.length > 1 && options.name !== undefined) throw new WrongUse('--name is for one file.');
        // All are read first: a file that cannot be one leaves nothing half done.
        const files = args.map((file) => {
          const script = readFile(file, 'the script');
          return { file, script, ...describeRunbookFile(file, script, options) };
        });
        refuseTwins(files);
        const published: RunbookView[] = [];
        for (const [index, one] of files.entries()) {
          try {
            const made = await publish(client, options.account, one, settingsOf(options));
            published.push(made);
            if (options.json !== true) io.stdout.write(plainText(`Published ${describe(made)}\n`));
          } catch (error) {
            const isTold = options.json !== true || published.length === 0;
            if (!isTold) io.stderr.write(plainText(`Published: ${published.map(({ name }) => name).join(', ')}\n`));
            if (files.length > 1) io.stderr.write(describeUnpublished(files.slice(index).map(({ file }) => file)));
            throw error;
          }
        }
        const [first, ...others] = published;
        print(others.length === 0 ? first : published, '');
        for (const { name, workflow } of published) {
          if (workflow?.kind !== 'native-only') continue;
          io.stderr.write(`Warning: ${others.length === 0 ? '' : `${name}: `}${describeNative(workflow)}\n`);
        }
      }),
    );

  addServiceOptions(runbook.command('remove'))
    .description('remove a runbook; its jobs stay, and those that wait still run')
    .argument('<name>', 'its name')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw runbook remove --account contoso Copy-LocalFiles\n')
    .action(
      serviceAction<{ account: string }>(io, async ({ client, options, args, print }) => {
        const [runbookName = ''] = args;
        await client.call('runbooks:delete', { params: { accountName: options.account, runbookName } });
        print({ name: runbookName }, `Removed the runbook ${runbookName}. Its jobs stay.\n`);
      }),
    );

  addServiceOptions(runbook.command('list'))
    .description('list the runbooks')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw runbook list --account contoso\n')
    .action(
      serviceAction<{ account: string }>(io, async ({ client, options, print }) => {
        const runbooks = await client.listAll('runbooks:list', { params: { accountName: options.account } });
        const rows = runbooks.map((one) => [one.name, kindLabels[one.kind], one.state, one.lastModifiedTime]);
        print(runbooks, formatList('There is no runbook yet.', ['NAME', 'KIND', 'STATE', 'CHANGED'], rows));
      }),
    );

  addServiceOptions(runbook.command('show'))
    .description('show a runbook and its parameters')
    .argument('<name>', 'its name')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw runbook show --account contoso Copy-LocalFiles\n')
    .action(
      serviceAction<{ account: string }>(io, async ({ client, options, args, print }) => {
        const [runbookName = ''] = args;
        const found = await client.call('runbooks:get', { params: { accountName: options.account, runbookName } });
        print(found, formatRunbook(found));
      }),
    );
}

async function find(
  client: ServiceClient,
  params: { accountName: string; runbookName: string },
): Promise<RunbookView | undefined> {
  try {
    return await client.call('runbooks:get', { params });
  } catch (error) {
    if (error instanceof Refused && error.problem.code === 'resource-unknown' && error.problem.details['what'] === 'runbook')
      return undefined;
    throw error;
  }
}

interface Publishable extends RunbookFile {
  file: string;
  script: string;
}

/** Two files of one name would write over each other, and the last would win unseen. */
function refuseTwins(files: readonly Publishable[]): void {
  const byName = new Map<string, string>();
  for (const { name, file } of files) {
    const other = byName.get(name.toLowerCase());
    if (other !== undefined) throw new WrongUse(`${other} and ${file} would both be the runbook ${name}.`);
    byName.set(name.toLowerCase(), file);
  }
}

async function publish(
  client: ServiceClient,
  accountName: string,
  { name, kind, script }: Publishable,
  settings: ReturnType<typeof settingsOf>,
): Promise<RunbookView> {
  const params = { accountName, runbookName: name };
  const { isNew, value } = await client.make('runbooks:put', { params, body: { kind, ...settings } });
  try {
    await client.call('runbooks:put-draft', { params, body: script });
    return await client.call('runbooks:publish', { params, body: {} });
  } catch (error) {
    if (error instanceof Refused) await takeBack(client, params, isNew ? undefined : value);
    throw error;
  }
}

function describeUnpublished([failed = '', ...after]: readonly string[]): string {
  return plainText(`Not published: ${failed}${after.length === 0 ? '' : `, nor what comes after it: ${after.join(', ')}`}\n`);
}

/** Of a script that was refused nothing stays behind, but for the draft of a runbook that had one: that one is written over. */
async function takeBack(
  client: ServiceClient,
  params: { accountName: string; runbookName: string },
  before: RunbookView | undefined,
): Promise<void> {
  if (before === undefined) await client.call('runbooks:delete', { params });
  else if (before.state === 'Published') await client.call('runbooks:undo-edit', { params, body: {} });
}

function addSettingOptions(command: Command): Command {
  return addServiceOptions(command)
    .addOption(accountOption())
    .option('--description <text>', 'what it is for')
    .addOption(new Option('--rerun <policy>', 'what becomes of a job whose worker was lost').choices(rerunPolicy.options))
    .option('--log-verbose', 'keep verbose records')
    .option('--log-progress', 'keep progress records')
    .option('--log-debug', 'keep debug records');
}

function kindOption(description = 'the language'): Option {
  return new Option('--kind <kind>', description).choices(runbookKind.options);
}

function settingsOf({ description, rerun, logVerbose, logProgress, logDebug }: SettingOptions) {
  return {
    ...(description === undefined ? {} : { description }),
    ...(rerun === undefined ? {} : { rerun }),
    ...(logVerbose === undefined ? {} : { logVerbose }),
    ...(logProgress === undefined ? {} : { logProgress }),
    ...(logDebug === undefined ? {} : { logDebug }),
  };
}

function describe({ name, kind, parameters }: RunbookView): string {
  const names = parameters?.map((one) => (one.isMandatory ? one.name : `[${one.name}]`)).join(', ');
  return `${name} (${kindLabels[kind]}), parameters: ${names === undefined ? 'any' : names || 'none'}.`;
}

function keptRecords({ logVerbose, logProgress, logDebug }: RunbookView): string {
  const kept = [logVerbose ? 'verbose' : '', logProgress ? 'progress' : '', logDebug ? 'debug' : ''];
  return kept.filter((one) => one !== '').join(', ') || 'none of verbose, progress, debug';
}

/** What a person may set, in words. */
function settingFacts(runbook: RunbookView): Record<string, string> {
  const { kind, description, rerun } = runbook;
  return { kind: kindLabels[kind], description, rerun, 'records kept besides': keptRecords(runbook) };
}

function describeChange(before: RunbookView | undefined, now: RunbookView): string {
  if (before === undefined) return `Made the runbook ${now.name} (${now.state}).\n`;
  const old = settingFacts(before);
  const changed = Object.entries(settingFacts(now)).filter(([name, value]) => old[name] !== value);
  if (changed.length === 0) return `The runbook ${now.name} (${now.state}) is as it was.\n`;
  return `Changed the runbook ${now.name} (${now.state}): ${changed.map(([name, value]) => `${name}: ${value}`).join('; ')}.\n`;
}

function workflowFact({ workflow }: RunbookView): Record<string, string> {
  if (workflow === null) return {};
  if (workflow.kind === 'translatable') return { workflow: 'runs on Windows PowerShell 5.1 and on PowerShell 7' };
  return { workflow: `needs Windows PowerShell 5.1: line ${String(workflow.line)}, ${workflow.reason}` };
}

function describeNative({ line, reason }: Extract<RunbookView['workflow'], { kind: 'native-only' }>): string {
  return `this workflow needs Windows PowerShell 5.1: line ${String(line)}, ${reason}. On a group without it no job is taken.`;
}

function formatRunbook(runbook: RunbookView): string {
  const { name, state, lastModifiedTime, parameters } = runbook;
  const facts = formatFacts({
    name,
    state,
    ...settingFacts(runbook),
    changed: lastModifiedTime,
    ...workflowFact(runbook),
  });
  if (parameters === null) return `${facts}It declares no parameters and takes any positional values.\n`;
  if (parameters.length === 0) return `${facts}It takes no parameters.\n`;
  const rows = parameters.map((one) => [one.name, one.type, one.isMandatory ? 'mandatory' : (one.defaultValue ?? '')]);
  return `${facts}\n${formatTable(['PARAMETER', 'TYPE', 'DEFAULT'], rows)}`;
}
