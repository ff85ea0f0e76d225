/** hrw workspace install-line: how a Windows machine becomes a worker of a workspace, in one line */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../../src-contract/app-error.ts';
import { installKeyFiles } from '../../../src-contract/rest/installers.ts';
import type { RestValue } from '../../../src-contract/rest.ts';
import type { ServiceClient } from '../../rest-client/service-client.ts';
import type { CommandIo } from '../command-io.ts';
import { plainText } from '../terminal-text.ts';
import { addServiceOptions, serviceAction } from './service-options.ts';
import { workspaceOption } from './workspace-option.ts';

interface LineOptions {
  workspace: string;
  group?: string;
  folder?: string;
}

type Installation = RestValue<'installers:command-line'>;

export function addInstallLineCommand(workspace: Command, io: CommandIo): void {
  addServiceOptions(workspace.command('install-line'))
    .description('print the line that makes a Windows machine a worker of this workspace, unattended')
    .addOption(workspaceOption())
    .option('--group <name>', 'the worker group that it joins; it is made when it is not there')
    .option('--folder <folder>', 'make a folder with all that the machine needs: the line, the key files, the installer')
    .addHelpText(
      'after',
      '\nExamples:\n  hrw workspace install-line --workspace berlin --group OnPremLab\n  hrw workspace install-line --workspace berlin --group OnPremLab --folder for-new-workers\n\nThe folder holds keys: it is for whoever installs, and goes away afterwards.\n',
    )
    .action(
      serviceAction<LineOptions>(io, async ({ client, options, print }) => {
        const { group: groupName } = options;
        const params = { workspace: options.workspace };
        const found = await client.call('installers:command-line', { params, query: { groupName } });
        const needed = [installKeyFiles.workspaceKey, ...(groupName === undefined ? [] : [installKeyFiles.accountKey])];
        if (options.folder === undefined) {
          print(found, describeLine(found, needed));
          return;
        }
        const files = await fillFolder(client, options.folder, found, groupName !== undefined);
        print({ ...found, files }, plainText(`${files.map((file) => `${file}\n`).join('')}${describeFolder(found)}`));
      }),
    );
}

function describeLine({ commandLine, installer, account }: Installation, needed: readonly string[]): string {
  const fetched =
    installer === null
      ? 'No installer lies beside the service: take it from where this product is given away.\n'
      : `The installer: ${installer.url}\n  SHA-256 ${installer.sha256}\n`;
  const keys = needed.map((file) =>
    file === installKeyFiles.workspaceKey
      ? `  ${file}: a key of the workspace (hrw workspace keys)\n`
      : `  ${file}: a key of the account ${account ?? ''} (hrw account keys)\n`,
  );
  return plainText(
    `${commandLine}\n\n${fetched}Beside it, in the folder that the line is called in; the installer deletes them:\n${keys.join('')}`,
  );
}

function describeFolder({ installer }: Installation): string {
  const where = installer === null ? 'Put the installer into the folder, copy' : 'Copy';
  return `${where} the folder to the machine and run install.cmd there as an administrator. It holds keys: delete what is left of it.\n`;
}

/** Answers the files that were written. */
async function fillFolder(
  client: ServiceClient,
  folder: string,
  found: Installation,
  withAccountKey: boolean,
): Promise<string[]> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files: string[] = [];
  const write = async (name: string, content: string): Promise<void> => {
    const file = path.join(folder, name);
    await writeFile(file, content, { mode: 0o600 });
    files.push(file);
  };
  const workspaceKeys = await client.call('workspaces:keys', { params: { workspace: found.workspaceId } });
  await write(installKeyFiles.workspaceKey, `${workspaceKeys.primary}\n`);
  if (withAccountKey && found.account !== null) {
    const { keys } = await client.call('accounts:keys', { params: { accountName: found.account } });
    await write(installKeyFiles.accountKey, `${keys.primary}\n`);
  }
  // Called from anywhere, its files are those beside it.
  await write(
    'install.cmd',
    `@pushd "%~dp0"\r\n@start /wait "" ${found.commandLine}\r\n@set CODE=%ERRORLEVEL%\r\n@popd\r\n@echo The installer ended with code %CODE%.\r\n@exit /b %CODE%\r\n`,
  );
  if (found.installer !== null) files.push(await fetchInstaller(client, folder, found.installer));
  return files;
}

async function fetchInstaller(
  client: ServiceClient,
  folder: string,
  { name, sha256, url }: NonNullable<Installation['installer']>,
): Promise<string> {
  // The service says what it is called; where it goes, we say.
  const file = path.join(folder, path.basename(name));
  const hash = createHash('sha256');
  const target = await open(file, 'w', 0o600);
  try {
    await client.download('installers:download', { params: { installerName: name } }, async (piece) => {
      hash.update(piece);
      await target.write(piece);
    });
  } finally {
    await target.close();
  }
  if (hash.digest('hex') !== sha256) {
    // Nobody is to run it by mistake.
    rmSync(file);
    const what = `other bytes of ${name} than its SHA-256 says`;
    throw new AppError('answer-not-understood', { host: new URL(url).host, status: 200, what });
  }
  return file;
}
