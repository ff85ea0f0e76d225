import { describe, expect, it } from 'vitest';
import { exceptionFor, findSystemProxy, type SystemFacts } from '../../src-main/service-link/system-proxy.ts';
import { goesPast, parseRegistry, parseWinHttp, serverFor, windowsProxyOf } from '../../src-main/service-link/windows-proxy.ts';

const target = { host: 'automation.contoso.com', port: 8443, isSecure: true };

function machine(environment: NodeJS.ProcessEnv, more: Partial<SystemFacts> = {}): SystemFacts {
  const readWindows = (): never => {
    throw new Error('nobody asked Windows');
  };
  return { platform: 'linux', environment, readWindows, ...more };
}

describe('the proxy that the environment names', () => {
  it('is the one for this kind of address, in small letters first', async () => {
    const both = machine({ https_proxy: 'http://small:3128', HTTPS_PROXY: 'http://capital:3128', http_proxy: 'http://plain:80' });
    expect(await findSystemProxy(target, both)).toEqual({
      kind: 'manual',
      because: 'https_proxy',
      proxy: { kind: 'manual', url: 'http://small:3128' },
    });
    expect(await findSystemProxy({ ...target, isSecure: false }, both)).toMatchObject({ because: 'http_proxy' });
    expect(await findSystemProxy(target, machine({ ALL_PROXY: 'proxy:8080' }))).toMatchObject({
      proxy: { url: 'http://proxy:8080' },
    });
    expect(
      await findSystemProxy({ ...target, isSecure: false }, machine({ HTTP_PROXY: 'http://a-caller-of-cgi:1' })),
    ).toMatchObject({
      kind: 'none',
    });
  });

  it('may carry user name and password, which do not stay in its address', async () => {
    const found = await findSystemProxy(target, machine({ HTTPS_PROXY: 'http://DOM%5Cme:p%40ss@proxy:3128/' }));
    expect(found).toMatchObject({ proxy: { url: 'http://proxy:3128', userName: 'DOM\\me', password: 'p@ss' } });
  });

  it('is none where nothing or an empty variable names one', async () => {
    for (const environment of [{}, { HTTPS_PROXY: ' ' }])
      expect(await findSystemProxy(target, machine(environment))).toMatchObject({ kind: 'none' });
  });

  it('that cannot be used is said to be so, never gone past in silence', async () => {
    const socks = await findSystemProxy(target, machine({ ALL_PROXY: 'socks5://proxy:1080' }));
    expect(socks).toMatchObject({ kind: 'unusable', because: 'ALL_PROXY', reason: expect.stringContaining('socks5') as string });
    expect(await findSystemProxy(target, machine({ HTTPS_PROXY: 'http://' }))).toMatchObject({ kind: 'unusable' });
  });

  it('is gone past for what NO_PROXY has', async () => {
    const except = (list: string) => findSystemProxy(target, machine({ HTTPS_PROXY: 'http://p:1', NO_PROXY: list }));
    expect(await except('localhost, .contoso.com')).toEqual({ kind: 'none', because: 'NO_PROXY has .contoso.com' });
    expect(await except('localhost')).toMatchObject({ kind: 'manual' });
  });

  it('knows names with all below them, addresses, networks, ports and the star', () => {
    const goesStraight = (host: string, entry: string, port = 443): boolean => exceptionFor({ host, port }, entry) !== undefined;
    for (const [host, entry] of [
      ['contoso.com', 'contoso.com'],
      ['a.b.contoso.com', 'contoso.com'],
      ['a.contoso.com', '*.contoso.com'],
      ['A.Contoso.COM', '.contoso.com'],
      ['anything', '*'],
      ['10.2.3.4', '10.0.0.0/8'],
      ['fd00::1', 'fd00::/16'],
      ['::1', '[::1]:443'],
      ['contoso.com', 'other.com contoso.com:443'],
    ] as const)
      expect([host, entry, goesStraight(host, entry)]).toEqual([host, entry, true]);
    for (const [host, entry] of [
      ['notcontoso.com', 'contoso.com'],
      ['contoso.com.evil', 'contoso.com'],
      ['contoso.com', 'contoso.com:8443'],
      ['11.2.3.4', '10.0.0.0/8'],
      ['110.0.0.1', '10.0.0.1'],
      ['10.2.3.4', '10.0.0.0/99'],
      ['contoso.com', '.'],
      ['contoso.com', ''],
    ] as const)
      expect([host, entry, goesStraight(host, entry)]).toEqual([host, entry, false]);
  });
});

