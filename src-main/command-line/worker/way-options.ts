/** How the service is reached: whom to trust, through which proxy. Shared by the commands that connect, change that, or try it. */
import type { Command } from 'commander';
import type { ProgressStep } from '../../../src-contract/engine-calls.ts';
import type { ProxySettings, Trust } from '../../../src-contract/settings.ts';
import type { CommandIo } from '../command-io.ts';
import { WrongUse } from '../failures.ts';
import { readFile, readFileOrInput } from '../service/service-options.ts';
import { plainText } from '../terminal-text.ts';
import type { WorkerConnection } from './worker-access.ts';

export interface WayOptions {
  ca?: string;
  fingerprint?: string;
  systemTrust?: boolean;
  proxy?: string;
  proxyUser?: string;
  proxyPasswordFile?: string;
}

export function addWayOptions(command: Command): Command {
  return command
    .option('--ca <file>', 'certificate (PEM) of the authority to trust for this service, alone')
    .option('--fingerprint <sha256>', 'SHA-256 of the service’s certificate or authority, instead of --ca')
    .option('--system-trust', 'the authorities that this system trusts')
    .option(
      '--proxy <url>',
      'HTTP proxy that leads to the service; "system": what HTTPS_PROXY and NO_PROXY or Windows’ settings say to the worker; "none"',
    )
    .option('--proxy-user <name>', 'user name for the proxy')
    .option('--proxy-password-file <file>', 'file that holds the proxy’s password');
}

export async function readSecret(file: string, option: string, io: CommandIo): Promise<string> {
  const secret = (await readFileOrInput(file, option, io)).trim();
  if (secret === '') throw new WrongUse(`${option}: there is nothing in ${file === '-' ? 'standard input' : file}.`);
  return secret;
}

/** undefined: nothing was said. */
export function readTrust({ ca, fingerprint, systemTrust }: WayOptions): Trust | undefined {
  if ([ca, fingerprint, systemTrust].filter((one) => one !== undefined).length > 1)
    throw new WrongUse('Give one of --ca, --fingerprint and --system-trust.');
  if (ca !== undefined) return { kind: 'authority', pem: readFile(ca, '--ca') };
  if (systemTrust === true) return { kind: 'system' };
  if (fingerprint === undefined) return undefined;
  const sha256 = fingerprint.replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new WrongUse('--fingerprint takes the 64 hexadecimal digits of a SHA-256.');
  return { kind: 'fingerprint', sha256 };
}

/** undefined: nothing was said. */
export async function readProxy(
  { proxy, proxyUser, proxyPasswordFile }: WayOptions,
  io: CommandIo,
): Promise<ProxySettings | undefined> {
  if (proxy === undefined || proxy === 'none' || proxy === 'system') {
    if (proxyUser !== undefined || proxyPasswordFile !== undefined) throw new WrongUse('Name the proxy too: --proxy URL.');
    return proxy === undefined ? undefined : { kind: proxy };
  }
  if (proxyPasswordFile !== undefined && proxyUser === undefined)
    throw new WrongUse('Give the proxy’s user too: --proxy-user NAME.');
  const password = proxyPasswordFile === undefined ? undefined : await readSecret(proxyPasswordFile, '--proxy-password-file', io);
  return {
    kind: 'manual',
    url: proxy,
    ...(proxyUser === undefined ? {} : { userName: proxyUser }),
    ...(password === undefined ? {} : { password }),
  };
}

/** Steps go to standard error: standard output is for the answer. */
export function showProgress(worker: WorkerConnection, io: CommandIo, asJson: boolean): () => void {
  if (asJson) return () => undefined;
  return worker.subscribe((event) => {
    if (event.event === 'progress-made' && event.payload.status !== 'started') io.stderr.write(describeStep(event.payload));
  });
}

function describeStep({ label, status, detail }: ProgressStep): string {
  const mark = status === 'done' ? 'done  ' : 'failed';
  return plainText(`${mark}  ${label}${status === 'done' && detail !== '' ? ` (${detail})` : ''}\n`);
}
