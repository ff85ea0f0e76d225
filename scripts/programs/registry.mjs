/** Packages that npm does not install here, because they are for another platform: fetched as archives and checked against a known integrity. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../files.mjs';
import { cacheFolder, root } from '../paths.mjs';
import { run } from '../prepare/commands.mjs';

/**
 * @param {string} name
 * @param {string} version
 * @param {string} integrity as npm writes it: `sha512-…`
 * @returns {Promise<string>} the package's folder, in the cache
 */
export async function fetchPackage(name, version, integrity) {
  const folder = join(cacheFolder, 'packages', `${name.replace('@', '').replace('/', '-')}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(join(cacheFolder, 'packages'), { recursive: true });
  const work = mkdtempSync(join(cacheFolder, 'package-'));
  try {
    process.stderr.write(`Fetching ${name} ${version}\n`);
    await run('npm', ['pack', `${name}@${version}`, '--pack-destination', work, '--ignore-scripts', '--force']);
    const archive = readdirSync(work).find((file) => file.endsWith('.tgz'));
    if (archive === undefined) throw new Error(`npm pack ${name}@${version} left no archive`);
    const found = `sha512-${createHash('sha512')
      .update(readFileSync(join(work, archive)))
      .digest('base64')}`;
    if (found !== integrity) {
      throw new Error(`What the registry gave as ${name} ${version} is not what was reviewed (${found}). It was deleted.`);
    }
    await run('tar', ['-xzf', archive], { cwd: work });
    renameSync(join(work, 'package'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/**
 * A package of package-lock.json, whether or not it is for this platform.
 * @param {string} name
 * @returns {Promise<string>} its folder
 */
export async function packageFolder(name) {
  const installed = join(root, 'node_modules', ...name.split('/'));
  if (existsSync(installed)) return installed;
  const lock = /** @type {{ packages: Record<string, { version: string, integrity?: string }> }} */ (
    readJson(join(root, 'package-lock.json'))
  );
  const entry = lock.packages[`node_modules/${name}`];
  if (entry?.integrity === undefined) throw new Error(`package-lock.json does not name ${name}`);
  return await fetchPackage(name, entry.version, entry.integrity);
}