const internet = (values: Record<string, string>) => ({ internet: new Map(Object.entries(values)), winHttp: undefined });
const list = { ProxyEnable: '0x1', ProxyServer: 'http=web:80;https=proxy:8443', ProxyOverride: '*.contoso.net;10.*;<local>' };

/** As Windows writes it, by what is known of it: version, counter, flags, and two texts with their lengths. */
function winHttpBytes(flags: number, servers: string, past: string): Buffer {
  const number = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const text = (value: string): Buffer[] => [number(value.length), Buffer.from(value, 'latin1')];
  return Buffer.concat([number(0x18), number(0), number(flags), ...text(servers), ...text(past)]);
}

describe('what Windows is set to', () => {
  it('is read from what the registry’s program prints', () => {
    const printed =
      '\r\nHKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\r\n' +
      '    ProxyEnable    REG_DWORD    0x1\r\n    User Agent    REG_SZ    Mozilla/4.0 (compatible)\r\n' +
      '    ProxyServer    REG_SZ    proxy:8080\r\n    AutoConfigURL    REG_SZ\r\n\r\n' +
      'HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Zones\r\n';
    expect(Object.fromEntries(parseRegistry(printed))).toEqual({
      ProxyEnable: '0x1',
      'User Agent': 'Mozilla/4.0 (compatible)',
      ProxyServer: 'proxy:8080',
      AutoConfigURL: '',
    });
    expect(parseRegistry('ERROR: The system was unable to find the specified registry key or value.').size).toBe(0);
  });

  it('is the user’s list where it is switched on, else what services have, else none', () => {
    expect(windowsProxyOf(internet(list))).toMatchObject({ kind: 'list', servers: list.ProxyServer, past: list.ProxyOverride });
    const off = internet({ ...list, ProxyEnable: '0x0' });
    expect(windowsProxyOf(off)).toMatchObject({ kind: 'none' });
    expect(windowsProxyOf({ ...off, winHttp: winHttpBytes(3, 'services:3128', '<local>') })).toMatchObject({
      kind: 'list',
      servers: 'services:3128',
      past: '<local>',
      because: expect.stringContaining('WinHTTP') as string,
    });
    expect(windowsProxyOf(internet({ ...list, AutoConfigURL: 'http://wpad/p.pac' }))).toMatchObject({ kind: 'script' });
  });

  it('of bytes that are cut or say "straight" is no proxy', () => {
    expect(parseWinHttp(winHttpBytes(1, '', ''))).toBeUndefined();
    const whole = winHttpBytes(3, 'proxy:80', '');
    expect(parseWinHttp(whole)).toEqual({ servers: 'proxy:80', past: '' });
    for (let length = 0; length < whole.length - 4; length += 1) expect(parseWinHttp(whole.subarray(0, length))).toBeUndefined();
  });

  it('has a proxy a kind, and hosts that go past it', () => {
    expect([serverFor('https', list.ProxyServer), serverFor('http', list.ProxyServer)]).toEqual(['proxy:8443', 'web:80']);
    expect([serverFor('https', 'proxy:80'), serverFor('https', 'http=web:80;socks=s:1')]).toEqual(['proxy:80', undefined]);
    const past = (host: string): boolean => goesPast(host, list.ProxyOverride) !== undefined;
    expect(['server', 'a.contoso.net', '10.1.2.3'].map(past)).toEqual([true, true, true]);
    expect(['a.contoso.com', 'contoso.netx', '110.1.2.3', '::1'].map(past)).toEqual([false, false, false, false]);
  });

  it('holds where the environment names none, and a script is named, not run', async () => {
    const windows = (facts: ReturnType<typeof internet>, environment: NodeJS.ProcessEnv = {}) =>
      findSystemProxy(target, machine(environment, { platform: 'win32', readWindows: () => Promise.resolve(facts) }));
    expect(await windows(internet(list))).toMatchObject({ kind: 'manual', proxy: { url: 'http://proxy:8443' } });
    expect(await windows(internet({ ...list, ProxyOverride: '*.contoso.com' }))).toMatchObject({ kind: 'none' });
    expect(await windows(internet(list), { HTTPS_PROXY: 'http://named:1' })).toMatchObject({ because: 'HTTPS_PROXY' });
    expect(await windows(internet({ AutoConfigURL: 'http://wpad/p.pac' }))).toMatchObject({
      kind: 'unusable',
      reason: expect.stringContaining('http://wpad/p.pac') as string,
    });
  });
});
