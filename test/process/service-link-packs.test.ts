/** Receiving packs: a good one is put in place whole, and nothing of a bad one ever is. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createPackReceiver, type PackReceiver } from '../../src-main/service-link/pack-receiver.ts';
import {
  createPublisher,
  declareSize,
  manifestOf,
  packEntries,
  renameInZip,
  sha256Of,
  zipEntries,
  type PackParts,
  type ZipEntry,
} from '../fakes/pack-builder.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { mustEndWithTest } from '../harness/leftovers.ts';
import { provokes } from '../harness/provokes.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const fixture = fileURLToPath(new URL('../fixtures/receive-packs-forever.ts', import.meta.url));
const publisher = createPublisher();
const parts: PackParts = {
  name: 'AzureAutomation',
  version: '1.0.0',
  folder: 'HybridRegistration',
  files: { 'HybridRegistration.psd1': '@{}', 'deep/er/module.psm1': 'function x {}', 'empty.txt': '' },
};

interface Place {
  folder: string;
  receiver: PackReceiver;
  /** Writes the archive and has it received. */
  receive: (archive: Buffer, name?: string, version?: string) => Promise<unknown>;
}

async function place(): Promise<Place> {
  const root = await tempFolder();
  const folder = join(root, 'AzureAutomationFiles');
  const receiver = createPackReceiver({ folder, publisherKeyPem: publisher.publicKeyPem, now: () => new Date(0) });
  await receiver.start();
  return {
    folder,
    receiver,
    receive: async (archive, name = parts.name, version = parts.version) => {
      const file = join(root, 'archive.zip');
      await writeFile(file, archive);
      return receiver.receive(file, { name, version, sha256: sha256Of(archive) });
    },
  };
}

function archiveOf(changed: Partial<PackParts> = {}): Promise<Buffer> {
  return zipEntries(packEntries({ ...parts, ...changed }, publisher.privateKey));
}

/** As `archiveOf`, with the entries changed after they were signed. */
function tampered(change: (entries: ZipEntry[]) => ZipEntry[]): Promise<Buffer> {
  return zipEntries(change(packEntries(parts, publisher.privateKey)));
}

async function filesIn(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found[path.slice(folder.length + 1).replaceAll('\\', '/')] = await readFile(path, 'utf8');
  }
  return found;
}

describe('a good pack', () => {
  it('is unpacked into its folder and remembered', async () => {
    const { folder, receiver, receive } = await place();
    const archive = await archiveOf();
    const received = await receive(archive);
    expect(received).toEqual({
      name: 'AzureAutomation',
      version: '1.0.0',
      folder: 'HybridRegistration',
      sha256: sha256Of(archive),
      receivedAt: '1970-01-01T00:00:00.000Z',
      files: Object.entries(parts.files).map(([path, text]) => ({ path, sha256: sha256Of(Buffer.from(text)) })),
    });
    expect(await filesIn(join(folder, 'HybridRegistration'))).toEqual(parts.files);
    expect((await readdir(folder)).sort()).toEqual(['HybridRegistration', 'packs.json']);
    const again = createPackReceiver({ folder, publisherKeyPem: publisher.publicKeyPem });
    await again.start();
    expect(again.packs).toEqual(receiver.packs);
    expect(again.packs).toEqual([received]);
  });

  it('replaces its earlier version, of which no file stays, also when it moves to another folder', async () => {
    const { folder, receiver, receive } = await place();
    await receive(await archiveOf());
    await receive(await archiveOf({ version: '1.1.0', files: { 'new.txt': 'new' } }), parts.name, '1.1.0');
    expect(await filesIn(join(folder, 'HybridRegistration'))).toEqual({ 'new.txt': 'new' });
    await receive(await archiveOf({ version: '2.0.0', folder: 'Elsewhere', files: { a: 'b' } }), parts.name, '2.0.0');
    expect((await readdir(folder)).sort()).toEqual(['Elsewhere', 'packs.json']);
    expect(receiver.packs.map((one) => one.version)).toEqual(['2.0.0']);
  });

  it('stands beside others, and goes when it is removed', async () => {
    const { folder, receiver, receive } = await place();
    await receive(await archiveOf());
    await receive(await archiveOf({ name: 'Tools', folder: 'Tools', files: { t: 'u' } }), 'Tools');
    await receiver.remove(parts.name);
    await receiver.remove(parts.name);
    await receiver.remove('NeverThere');
    expect((await readdir(folder)).sort()).toEqual(['Tools', 'packs.json']);
    expect(receiver.packs.map((one) => one.name)).toEqual(['Tools']);
  });

  it('may not take the folder of another pack, nor a name of the worker’s', async () => {
    const { folder, receive } = await place();
    await receive(await archiveOf());
    for (const taken of ['hybridregistration', 'packs.json', 'Worker.json']) {
      const failure = await failureOf(receive(await archiveOf({ name: 'Other', folder: taken }), 'Other'));
      expect(failure.code).toBe(provokes('pack-invalid'));
    }
    expect(await filesIn(join(folder, 'HybridRegistration'))).toEqual(parts.files);
  });

  it('is received once at a time, however many ask', async () => {
    const { folder, receiver } = await place();
    const root = await tempFolder();
    const versions = ['1.0.0', '1.0.1', '1.0.2', '1.0.3'];
    await Promise.all(
      versions.map(async (version) => {
        const archive = await archiveOf({ version, files: { 'version.txt': version } });
        const file = join(root, version);
        await writeFile(file, archive);
        await receiver.receive(file, { name: parts.name, version, sha256: sha256Of(archive) });
      }),
    );
    expect(receiver.packs).toHaveLength(1);
    expect(await filesIn(join(folder, 'HybridRegistration'))).toEqual({ 'version.txt': receiver.packs[0]?.version });
  });
});

