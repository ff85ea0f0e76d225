/**
 * Looks into a pack that somebody publishes: is it one, whole, and (where this service was built with the publisher's key) signed? Every
 * worker checks all of it again before it unpacks anything; here it is refused while its publisher is still looking.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl';
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import { maxPackFiles, maxUnpackedPackBytes } from '../../src-contract/limits.ts';
import {
  findUnsafePath,
  packManifest,
  packManifestEntry,
  packSignatureEntry,
  type PackManifest,
} from '../../src-contract/packs.ts';

const maxManifestBytes = 4 * 1024 * 1024;
const signatureBytes = 64;

/** `publisherKey`: PEM of the public half, where it is known. */
export async function readPackArchive(archive: Buffer, publisherKey: string | undefined): Promise<PackManifest> {
  let named = { pack: 'that was sent', version: '' };
  const refuse = (reason: string): AppError => new AppError('pack-invalid', { ...named, reason });
  try {
    const zip = await fromBufferPromise(archive, { strictFileNames: true });
    const entries = await readEntries(zip, refuse);
    const bytes = await readWhole(zip, requireEntry(entries, packManifestEntry, refuse), maxManifestBytes, refuse);
    const signature = await readWhole(zip, requireEntry(entries, packSignatureEntry, refuse), signatureBytes, refuse);
    const manifest = readManifest(bytes, refuse);
    named = { pack: manifest.name, version: manifest.version };
    if (
      signature.length !== signatureBytes ||
      (publisherKey !== undefined && !verify(null, bytes, createPublicKey(publisherKey), signature))
    ) {
      throw new AppError('pack-signature-invalid', named);
    }
    await checkFiles(zip, entries, manifest, refuse);
    return manifest;
  } catch (error) {
    if (isAppError(error)) throw error;
    // What the zip reader says of broken bytes. The bytes are in memory: nothing else can fail here.
    throw refuse(`The archive cannot be read: ${(error as Error).message}.`);
  }
}

type Refuse = (reason: string) => AppError;

async function readEntries(zip: ZipFile, refuse: Refuse): Promise<Map<string, Entry>> {
  if (zip.entryCount > maxPackFiles + 2) throw refuse(`It holds more than ${maxPackFiles} files.`);
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    if (entries.has(entry.fileName)) throw refuse(`The entry ${entry.fileName} is there twice.`);
    entries.set(entry.fileName, entry);
  }
  return entries;
}

function requireEntry(entries: Map<string, Entry>, name: string, refuse: Refuse): Entry {
  const entry = entries.get(name);
  if (entry === undefined) throw refuse(`It has no ${name}.`);
  return entry;
}

async function readWhole(zip: ZipFile, entry: Entry, maxBytes: number, refuse: Refuse): Promise<Buffer> {
  if (entry.uncompressedSize > maxBytes) throw refuse(`Its ${entry.fileName} is larger than ${maxBytes} bytes.`);
  const pieces: Buffer[] = [];
  for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

function readManifest(bytes: Buffer, refuse: Refuse): PackManifest {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw refuse('Its manifest is no JSON.');
  }
  const parsed = packManifest.safeParse(json);
  if (!parsed.success) throw refuse(`Its manifest is wrong at ${parsed.error.issues[0]?.path.join('.') || 'its root'}.`);
  return parsed.data;
}

async function checkFiles(zip: ZipFile, entries: Map<string, Entry>, { files }: PackManifest, refuse: Refuse): Promise<void> {
  const unpacked = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (unpacked > maxUnpackedPackBytes) throw refuse(`Unpacked it is larger than ${maxUnpackedPackBytes / 1024 / 1024} MiB.`);
  const listed = new Set([packManifestEntry, packSignatureEntry].map((name) => name.toLowerCase()));
  for (const { path, bytes, sha256 } of files) {
    const unsafe = findUnsafePath(path);
    if (unsafe !== undefined) throw refuse(`The path ${JSON.stringify(path)} ${unsafe}.`);
    // Two that differ only in case would be one file on Windows.
    if (listed.has(path.toLowerCase())) throw refuse(`The path ${path} is listed twice.`);
    listed.add(path.toLowerCase());
    const entry = requireEntry(entries, path, refuse);
    if (entry.uncompressedSize !== bytes || (await hashEntry(zip, entry)) !== sha256) {
      throw refuse(`The file ${path} is not the one that was signed.`);
    }
  }
  for (const name of entries.keys())
    if (!listed.has(name.toLowerCase())) throw refuse(`The file ${name} is not in the manifest.`);
}

/** The reader itself fails when an entry yields more, or fewer, bytes than it declares. */
async function hashEntry(zip: ZipFile, entry: Entry): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of await zip.openReadStreamPromise(entry)) hash.update(piece as Buffer);
  return hash.digest('hex');
}
