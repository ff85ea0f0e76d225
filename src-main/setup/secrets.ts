/** Key files of an installation: read at once, and gone when it is over. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../src-contract/app-error.ts';
import type { ProxySettings, Trust } from '../../src-contract/settings.ts';
import type { InstallParameters } from './parameters.ts';

export interface InstallSecrets {
  workspaceKey: string | null;
  token: string | null;
  accountPassword: string | null;
  way: { trust: Trust; proxy: ProxySettings } | null;
}

/** Throws AppError `setup-parameter-wrong`. */
export function readInstallSecrets({ connection, registration, account }: InstallParameters): InstallSecrets {
  const accountPasswordFile = account.kind === 'named' ? account.passwordFile : null;
  return {
    workspaceKey: connection === null ? null : readSecret('WORKSPACEKEYFILE', connection.workspaceKeyFile),
    token: registration === null ? null : readSecret('TOKENFILE', registration.tokenFile),
    accountPassword: accountPasswordFile === null ? null : readSecret('ACCOUNTPASSWORDFILE', accountPasswordFile),
    way: connection === null ? null : { trust: readTrust(connection.trust), proxy: readProxy(connection.proxy) },
  };
}

type Connection = NonNullable<InstallParameters['connection']>;

function readTrust(trust: Connection['trust']): Trust {
  return trust.kind === 'file' ? { kind: 'authority', pem: readText('CA', trust.file) } : trust;
}

function readProxy(proxy: Connection['proxy']): ProxySettings {
  if (proxy.kind !== 'manual') return proxy;
  const { url, userName, passwordFile } = proxy;
  return {
    kind: 'manual',
    url,
    ...(userName === null ? {} : { userName }),
    ...(passwordFile === null ? {} : { password: readSecret('PROXYPASSWORDFILE', passwordFile) }),
  };
}

/** Of the installation, but for the authority's certificate, which is no secret. */
export function keyFilesOf({ connection, registration, account }: InstallParameters): string[] {
  const files = [
    connection?.workspaceKeyFile,
    connection?.proxy.kind === 'manual' ? connection.proxy.passwordFile : null,
    registration?.tokenFile,
    account.kind === 'named' ? account.passwordFile : null,
  ];
  return files.filter((file) => file !== null && file !== undefined);
}

/** Answers those that stay, each with the reason. */
export function deleteKeyFiles(files: readonly string[]): string[] {
  return [...new Set(files)].flatMap((file) => {
    try {
      rmSync(file, { force: true });
      return [];
    } catch (error) {
      return [`${file} could not be deleted (${codeOf(error)}). It holds a key: delete it.`];
    }
  });
}

/** Throws AppError `setup-parameter-wrong`. */
export function readSecret(name: string, file: string): string {
  const text = readText(name, file).trim();
  if (text === '') throw wrong(name, file, 'there is nothing in it');
  return text;
}

function readText(name: string, file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path.resolve(file));
  } catch (error) {
    const reasons: Record<string, string | undefined> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a folder',
      EACCES: 'it may not be read',
      EPERM: 'it may not be read',
    };
    throw wrong(name, file, reasons[codeOf(error)] ?? codeOf(error));
  }
  // Windows PowerShell's `>` and Out-File write UTF-16.
  const text = bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.toString('utf16le') : bytes.toString('utf8');
  return text.replace(/^\uFEFF/, '');
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

function wrong(name: string, file: string, reason: string): AppError {
  return new AppError('setup-parameter-wrong', { reason: `/${name}=${file}: ${reason}.` });
}
