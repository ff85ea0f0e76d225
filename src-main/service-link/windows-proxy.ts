/**
 * What Windows itself is set to, as far as its registry says: this user's Internet settings first (what browsers and the control panel
 * use), then what `netsh winhttp set proxy` has written for services. Built from documentation and not yet tried on a Windows machine.
 * A configuration script (PAC) is named, never run: a script from the network would decide in this process.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';

export interface WindowsProxyFacts {
  /** Values of HKCU\…\Internet Settings, by name. */
  internet: ReadonlyMap<string, string>;
  /** The bytes of WinHttpSettings under HKLM. */
  winHttp: Buffer | undefined;
}

/** Where a list of proxies and of hosts that go past them came from. */
export type WindowsProxy =
  | { kind: 'none'; because: string }
  | { kind: 'list'; because: string; servers: string; past: string }
  | { kind: 'script'; because: string; url: string };

const internetKey = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings';
const winHttpKey = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections';
const askMs = 5_000;

export async function readWindowsProxy(environment: NodeJS.ProcessEnv): Promise<WindowsProxyFacts> {
  const [internet, connections] = await Promise.all([
    askRegistry([internetKey], environment),
    askRegistry([winHttpKey, '/v', 'WinHttpSettings'], environment),
  ]);
  const bytes = parseRegistry(connections).get('WinHttpSettings');
  return { internet: parseRegistry(internet), winHttp: bytes === undefined ? undefined : Buffer.from(bytes, 'hex') };
}

/** What it prints; a key that is not there is as good as an empty one. */
function askRegistry(query: string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const program = path.win32.join(environment['SystemRoot'] ?? 'C:\\Windows', 'System32', 'reg.exe');
  return new Promise((resolve) => {
    execFile(program, ['query', ...query], { windowsHide: true, timeout: askMs, encoding: 'utf8' }, (error, output) => {
      resolve(error === null ? output : '');
    });
  });
}

/** `    ProxyServer    REG_SZ    proxy:8080`, a line a value; keys begin at the first column. */
export function parseRegistry(output: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of output.split(/\r?\n/)) {
    const [, name, type, value = ''] = /^ {4}(\S.*?) {4}(REG_[A-Z_]+)(?: {4}(.*))?$/.exec(line) ?? [];
    if (name !== undefined && type !== undefined) values.set(name, value.trim());
  }
  return values;
}

/** Flags of both settings: 1 goes straight, 2 has proxies. */
const hasProxies = 2;
const flagsAt = 8;

/** Version, counter, flags, then the proxies and the hosts past them, each with its length before it; numbers are little-endian. */
export function parseWinHttp(bytes: Buffer): { servers: string; past: string } | undefined {
  if (bytes.length < flagsAt + 8 || (bytes.readUInt32LE(flagsAt) & hasProxies) === 0) return undefined;
  const read = (at: number): { text: string; next: number } | undefined => {
    if (at + 4 > bytes.length) return undefined;
    const length = bytes.readUInt32LE(at);
    const next = at + 4 + length;
    return next > bytes.length ? undefined : { text: bytes.toString('latin1', at + 4, next), next };
  };
  const servers = read(flagsAt + 4);
  if (servers === undefined || servers.text === '') return undefined;
  return { servers: servers.text, past: read(servers.next)?.text ?? '' };
}

export function windowsProxyOf({ internet, winHttp }: WindowsProxyFacts): WindowsProxy {
  const because = 'the Internet settings of the user that this worker runs as';
  const script = internet.get('AutoConfigURL') ?? '';
  if (script !== '') return { kind: 'script', because, url: script };
  const servers = internet.get('ProxyServer') ?? '';
  if (Number(internet.get('ProxyEnable') ?? 0) === 1 && servers !== '')
    return { kind: 'list', because, servers, past: internet.get('ProxyOverride') ?? '' };
  const forServices = winHttp === undefined ? undefined : parseWinHttp(winHttp);
  if (forServices !== undefined) return { kind: 'list', because: 'the machine’s WinHTTP setting', ...forServices };
  return { kind: 'none', because: 'neither the Internet settings nor WinHTTP name one' };
}

/** `proxy:8080` for every kind of address, or `http=one:80;https=other:443`. undefined: none of them is for this kind. */
export function serverFor(kind: 'http' | 'https', servers: string): string | undefined {
  const entries = servers.split(/[;\s]+/).filter((entry) => entry !== '');
  const named = entries.find((entry) => entry.toLowerCase().startsWith(`${kind}=`));
  return named?.slice(kind.length + 1) ?? entries.find((entry) => !/^[a-z]+=/i.test(entry));
}

/** Hosts with `*` for anything, parted by semicolons; `<local>` is every name without a dot. */
export function goesPast(host: string, past: string): string | undefined {
  const name = host.toLowerCase();
  return past
    .toLowerCase()
    .split(/[;\s]+/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .find((entry) => {
      if (entry === '<local>') return !/[.:]/.test(name);
      const pattern = entry.replace(/^[a-z]+:\/\//, '').replaceAll(/[\\^$+?.()|[\]{}]/g, '\\$&');
      return new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name);
    });
}
