/**
 * Reads a pack's archive and refuses what is not exactly what its publisher signed. Writes nothing.
 * The archive is foreign input until the signature is checked, and its central directory stays so: the manifest alone is believed.
 */
import { createHash, verify, type KeyObject } from 'node:crypto';
import type { Readable } from 'node:stream';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { AppError } from '../../src-contract/app-error.ts';
import { maxPackBytes, maxPackFiles, maxUnpackedPackBytes } from '../../src-contract/limits.ts';
import {
  findUnsafePath,
  packManifest,
  packManifestEntry,
  packSignatureEntry,
  type PackManifest,
} from '../../src-contract/packs.ts';

export interface PackName {
  name: string;
  version: string;
}

type PackFile = PackManifest['files'][number];

export interface OpenedPack {
  manifest: PackManifest;
  /** Calls `write` with the file's bytes. Rejects when they are not those of the manifest, at the latest at their end. */
  readFile(file: PackFile, write: (piece: Buffer) => Promise<void>): Promise<void>;
  close: () => void;
}

/** A manifest of 10,000 files with long paths is below 4 MB. */
const maxManifestBytes = 4 * 1024 * 1024;
const signatureBytes = 64;

/** @throws AppError `pack-signature-invalid`, `pack-invalid` */
export async function openPack(archiveFile: string, expected: PackName, publisherKey: KeyObject): Promise<OpenedPack> {
  const refuse = (reason: string, cause?: unknown): AppError =>
    new AppError('pack-invalid', { pack: expected.name, version: expected.version, reason }, { cause });
  const zip = await guard(refuse, () => openPromise(archiveFile, { autoClose: false, strictFileNames: true }));
  try {
    if (zip.fileSize > maxPackBytes) throw refuse(`The archive is larger than ${maxPackBytes / 1024 / 1024} MiB.`);
    const entries = await guard(refuse, () => readEntries(zip, refuse));
    const manifestBytes = await readSmall(zip, entries, packManifestEntry, maxManifestBytes, refuse);
    const signature = await readSmall(zip, entries, packSignatureEntry, signatureBytes, refuse);
    if (!verify(null, manifestBytes, publisherKey, signature))
      throw new AppError('pack-signature-invalid', { pack: expected.name, version: expected.version });
    const manifest = parseManifest(manifestBytes, expected, refuse);
    matchEntries(manifest, entries, refuse);
    return {
      manifest,
      readFile: (file, write) => readChecked(zip, entries, file, write, refuse),
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

type Refuse = (reason: string, cause?: unknown) => AppError;

/** What the zip reader throws is the archive's fault, unless the operating system said it. */
async function guard<Value>(refuse: Refuse, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    const isSystems = error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined;
    if (isSystems || error instanceof AppError) throw error;
    throw refuse(`The archive cannot be read: ${error instanceof Error ? error.message : String(error)}.`, error);
  }
}

/** By name, as written; two that differ only in case would be one file on Windows. */
async function readEntries(zip: ZipFile, refuse: Refuse): Promise<Map<string, Entry>> {
  if (zip.entryCount > maxPackFiles + 2) throw refuse(`It holds more than ${maxPackFiles} files.`);
  const entries = new Map<string, Entry>();
  const folded = new Set<string>();
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName;
    const unsafe = findUnsafePath(name) ?? findUnsafeKind(entry);
    if (unsafe !== undefined) throw refuse(`The entry ${JSON.stringify(name)} ${unsafe}.`);
    if (folded.has(name.toLowerCase())) throw refuse(`The entry ${JSON.stringify(name)} is there twice.`);
    folded.add(name.toLowerCase());
    entries.set(name, entry);
  }
  return entries;
}

const fileTypeMask = 0o170000;
const regularFile = 0o100000;
const symbolicLink = 0o120000;

/** Unix puts the file's type into the upper half of the external attributes; 0 stands for "not said". */
function findUnsafeKind(entry: Entry): string | undefined {
  const type = (entry.externalFileAttributes >>> 16) & fileTypeMask;
  if (type === symbolicLink) return 'is a symbolic link';
  if (type !== 0 && type !== regularFile) return 'is no plain file';
  return entry.isEncrypted() ? 'is encrypted' : undefined;
}

async function readSmall(
  zip: ZipFile,
  entries: Map<string, Entry>,
  name: string,
  maxBytes: number,
  refuse: Refuse,
): Promise<Buffer> {
  const entry = entries.get(name);
  if (entry === undefined) throw refuse(`It has no ${name}.`);
  if (entry.uncompressedSize > maxBytes) throw refuse(`Its ${name} is larger than ${maxBytes} bytes.`);
  return guard(refuse, async () => {
    const pieces: Buffer[] = [];
    for await (const piece of await openEntry(zip, entry)) pieces.push(piece);
    return Buffer.concat(pieces);
  });
}

/** The reader itself ends the stream with an error once it yields more, or fewer, bytes than the entry declares. */
async function openEntry(zip: ZipFile, entry: Entry): Promise<AsyncIterable<Buffer>> {
  const stream: Readable = await zip.openReadStreamPromise(entry);
  return stream as AsyncIterable<Buffer>;
}

function parseManifest(bytes: Buffer, expected: PackName, refuse: Refuse): PackManifest {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw refuse('Its manifest is no JSON.', error);
  }
  const parsed = packManifest.safeParse(json);
  if (!parsed.success) throw refuse(`Its manifest has a wrong ${parsed.error.issues[0]?.path.join('.') ?? 'shape'}.`);
  const manifest = parsed.data;
  if (manifest.name !== expected.name || manifest.version !== expected.version)
    throw refuse(`Its manifest is of ${manifest.name} ${manifest.version}.`);
  const unsafeFolder = findUnsafePath(manifest.folder);
  if (unsafeFolder !== undefined) throw refuse(`Its folder ${unsafeFolder}.`);
  checkPaths(manifest.files, refuse);
  return manifest;
}

