/** The service's command line. */
import { parseArgs } from 'node:util';

export interface ServiceArguments {
  dataFolder: string;
  host: string;
  publicNames: string[];
  agentPort: number;
  restPort: number;
  vaultKeyFile: string | undefined;
  readyFile: string | undefined;
  installersFolder: string | undefined;
  newAdministratorToken: boolean;
}

export type ParsedArguments =
  { kind: 'run'; arguments: ServiceArguments } | { kind: 'help' } | { kind: 'version' } | { kind: 'invalid'; message: string };

export const helpText = `The automation service: holds accounts, runbooks and jobs, and hands jobs to workers.

usage: service [options]

  --data FOLDER             where it keeps its data (default: ./automation-service-data); one service at a time
  --host ADDRESS            address to listen on (default: 127.0.0.1; 0.0.0.0 for every address of this machine)
  --public-name NAME        name or address that agents and callers use; may be given several times. Each is put into the
                            server's certificate, the first into the addresses that are printed
  --agent-port PORT         port for agents and workers (default: 8443; 0: any free one)
  --rest-port PORT          port for the REST API (default: 8444; 0: any free one)
  --vault-key FILE          file with the key that secrets are encrypted under (default: vault.key in the data folder; made
                            when there is none). Replicas share one
  --ready-file FILE         written when both ports are open: JSON with the addresses, the authority's certificate file and
                            fingerprint, and on the first start the administrator token
  --installers FOLDER       installers of the worker that machines may fetch (default: installers, beside this program)
  --new-administrator-token make another administrator token, and print it
  --help                    this text
  --version                 the version

environment:
  DATABASE_URL              a PostgreSQL to use in place of SQLite, postgres://user:password@host/database

The first start makes an administrator token and prints it once, on standard output.
`;

export function parseArguments(given: readonly string[]): ParsedArguments {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...given],
      strict: true,
      allowPositionals: false,
      options: {
        data: { type: 'string', default: 'automation-service-data' },
        host: { type: 'string', default: '127.0.0.1' },
        'public-name': { type: 'string', multiple: true, default: [] },
        'agent-port': { type: 'string', default: '8443' },
        'rest-port': { type: 'string', default: '8444' },
        'vault-key': { type: 'string' },
        'ready-file': { type: 'string' },
        installers: { type: 'string' },
        'new-administrator-token': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    return { kind: 'invalid', message: (error as Error).message };
  }
  if (values.help) return { kind: 'help' };
  if (values.version) return { kind: 'version' };
  const agentPort = readPort(values['agent-port']);
  if (agentPort === undefined)
    return { kind: 'invalid', message: `--agent-port: “${values['agent-port']}” is no port (0 to 65535)` };
  const restPort = readPort(values['rest-port']);
  if (restPort === undefined)
    return { kind: 'invalid', message: `--rest-port: “${values['rest-port']}” is no port (0 to 65535)` };
  if (agentPort === restPort && agentPort !== 0)
    return {
      kind: 'invalid',
      message: '--agent-port and --rest-port must be two ports: browsers would be asked for certificates',
    };
  const wrongName = [values.host, ...values['public-name']].find((name) => !isHost(name));
  if (wrongName !== undefined) return { kind: 'invalid', message: `“${wrongName}” is no host name or address` };
  if (values.data === '') return { kind: 'invalid', message: '--data: name a folder' };
  return {
    kind: 'run',
    arguments: {
      dataFolder: values.data,
      host: values.host,
      publicNames: values['public-name'],
      agentPort,
      restPort,
      vaultKeyFile: values['vault-key'],
      readyFile: values['ready-file'],
      installersFolder: values.installers,
      newAdministratorToken: values['new-administrator-token'],
    },
  };
}

function readPort(text: string): number | undefined {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port <= 65_535 ? port : undefined;
}

/** A name or an address, without scheme, port or path. */
function isHost(text: string): boolean {
  return /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|[0-9a-fA-F:.]{2,45})$/.test(text);
}
