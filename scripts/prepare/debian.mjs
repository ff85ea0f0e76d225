/**
 * What must come from the distribution: Electron's shared libraries, a virtual display where there is none, a compiler.
 * Looked for by what it gives (a library, a program, a font), so that it is found however it was installed; asked for by the
 * names of Debian's packages.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram, run } from './commands.mjs';
import { PreparationStopped, say, timed } from './terminal.mjs';

/** @typedef {'compiler' | 'electron' | 'display' | 'browser' | 'installer'} PackageSet */

/**
 * @typedef {object} SystemPart
 * @property {string[]} packages Debian's name, newest first: since Debian 13 some carry `t64`
 * @property {string} [library] the file that the dynamic loader must know
 * @property {string[]} [programs] any of them will do
 * @property {string} [folder] where a font lies
 */

/** @type {Record<PackageSet, SystemPart[]>} */
const parts = {
  compiler: [
    { packages: ['g++'], programs: ['g++', 'c++'] },
    { packages: ['make'], programs: ['make'] },
    { packages: ['python3'], programs: ['python3'] },
  ],
  electron: [
    { packages: ['libgtk-3-0t64', 'libgtk-3-0'], library: 'libgtk-3.so.0' },
    { packages: ['libnss3'], library: 'libnss3.so' },
    { packages: ['libasound2t64', 'libasound2'], library: 'libasound.so.2' },
    { packages: ['libgbm1'], library: 'libgbm.so.1' },
    { packages: ['libatk-bridge2.0-0t64', 'libatk-bridge2.0-0'], library: 'libatk-bridge-2.0.so.0' },
    { packages: ['libxss1'], library: 'libXss.so.1' },
  ],
  display: [
    { packages: ['xvfb'], programs: ['Xvfb'] },
    { packages: ['xauth'], programs: ['xauth'] },
    // Without these the window is drawn in whatever face there is: Open Sans stands in for Segoe UI.
    { packages: ['fonts-open-sans'], folder: '/usr/share/fonts/truetype/open-sans' },
    { packages: ['fonts-dejavu-core'], folder: '/usr/share/fonts/truetype/dejavu' },
  ],
  // An installer for Windows, and the message file that it carries.
  installer: [
    { packages: ['nsis'], programs: ['makensis'] },
    { packages: ['binutils-mingw-w64-x86-64'], programs: ['x86_64-w64-mingw32-windmc'] },
  ],
  browser: [
    { packages: ['chromium'], programs: ['chromium', 'chromium-browser', 'google-chrome'] },
    { packages: ['fonts-noto-color-emoji'], folder: '/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf' },
  ],
};

/**
 * @param {PackageSet[]} sets
 * @returns {SystemPart[]} what this machine lacks
 */
export function missingSystemParts(sets) {
  if (process.platform !== 'linux') return [];
  const wanted = sets.flatMap((set) => parts[set]);
  const libraries = wanted.some((part) => part.library !== undefined) ? knownLibraries() : '';
  return wanted.filter((part) => {
    if (part.library !== undefined) return !libraries.includes(`\t${part.library} `);
    if (part.folder !== undefined) return !existsSync(part.folder);
    return !(part.programs ?? []).some((program) => findProgram(program) !== undefined);
  });
}

function knownLibraries() {
  const ldconfig = findProgram('ldconfig');
  if (ldconfig === undefined) return '';
  return execFileSync(ldconfig, ['-p'], { encoding: 'utf8' });
}

/**
 * @param {SystemPart[]} missing
 * @returns {string[]} names of packages as this release of the distribution has them
 */
export function packageNames(missing) {
  return missing.map(({ packages }) => {
    const plain = /** @type {string} */ (packages.at(-1));
    return packages.length === 1 ? plain : (packages.find(isOffered) ?? plain);
  });
}

/** @param {string} name */
function isOffered(name) {
  try {
    return execFileSync('apt-cache', ['show', '--no-all-versions', name], { encoding: 'utf8', stdio: 'pipe' }) !== '';
  } catch {
    return false;
  }
}

/** @param {string[]} names */
export function installLine(names) {
  return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names.join(' ')}`;
}

/**
 * Whether this process may install packages: as root, or with sudo where it asks nothing.
 * @returns {Promise<string[] | undefined>} what to put before the command
 */
export async function rightsToInstall() {
  if (findProgram('apt-get') === undefined) return undefined;
  if (process.getuid?.() === 0) return [];
  if (findProgram('sudo') === undefined) return undefined;
  const { status } = await run('sudo', ['-n', 'true'], { allowFailure: true });
  if (status === 0) return ['sudo', '-n'];
  return process.stdin.isTTY ? ['sudo'] : undefined;
}

/**
 * @param {SystemPart[]} missing
 * @param {string[]} prefix from `rightsToInstall`
 */
export async function installSystemParts(missing, prefix) {
  const asksPassword = prefix.join(' ') === 'sudo';
  /** @param {string[]} args */
  const aptGet = (args) => {
    const [command, ...rest] = [...prefix, 'apt-get', ...args];
    return run(/** @type {string} */ (command), rest, {
      environment: { DEBIAN_FRONTEND: 'noninteractive' },
      onTerminal: asksPassword,
      allowFailure: args[0] === 'update',
    });
  };
  await timed('Reading the lists of packages (apt-get update)', () => aptGet(['update']));
  const names = packageNames(missing);
  await timed(`Installing ${names.join(' ')} (apt-get install)`, () =>
    aptGet(['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', ...names]),
  );
}

/**
 * After installing, nothing may be missing still.
 * @param {PackageSet[]} sets
 */
export function confirmSystemParts(sets) {
  const left = missingSystemParts(sets);
  if (left.length === 0) return;
  say(`Still not found: ${left.map((part) => part.library ?? part.folder ?? part.programs?.join(' or ')).join(', ')}`);
  throw new PreparationStopped('The packages are installed, but what they should give is not there.');
}
