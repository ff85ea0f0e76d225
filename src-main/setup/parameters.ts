/**
 * The installer's command line: `/NAME=value`, as administrators know it. Read here and not in the installer, which would cut a long line off
 * and take an unknown name for none.
 */
import { AppError } from '../../src-contract/app-error.ts';
import type { ServiceAccount } from '../../src-contract/machine-service.ts';

export interface InstallParameters {
  mode: 'service' | 'app';
  connection: {
    workspaceId: string;
    workspaceKeyFile: string;
    serviceUrl: string;
    /** PEM file, 64 hexadecimal digits, or what the system trusts. */
    trust: { kind: 'file'; file: string } | { kind: 'fingerprint'; sha256: string } | { kind: 'system' };
    proxy: { kind: 'none' | 'system' } | { kind: 'manual'; url: string; userName: string | null; passwordFile: string | null };
  } | null;
  /** `endpoint`: null for that of the account that the workspace is linked to. */
  registration: { groupName: string; tokenFile: string; endpoint: string | null } | null;
  account: { kind: 'virtual' | 'local-system' } | { kind: 'named'; name: string; passwordFile: string | null };
  logFile: string | null;
}

export interface RemoveParameters {
  keepHistory: boolean;
  /** How long what runs may go on. */
  drainSeconds: number;
  /** With a key of the account, which is told then that this machine leaves. */
  tokenFile: string | null;
  logFile: string | null;
}

const installNames = [
  ...['MODE', 'WORKSPACEID', 'WORKSPACEKEYFILE', 'SERVICEURL', 'CA', 'PROXY', 'PROXYUSER', 'PROXYPASSWORDFILE'],
  ...['GROUP', 'TOKENFILE', 'ENDPOINT', 'ACCOUNT', 'ACCOUNTPASSWORDFILE', 'LOG'],
];
const removeNames = ['KEEPHISTORY', 'DRAIN', 'TOKENFILE', 'LOG'];
/** The installer's own, and those with which Windows' setup programs are called everywhere. */
const silentNames = ['S', 'NCRC'];
const withoutValue = ['S', 'NCRC', 'KEEPHISTORY'];

const defaultDrainMinutes = 10;
const mostDrainMinutes = 7 * 24 * 60;

/** Throws AppError `setup-parameter-wrong`. */
export function readInstallParameters(given: readonly string[]): InstallParameters {
  const values = readValues(given, installNames);
  const registration = readRegistration(values);
  return {
    mode: readMode(values),
    connection: readConnection(values),
    registration,
    account: readAccount(values),
    logFile: values.get('LOG') ?? null,
  };
}

/** Throws AppError `setup-parameter-wrong`. */
export function readRemoveParameters(given: readonly string[]): RemoveParameters {
  const values = readValues(given, removeNames);
  const text = values.get('DRAIN') ?? String(defaultDrainMinutes);
  const minutes = Number(text);
  if (!/^\d{1,6}$/.test(text) || minutes > mostDrainMinutes)
    throw wrong(`/DRAIN=${text}: give whole minutes, 0 to ${String(mostDrainMinutes)}.`);
  return {
    keepHistory: values.has('KEEPHISTORY'),
    drainSeconds: minutes * 60,
    tokenFile: values.get('TOKENFILE') ?? null,
    logFile: values.get('LOG') ?? null,
  };
}

/** Also where the rest is wrong: whoever deploys wants to read why. */
export function readLogFile(given: readonly string[]): string | null {
  return given.flatMap((one) => /^\/LOG=(.+)$/i.exec(one)?.[1] ?? []).at(-1) ?? null;
}

function readValues(given: readonly string[], names: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const one of given) {
    const found = /^\/([A-Za-z]+)(?:=([^]*))?$/.exec(one);
    const name = found?.[1]?.toUpperCase() ?? '';
    const value = found?.[2];
    if (name === 'D')
      throw wrong(
        '/D=: the folder cannot be chosen. The programs belong below Program Files, where only administrators may write.',
      );
    if (found === null || ![...names, ...silentNames].includes(name))
      throw wrong(
        `${one} is no parameter of this program. There are: ${[...names.map((known) => `/${known}`), '/S'].join(', ')}.`,
      );
    if (withoutValue.includes(name)) {
      if (value !== undefined) throw wrong(`/${name} takes no value.`);
      values.set(name, '');
      continue;
    }
    if (value === undefined || value.trim() === '') throw wrong(`/${name}= has no value.`);
    if (values.has(name)) throw wrong(`/${name}= is given twice.`);
    values.set(name, value.trim());
  }
  return values;
}

function readMode(values: ReadonlyMap<string, string>): InstallParameters['mode'] {
  const mode = (values.get('MODE') ?? 'service').toLowerCase();
  if (mode === 'service' || mode === 'app') return mode;
  throw wrong(`/MODE=${mode}: it is service (the default) or app.`);
}

