import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { autostartFolderOf, createStartAtLogon, desktopEntry } from '../../src-main/shell/start-at-logon.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const command = { name: 'Hybrid Runbook Worker', file: '/opt/hrw/hrw-app', arguments: ['--data', '/home/a na/Data', '--hidden'] };
const noLoginItems = {
  getLoginItemSettings: () => {
    throw new Error('asked on Linux');
  },
  setLoginItemSettings: () => {
    throw new Error('changed on Linux');
  },
};

describe('starting at logon on Linux', () => {
  it('is an entry of this very application, made and removed', async () => {
    const autostartFolder = path.join(await tempFolder(), 'config', 'autostart');
    const make = (given = command) => createStartAtLogon(given, { platform: 'linux', autostartFolder, loginItems: noLoginItems });
    const atLogon = make();
    expect(atLogon.isOn()).toBe(false);
    atLogon.change(true);
    atLogon.change(true);
    expect(make().isOn()).toBe(true);
    const file = path.join(autostartFolder, 'hybrid-runbook-worker.desktop');
    expect(await readFile(file, 'utf8')).toContain('Exec=/opt/hrw/hrw-app --data "/home/a na/Data" --hidden\n');
    // That of another data folder starts another worker.
    expect(make({ ...command, arguments: ['--hidden'] }).isOn()).toBe(false);
    atLogon.change(false);
    atLogon.change(false);
    expect([atLogon.isOn(), existsSync(file)]).toEqual([false, false]);
  });

  it('says so where the entry cannot be made', async () => {
    const folder = path.join(await tempFolder(), 'taken');
    await mkdir(folder);
    await writeFile(path.join(folder, 'autostart'), '');
    const options = { platform: 'linux', autostartFolder: path.join(folder, 'autostart'), loginItems: noLoginItems } as const;
    expect(() => createStartAtLogon(command, options).change(true)).toThrow(expect.objectContaining({ code: 'input-invalid' }));
  });

  it.each([
    ['/plain/path-1.0', '/plain/path-1.0'],
    ['with blank', '"with blank"'],
    ['100%', '"100%%"'],
    ['say "hi"', String.raw`"say \\"hi\\""`],
    ['$HOME`x`', String.raw`"\\$HOME\\` + '`x' + String.raw`\\` + '`"'],
    ['C:\\x', String.raw`"C:\\\\x"`],
  ])('quotes %j', (text, expected) => {
    expect(desktopEntry({ ...command, arguments: [text] })).toContain(`Exec=/opt/hrw/hrw-app ${expected}\n`);
  });

  it.each([
    [{}, '/home/ana/.config/autostart'],
    [{ XDG_CONFIG_HOME: '/etc/mine' }, '/etc/mine/autostart'],
    [{ XDG_CONFIG_HOME: 'relative' }, '/home/ana/.config/autostart'],
  ])('looks in %j for %s', (environment, expected) => {
    expect(autostartFolderOf(environment, '/home/ana')).toBe(expected);
  });
});

describe('starting at logon on Windows', () => {
  it('is the operating system’s own list, by Electron', () => {
    const asked: unknown[] = [];
    let isOn = false;
    const loginItems = {
      getLoginItemSettings: (options: object) => {
        asked.push(options);
        return { openAtLogin: isOn };
      },
      setLoginItemSettings: (settings: { openAtLogin: boolean }) => {
        asked.push(settings);
        isOn = settings.openAtLogin;
      },
    };
    const atLogon = createStartAtLogon(command, { platform: 'win32', autostartFolder: '/unused', loginItems });
    atLogon.change(true);
    expect(atLogon.isOn()).toBe(true);
    const item = { path: command.file, args: ['--data', '"/home/a na/Data"', '--hidden'] };
    expect(asked).toEqual([{ openAtLogin: true, ...item }, item]);
  });
});
