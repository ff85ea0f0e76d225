/** Two commands started side by side must not both install into, or build, one checkout. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTextIfAny } from './files.mjs';
import { cacheFolder } from './paths.mjs';

const lookAgainMs = 200;

/**
 * @template T
 * @param {string} name
 * @param {string} doing what the others are told that we do, as in "is preparing this checkout"
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(name, doing, work) {
  const file = join(cacheFolder, `${name}.lock`);
  mkdirSync(cacheFolder, { recursive: true });
  for (let told = false; !takes(file); told = true) {
    const owner = Number(readTextIfAny(file) ?? '');
    if (owner > 0 && !isAlive(owner)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told) process.stderr.write(`Process ${owner} ${doing}: waiting for it\n`);
    await new Promise((done) => setTimeout(done, lookAgainMs));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {string} file */
function takes(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
