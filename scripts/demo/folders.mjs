/** The two real folders of the demo, and the proof that one was copied into the other. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** @param {string} folder @param {{ withFolders: boolean }} options */
export function makeSource(folder, { withFolders }) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'inventory.csv'), 'server,role\nsrv-files-01,source\nsrv-files-02,destination\n');
  writeFileSync(join(folder, 'notes – ünïcode.txt'), 'Names and contents travel as they are: ä, 漢字, 🙂\n');
  if (withFolders) {
    mkdirSync(join(folder, 'reports'));
    writeFileSync(join(folder, 'reports', 'november.txt'), 'Everything that matters is in the first line.\n');
  }
  // Not text, and larger than a pipe's buffer.
  writeFileSync(join(folder, 'image.bin'), Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251)));
}

/**
 * @param {string} source
 * @param {string} destination
 * @returns {{ same: number, different: string[] }} files by path relative to `source`
 */
export function compareFolders(source, destination) {
  const paths = filesIn(source);
  const different = paths.filter((path) => hashOf(join(source, path)) !== hashOf(join(destination, path)));
  return { same: paths.length - different.length, different };
}

/** @param {string} folder @returns {string[]} */
function filesIn(folder, base = folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path, base) : [relative(base, path)];
  });
}

/** @param {string} file */
function hashOf(file) {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined;
    throw error;
  }
}
