/** hrw workspace … */
import { Option, type Command } from 'commander';
import type { ServiceClient } from '../../rest-client/service-client.ts';
import type { CommandIo } from '../command-io.ts';
import { formatList } from '../terminal-text.ts';
import { formatFacts, keyOption, type KeyName } from './account-commands.ts';
import { addInstallLineCommand } from './install-line-command.ts';
import { accountOption, addServiceOptions, serviceAction } from './service-options.ts';
import { workspaceOption } from './workspace-option.ts';

export function addWorkspaceCommands(program: Command, io: CommandIo): void {
  const workspace = program.command('workspace').description('workspaces: what agents connect to, and what they are given');

  addServiceOptions(workspace.command('create'))
    .description('make a workspace')
    .requiredOption('--name <name>', 'its name')
    .addOption(new Option('--account <name>', 'the account to link it to').env('HRW_ACCOUNT'))
    .option(
      '--pack <name>',
      'give this pack to its agents (hrw pack add); may be repeated',
      (one, before: string[]) => [...before, one],
      [],
    )
    .addHelpText('after', '\nExample:\n  hrw workspace create --name berlin --account contoso --pack AzureAutomation\n')
    .action(
      serviceAction<{ name: string; account?: string; pack: string[] }>(io, async ({ client, options, print }) => {
        const body = (options.account ?? '') === '' ? {} : { accountName: options.account };
        const { isNew, value: made } = await client.make('workspaces:create', { params: { workspace: options.name }, body });
        const words = isNew ? `Made the workspace ${made.name}; it has` : `The workspace ${made.name} was there already, with`;
        const packs: string[] = [];
        for (const packName of options.pack) {
          const params = { workspace: made.workspaceId, packName };
          const added = await client.call('workspaces:add-pack', { params, body: {} });
          packs.push(`${added.name} ${added.version}`);
        }
        const given = packs.length === 0 ? '' : `It gives ${packs.join(', ')}.\n`;
        print(made, `${words} the ID ${made.workspaceId}.\n${describeLink(made)}${given}`);
      }),
    );

  addServiceOptions(workspace.command('list'))
    .description('list the workspaces')
    .addHelpText('after', '\nExample:\n  hrw workspace list\n')
    .action(
      serviceAction(io, async ({ client, print }) => {
        const workspaces = await client.listAll('workspaces:list');
        const rows = workspaces.map((one) => [one.name, one.workspaceId, one.account?.name ?? '(not linked)', one.serviceUrl]);
        print(workspaces, formatList('There is no workspace yet.', ['NAME', 'ID', 'ACCOUNT', 'SERVICE URL'], rows));
      }),
    );

  addServiceOptions(workspace.command('link'))
    .description('link a workspace to an account')
    .addOption(workspaceOption())
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw workspace link --workspace berlin --account contoso\n')
    .action(
      serviceAction<{ workspace: string; account: string }>(io, async ({ client, options, print }) => {
        const { workspace, account } = options;
        const linked = await client.call('workspaces:link', { params: { workspace }, body: { accountName: account } });
        print(linked, `The workspace ${linked.name} is linked to the account ${linked.account?.name ?? ''}.\n`);
      }),
    );

  addServiceOptions(workspace.command('keys'))
    .description('show what an agent needs to connect: service URL, workspace ID, keys')
    .addOption(workspaceOption())
    .addHelpText('after', '\nExample:\n  hrw workspace keys --workspace berlin\n')
    .action(
      serviceAction<{ workspace: string }>(io, async ({ client, options, print }) => {
        const facts = { ...(await describe(client, options.workspace)), ...(await readKeys(client, options.workspace)) };
        print(facts, formatFacts(facts));
      }),
    );

  addInstallLineCommand(workspace, io);

  addServiceOptions(workspace.command('regenerate-key'))
    .description('replace one key; agents that joined stay')
    .addOption(workspaceOption())
    .addOption(keyOption())
    .addHelpText('after', '\nExample:\n  hrw workspace regenerate-key --workspace berlin --key primary\n')
    .action(
      serviceAction<{ workspace: string; key: KeyName }>(io, async ({ client, options, print }) => {
        const params = { workspace: options.workspace };
        const keys = await client.call('workspaces:regenerate-key', { params, body: { keyName: options.key } });
        const facts = { ...(await describe(client, options.workspace)), ...keys };
        print(facts, formatFacts(facts));
      }),
    );

  addServiceOptions(workspace.command('agents'))
    .description('list the machines that joined')
    .addOption(workspaceOption())
    .addHelpText('after', '\nExample:\n  hrw workspace agents --workspace berlin\n')
    .action(
      serviceAction<{ workspace: string }>(io, async ({ client, options, print }) => {
        const agents = await client.listAll('workspaces:agents', { params: { workspace: options.workspace } });
        const rows = agents.map((one) => [one.machineName, one.machineId, one.version, one.operatingSystem, one.lastSeenTime]);
        print(agents, formatList('No machine has joined yet.', ['MACHINE', 'ID', 'VERSION', 'SYSTEM', 'LAST SEEN'], rows));
      }),
    );
}

/** Machines can connect to one that is linked to nothing, and join no group there. */
function describeLink({ name, account }: { name: string; account: { name: string } | null }): string {
  if (account !== null) return `It is linked to the account ${account.name}.\n`;
  return `It is linked to no account: hrw workspace link --workspace ${name} --account NAME\n`;
}

async function describe(client: ServiceClient, workspace: string) {
  const { serviceUrl, workspaceId } = await client.call('workspaces:get', { params: { workspace } });
  return { serviceUrl, workspaceId };
}

function readKeys(client: ServiceClient, workspace: string) {
  return client.call('workspaces:keys', { params: { workspace } });
}
