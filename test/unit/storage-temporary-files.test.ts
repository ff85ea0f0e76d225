import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataFolder } from '../../src-main/storage/data-folder.ts';
import { preparePrivateFile } from '../../src-main/storage/private-files.ts';
import { describeRemoved, sweepDataFolder, sweepJournals } from '../../src-main/storage/temporary-files.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const never = new AbortController().signal;

async function put(folder: string, ...files: string[]): Promise<void> {
  for (const file of files) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), 'content');
  }
}

describe('what killed writers have left in a data folder', () => {
  const left = [
    'settings.json.0123456789ab.new',
    'settings.json.tmp-9612345678a1b2c3',
    'layout.json.0123456789ab.new',
    'secrets/worker.key.pem.0123456789ab.new',
    'secrets/registration.json.ba9876543210.new',
    'control/administrator.key.new',
    'control/address.json.new',
    'AzureAutomationFiles/packs.json.new',
    'AzureAutomationFiles/worker.json.0123456789ab.new',
    'sandboxes/.probe-6f1d9b0e-0000-4000-8000-000000000000',
  ];
  const others = [
    'settings.json',
    'settings.json.unreadable-2026-11-23',
    'secrets/worker.key.pem',
    'control/administrator.key',
    'AzureAutomationFiles/AzureAutomation/readme.new',
    'sandboxes/s1/state.json.new',
    'sandboxes/warm.12345678/launch.json.new',
    'journals/j1/s1.journal',
  ];

  it('is removed and named; what a living sandbox writes, and what was set aside, stays', async () => {
    const layout = await openDataFolder(await tempFolder());
    await put(layout.folder, ...left, ...others);
    expect((await sweepDataFolder(layout)).sort()).toEqual([...left].sort());
    for (const file of left) expect(existsSync(path.join(layout.folder, file)), file).toBe(false);
    for (const file of others) expect(existsSync(path.join(layout.folder, file)), file).toBe(true);
    expect(await sweepDataFolder(layout)).toEqual([]);
  });

  it('is not what this engine is writing just now', async () => {
    const layout = await openDataFolder(await tempFolder());
    await put(layout.journalsFolder, 'j1/s0.attempt.json.0123456789ab.new');
    const secret = await preparePrivateFile(path.join(layout.secretsFolder, 'worker.turn'), 'turn');
    const summary = await preparePrivateFile(path.join(layout.journalsFolder, 'j1', 's1.attempt.json'), '{}');
    expect(await sweepDataFolder(layout)).toEqual([]);
    expect(await sweepJournals(layout, never)).toEqual(['journals/j1/s0.attempt.json.0123456789ab.new']);
    await secret.place();
    await summary.place();
    expect(await readdir(layout.secretsFolder)).toEqual(['worker.turn']);
    expect(await readdir(path.join(layout.journalsFolder, 'j1'))).toEqual(['s1.attempt.json']);
  });

  it('beside journals goes with the folder that nothing else is in', async () => {
    const layout = await openDataFolder(await tempFolder());
    await put(
      layout.journalsFolder,
      'j1/s1.attempt.json.0123456789ab.new',
      'j2/s2.attempt.json.0123456789ab.new',
      'j2/s2.journal',
    );
    expect((await sweepJournals(layout, never)).sort()).toEqual([
      'journals/j1/s1.attempt.json.0123456789ab.new',
      'journals/j2/s2.attempt.json.0123456789ab.new',
    ]);
    expect(await readdir(layout.journalsFolder)).toEqual(['j2']);
    expect(await readdir(path.join(layout.journalsFolder, 'j2'))).toEqual(['s2.journal']);
  });

  it('is told by number and by the first names', () => {
    expect(describeRemoved(['a.new'])).toBe('a file that was never finished (a.new)');
    expect(describeRemoved(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe(
      '7 files that were never finished (a, b, c, d, e and 2 more)',
    );
  });
});
