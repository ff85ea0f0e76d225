/**
 * The one place that says through which proxy a connection goes: engine, sandboxes, calls of the REST API and diagnostics all open theirs
 * here. `system` is what this process finds at that moment: variables of its environment, as other programs without a window read them, and
 * on Windows what the machine is set to where there are none. A new connection asks anew, so that a change needs no restart.
 */
import { BlockList, isIP } from 'node:net';
import { AppError } from '../../src-contract/app-error.ts';
import type { ProxySettings } from '../../src-contract/settings.ts';
import { goesPast, readWindowsProxy, serverFor, windowsProxyOf, type WindowsProxyFacts } from './windows-proxy.ts';

export type ManualProxy = Extract<ProxySettings, { kind: 'manual' }>;
/** How a connection is made. */
export type Way = Exclude<ProxySettings, { kind: 'system' }>;

export interface ProxyTarget {
  host: string;
  port: number;
  isSecure: boolean;
}

export function targetOf(url: URL): ProxyTarget {
  const isSecure = url.protocol === 'https:';
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port, isSecure };
}

/** What a system's setting comes to for one target, and which setting that is, in words. */
export type SystemProxy =
  | { kind: 'none'; because: string }
  | { kind: 'manual'; because: string; proxy: ManualProxy }
  | { kind: 'unusable'; because: string; reason: string };

export interface SystemFacts {
  platform: NodeJS.Platform;
  environment: NodeJS.ProcessEnv;
  readWindows: (environment: NodeJS.ProcessEnv) => Promise<WindowsProxyFacts>;
}

/** Asking the registry starts a program: not for each of the connections that open at once. */
const keptMs = 30_000;
let known: { at: number; facts: Promise<WindowsProxyFacts> } | undefined;

function thisMachine(): SystemFacts {
  return {
    platform: process.platform,
    environment: process.env,
    readWindows: (environment) => {
      if (known === undefined || performance.now() - known.at > keptMs)
        known = { at: performance.now(), facts: readWindowsProxy(environment) };
      return known.facts;
    },
  };
}

/** Throws AppError `system-proxy-unusable`. */
export async function wayTo(target: ProxyTarget, proxy: ProxySettings): Promise<Way> {
  if (proxy.kind !== 'system') return proxy;
  const found = await findSystemProxy(target);
  switch (found.kind) {
    case 'none':
      return { kind: 'none' };
    case 'manual':
      return found.proxy;
    case 'unusable':
      throw new AppError('system-proxy-unusable', { setting: found.because, reason: found.reason }, { retryable: true });
  }
}

export async function findSystemProxy(target: ProxyTarget, facts: SystemFacts = thisMachine()): Promise<SystemProxy> {
  const named = proxyOfEnvironment(facts.environment, target);
  if (named !== undefined) return named;
  if (facts.platform !== 'win32') return { kind: 'none', because: 'the environment names none' };
  const windows = windowsProxyOf(await facts.readWindows(facts.environment));
  if (windows.kind === 'none') return windows;
  const { because } = windows;
  if (windows.kind === 'script')
    return {
      kind: 'unusable',
      because,
      reason: `they name a configuration script (${windows.url}), which a worker does not run`,
    };
  const past = goesPast(target.host, windows.past);
  if (past !== undefined) return { kind: 'none', because: `${because} let ${past} go straight` };
  const server = serverFor(target.isSecure ? 'https' : 'http', windows.servers);
  return server === undefined
    ? { kind: 'none', because: `${because} name no proxy for this kind of address` }
    : readProxyUrl(server, because);
}

/** Small letters go first, as curl has it; `HTTP_PROXY` in capitals is nobody's, because a web server lets its callers set it. */
function proxyOfEnvironment(environment: NodeJS.ProcessEnv, target: ProxyTarget): SystemProxy | undefined {
  const names = target.isSecure
    ? ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY']
    : ['http_proxy', 'all_proxy', 'ALL_PROXY'];
  const name = names.find((one) => (environment[one] ?? '').trim() !== '');
  if (name === undefined) return undefined;
  const except = ['no_proxy', 'NO_PROXY'].find((one) => (environment[one] ?? '').trim() !== '');
  const entry = except === undefined ? undefined : exceptionFor(target, environment[except] ?? '');
  if (except !== undefined && entry !== undefined) return { kind: 'none', because: `${except} has ${entry}` };
  return readProxyUrl((environment[name] ?? '').trim(), name);
}

/**
 * The entry by which a target goes straight: `*`, a name with all below it (`contoso.com`, `.contoso.com`, `*.contoso.com`), an address or a
 * network (`10.0.0.0/8`), each with a port where one is given.
 */
export function exceptionFor({ host, port }: Pick<ProxyTarget, 'host' | 'port'>, list: string): string | undefined {
  const name = host.toLowerCase().replace(/\.$/, '');
  return list
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .find((entry) => {
      if (entry === '*') return true;
      const { name: wanted, port: wantedPort } = partsOf(entry.toLowerCase());
      if (wantedPort !== undefined && wantedPort !== port) return false;
      if (wanted.includes('/')) return isInNetwork(name, wanted);
      const plain = wanted.replace(/^\*?\./, '');
      return plain !== '' && (name === plain || (isIP(name) === 0 && name.endsWith(`.${plain}`)));
    });
}

function partsOf(entry: string): { name: string; port: number | undefined } {
  const [, bracketed, after] = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry) ?? [];
  if (bracketed !== undefined) return { name: bracketed, port: after === undefined ? undefined : Number(after) };
  const [, name, port] = /^([^:]+):(\d+)$/.exec(entry) ?? [];
  return name === undefined ? { name: entry, port: undefined } : { name, port: Number(port) };
}

function isInNetwork(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(address, Number(bits), kind);
  return list.check(host, kind);
}

/** `proxy:3128`, or a URL that may carry user name and password. */
function readProxyUrl(text: string, because: string): SystemProxy {
  const unusable = (reason: string): SystemProxy => ({ kind: 'unusable', because, reason });
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  } catch {
    return unusable('its value is no address of a proxy');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return unusable(`it names a proxy of the kind ${url.protocol.slice(0, -1)}, and this worker speaks to HTTP proxies`);
  const userName = decoded(url.username);
  const password = decoded(url.password);
  return {
    kind: 'manual',
    because,
    proxy: {
      kind: 'manual',
      url: url.origin,
      ...(userName === '' ? {} : { userName }),
      ...(userName === '' || password === '' ? {} : { password }),
    },
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
