/** hrw connection …, hrw certificate … */
import type { Command } from 'commander';
import type { CommandIo } from '../command-io.ts';
import { WrongUse } from '../failures.ts';
import { formatList } from '../terminal-text.ts';
import { addAssetRemoval } from './asset-commands.ts';
import { readJsonObject } from './job-parameters.ts';
import { accountOption, addServiceOptions, readBytes, readFileOrInput, serviceAction } from './service-options.ts';

export function addCompoundAssetCommands(program: Command, io: CommandIo): void {
  addConnectionCommands(program, io);
  addCertificateCommands(program, io);
}

function addConnectionCommands(program: Command, io: CommandIo): void {
  const connection = program.command('connection').description('connections: fields that runbooks read together, by one name');

  addServiceOptions(connection.command('set'))
    .description('make a connection, or replace its fields')
    .argument('<name>', 'its name')
    .addOption(accountOption())
    .requiredOption('--fields-file <file>', 'JSON object of text by field name; - reads it from standard input')
    .option('--encrypt <fields...>', 'fields that are never shown again')
    .addHelpText(
      'after',
      '\nExample:\n  hrw connection set --account contoso Warehouse --fields-file warehouse.json --encrypt Password\n',
    )
    .action(
      serviceAction<{ account: string; fieldsFile: string; encrypt?: string[] }>(io, async (run) => {
        const { client, options, args, print } = run;
        const [assetName = ''] = args;
        const text = await readFileOrInput(options.fieldsFile, '--fields-file', io);
        const connectionFields = onlyText(readJsonObject(text, `--fields-file ${options.fieldsFile}`));
        const params = { accountName: options.account, assetName };
        const body = { connectionFields, encryptedFieldNames: options.encrypt ?? [] };
        const set = await client.call('connections:put', { params, body });
        print(set, `The connection ${set.name} is set.\n`);
      }),
    );

  addServiceOptions(connection.command('list'))
    .description('list the connections; encrypted fields without their values')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw connection list --account contoso\n')
    .action(
      serviceAction<{ account: string }>(io, async ({ client, options, print }) => {
        const found = await client.listAll('connections:list', { params: { accountName: options.account } });
        const rows = found.map((one) => [
          one.name,
          Object.entries(one.connectionFields)
            .map(([name, value]) => `${name}=${value ?? '(encrypted)'}`)
            .join(', '),
        ]);
        print(found, formatList('There is no connection.', ['NAME', 'FIELDS'], rows));
      }),
    );

  addAssetRemoval(connection, io, 'connection');
}

function addCertificateCommands(program: Command, io: CommandIo): void {
  const certificate = program.command('certificate').description('certificates that runbooks read by name');

  addServiceOptions(certificate.command('set'))
    .description('make a certificate, or replace it')
    .argument('<name>', 'its name')
    .addOption(accountOption())
    .requiredOption('--file <file>', 'a certificate (DER or PEM), or one with its key (PKCS #12)')
    .option('--password-file <file>', 'file that holds the password of the PKCS #12 file; - reads it from standard input')
    .option('--no-export', 'PowerShell loads its key as one that cannot be exported')
    .addHelpText('after', '\nExample:\n  hrw certificate set --account contoso Signing --file signing.pfx --password-file -\n')
    .action(
      serviceAction<{ account: string; file: string; passwordFile?: string; export: boolean }>(io, async (run) => {
        const { client, options, args, print } = run;
        const [assetName = ''] = args;
        const { file, passwordFile } = options;
        const password =
          passwordFile === undefined
            ? {}
            : { password: (await readFileOrInput(passwordFile, '--password-file', io)).replace(/\r?\n$/, '') };
        const base64Value = readBytes(file, '--file').toString('base64');
        const params = { accountName: options.account, assetName };
        const body = { base64Value, isExportable: options.export, ...password };
        const set = await client.call('certificates:put', { params, body });
        print(set, `The certificate ${set.name} is set: ${set.thumbprint}, until ${set.expiryTime}.\n`);
      }),
    );

  addServiceOptions(certificate.command('list'))
    .description('list the certificates')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw certificate list --account contoso\n')
    .action(
      serviceAction<{ account: string }>(io, async ({ client, options, print }) => {
        const found = await client.listAll('certificates:list', { params: { accountName: options.account } });
        const rows = found.map((one) => [one.name, one.thumbprint, one.expiryTime]);
        print(found, formatList('There is no certificate.', ['NAME', 'THUMBPRINT', 'ENDS'], rows));
      }),
    );

  addAssetRemoval(certificate, io, 'certificate');
}

function onlyText(fields: Record<string, unknown>): Record<string, string> {
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'string') throw new WrongUse(`--fields-file: the field ${name} is no text.`);
  }
  return fields as Record<string, string>;
}
