/** Installing, upgrading and removing, on a machine that is none: what is refused, in which order things are done, and what is taken back. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import { describeProblem } from '../../src-contract/problems.ts';
import { machineSetup } from '../../src-main/platform/machine-setup.ts';
import { check, install } from '../../src-main/setup/install.ts';
import { remove } from '../../src-main/setup/remove.ts';
import { runSetup } from '../../src-main/setup/run-setup.ts';
import { FakeSetup } from '../fakes/setup-machine.ts';
import { provokes } from '../harness/provokes.ts';
import { tempFolder } from '../harness/temp-folder.ts';

let folder = '';
let fake: FakeSetup;
let keyFile = '';
let tokenFile = '';
let everything: string[] = [];

beforeEach(async () => {
  folder = await tempFolder();
  fake = new FakeSetup(folder);
  keyFile = path.join(folder, 'key.txt');
  tokenFile = path.join(folder, 'token.txt');
  writeFileSync(keyFile, 'workspace key\n');
  // As Windows PowerShell's Out-File writes it.
  writeFileSync(tokenFile, '\uFEFFaccount key\r\n', 'utf16le');
  fake.putPrograms('0.2.0');
  everything = [
    ...['/S', '/WORKSPACEID=1f6c', `/WORKSPACEKEYFILE=${keyFile}`, '/SERVICEURL=https://service:8443'],
    ...['/GROUP=OnPremLab', `/TOKENFILE=${tokenFile}`],
  ];
});

const certificateRefused = describeProblem('not-connected', {});

describe('installing', () => {
  it('makes the service, starts it, connects and registers, and deletes the key files', async () => {
    const outcome = await install(fake.world(), everything);
    expect(outcome.words).toBe('Version 0.2.0 is installed. This machine works in the group OnPremLab of the workspace berlin.');
    expect(outcome.code).toBe(0);
    expect(fake.asked).toEqual([
      ...['way', 'service install virtual', 'record 0.2.0', 'service start'],
      ...['connection:connect', 'registration:register'],
    ]);
    expect([existsSync(keyFile), existsSync(tokenFile)]).toEqual([false, false]);
    expect(fake.path).toEqual([path.join(fake.root, 'bin')]);
    expect(readFileSync(path.join(fake.root, 'bin', 'hrw.cmd'), 'utf8')).toBe('@"%~dp0..\\0.2.0\\hrw.exe" %*\r\n');
  });

  it('without a workspace makes a service that waits to be connected', async () => {
    const outcome = await install(fake.world(), ['/S', '/ACCOUNT=local-system']);
    expect(outcome).toMatchObject({ code: 0, words: expect.stringContaining('connected to no workspace yet') as string });
    expect(fake.asked).toEqual(['service install local-system', 'record 0.2.0', 'service start']);
  });

  it('tries the way to the service before it changes anything; the key is gone all the same', async () => {
    fake.wayProblem = certificateRefused;
    const outcome = await install(fake.world(), everything);
    expect(outcome).toMatchObject({ code: 22, words: expect.stringContaining(certificateRefused.title) as string });
    expect(fake.asked).toEqual(['way']);
    expect(existsSync(fake.dataFolder)).toBe(false);
    expect(existsSync(keyFile)).toBe(false);
  });

  it('takes everything back, in reverse, when a step fails', async () => {
    fake.refusals.set('registration:register', describeProblem('account-key-refused', { keyEnding: 'xxxx', outcome: 'Nothing' }));
    const outcome = await install(fake.world(), everything);
    expect(outcome.code).toBe(23);
    expect(fake.asked.slice(-3)).toEqual(['connection:disconnect', 'no record', 'service uninstall']);
    expect([existsSync(fake.dataFolder), existsSync(path.join(fake.root, 'bin'))]).toEqual([false, false]);
    expect([fake.record, fake.path, fake.serviceState]).toEqual([undefined, [], 'not-installed']);
  });

  it('keeps a data folder that was there before, whatever comes of it', async () => {
    mkdirSync(fake.dataFolder);
    fake.serviceDoesNotStart = true;
    expect((await install(fake.world(), ['/S'])).code).toBe(21);
    expect(existsSync(fake.dataFolder)).toBe(true);
    expect(fake.serviceState).toBe('not-installed');
  });

  it('is refused where somebody else owns the data folder', async () => {
    fake.folderIsForeign = true;
    const outcome = await install(fake.world(), everything);
    expect(outcome).toMatchObject({ code: 13, words: expect.stringContaining('belongs to another user') as string });
    expect(fake.serviceState).toBe('not-installed');
    expect(existsSync(keyFile)).toBe(true);
  });
});

describe('what speaks against installing', () => {
  const outcomeOf = async (given = everything) => {
    const looked = await check(fake.world(), given);
    const outcome = await install(fake.world(), given);
    expect(looked).toEqual(outcome);
    // Nothing was changed, and who calls again has the keys still.
    expect([fake.asked, existsSync(keyFile)]).toEqual([[], true]);
    return outcome;
  };
  const titleOf = (words: string): string => words.split('. ')[0] ?? '';

  it('no administrator', async () => {
    fake.isAdministrator = false;
    const { code, words } = await outcomeOf();
    expect([code, titleOf(words)]).toEqual([3, describeProblem(provokes('setup-not-administrator'), {}).title]);
  });

  it('a newer version: both are named', async () => {
    fake.hasInstalled('0.3.0');
    const { code, words } = await outcomeOf();
    const expected = describeProblem(provokes('setup-newer-installed'), { installed: '0.3.0', offered: '0.2.0' });
    expect([code, titleOf(words)]).toEqual([10, expected.title.split('. ')[0]]);
    expect(words).toContain('0.2.0');
  });

  it('an agent that owns the machine', async () => {
    fake.conflicts = [{ agent: 'System Center Orchestrator', knownBy: 'its service orunbook' }];
    const { code, words } = await outcomeOf();
    expect([code, titleOf(words)]).toEqual([11, describeProblem(provokes('setup-conflicting-agent'), { agents: '' }).title]);
    expect(words).toContain('System Center Orchestrator (by its service orunbook)');
  });

  it('a service of ours that somebody has made by hand, and a worker that runs by hand', async () => {
    fake.serviceState = 'stopped';
    fake.serviceCommand = 'C:\\Trial\\hrw.exe service run';
    const made = await outcomeOf();
    expect([made.code, titleOf(made.words)]).toEqual([12, describeProblem(provokes('setup-other-instance'), { what: '' }).title]);
    expect(made.words).toContain('C:\\Trial\\hrw.exe');
    fake.serviceState = 'not-installed';
    fake.workerByHand = true;
    expect(await outcomeOf()).toMatchObject({ code: 12, words: expect.stringContaining('Process 42') as string });
  });

  it('the mode that takes the application', async () => {
    const { code, words } = await outcomeOf([...everything, '/MODE=app']);
    expect([code, titleOf(words)]).toEqual([14, describeProblem(provokes('setup-application-missing'), {}).title]);
  });

  it('wrong parameters', async () => {
    expect(await outcomeOf([...everything, '/GROUP=twice'])).toMatchObject({ code: 2 });
  });

  it('a key file that is not there', async () => {
    const { code, words } = await install(fake.world(), [...everything, '/ACCOUNT=A\\b', '/ACCOUNTPASSWORDFILE=nowhere.txt']);
    expect([code, words]).toEqual([2, expect.stringContaining('/ACCOUNTPASSWORDFILE=nowhere.txt: there is no such file')]);
    expect(existsSync(keyFile)).toBe(true);
  });

  it('programs that were not put down whole', async () => {
    writeFileSync(path.join(fake.programFolder('0.2.0'), 'hrw.exe'), 'torn');
    const details = { folder: '', reason: '' };
    const { code, words } = await check(fake.world(), everything);
    expect([code, titleOf(words)]).toEqual([20, describeProblem(provokes('setup-files-incomplete'), details).title]);
    expect(words).toContain('hrw.exe has 4 bytes of 7');
  });
});

describe('upgrading', () => {
  beforeEach(() => fake.hasInstalled('0.1.0'));

  it('stops the old version, starts the new one, and removes the old one’s folder', async () => {
    const outcome = await install(fake.world(), ['/S']);
    expect(outcome).toMatchObject({ code: 0, words: expect.stringContaining('Version 0.2.0 replaces 0.1.0') as string });
    expect(fake.asked).toEqual(['service stop', 'point 0.2.0', 'service start', 'record 0.2.0']);
    expect(existsSync(fake.programFolder('0.1.0'))).toBe(false);
  });

  it('leaves the old version’s folder to the jobs that run from it', async () => {
    fake.busyFolders = [fake.programFolder('0.1.0')];
    expect((await install(fake.world(), ['/S'])).code).toBe(0);
    expect(existsSync(fake.programFolder('0.1.0'))).toBe(true);
    expect(fake.said.join()).toContain('stays as long as jobs run from it');
  });

  it('goes back to the old version when the new one does not start', async () => {
    fake.serviceDoesNotStart = true;
    expect((await install(fake.world(), ['/S'])).code).toBe(21);
    expect(fake.asked).toEqual([
      ...['service stop', 'point 0.2.0', 'service start'],
      ...['service stop', 'point 0.1.0', 'service start'],
    ]);
    expect(fake.record?.version).toBe('0.1.0');
    expect(existsSync(fake.programFolder('0.1.0'))).toBe(true);
  });

  it('keeps a connection that is there, and does not ask for another', async () => {
    fake.state = { ...fake.state, connection: { workspaceName: 'munich' } as never };
    fake.state.registration = { groupName: 'Old' } as never;
    expect((await install(fake.world(), everything)).words).toContain('the group Old of the workspace munich');
    expect(fake.asked).not.toContain('connection:connect');
    expect(existsSync(keyFile)).toBe(false);
  });

  it('leaves a service stopped that was', async () => {
    fake.serviceState = 'stopped';
    expect((await install(fake.world(), ['/S'])).words).toContain('was stopped before, and stays so');
    expect(fake.asked).toEqual(['point 0.2.0', 'record 0.2.0']);
  });

  it('makes the service again that somebody has removed by hand', async () => {
    fake.serviceState = 'not-installed';
    expect((await install(fake.world(), ['/S'])).code).toBe(0);
    expect(fake.asked).toEqual(['service install virtual', 'record 0.2.0', 'service start']);
  });

  it('of the same version changes nothing that is there', async () => {
    fake.version = '0.1.0';
    expect((await install(fake.world(), ['/S'])).words).toContain('was installed already');
    expect(fake.asked).toEqual(['service start']);
  });
});

describe('removing', () => {
  beforeEach(() => {
    fake.hasInstalled('0.2.0');
    fake.state = {
      packs: [],
      connection: { workspaceName: 'berlin' } as never,
      registration: { groupName: 'OnPremLab', machineId: 'a-machine', accountName: 'contoso' } as never,
    };
    mkdirSync(path.join(fake.dataFolder, 'journals'), { recursive: true });
    mkdirSync(path.join(fake.dataFolder, 'secrets'), { recursive: true });
  });

  it('leaves the group, the workspace and the machine, with nothing left', async () => {
    const outcome = await remove(fake.world(), ['/S', `/TOKENFILE=${tokenFile}`]);
    expect(outcome).toEqual({ code: 0, words: 'Version 0.2.0 is removed.' });
    expect(fake.asked).toEqual([
      ...['worker:pause', 'registration:unregister', 'connection:disconnect', 'service uninstall', 'no record'],
    ]);
    expect([existsSync(fake.dataFolder), existsSync(tokenFile), fake.path]).toEqual([false, false, []]);
  });

  it('says what the account goes on listing, where it was not told', async () => {
    const { code, words } = await remove(fake.world(), ['/S']);
    expect([code, words]).toEqual([
      0,
      expect.stringContaining('hrw worker remove --account contoso --group OnPremLab a-machine'),
    ]);
    expect(fake.asked.filter((one) => one === 'registration:unregister')).toHaveLength(1);
  });

  it('waits for what runs, stops it when the time is over, and ends what is left', async () => {
    fake.running = 1;
    fake.busyFolders = [fake.programFolder('0.2.0')];
    expect((await remove(fake.world(), ['/S', '/DRAIN=1'])).code).toBe(0);
    expect(fake.asked).toContain('jobs:stop');
    expect(fake.asked).toContain('end 4711');
    expect(fake.said).toContain('Job a-job (Endless) still runs, and is stopped.');
  });

  it('keeps the history where it is asked to, and no secret', async () => {
    expect((await remove(fake.world(), ['/S', '/KEEPHISTORY'])).code).toBe(0);
    expect(existsSync(path.join(fake.dataFolder, 'journals'))).toBe(true);
    expect(existsSync(path.join(fake.dataFolder, 'secrets'))).toBe(false);
  });

  it('goes on where the worker cannot be started, and says so', async () => {
    fake.serviceState = 'stopped';
    fake.serviceDoesNotStart = true;
    const { code, words } = await remove(fake.world(), ['/S']);
    expect([code, words]).toEqual([0, expect.stringContaining('could not be started, so the service was not told')]);
    expect(existsSync(fake.dataFolder)).toBe(false);
  });

  it('finds nothing to do where somebody has removed the service before', async () => {
    fake.serviceState = 'not-installed';
    expect((await remove(fake.world(), ['/S'])).code).toBe(0);
    expect([fake.asked, fake.record]).toEqual([['no record'], undefined]);
  });

  it('is refused where nothing is recorded, and takes an administrator', async () => {
    fake.record = undefined;
    const { code, words } = await remove(fake.world(), ['/S']);
    expect([code, words]).toEqual([24, expect.stringContaining(describeProblem(provokes('setup-record-missing'), {}).title)]);
    fake.isAdministrator = false;
    expect((await remove(fake.world(), ['/S'])).code).toBe(3);
  });
});

describe('a run of the installer', () => {
  it('leaves a log that says what was done and how it ended, and tells the connection without one', async () => {
    const logFile = path.join(folder, 'logs', 'setup.log');
    const shown: string[] = [];
    const run = (kind: 'install' | 'test', given: string[]) =>
      runSetup({
        kind,
        given,
        version: '0.2.0',
        show: (line) => void shown.push(line),
        makeWorld: (say) => ({ ...fake.world(), say }),
      });
    fake.wayProblem = null;
    expect((await run('test', everything)).words).toContain(
      'https://service:8443 answers. Its certificate was issued by an authority.',
    );
    expect(existsSync(keyFile)).toBe(true);
    expect((await run('install', [...everything, `/LOG=${logFile}`])).code).toBe(0);
    const log = readFileSync(logFile, 'utf8');
    expect(log).toContain('Installing, by version 0.2.0: /S /WORKSPACEID=1f6c');
    expect(log).toContain('Registered in the group OnPremLab.');
    expect(log).not.toContain('workspace key');
    expect(log.trimEnd()).toMatch(/Done\. Version 0\.2\.0 is installed\..*$/);
    expect(shown.at(-1)).toBe(`The log is ${logFile}.`);
  });

  it.skipIf(process.platform === 'win32')('is for Windows', () => {
    const expected = new AppError(provokes('setup-not-here'), {}).message;
    expect(() => machineSetup({ mode: 'packaged', folder, platform: 'win32' })).toThrow(expected);
  });
});
