/** Makes packs for tests: good ones, and ones that no publisher would make. */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { ZipFile } from 'yazl';
import type { PackManifest } from '../../src-contract/packs.ts';

export interface PackParts {
  name: string;
  version: string;
  folder: string;
  files: Record<string, string | Buffer>;
}

export interface ZipEntry {
  name: string;
  content: Buffer;
  /** Unix mode with the file's type; a plain file by default. */
  mode?: number;
}

export function createPublisher(): { publicKeyPem: string; privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(), privateKey };
}

export function manifestOf({ name, version, folder, files }: PackParts): PackManifest {
  return {
    format: 1,
    name,
    version,
    description: 'Made by a test',
    folder,
    files: Object.entries(files).map(([path, text]) => {
      const content = Buffer.from(text);
      return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    }),
  };
}

/** The entries of a whole pack; a test may change them before they are zipped. */
export function packEntries(parts: PackParts, privateKey: KeyObject, manifest = manifestOf(parts)): ZipEntry[] {
  const manifestBytes = Buffer.from(JSON.stringify(manifest, undefined, 2));
  return [
    { name: 'pack.json', content: manifestBytes },
    { name: 'pack.sig', content: sign(null, manifestBytes, privateKey) },
    ...Object.entries(parts.files).map(([name, text]) => ({ name, content: Buffer.from(text) })),
  ];
}

export async function zipEntries(entries: readonly ZipEntry[]): Promise<Buffer> {
  const zip = new ZipFile();
  for (const { name, content, mode = 0o100644 } of entries) zip.addBuffer(content, name, { mode });
  zip.end();
  const pieces: Buffer[] = [];
  for await (const piece of zip.outputStream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** Renames an entry to a name of the same length that the zip writer would refuse. */
export function renameInZip(archive: Buffer, from: string, to: string): Buffer {
  if (from.length !== to.length) throw new Error('both names must have the same length');
  return Buffer.from(archive.toString('latin1').replaceAll(from, to), 'latin1');
}

const centralHeader = Buffer.from([0x50, 0x4b, 0x01, 0x02]);

/** Changes the size that the archive's directory declares for an entry. */
export function declareSize(archive: Buffer, name: string, bytes: number): Buffer {
  const changed = Buffer.from(archive);
  for (let at = changed.indexOf(centralHeader); at !== -1; at = changed.indexOf(centralHeader, at + 4)) {
    const nameLength = changed.readUInt16LE(at + 28);
    if (changed.subarray(at + 46, at + 46 + nameLength).toString() === name) changed.writeUInt32LE(bytes, at + 24);
  }
  return changed;
}

export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
