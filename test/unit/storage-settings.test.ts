import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultSettings, type Settings } from '../../src-contract/settings.ts';
import { openDataFolder } from '../../src-main/storage/data-folder.ts';
import type { DataLayout } from '../../src-main/storage/layout.ts';
import { openSettings, type SettingsStore } from '../../src-main/storage/settings-store.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { provokes } from '../harness/provokes.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const now = (): Date => new Date('2026-11-23T14:02:03.004Z');
const connection: NonNullable<Settings['connection']> = {
  workspaceId: 'w',
  workspaceName: 'Lab',
  serviceUrl: 'https://service:8443',
  trust: { kind: 'system' },
  proxy: { kind: 'none' },
  machineId: 'm',
  since: now().toISOString(),
};

async function open(layout: DataLayout): Promise<SettingsStore> {
  return await openSettings({ layout, now });
}

describe('settings', () => {
  it('begin with the defaults and are found again', async () => {
    const layout = await openDataFolder(await tempFolder());
    const first = await open(layout);
    expect(first.current).toEqual(defaultSettings);
    await first.change({ limit: 3, connection });
    expect((await open(layout)).current).toEqual({ ...defaultSettings, limit: 3, connection });
    expect((await stat(layout.settingsFile)).mode & 0o777).toBe(0o600);
  });

  it('refuse what the schema does not allow, and change nothing', async () => {
    const layout = await openDataFolder(await tempFolder());
    const store = await open(layout);
    const failure = await failureOf(store.change({ limit: 99 }));
    expect(failure.code).toBe(provokes('setting-invalid'));
    expect(failure.details).toMatchObject({ name: 'limit' });
    expect(store.current.limit).toBeNull();
    expect((await open(layout)).current.limit).toBeNull();
  });

  it('take changes one after the other, and a refused one does not block the next', async () => {
    const layout = await openDataFolder(await tempFolder());
    const store = await open(layout);
    const changes = [store.change({ limit: 2 }), store.change({ limit: 0 }), store.change({ retentionDays: 7 })];
    expect((await Promise.allSettled(changes)).map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await open(layout)).current).toMatchObject({ limit: 2, retentionDays: 7 });
  });
});

describe('settings that cannot be read', () => {
  for (const [what, content] of [
    ['torn', '{"version":2,"limit"'],
    ['empty', ''],
    ['of another shape', '{"version":2,"limit":"many"}'],
    ['no object', '[1,2,3]'],
  ] as const) {
    it(`are set aside when ${what}; connection and registration are kept`, async () => {
      const layout = await openDataFolder(await tempFolder());
      await (await open(layout)).change({ limit: 3, connection });
      await writeFile(layout.settingsFile, content);
      const store = await open(layout);
      expect(store.setAsideAs).toMatch(/^settings[.]json[.]unreadable-2026/);
      expect(await readFile(path.join(layout.folder, store.setAsideAs ?? ''), 'utf8')).toBe(content);
      expect(store.current).toEqual({ ...defaultSettings, connection });
      expect((await open(layout)).setAsideAs).toBeUndefined();
    });
  }

  it('are made again with the registration when they are gone', async () => {
    const layout = await openDataFolder(await tempFolder());
    await (await open(layout)).change({ connection });
    const { rm } = await import('node:fs/promises');
    await rm(layout.settingsFile);
    expect((await open(layout)).current.connection).toEqual(connection);
  });

  it('of a newer version are refused, not set aside', async () => {
    const layout = await openDataFolder(await tempFolder());
    await writeFile(layout.settingsFile, JSON.stringify({ ...defaultSettings, version: defaultSettings.version + 1 }));
    expect((await failureOf(open(layout))).code).toBe('data-folder-newer');
    expect(await readdir(layout.folder)).toContain('settings.json');
  });
});

describe('settings of an earlier version', () => {
  it('are brought forward, and the old file is kept', async () => {
    const layout = await openDataFolder(await tempFolder());
    const old = JSON.stringify({ version: 0, slots: 4 });
    await writeFile(layout.settingsFile, old);
    const migrations = [
      { from: 0, run: ({ slots }: Record<string, unknown>) => ({ limit: slots }) },
      { from: 1, run: (raw: Record<string, unknown>) => ({ ...defaultSettings, ...raw }) },
      { from: 2, run: (raw: Record<string, unknown>) => raw },
    ];
    const store = await openSettings({ layout, now, migrations });
    expect(store.current).toEqual({ ...defaultSettings, limit: 4 });
    expect(await readFile(`${layout.settingsFile}.version-0`, 'utf8')).toBe(old);
    expect((await open(layout)).current.limit).toBe(4);
  });

  it('keep what version 1 held, and get the defaults of what it did not know', async () => {
    const layout = await openDataFolder(await tempFolder());
    const known = { limit: 3, stopGraceSeconds: 20, retentionDays: 9, paused: true, connection, registration: null };
    await writeFile(layout.settingsFile, JSON.stringify({ version: 1, ...known }));
    expect((await open(layout)).current).toEqual({ ...defaultSettings, ...known });
  });

  it('keep what version 2 held; a program of that version does not start on them any more', async () => {
    const layout = await openDataFolder(await tempFolder());
    await writeFile(layout.settingsFile, JSON.stringify({ ...defaultSettings, version: 2, limit: 3, connection }));
    const store = await open(layout);
    await store.change({ connection: { ...connection, proxy: { kind: 'system' } } });
    expect((await open(layout)).current).toEqual({
      ...defaultSettings,
      limit: 3,
      connection: { ...connection, proxy: { kind: 'system' } },
    });
    const written = JSON.parse(await readFile(layout.settingsFile, 'utf8')) as { version: number };
    expect([written.version, await readdir(layout.folder)]).toEqual([3, expect.arrayContaining(['settings.json.version-2'])]);
  });
});
