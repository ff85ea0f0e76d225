import { describe, expect, it } from 'vitest';
import { readInstallParameters, readLogFile, readRemoveParameters, splitCommandLine } from '../../src-main/setup/parameters.ts';
import { provokes } from '../harness/provokes.ts';

const connecting = ['/WORKSPACEID=1f6c', '/WORKSPACEKEYFILE=C:\\key.txt', '/SERVICEURL=https://automation.contoso.com:8443'];

describe('the installer’s command line', () => {
  it('is taken apart as Windows’ programs do it', () => {
    expect(splitCommandLine('"C:\\my files\\setup.exe" /S /CA="C:\\a b\\ca.pem" "/GROUP=one two"\t/LOG=C:\\log.txt\0')).toEqual([
      '/S',
      '/CA=C:\\a b\\ca.pem',
      '/GROUP=one two',
      '/LOG=C:\\log.txt',
    ]);
    expect(splitCommandLine('setup.exe "a\\"b" c\\\\"d e" f\\g ""')).toEqual(['a"b', 'c\\d e', 'f\\g', '']);
  });

  it('says everything that the article’s afternoon takes', () => {
    const found = readInstallParameters([
      ...['/S', '/mode=Service', ...connecting, '/CA=C:\\ca.pem', '/PROXY=http://proxy:3128', '/PROXYUSER=hrw'],
      ...['/PROXYPASSWORDFILE=C:\\proxy.txt', '/GROUP=OnPremLab', '/TOKENFILE=C:\\token.txt', '/ACCOUNT=CONTOSO\\hrw'],
      ...['/ACCOUNTPASSWORDFILE=C:\\password.txt', '/LOG=C:\\setup.log'],
    ]);
    expect(found).toEqual({
      mode: 'service',
      connection: {
        workspaceId: '1f6c',
        workspaceKeyFile: 'C:\\key.txt',
        serviceUrl: 'https://automation.contoso.com:8443',
        trust: { kind: 'file', file: 'C:\\ca.pem' },
        proxy: { kind: 'manual', url: 'http://proxy:3128', userName: 'hrw', passwordFile: 'C:\\proxy.txt' },
      },
      registration: { groupName: 'OnPremLab', tokenFile: 'C:\\token.txt', endpoint: null },
      account: { kind: 'named', name: 'CONTOSO\\hrw', passwordFile: 'C:\\password.txt' },
      logFile: 'C:\\setup.log',
    });
  });

  it('may say nothing: then the service has an account of its own and no connection', () => {
    expect(readInstallParameters(['/S'])).toEqual({
      mode: 'service',
      connection: null,
      registration: null,
      account: { kind: 'virtual' },
      logFile: null,
    });
  });

  it('trusts a certificate by its hash as well', () => {
    const hash = 'AB:'.repeat(31) + 'CD';
    const { connection } = readInstallParameters([...connecting, `/CA=${hash}`]);
    expect(connection?.trust).toEqual({ kind: 'fingerprint', sha256: `${'ab'.repeat(31)}cd` });
  });

  it.each([
    [['/FOO=1'], '/FOO=1 is no parameter'],
    [['MODE=service'], 'MODE=service is no parameter'],
    [['/MODE=tray'], '/MODE=tray'],
    [['/D=C:\\elsewhere'], 'Program Files'],
    [['/S=1'], '/S takes no value'],
    [['/LOG='], '/LOG= has no value'],
    [['/GROUP=a', '/GROUP=b'], 'given twice'],
    [connecting.slice(0, 2), '/SERVICEURL= is not'],
    [['/PROXY=system'], '/WORKSPACEID= is not'],
    [[...connecting.slice(0, 2), '/SERVICEURL=http://plain'], 'https://host:port'],
    [[...connecting, '/PROXY=proxy:3128'], '/PROXY=proxy:3128'],
    [[...connecting, '/PROXYUSER=hrw'], 'need /PROXY='],
    [[...connecting, '/PROXY=http://proxy', '/PROXYPASSWORDFILE=p'], 'needs /PROXYUSER='],
    [['/GROUP=OnPremLab'], '/TOKENFILE='],
    [['/TOKENFILE=t'], '/GROUP='],
    [['/ACCOUNT=somebody'], 'DOMAIN\\name'],
    [['/ACCOUNT=CONTOSO\\hrw'], 'its password is needed'],
    [['/ACCOUNT=CONTOSO\\hrw$', '/ACCOUNTPASSWORDFILE=p'], 'Windows itself knows'],
    [['/ACCOUNT=virtual', '/ACCOUNTPASSWORDFILE=p'], 'no password'],
  ])('is refused with what is wrong: %j', (given, reason) => {
    expect(() => readInstallParameters(given)).toThrow(reason);
    expect(() => readInstallParameters(given)).toThrow(
      expect.objectContaining({ code: provokes('setup-parameter-wrong') }) as Error,
    );
  });

  it('names the log also where the rest is wrong', () => {
    expect(readLogFile(['/FOO=1', '/log=C:\\a.log'])).toBe('C:\\a.log');
    expect(readLogFile(['/FOO=1'])).toBeNull();
  });

  it('says how to remove: with what runs given ten minutes, and its history gone, unless it says otherwise', () => {
    expect(readRemoveParameters(['/S'])).toEqual({ keepHistory: false, drainSeconds: 600, tokenFile: null, logFile: null });
    expect(readRemoveParameters(['/KEEPHISTORY', '/DRAIN=0', '/TOKENFILE=t'])).toMatchObject({
      keepHistory: true,
      drainSeconds: 0,
      tokenFile: 't',
    });
    expect(() => readRemoveParameters(['/DRAIN=soon'])).toThrow('whole minutes');
    expect(() => readRemoveParameters(['/GROUP=a'])).toThrow('no parameter');
  });
});
