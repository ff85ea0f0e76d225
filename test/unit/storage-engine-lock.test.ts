import { link, readFile, readdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ProcessIdentity } from '../../src-contract/sandbox.ts';
import { acquireEngineLock, sweepLockRemains, type EngineLock } from '../../src-main/storage/engine-lock.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { provokes } from '../harness/provokes.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const owner = (pid: number, bootId = 'boot') => ({
  bootId,
  pid,
  startTime: '100',
  since: '2026-11-23T14:00:00.000Z',
  mode: 'app',
});

async function acquire(file: string, pid: number, living: number[], bootId = 'boot'): Promise<EngineLock> {
  const isAlive = (identity: ProcessIdentity): boolean => identity.bootId === 'boot' && living.includes(identity.pid);
  return await acquireEngineLock({ file, owner: owner(pid, bootId), isAlive });
}

describe('the engine’s lock', () => {
  it('admits one, and names it to the next', async () => {
    const file = path.join(await tempFolder(), 'engine.lock');
    const lock = await acquire(file, 1, [1, 2]);
    const failure = await failureOf(acquire(file, 2, [1, 2]));
    expect(failure.code).toBe(provokes('engine-already-running'));
    expect(failure.details).toMatchObject({ pid: 1, owner: 'the application, since 2026-11-23T14:00:00.000Z' });
    await lock.release();
    await (await acquire(file, 2, [2])).release();
    expect(await readdir(path.dirname(file))).toEqual([]);
  });

  it('of a dead engine is taken over, also after a reboot that gave its pid away', async () => {
    const file = path.join(await tempFolder(), 'engine.lock');
    await acquire(file, 1, [1]);
    await acquire(file, 2, [2]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: 2 });
    await writeFile(file, JSON.stringify(owner(2, 'the boot before')));
    await acquire(file, 3, [2, 3]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: 3 });
  });

  it('that cannot be read is nobody’s', async () => {
    const file = path.join(await tempFolder(), 'engine.lock');
    await writeFile(file, '{"pid":');
    await acquire(file, 1, [1]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: 1 });
  });

  it('is won by exactly one of many that find a dead one at the same moment', async () => {
    for (let round = 0; round < 10; round += 1) {
      const file = path.join(await tempFolder(), 'engine.lock');
      await writeFile(file, JSON.stringify(owner(999)));
      const pids = Array.from({ length: 8 }, (_, index) => index + 1);
      const results = await Promise.allSettled(pids.map((pid) => acquire(file, pid, pids)));
      expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
      expect(await readdir(path.dirname(file))).toEqual(['engine.lock']);
    }
  });

  it('is cleared of what killed engines have left beside it, and of nothing that a living one may be writing', async () => {
    const folder = await tempFolder();
    const file = path.join(folder, 'engine.lock');
    const isAlive = (identity: ProcessIdentity): boolean => identity.pid === 2 || identity.pid === 3;
    const lock = await acquire(file, 3, [2, 3]);
    const hourAgo = new Date(Date.now() - 3_600_000);
    const beside = async (ending: string, content: string, old = false): Promise<void> => {
      await writeFile(`${file}.${ending}`, content);
      if (old) await utimes(`${file}.${ending}`, hourAgo, hourAgo);
    };
    await beside('00000000000a', JSON.stringify(owner(1)));
    await beside('00000000000b', JSON.stringify(owner(2)));
    await beside('00000000000c', '');
    await beside('00000000000d', '', true);
    expect((await sweepLockRemains({ file, isAlive }, new Date())).sort()).toEqual([
      'engine.lock.00000000000a',
      'engine.lock.00000000000d',
    ]);
    expect((await readdir(folder)).sort()).toEqual(['engine.lock', 'engine.lock.00000000000b', 'engine.lock.00000000000c']);
    await lock.release();
  });

  it('that is empty is its second name’s, and nobody’s where that is not the same file', async () => {
    const folder = await tempFolder();
    const file = path.join(folder, 'engine.lock');
    const named = (pid: number): string =>
      `${file}.of-${Buffer.from(JSON.stringify(['boot', pid, '100', '2026-11-23T14:00:00.000Z', 'headless'])).toString('base64url')}`;
    await writeFile(named(1), '');
    await link(named(1), file);
    await writeFile(named(2), '');
    const failure = await failureOf(acquire(file, 3, [1, 2, 3]));
    expect(failure.details).toMatchObject({ pid: 1, owner: 'hrw run, since 2026-11-23T14:00:00.000Z' });
    // Its owner has died; the other name is of a lock that was never won.
    const lock = await acquire(file, 3, [2, 3]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: 3 });
    expect(await sweepLockRemains({ file, isAlive: ({ pid }) => pid === 3 }, new Date())).toHaveLength(2);
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is not removed by an engine that has lost it', async () => {
    const file = path.join(await tempFolder(), 'engine.lock');
    const lost = await acquire(file, 1, [1]);
    await acquire(file, 2, [2]);
    await lost.release();
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: 2 });
  });
});