function checkPaths(files: readonly PackFile[], refuse: Refuse): void {
  let bytes = 0;
  const paths = new Set<string>();
  const folders = new Set<string>();
  for (const file of files) {
    const quoted = JSON.stringify(file.path);
    const unsafe = findUnsafePath(file.path);
    if (unsafe !== undefined) throw refuse(`The path ${quoted} ${unsafe}.`);
    const path = file.path.toLowerCase();
    if (paths.has(path)) throw refuse(`The path ${quoted} is listed twice.`);
    paths.add(path);
    for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1)) folders.add(path.slice(0, cut));
    bytes += file.bytes;
  }
  const both = [...folders].find((folder) => paths.has(folder));
  if (both !== undefined) throw refuse(`The path ${JSON.stringify(both)} is a file and a folder.`);
  if (bytes > maxUnpackedPackBytes) throw refuse(`Unpacked it is larger than ${maxUnpackedPackBytes / 1024 / 1024} MiB.`);
}

/** Exactly the listed files, with exactly the listed sizes; contents are compared while they are read. */
function matchEntries({ files }: PackManifest, entries: Map<string, Entry>, refuse: Refuse): void {
  const listed = new Set([packManifestEntry, packSignatureEntry]);
  for (const file of files) {
    const quoted = JSON.stringify(file.path);
    if (listed.has(file.path)) throw refuse(`The path ${quoted} is the manifest’s or the signature’s.`);
    listed.add(file.path);
    const entry = entries.get(file.path);
    if (entry === undefined) throw refuse(`The file ${quoted} is missing.`);
    if (entry.uncompressedSize !== file.bytes)
      throw refuse(`The file ${quoted} declares ${entry.uncompressedSize} bytes instead of ${file.bytes}.`);
  }
  for (const name of entries.keys())
    if (!listed.has(name)) throw refuse(`The file ${JSON.stringify(name)} is not in the manifest.`);
}

async function readChecked(
  zip: ZipFile,
  entries: Map<string, Entry>,
  file: PackFile,
  write: (piece: Buffer) => Promise<void>,
  refuse: Refuse,
): Promise<void> {
  const entry = entries.get(file.path);
  if (entry === undefined) throw new Error(`${file.path} is not of this pack`);
  await guard(refuse, async () => {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const piece of await openEntry(zip, entry)) {
      bytes += piece.length;
      if (bytes > file.bytes) throw refuse(`The file ${JSON.stringify(file.path)} is larger than it declares.`);
      hash.update(piece);
      await write(piece);
    }
    if (bytes !== file.bytes || hash.digest('hex') !== file.sha256)
      throw refuse(`The file ${JSON.stringify(file.path)} is not the one that was signed.`);
  });
}