function readConnection(values: ReadonlyMap<string, string>): InstallParameters['connection'] {
  const needed = ['WORKSPACEID', 'WORKSPACEKEYFILE', 'SERVICEURL'];
  const [workspaceId, workspaceKeyFile, serviceUrl] = needed.map((name) => values.get(name));
  if (workspaceId === undefined || workspaceKeyFile === undefined || serviceUrl === undefined) {
    const there = [...needed, 'CA', 'PROXY', 'PROXYUSER', 'PROXYPASSWORDFILE'].find((name) => values.has(name));
    if (there === undefined) return null;
    const missing = needed.find((name) => !values.has(name)) ?? '';
    throw wrong(
      `/${there}= is given, and /${missing}= is not: connecting takes /WORKSPACEID=, /WORKSPACEKEYFILE= and /SERVICEURL=.`,
    );
  }
  if (!/^https:\/\/[^/]/i.test(serviceUrl) || !isUrl(serviceUrl))
    throw wrong(`/SERVICEURL=${serviceUrl}: it should look like https://host:port.`);
  return { workspaceId, workspaceKeyFile, serviceUrl, trust: readTrust(values.get('CA')), proxy: readProxy(values) };
}

function isUrl(text: string): boolean {
  try {
    new URL(text);
    return true;
  } catch {
    return false;
  }
}

function readTrust(ca: string | undefined): NonNullable<InstallParameters['connection']>['trust'] {
  if (ca === undefined || ca.toLowerCase() === 'system') return { kind: 'system' };
  const digits = ca.replaceAll(':', '').toLowerCase();
  return /^[0-9a-f]{64}$/.test(digits) ? { kind: 'fingerprint', sha256: digits } : { kind: 'file', file: ca };
}

function readProxy(values: ReadonlyMap<string, string>): NonNullable<InstallParameters['connection']>['proxy'] {
  const [proxy = 'none', userName = null, passwordFile = null] = ['PROXY', 'PROXYUSER', 'PROXYPASSWORDFILE'].map((name) =>
    values.get(name),
  );
  const kind = proxy.toLowerCase();
  if (kind === 'none' || kind === 'system') {
    if (userName !== null || passwordFile !== null)
      throw wrong('/PROXYUSER= and /PROXYPASSWORDFILE= need /PROXY=http://host:port.');
    return { kind };
  }
  if (!/^https?:\/\/[^/]/i.test(proxy) || !isUrl(proxy))
    throw wrong(`/PROXY=${proxy}: it is system, none, or looks like http://host:port.`);
  if (passwordFile !== null && userName === null) throw wrong('/PROXYPASSWORDFILE= needs /PROXYUSER=.');
  return { kind: 'manual', url: proxy, userName, passwordFile };
}

function readRegistration(values: ReadonlyMap<string, string>): InstallParameters['registration'] {
  const groupName = values.get('GROUP');
  const tokenFile = values.get('TOKENFILE');
  const endpoint = values.get('ENDPOINT') ?? null;
  if (groupName === undefined && tokenFile === undefined && endpoint === null) return null;
  if (groupName === undefined || tokenFile === undefined)
    throw wrong('Joining a worker group takes /GROUP= and /TOKENFILE= (a file with a key of the account).');
  return { groupName, tokenFile, endpoint };
}

function readAccount(values: ReadonlyMap<string, string>): InstallParameters['account'] {
  const name = values.get('ACCOUNT') ?? 'virtual';
  const passwordFile = values.get('ACCOUNTPASSWORDFILE') ?? null;
  const kind = name.toLowerCase();
  if (kind === 'virtual' || kind === 'local-system') {
    if (passwordFile !== null) throw wrong(`/ACCOUNTPASSWORDFILE=: the account ${name} has no password that a person knows.`);
    return { kind };
  }
  if (!name.includes('\\') && !name.includes('@'))
    throw wrong(`/ACCOUNT=${name}: it is virtual, local-system, DOMAIN\\name, or DOMAIN\\name$ for a managed one.`);
  const isManaged = name.endsWith('$');
  if (isManaged && passwordFile !== null) throw wrong(`/ACCOUNTPASSWORDFILE=: Windows itself knows the password of ${name}.`);
  if (!isManaged && passwordFile === null)
    throw wrong(`/ACCOUNT=${name}: its password is needed, in a file: /ACCOUNTPASSWORDFILE=.`);
  return { kind: 'named', name, passwordFile };
}

/** With the password, once it was read. */
export function serviceAccountOf(account: InstallParameters['account'], password: string | null): ServiceAccount {
  return account.kind === 'named' ? { kind: 'named', name: account.name, password } : { kind: account.kind };
}

/**
 * A command line as Windows' programs take it apart, its first part (the program) left out: blanks separate, quotes hold together and may
 * stand anywhere, `\"` is a quote, backslashes before a quote count double.
 */
export function splitCommandLine(text: string): string[] {
  const parts: string[] = [];
  let part: string | undefined;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '\\') {
      const { count, beforeQuote } = backslashesAt(text, at);
      part = (part ?? '') + '\\'.repeat(beforeQuote ? Math.floor(count / 2) : count);
      at += count - 1;
      if (beforeQuote && count % 2 === 1) {
        part += '"';
        at += 1;
      }
    } else if (char === '"') {
      isQuoted = !isQuoted;
      part ??= '';
    } else if (/[\s\0]/.test(char) && !isQuoted) {
      if (part !== undefined) parts.push(part);
      part = undefined;
    } else part = (part ?? '') + char;
  }
  if (part !== undefined) parts.push(part);
  return parts.slice(1);
}

function backslashesAt(text: string, start: number): { count: number; beforeQuote: boolean } {
  let end = start;
  while (text[end] === '\\') end += 1;
  return { count: end - start, beforeQuote: text[end] === '"' };
}

function wrong(reason: string): AppError {
  return new AppError('setup-parameter-wrong', { reason });
}
