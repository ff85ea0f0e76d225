/** hrw variable …, hrw credential … */
import { Option, type Command } from 'commander';
import type { CommandIo } from '../command-io.ts';
import { WrongUse } from '../failures.ts';
import { formatList } from '../terminal-text.ts';
import { accountOption, addServiceOptions, readFileOrInput, serviceAction } from './service-options.ts';

interface VariableOptions {
  account: string;
  value?: string;
  valueFile?: string;
  encrypted?: boolean;
}

export function addAssetCommands(program: Command, io: CommandIo): void {
  const variable = program.command('variable').description('variables that runbooks read and write by name');

  addServiceOptions(variable.command('set'))
    .description('make a variable, or give it another value')
    .argument('<name>', 'its name')
    .addOption(accountOption())
    .option('--value <json>', 'JSON, or plain text')
    .addOption(new Option('--value-file <file>', 'file that holds the value; - reads standard input').conflicts('value'))
    .option('--encrypted', 'never show it again; decided when the variable is made')
    .addHelpText('after', '\nExample:\n  hrw variable set --account contoso Share --value /srv/in\n')
    .action(
      serviceAction<VariableOptions>(io, async ({ client, options, args, print }) => {
        const [assetName = ''] = args;
        const params = { accountName: options.account, assetName };
        const isEncrypted = options.encrypted === true ? { isEncrypted: true } : {};
        const set = await client.call('variables:put', { params, body: { value: await readValue(options, io), ...isEncrypted } });
        print(set, `The variable ${set.name} is set.\n`);
      }),
    );

  addServiceOptions(variable.command('list'))
    .description('list the variables; encrypted ones without their values')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw variable list --account contoso\n')
    .action(
      serviceAction<{ account: string }>(io, async ({ client, options, print }) => {
        const variables = await client.listAll('variables:list', { params: { accountName: options.account } });
        const rows = variables.map((one) => [one.name, one.isEncrypted ? '(encrypted)' : JSON.stringify(one.value)]);
        print(variables, formatList('There is no variable.', ['NAME', 'VALUE'], rows));
      }),
    );

  addAssetRemoval(variable, io, 'variable');

  const credential = program.command('credential').description('user names and passwords that runbooks read by name');

  addServiceOptions(credential.command('set'))
    .description('make a credential, or replace it')
    .argument('<name>', 'its name')
    .addOption(accountOption())
    .requiredOption('--user <name>', 'the user name')
    .requiredOption('--password-file <file>', 'file that holds the password; - reads it from standard input')
    .addHelpText(
      'after',
      '\nExample:\n  hrw credential set --account contoso backup --user CONTOSO\\\\backup --password-file -\n',
    )
    .action(
      serviceAction<{ account: string; user: string; passwordFile: string }>(io, async ({ client, options, args, print }) => {
        const [assetName = ''] = args;
        // The line's end belongs to the file, not to the password.
        const password = (await readFileOrInput(options.passwordFile, '--password-file', io)).replace(/\r?\n$/, '');
        const params = { accountName: options.account, assetName };
        const set = await client.call('credentials:put', { params, body: { userName: options.user, password } });
        print(set, `The credential ${set.name} is set.\n`);
      }),
    );

  addServiceOptions(credential.command('list'))
    .description('list the credentials, without their passwords')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw credential list --account contoso\n')
    .action(
      serviceAction<{ account: string }>(io, async ({ client, options, print }) => {
        const credentials = await client.listAll('credentials:list', { params: { accountName: options.account } });
        print(
          credentials,
          formatList(
            'There is no credential.',
            ['NAME', 'USER'],
            credentials.map((one) => [one.name, one.userName]),
          ),
        );
      }),
    );
  addAssetRemoval(credential, io, 'credential');
}

/** Of a runbook that reads it the next job fails: that is the administrator's to know. */
export function addAssetRemoval(
  command: Command,
  io: CommandIo,
  what: 'variable' | 'credential' | 'connection' | 'certificate',
): void {
  addServiceOptions(command.command('remove'))
    .description(`remove a ${what}`)
    .argument('<name>', 'its name')
    .addOption(accountOption())
    .addHelpText('after', `\nExample:\n  hrw ${what} remove --account contoso Old\n`)
    .action(
      serviceAction<{ account: string }>(io, async ({ client, options, args, print }) => {
        const [assetName = ''] = args;
        await client.call(`${what}s:delete`, { params: { accountName: options.account, assetName } });
        print({ name: assetName }, `Removed the ${what} ${assetName}.\n`);
      }),
    );
}

async function readValue({ value, valueFile, encrypted }: VariableOptions, io: CommandIo): Promise<unknown> {
  if (encrypted === true && valueFile === undefined) {
    throw new WrongUse('An encrypted value does not stand on a command line: give it with --value-file FILE (or -).');
  }
  const text = valueFile === undefined ? value : (await readFileOrInput(valueFile, '--value-file', io)).replace(/\r?\n$/, '');
  if (text === undefined) throw new WrongUse('Give a value: --value JSON, or --value-file FILE.');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
