/**
 * Builds and signs the packs of assets/packs into out/packs: a zip archive with a manifest that names every file by its hash, and
 * the publisher's signature over that manifest. The same content gives the same bytes, so a pack is published once.
 *
 *   node scripts/make-packs.mjs
 */
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { createWriteStream, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { readJson } from './files.mjs';
import { outFolder, publisherKeyFile, root } from './paths.mjs';
import { ensurePublisherKey } from './prepare/publisher-key.mjs';

const packsFolder = join(root, 'assets', 'packs');
/** Stands beside a pack's files and says what it is; the manifest is made from it. */
const sourceFile = 'pack.json';
/** An archive must not differ from the last one by its files' dates. */
const fixedTime = new Date('2000-01-01T12:00:00Z');

/**
 * @param {string} [folder] where the archives go
 * @param {string} [keyFile] PEM of the publisher's private key
 * @returns {Promise<string[]>} the archives' files
 */
export async function makePacks(folder = join(outFolder, 'packs'), keyFile = publisherKeyFile) {
  const key = createPrivateKey(readFileSync(keyFile));
  mkdirSync(folder, { recursive: true });
  /** @type {string[]} */
  const made = [];
  for (const name of readdirSync(packsFolder)) made.push(await makePack(join(packsFolder, name), folder, key));
  // Earlier versions last: who looks meanwhile finds one or the other.
  for (const file of readdirSync(folder)) if (!made.includes(join(folder, file))) rmSync(join(folder, file));
  return made;
}

/**
 * @param {string} source
 * @param {string} folder
 * @param {import('node:crypto').KeyObject} key
 */
async function makePack(source, folder, key) {
  const described = /** @type {{ name: string, version: string, description: string, folder: string }} */ (
    readJson(join(source, sourceFile))
  );
  const files = listFiles(source)
    .filter((file) => file !== sourceFile)
    .map((path) => ({ path, content: readFileSync(join(source, path)) }));
  const listed = files.map(({ path, content }) => ({ path, bytes: content.length, sha256: hash(content) }));
  const manifest = Buffer.from(JSON.stringify({ format: 1, ...described, files: listed }, null, 2));
  const entries = [{ path: 'pack.json', content: manifest }, { path: 'pack.sig', content: sign(null, manifest, key) }, ...files];
  const archive = join(folder, `${described.name}-${described.version}.zip`);
  await writeZip(archive, entries);
  return archive;
}

/**
 * @param {string} file
 * @param {{ path: string, content: Buffer }[]} entries
 */
async function writeZip(file, entries) {
  const { ZipFile } = await import('yazl');
  const zip = new ZipFile();
  for (const { path, content } of entries) zip.addBuffer(content, path, { mtime: fixedTime, mode: 0o100644 });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(`${file}.new`));
  renameSync(`${file}.new`, file);
}

/**
 * Paths below the folder, with forward slashes, in an order that is always the same.
 * @param {string} folder
 * @returns {string[]}
 */
function listFiles(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort();
}

/** @param {Buffer} content */
function hash(content) {
  return createHash('sha256').update(content).digest('hex');
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  ensurePublisherKey();
  for (const file of await makePacks()) console.log(relative(root, file));
}