describe('a pack that its publisher did not sign', () => {
  it('is refused: by another key, with a changed manifest, with a broken signature', async () => {
    const { folder, receive } = await place();
    await receive(await archiveOf());
    const archives = [
      await zipEntries(packEntries(parts, createPublisher().privateKey)),
      await tampered((entries) =>
        entries.map((one) =>
          one.name === 'pack.json'
            ? { ...one, content: Buffer.from(one.content.toString().replace('Made by', 'Made  by')) }
            : one,
        ),
      ),
      await tampered((entries) => entries.map((one) => (one.name === 'pack.sig' ? { ...one, content: Buffer.alloc(64) } : one))),
      await tampered((entries) => entries.map((one) => (one.name === 'pack.sig' ? { ...one, content: Buffer.alloc(3) } : one))),
    ];
    for (const archive of archives) {
      const failure = await failureOf(receive(archive));
      expect(failure.code).toBe(provokes('pack-signature-invalid'));
      expect(failure.details).toEqual({ pack: 'AzureAutomation', version: '1.0.0' });
    }
    expect(await filesIn(join(folder, 'HybridRegistration'))).toEqual(parts.files);
    expect((await readdir(folder)).sort()).toEqual(['HybridRegistration', 'packs.json']);
  });
});

describe('a damaged or unsafe pack', () => {
  const withEntry = (entry: ZipEntry): Promise<Buffer> => tampered((entries) => [...entries, entry]);
  const content = Buffer.from('evil');

  /** Archive by what is wrong with it, and words of the reason. */
  const cases: [string, () => Promise<Buffer>, RegExp][] = [
    [
      'a file other than the signed one',
      () =>
        tampered((entries) => entries.map((one) => (one.name.endsWith('.psd1') ? { ...one, content: Buffer.from('@[]') } : one))),
      /not the one that was signed/,
    ],
    ['a file that is missing', () => tampered((entries) => entries.filter((one) => one.name !== 'empty.txt')), /is missing/],
    ['a file too many', () => withEntry({ name: 'extra.txt', content }), /not in the manifest/],
    ['an entry twice', () => withEntry({ name: 'empty.txt', content: Buffer.alloc(0) }), /there twice/],
    ['an entry twice but for case', () => withEntry({ name: 'EMPTY.txt', content: Buffer.alloc(0) }), /there twice/],
    ['no manifest', () => tampered((entries) => entries.filter((one) => one.name !== 'pack.json')), /no pack\.json/],
    ['no signature', () => tampered((entries) => entries.filter((one) => one.name !== 'pack.sig')), /no pack\.sig/],
    [
      'a path that climbs out',
      async () => renameInZip(await withEntry({ name: 'xx/evil.txt', content }), 'xx/evil.txt', '../evil.txt'),
      /\.\./,
    ],
    [
      'an absolute path',
      async () => renameInZip(await withEntry({ name: 'xevil.txt', content }), 'xevil.txt', '/evil.txt'),
      /absolute/,
    ],
    [
      'a path with a drive',
      async () => renameInZip(await withEntry({ name: 'xx/evil.txt', content }), 'xx/evil.txt', 'C:/evil.txt'),
      /absolute|safe file name/,
    ],
    [
      'a path with backslashes',
      async () => renameInZip(await withEntry({ name: 'xx/evil.txt', content }), 'xx/evil.txt', '..\\evil.txt'),
      /evil/,
    ],
    ['a device of Windows', () => withEntry({ name: 'sub/NUL.txt', content }), /safe file name/],
    [
      'a symbolic link',
      () => tampered((entries) => entries.map((one) => (one.name === 'empty.txt' ? { ...one, mode: 0o120777 } : one))),
      /symbolic link/,
    ],
    [
      'a named pipe',
      () => tampered((entries) => entries.map((one) => (one.name === 'empty.txt' ? { ...one, mode: 0o010644 } : one))),
      /no plain file/,
    ],
    [
      'a size that its manifest does not name',
      async () => declareSize(await archiveOf(), 'deep/er/module.psm1', 5),
      /declares 5 bytes/,
    ],
    [
      'bytes that are no archive',
      () => Promise.resolve(Buffer.from('no zip at all, but long enough to look at its end')),
      /cannot be read/,
    ],
    ['an archive that was cut', async () => (await archiveOf()).subarray(0, -40), /cannot be read/],
    [
      'another pack’s manifest',
      () => zipEntries(packEntries({ ...parts, version: '9.9.9' }, publisher.privateKey)),
      /is of AzureAutomation 9\.9\.9/,
    ],
    [
      'a manifest that is none',
      () => zipEntries(packEntries(parts, publisher.privateKey, { ...manifestOf(parts), format: 2 } as never)),
      /wrong format/,
    ],
  ];

  it.each(cases)('with %s is refused, and nothing of it is left', async (_what, make, reason) => {
    const { folder, receive } = await place();
    await receive(await archiveOf({ version: '0.9.0', files: { old: 'old' } }), parts.name, '0.9.0');
    const failure = await failureOf(receive(await make()));
    expect(failure.code).toBe(provokes('pack-invalid'));
    expect(failure.message).toMatch(reason);
    expect(failure.retryable).toBe(false);
    expect((await readdir(folder)).sort()).toEqual(['HybridRegistration', 'packs.json']);
    expect(await filesIn(join(folder, 'HybridRegistration'))).toEqual({ old: 'old' });
    await expect(stat(join(folder, '..', 'evil.txt'))).rejects.toThrow();
  });

  it('whose signed manifest itself has unsafe or double paths is refused', async () => {
    const { receive } = await place();
    const paths = ['../evil', '/evil', 'a//b', 'a/./b', 'C:evil', 'a\\b', 'trailing.', 'aux.txt', ''];
    const manifests = [
      ...paths.map((path) => ({ path, reason: /The path/ })),
      { path: 'EMPTY.txt', reason: /listed twice/ },
      { path: 'deep', reason: /a file and a folder/ },
      { path: 'pack.sig', reason: /manifest’s or the signature’s/ },
    ];
    for (const { path, reason } of manifests) {
      const manifest = manifestOf(parts);
      manifest.files.push({ path, bytes: 0, sha256: sha256Of(Buffer.alloc(0)) });
      const archive = await zipEntries(packEntries(parts, publisher.privateKey, manifest));
      const failure = await failureOf(receive(archive));
      expect(failure.code).toBe(provokes('pack-invalid'));
      expect(failure.message).toMatch(reason);
    }
  });

  it('that declares little and unpacks to much is stopped at what it declares', async () => {
    const { folder, receive } = await place();
    const bomb = { ...parts, files: { 'bomb.bin': Buffer.alloc(20_000_000) } };
    const manifest = manifestOf(bomb);
    const small = manifest.files.map((one) => ({ ...one, bytes: 10 }));
    const archive = await zipEntries(packEntries(bomb, publisher.privateKey, { ...manifest, files: small }));
    expect(archive.length).toBeLessThan(100_000);
    const failure = await failureOf(receive(declareSize(archive, 'bomb.bin', 10)));
    expect(failure.code).toBe(provokes('pack-invalid'));
    expect(await readdir(folder)).toEqual([]);
  });

  it('that declares more than a pack may unpack to is refused before anything is written', async () => {
    const { folder, receive } = await place();
    const manifest = manifestOf(parts);
    const files = Array.from({ length: 5 }, (_, index) => ({
      path: `f${index}`,
      bytes: 99 * 1024 * 1024,
      sha256: 'a'.repeat(64),
    }));
    const archive = await zipEntries(packEntries(parts, publisher.privateKey, { ...manifest, files }));
    const failure = await failureOf(receive(archive));
    expect(failure.message).toMatch(/larger than 400 MiB/);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('an archive', () => {
  it('is closed again, whether its pack is received or refused', async () => {
    const { receive } = await place();
    const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length;
    const before = await openFiles();
    await receive(await archiveOf());
    await failureOf(receive(await tampered((entries) => entries.slice(0, 3))));
    expect(await openFiles()).toBe(before);
  });
});

describe('after a crash', () => {
  /** Leaves what a crash would, then starts anew. */
  async function restartAfter(crash: (folder: string) => Promise<void>) {
    const { folder, receive } = await place();
    await receive(await archiveOf());
    await crash(folder);
    const receiver = createPackReceiver({ folder, publisherKeyPem: publisher.publicKeyPem });
    await receiver.start();
    return { folder, receiver };
  }

  it('while unpacking, the old version stands and the rest is gone', async () => {
    const { folder, receiver } = await restartAfter(async (at) => {
      await mkdir(join(at, '.HybridRegistration.staging', 'deep'), { recursive: true });
      await writeFile(join(at, '.HybridRegistration.staging', 'half'), 'half');
      await writeFile(join(at, '.AzureAutomation.archive'), 'zip');
      await writeFile(join(at, '.AzureAutomation.archive.part'), 'zi');
    });
    expect((await readdir(folder)).sort()).toEqual(['HybridRegistration', 'packs.json']);
    expect(await filesIn(join(folder, 'HybridRegistration'))).toEqual(parts.files);
    expect(receiver.packs).toHaveLength(1);
  });

  it('between the two renames, the old version is put back', async () => {
    const { folder, receiver } = await restartAfter(async (at) => {
      await rename(join(at, 'HybridRegistration'), join(at, '.HybridRegistration.previous'));
      await mkdir(join(at, '.HybridRegistration.staging'));
    });
    expect((await readdir(folder)).sort()).toEqual(['HybridRegistration', 'packs.json']);
    expect(await filesIn(join(folder, 'HybridRegistration'))).toEqual(parts.files);
    expect(receiver.packs).toHaveLength(1);
  });

  it('after the swap, the old version is cleared away', async () => {
    const { folder } = await restartAfter(async (at) => {
      await mkdir(join(at, '.HybridRegistration.previous'));
      await writeFile(join(at, '.HybridRegistration.previous', 'old'), 'old');
    });
    expect((await readdir(folder)).sort()).toEqual(['HybridRegistration', 'packs.json']);
  });

  it('while removing, the pack is gone and no longer listed', async () => {
    const { folder, receiver } = await restartAfter((at) =>
      rename(join(at, 'HybridRegistration'), join(at, '.HybridRegistration.removed')),
    );
    expect(await readdir(folder)).toEqual(['packs.json']);
    expect(receiver.packs).toEqual([]);
  });

  it('that tore the list, the packs are received again over what is there', async () => {
    const { folder, receiver } = await restartAfter((at) => writeFile(join(at, 'packs.json'), '{"version":1,'));
    expect(receiver.packs).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(['HybridRegistration', 'packs.json.unreadable']);
    const archive = await archiveOf();
    const file = join(await tempFolder(), 'archive.zip');
    await writeFile(file, archive);
    await receiver.receive(file, { ...parts, sha256: sha256Of(archive) });
    expect(await filesIn(join(folder, 'HybridRegistration'))).toEqual(parts.files);
  });

  it('at any moment, one whole version stands after the next start', async () => {
    const root = await tempFolder();
    const folder = join(root, 'AzureAutomationFiles');
    const keyFile = join(root, 'publisher.pem');
    await writeFile(keyFile, publisher.publicKeyPem);
    const texts = ['first', 'second'].map((text) => text.repeat(1_000));
    const archives = await Promise.all(
      texts.map(async (text, index) => {
        const files = Object.fromEntries(Array.from({ length: 8 }, (_, file) => [`part/${file}.txt`, text]));
        const file = join(root, `${index}.zip`);
        await writeFile(file, await archiveOf({ version: `1.0.${index}`, files }));
        return file;
      }),
    );
    for (let kill = 0; kill < 12; kill += 1) {
      const child = spawn(process.execPath, [fixture, folder, keyFile, ...archives], { stdio: ['ignore', 'pipe', 'inherit'] });
      mustEndWithTest(child.pid ?? 0);
      await once(child.stdout, 'data');
      await sleep(20 + kill * 7);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const receiver = createPackReceiver({ folder, publisherKeyPem: publisher.publicKeyPem });
      await receiver.start();
      const left = (await readdir(folder)).filter((name) => name.startsWith('.'));
      expect(left).toEqual([]);
      // The first kill may come before the first pack.
      if (receiver.packs.length === 0 && !(await readdir(folder)).includes('HybridRegistration')) continue;
      const contents = Object.values(await filesIn(join(folder, 'HybridRegistration')));
      expect(contents).toHaveLength(8);
      expect(new Set(contents).size).toBe(1);
      expect(texts).toContain(contents[0]);
    }
  });

  it('a folder that cannot be written is named, and the pack may come later', async () => {
    const { folder, receive } = await place();
    await rm(folder, { recursive: true });
    await writeFile(folder, 'a file in its place');
    const failure = await failureOf(receive(await archiveOf()));
    expect(failure).toMatchObject({ code: provokes('data-folder-unusable'), retryable: true });
  });
});
