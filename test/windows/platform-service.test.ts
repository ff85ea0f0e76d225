import { beforeAll, describe, expect, it } from 'vitest';
import { serviceTexts, type ServiceStatus } from '../../src-contract/machine-service.ts';
import { commandLine } from '../../src-main/platform/windows/windows-service.ts';
import { provokes } from '../harness/provokes.ts';
import { requireWine, wineIsThere, wineNode, type WineNode } from '../harness/wine-node.ts';

interface Failed {
  code?: string;
  message: string;
}

interface ServiceReport {
  before: ServiceStatus;
  startedWithout: Failed;
  installed: string[];
  installedTwice: Failed;
  afterInstall: ServiceStatus;
  extras: { description: string; preshutdownMs: number };
  started: string;
  running: ServiceStatus;
  stopped: string;
  afterStop: ServiceStatus;
  startedToFail: string;
  afterFault: ServiceStatus;
  again: string;
  removed: string;
  after: ServiceStatus;
  notes: string[];
  rights: { opened: string; third: { kind: string; found: string }; now: { dacl: string } };
  granted: string;
  administrators: string;
  nobody: Failed;
  token: { user: string; groups: string[] };
  own: string;
  trustedInstaller: string;
}

describe.runIf(wineIsThere())('the service on Windows', () => {
  let windows: WineNode;
  let found: ServiceReport;

  beforeAll(async () => {
    windows = await wineNode();
    found = await windows.run<ServiceReport>('service', [await windows.programPath('service-body')]);
  });

  it('is installed with an account of its own, and says what that may do', () => {
    expect(found.before.state).toBe('not-installed');
    expect(found.installed).toEqual([expect.stringMatching(/account of its own.*DOMAIN\\COMPUTER\$/)]);
    expect(found.afterInstall).toMatchObject({ state: 'stopped', account: 'NT SERVICE\\HrwTest', processId: null });
    expect(found.afterInstall.start).toMatch(/^automatic/);
    expect(found.afterInstall.command).toMatch(/service-body\.cjs service run --data "C:\\test-\w+\\data of it"$/);
    expect(found.extras).toEqual({ description: serviceTexts.description, preshutdownMs: 180_000 });
  });

  it('starts, tells that it runs, is asked to stop, and starts again', () => {
    expect([found.started, found.stopped, found.again, found.removed]).toEqual(['done', 'done', 'done', 'done']);
    expect(found.running.state).toBe('running');
    expect(found.running.processId).toBeGreaterThan(0);
    expect(found.afterStop).toMatchObject({ state: 'stopped', processId: null });
    const started = expect.stringMatching(/^started service run --data C:\\test-\w+\\data of it$/) as string;
    expect(found.notes).toEqual([started, 'stopped', started, 'Error: nobody catches this', started, 'stopped']);
    expect(found.after.state).toBe('not-installed');
  });

  it('ends when something was thrown that nobody catches, so that it can be started again', () => {
    expect(found.startedToFail).toBe('done');
    expect(found.afterFault).toMatchObject({ state: 'stopped', processId: null });
  });

  it('that is not there, and one that is there already, are refused in words', () => {
    expect(found.startedWithout.code).toBe('system-service-missing');
    expect(found.installedTwice.code).toBe(provokes('system-service-refused'));
    expect(found.installedTwice.message).toContain('the service exists already');
  });

  it('finds the rights of its folder taken away, and puts them right', () => {
    // Wine keeps what Linux can: everybody may write, or not.
    expect(found.rights.opened).toContain('0x1301ff;;;WD');
    expect(found.rights.third.kind).toBe('repaired');
    expect(found.rights.now.dacl).not.toContain('0x1301ff;;;WD');
  });

  it('grants accounts the right to log on as a service, and knows whose rights it has', () => {
    expect(found.granted).toBe('done');
    expect(found.administrators).toBe('S-1-5-32-544');
    expect(found.nobody.message).toContain('no account has this name');
    expect(found.token.user).toBe(found.own);
    expect(found.token.groups).toContain('S-1-5-32-544');
    // As every Windows has it.
    expect(found.trustedInstaller).toBe('S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464');
  });
});

it('a command line is quoted as programs of Windows take it apart', () => {
  expect(commandLine(['C:\\Program Files\\hrw.exe', 'service', 'run', '--data', 'C:\\with blank\\', 'a"b'])).toBe(
    '"C:\\Program Files\\hrw.exe" service run --data "C:\\with blank\\\\" "a\\"b"',
  );
});

if (!wineIsThere()) it('the service on Windows is tried under wine', requireWine);
