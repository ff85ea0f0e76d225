/** hrw account …, hrw token … */
import { Option, type Command } from 'commander';
import { role, type Role } from '../../../src-contract/engine-calls.ts';
import type { CommandIo } from '../command-io.ts';
import { formatList } from '../terminal-text.ts';
import { accountOption, addServiceOptions, serviceAction } from './service-options.ts';

export type KeyName = 'primary' | 'secondary';

export function keyOption(): Option {
  return new Option('--key <name>', 'which key').choices(['primary', 'secondary']).makeOptionMandatory();
}

export function formatFacts(facts: Record<string, string>): string {
  const width = Math.max(...Object.keys(facts).map((name) => name.length));
  return Object.entries(facts)
    .map(([name, value]) => `${name.padEnd(width)}  ${value}\n`)
    .join('');
}

export function addAccountCommands(program: Command, io: CommandIo): void {
  const account = program.command('account').description('automation accounts and the keys that machines register with');

  addServiceOptions(account.command('create'))
    .description('make an account')
    .requiredOption('--account, --name <name>', 'its name')
    .addHelpText('after', '\nExample:\n  hrw account create --name contoso\n')
    .action(
      serviceAction<{ name: string }>(io, async ({ client, options, print }) => {
        const { isNew, value: made } = await client.make('accounts:create', { params: { accountName: options.name }, body: {} });
        const words = isNew ? `Made the account ${made.name}; it has` : `The account ${made.name} was there already, with`;
        print(made, `${words} the id ${made.accountId}.\n`);
      }),
    );

  addServiceOptions(account.command('list'))
    .description('list the accounts')
    .addHelpText('after', '\nExample:\n  hrw account list --json\n')
    .action(
      serviceAction(io, async ({ client, print }) => {
        const accounts = await client.listAll('accounts:list');
        print(
          accounts,
          formatList(
            'There is no account yet.',
            ['NAME', 'ID', 'MADE'],
            accounts.map((one) => [one.name, one.accountId, one.creationTime]),
          ),
        );
      }),
    );

  addServiceOptions(account.command('keys'))
    .description('show the endpoint and the keys of an account')
    .addOption(accountOption('--name, --account <name>'))
    .addHelpText('after', '\nExample:\n  hrw account keys --account contoso\n')
    .action(
      serviceAction<{ account: string }>(io, async ({ client, options, print }) => {
        const { endpoint, keys } = await client.call('accounts:keys', { params: { accountName: options.account } });
        print({ endpoint, ...keys }, formatFacts({ endpoint, ...keys }));
      }),
    );

  addServiceOptions(account.command('regenerate-key'))
    .description('replace one key; registered machines stay')
    .addOption(accountOption('--name, --account <name>'))
    .addOption(keyOption())
    .addHelpText('after', '\nExample:\n  hrw account regenerate-key --account contoso --key secondary\n')
    .action(
      serviceAction<{ account: string; key: KeyName }>(io, async ({ client, options, print }) => {
        const params = { accountName: options.account };
        const { endpoint, keys } = await client.call('accounts:regenerate-key', { params, body: { keyName: options.key } });
        print({ endpoint, ...keys }, formatFacts({ endpoint, ...keys }));
      }),
    );
}

export function addTokenCommands(program: Command, io: CommandIo): void {
  const token = program.command('token').description('bearer tokens of the REST API');

  addServiceOptions(token.command('create'))
    .description('make a token; it is shown once')
    .requiredOption('--name <name>', 'whom it is for')
    .addOption(new Option('--role <role>', 'what it may do').choices(role.options).makeOptionMandatory())
    .addHelpText('after', '\nExample:\n  hrw token create --name build-server --role operator > token\n')
    .action(
      serviceAction<{ name: string; role: Role }>(io, async ({ client, options, print }) => {
        const made = await client.call('tokens:create', { body: { name: options.name, role: options.role } });
        print(made, `${made.token}\n`);
      }),
    );

  addServiceOptions(token.command('list'))
    .description('list the tokens, without the tokens themselves')
    .addHelpText('after', '\nExample:\n  hrw token list\n')
    .action(
      serviceAction(io, async ({ client, print }) => {
        const tokens = await client.listAll('tokens:list');
        const rows = tokens.map((one) => [one.tokenId, one.name, one.role, one.creationTime, one.revokedTime ?? '']);
        print(tokens, formatList('There is no token.', ['ID', 'NAME', 'ROLE', 'MADE', 'REVOKED'], rows));
      }),
    );

  addServiceOptions(token.command('revoke'))
    .description('revoke a token')
    .argument('<id>', 'its id')
    .addHelpText('after', '\nExample:\n  hrw token revoke 0f8fad5b-d9cb-469f-a165-70867728950e\n')
    .action(
      serviceAction(io, async ({ client, args, print }) => {
        const [tokenId = ''] = args;
        await client.call('tokens:revoke', { params: { tokenId } });
        print({ tokenId }, `Revoked ${tokenId}.\n`);
      }),
    );
}
