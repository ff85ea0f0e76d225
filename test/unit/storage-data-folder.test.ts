import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataFolder, type MigrationStep } from '../../src-main/storage/data-folder.ts';
import { defaultDataFolder, type FolderFacts } from '../../src-main/storage/default-data-folder.ts';
import { dataLayout } from '../../src-main/storage/layout.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { provokes } from '../harness/provokes.ts';
import { tempFolder } from '../harness/temp-folder.ts';

describe('a data folder', () => {
  it('is made private, whole and with its version', async () => {
    const folder = path.join(await tempFolder(), 'made', 'here');
    const layout = await openDataFolder(folder);
    expect(JSON.parse(await readFile(layout.versionFile, 'utf8'))).toEqual({ version: 1 });
    for (const inside of [folder, layout.secretsFolder, layout.controlFolder, layout.sandboxesFolder, layout.journalsFolder]) {
      expect((await stat(inside)).mode & 0o777).toBe(0o700);
    }
  });

  it('that others may read is closed to them', async () => {
    const folder = await tempFolder();
    await chmod(folder, 0o755);
    await openDataFolder(folder);
    expect((await stat(folder)).mode & 0o077).toBe(0);
  });

  it('of a newer version is refused, and nothing in it is touched', async () => {
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'layout.json'), '{"version":7}');
    const failure = await failureOf(openDataFolder(folder));
    expect(failure.code).toBe(provokes('data-folder-newer'));
    expect(failure.details).toMatchObject({ found: 7, known: 1 });
    await expect(stat(dataLayout(folder).secretsFolder)).rejects.toThrow('ENOENT');
  });

  it('that cannot be made is refused with the reason', async () => {
    const file = path.join(await tempFolder(), 'file');
    await writeFile(file, '');
    const failure = await failureOf(openDataFolder(path.join(file, 'data')));
    expect(failure.code).toBe(provokes('data-folder-unusable'));
    expect(failure.message).toContain('a part of the path is not a folder');
  });

  it('that holds something else is left as it is', async () => {
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'thesis.txt'), '');
    await chmod(folder, 0o755);
    const failure = await failureOf(openDataFolder(folder));
    expect(failure.details).toMatchObject({ reason: 'it holds something else (thesis.txt)' });
    expect((await stat(folder)).mode & 0o777).toBe(0o755);
  });

  it('whose version cannot be read is not guessed at', async () => {
    const folder = await tempFolder();
    await writeFile(path.join(folder, 'layout.json'), '{"vers');
    expect((await failureOf(openDataFolder(folder))).code).toBe('data-folder-unusable');
  });
});

describe('migrating forward', () => {
  const steps = (ran: string[], failAt?: number): MigrationStep[] =>
    [1, 2].map((from) => ({
      from,
      run: async (layout, backupFolder) => {
        if (from === failAt) throw new Error('power cut');
        ran.push(`${String(from)} with ${path.relative(layout.folder, backupFolder)}`);
        await writeFile(path.join(backupFolder, 'copy'), String(from));
      },
    }));

  it('runs each step once, in order, each with a folder for its copies', async () => {
    const folder = await tempFolder();
    await openDataFolder(folder);
    const ran: string[] = [];
    await openDataFolder(folder, { steps: steps(ran), known: 3 });
    await openDataFolder(folder, { steps: steps(ran), known: 3 });
    expect(ran).toEqual(['1 with backup/layout-1', '2 with backup/layout-2']);
  });

  it('goes on after the last step that was finished', async () => {
    const folder = await tempFolder();
    await openDataFolder(folder);
    const ran: string[] = [];
    await expect(openDataFolder(folder, { steps: steps(ran, 2), known: 3 })).rejects.toThrow('power cut');
    await openDataFolder(folder, { steps: steps(ran), known: 3 });
    expect(ran).toEqual(['1 with backup/layout-1', '2 with backup/layout-2']);
  });
});

describe('where the data lies by default', () => {
  const facts = (more: Partial<FolderFacts>): FolderFacts => ({
    platform: 'linux',
    environment: {},
    homeFolder: '/home/ada',
    isPrivileged: false,
    exists: () => false,
    ...more,
  });

  it('is the user’s folder, the one that the application uses', () => {
    expect(defaultDataFolder(facts({}))).toBe('/home/ada/.config/Hybrid Runbook Worker');
    expect(defaultDataFolder(facts({ environment: { XDG_CONFIG_HOME: '/etc/ada' } }))).toBe('/etc/ada/Hybrid Runbook Worker');
    expect(defaultDataFolder(facts({ platform: 'win32', environment: { APPDATA: 'C:\\Users\\ada\\AppData\\Roaming' } }))).toBe(
      'C:\\Users\\ada\\AppData\\Roaming\\Hybrid Runbook Worker',
    );
  });

  it('is the machine’s folder for those who may own it, and for everybody where a worker has used it', () => {
    expect(defaultDataFolder(facts({ isPrivileged: true }))).toBe('/var/lib/hybrid-runbook-worker');
    expect(defaultDataFolder(facts({ exists: (file) => file === '/var/lib/hybrid-runbook-worker/layout.json' }))).toBe(
      '/var/lib/hybrid-runbook-worker',
    );
  });

  it('is the user’s folder also for root, when only that is in use', () => {
    const exists = (file: string): boolean => file.startsWith('/home/ada/');
    expect(defaultDataFolder(facts({ isPrivileged: true, exists }))).toBe('/home/ada/.config/Hybrid Runbook Worker');
  });
});
