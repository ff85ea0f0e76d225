/** Options that every command of the service side has: where the service is, whom to trust, the token. */
import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { Trust } from '../../../src-contract/settings.ts';
import { ServiceClient } from '../../rest-client/service-client.ts';
import { readAll, type CommandIo } from '../command-io.ts';
import { reportFailure, WrongUse } from '../failures.ts';

export interface ServiceOptions {
  api?: string;
  tokenFile?: string;
  ca?: string;
  fingerprint?: string;
  json?: boolean;
}

export function addServiceOptions(command: Command): Command {
  return command
    .addOption(new Option('--api <url>', 'the service’s REST address').env('HRW_API'))
    .addOption(
      new Option(
        '--token-file <file>',
        'file that holds the bearer token (or the service’s first ready file); - reads it from standard input',
      ).env('HRW_TOKEN_FILE'),
    )
    .addOption(new Option('--ca <file>', 'certificate (PEM) of the authority to trust').env('HRW_CA'))
    .addOption(
      new Option('--fingerprint <sha256>', 'SHA-256 of the service’s certificate or authority, instead of --ca').env(
        'HRW_FINGERPRINT',
      ),
    )
    .option('--json', 'print JSON');
}

export interface CommandRun<Options> {
  client: ServiceClient;
  options: Options & ServiceOptions;
  args: string[];
  io: CommandIo;
  /** The answer: JSON where asked for, else the words. */
  print: (value: unknown, words: string) => void;
}

/** What a command does: with a client, and with every failure told in one way. */
export function serviceAction<Options extends object>(
  io: CommandIo,
  work: (run: CommandRun<Options>) => Promise<void>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    // commander hands over the arguments, then the options, then the command.
    const command = given.at(-1) as Command;
    const options = command.opts<Options & ServiceOptions>();
    const asJson = options.json === true;
    try {
      const connection = io.openConnection({ url: requireApi(options), trust: readTrust(options), userAgent: 'hrw' });
      try {
        await work({
          client: new ServiceClient(connection, await readToken(options, io)),
          options,
          args: command.args,
          io,
          print: (value, words) => void io.stdout.write(asJson ? `${JSON.stringify(value, null, 2)}\n` : words),
        });
      } finally {
        connection.close();
      }
    } catch (error) {
      reportFailure(error, io, asJson);
    }
  };
}

/** An empty variable says as little as an absent one. */
function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function requireApi(options: ServiceOptions): string {
  const api = given(options.api);
  if (api === undefined) throw new WrongUse('Say where the service is: --api URL, or HRW_API.');
  if (/^http:\/\//i.test(api)) throw new WrongUse(`--api ${api}: the service speaks HTTPS. Use https://${api.slice(7)}`);
  if (!/^https:\/\/[^/]/i.test(api) || !isUrl(api)) {
    throw new WrongUse(`--api ${api} is no URL. It looks like https://host:port`);
  }
  return api;
}

function isUrl(text: string): boolean {
  try {
    return new URL(text).host !== '';
  } catch {
    return false;
  }
}

function readTrust(options: ServiceOptions): Trust {
  const [ca, fingerprint] = [given(options.ca), given(options.fingerprint)];
  if (fingerprint !== undefined) {
    const sha256 = fingerprint.replaceAll(':', '').toLowerCase();
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new WrongUse('--fingerprint takes the 64 hexadecimal digits of a SHA-256.');
    return { kind: 'fingerprint', sha256 };
  }
  return ca === undefined ? { kind: 'system' } : { kind: 'authority', pem: readFile(ca, '--ca') };
}

async function readToken(options: ServiceOptions, io: CommandIo): Promise<string> {
  const tokenFile = given(options.tokenFile);
  if (tokenFile === undefined) throw new WrongUse('Give a token: --token-file FILE, or HRW_TOKEN_FILE.');
  const token = tokenIn((await readFileOrInput(tokenFile, '--token-file', io)).trim());
  if (token === '') throw new WrongUse(`There is no token in ${tokenFile}.`);
  return token;
}

/** The file that a service writes when it is ready (--ready-file) holds the first administrator's token among other things. */
function tokenIn(text: string): string {
  if (!text.startsWith('{')) return text;
  try {
    const { administratorToken } = JSON.parse(text) as { administratorToken?: unknown };
    return typeof administratorToken === 'string' ? administratorToken : '';
  } catch {
    return '';
  }
}

/** A secret never stands on a command line: it is in a file, or comes from standard input (`-`). */
export async function readFileOrInput(file: string, option: string, io: CommandIo): Promise<string> {
  if (file !== '-') return readFile(file, option);
  if (readInputs.has(io)) throw new WrongUse(`${option} -: standard input was already read for another option.`);
  readInputs.add(io);
  return readAll(io.stdin);
}

const readInputs = new WeakSet<CommandIo>();

export function readFile(file: string, option: string): string {
  return readBytes(file, option).toString('utf8');
}

export function readBytes(file: string, option: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new WrongUse(`${option}: ${describeFileError(error as NodeJS.ErrnoException, file)}`);
  }
}

function describeFileError({ code, message }: NodeJS.ErrnoException, file: string): string {
  if (code === 'ENOENT') return `there is no file ${file}.`;
  if (code === 'EISDIR') return `${file} is a folder.`;
  if (code === 'EACCES' || code === 'EPERM') return `this user may not read ${file}.`;
  return message;
}

/** For commands that act inside an account; for those about one, also under the name that `hrw account create` has for it. */
export function accountOption(flags = '--account <name>'): Option {
  return new Option(flags, 'the automation account').env('HRW_ACCOUNT').makeOptionMandatory();
}
