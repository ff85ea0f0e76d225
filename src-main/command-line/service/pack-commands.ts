/** hrw pack … */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { CommandIo } from '../command-io.ts';
import { WrongUse } from '../failures.ts';
import { formatList } from '../terminal-text.ts';
import { addServiceOptions, serviceAction } from './service-options.ts';
import { workspaceOption } from './workspace-option.ts';

export function addPackCommands(program: Command, io: CommandIo): void {
  const pack = program.command('pack').description('packs: what a workspace gives its agents');

  addServiceOptions(pack.command('list'))
    .description('list the packs that were published, or those that a workspace gives')
    .option('--workspace <id>', 'only those that this workspace gives')
    .addHelpText('after', '\nExample:\n  hrw pack list --workspace berlin\n')
    .action(
      serviceAction<{ workspace?: string }>(io, async ({ client, options, print }) => {
        const { workspace } = options;
        const packs =
          workspace === undefined
            ? await client.listAll('packs:list')
            : await client.listAll('workspaces:packs', { params: { workspace } });
        const rows = packs.map((one) => [one.name, one.version, String(one.bytes), one.publishedTime, one.description]);
        print(packs, formatList('There is no pack.', ['NAME', 'VERSION', 'BYTES', 'PUBLISHED', 'WHAT IT IS'], rows));
      }),
    );

  addServiceOptions(pack.command('publish'))
    .description('publish a signed pack')
    .argument('<file>', 'the archive (.zip)')
    .addHelpText('after', '\nExample:\n  hrw pack publish out/packs/AzureAutomation-1.0.0.zip\n')
    .action(
      serviceAction(io, async ({ client, args, print }) => {
        const [file = ''] = args;
        const published = await client.call('packs:publish', { body: readArchive(file) });
        print(published, `Published ${published.name} ${published.version}.\n`);
      }),
    );

  addServiceOptions(pack.command('add'))
    .description('give a pack to the agents of a workspace')
    .addOption(workspaceOption())
    .requiredOption('--pack <name>', 'the pack')
    .option('--version <number>', 'this version and no newer one; else the newest, now and later')
    .addHelpText('after', '\nExample:\n  hrw pack add --workspace berlin --pack AzureAutomation\n')
    .action(
      serviceAction<{ workspace: string; pack: string; version?: string }>(io, async ({ client, options, print }) => {
        const { workspace, pack: packName, version } = options;
        const added = await client.call('workspaces:add-pack', {
          params: { workspace, packName },
          body: version === undefined ? {} : { version },
        });
        print(added, `The workspace gives ${added.name} ${added.version}.\n`);
      }),
    );

  addServiceOptions(pack.command('remove'))
    .description('take a pack away from the agents of a workspace')
    .addOption(workspaceOption())
    .requiredOption('--pack <name>', 'the pack')
    .addHelpText('after', '\nExample:\n  hrw pack remove --workspace berlin --pack AzureAutomation\n')
    .action(
      serviceAction<{ workspace: string; pack: string }>(io, async ({ client, options, print }) => {
        const { workspace, pack: packName } = options;
        await client.call('workspaces:remove-pack', { params: { workspace, packName } });
        print({ workspace, pack: packName }, `The workspace no longer gives ${packName}.\n`);
      }),
    );
}

function readArchive(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}
