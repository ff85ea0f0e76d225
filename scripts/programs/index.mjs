/**
 * `npm run package:programs`: hrw, Orchestrator.Sandbox and hrw-service as single executables, with everything that they read beside them,
 * in dist/programs/<target>/. An installer takes the folder as it is; see docs/windows.md.
 *
 *   node scripts/programs/index.mjs [win-x64] [linux-x64] [--release] [--as-version VERSION]
 *
 * `--as-version` is for trials of an upgrade: the programs say that they are of this version, and go into a folder of their own.
 *
 * HRW_SIGN_PROGRAM names a program that signs: it is called with the path of each file of ours that Windows loads, and must leave it signed.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { readJson } from '../files.mjs';
import { withLock } from '../lock.mjs';
import { cacheFolder, outFolder, repositoryNode, repositoryNodeVersion, root } from '../paths.mjs';
import { exitWhenStopped, prepare } from '../prepare/index.mjs';
import { publisherPublicKey } from '../publisher-public-key.mjs';
import { filesIn, programsFolderOf } from './folder.mjs';
import { fetchPackage, packageFolder } from './registry.mjs';
import { packageFiles, programs, programsFolder, reviewedNodeVersion, targets } from './targets.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

const { values, positionals } = parseArgs({
  options: { release: { type: 'boolean', default: false }, 'as-version': { type: 'string' } },
  allowPositionals: true,
});
const wanted = positionals.length === 0 ? targets : targets.filter(({ name }) => positionals.includes(name));
const unknown = positionals.filter((name) => !targets.some((target) => target.name === name));
if (unknown.length > 0) {
  console.error(`No such target: ${unknown.join(', ')}. There are: ${targets.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const flavour = values.release ? 'release' : 'checkout';
/** What a folder of programs depends on. */
const inputs = [
  ...['package.json', 'package-lock.json', 'LICENSE', 'THIRD-PARTY-NOTICES.md', 'tsconfig.base.json'],
  ...['scripts/build.mjs', 'scripts/make-packs.mjs', 'scripts/programs', 'assets/icons/product.ico', 'assets/packs'],
  ...['src-contract', 'src-main', 'src-service'],
];

const { node } = await prepare('headless').catch(exitWhenStopped);
if (process.version !== `v${repositoryNodeVersion()}`) {
  // Bundling and injecting need packages that run on the repository's Node alone.
  const { status } = spawnSync(node, process.argv.slice(1), { stdio: 'inherit' });
  process.exit(status ?? 1);
}
/** @type {Promise<Map<string, string>> | undefined} */
let bundling;

await makeAll();

async function makeAll() {
  const version = repositoryNodeVersion();
  if (version !== reviewedNodeVersion)
    throw new Error(
      `package.json names Node ${version}, scripts/programs/targets.mjs knows the integrities of ${reviewedNodeVersion}`,
    );
  const { build, whenChanged } = await import('../build.mjs');
  await build({ release: values.release });
  const settings = [flavour, publisherPublicKey(flavour), process.env['HRW_SIGN_PROGRAM'] ?? ''].join();
  await withLock('packaging', 'is packaging the programs of this checkout', async () => {
    for (const target of wanted)
      await whenChanged(`${basename(folderOf(target))} programs`, inputs, settings, () => make(target), folderOf(target));
  });
  for (const target of wanted) console.log(folderOf(target));
}

/** @param {Target} target */
function folderOf({ name }) {
  return programsFolderOf(name, values['as-version']);
}

/** @returns {Promise<Map<string, string>>} texts by the name of the bundle; the same for every target */
async function bundleAll() {
  const { bundleProgram } = await import('./bundle.mjs');
  /** @type {Map<string, string>} */
  const bundles = new Map();
  for (const { bundle, entry } of programs) bundles.set(bundle, await bundleProgram(entry, flavour, values['as-version']));
  return bundles;
}

/**
 * Made beside its place, then put there: who looks meanwhile finds the old folder or the new one.
 * @param {Target} target
 */
async function make(target) {
  const bundles = await (bundling ??= bundleAll());
  const folder = folderOf(target);
  mkdirSync(cacheFolder, { recursive: true });
  const work = mkdtempSync(join(cacheFolder, 'programs-'));
  const made = join(work, 'made');
  mkdirSync(made);
  try {
    await makeExecutables(target, bundles, work, made);
    await addFilesBeside(target, made);
    sign(target, made);
    writeList(target, made);
    mkdirSync(programsFolder, { recursive: true });
    rmSync(folder, { recursive: true, force: true });
    renameSync(made, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {Target} target
 * @param {Map<string, string>} bundles
 * @param {string} work
 * @param {string} made
 */
async function makeExecutables(target, bundles, work, made) {
  const { makeExecutable } = await import('./executable.mjs');
  const nodeFolder = await nodeFolderOf(target);
  const nodeBinary = join(nodeFolder, ...target.node.executable.split('/'));
  for (const program of programs) {
    const bundle = bundles.get(program.bundle) ?? '';
    const file = join(made, program.executable + target.suffix);
    await makeExecutable({ program, target, nodeBinary, bundle, work, file, product: productFacts() });
  }
  // Node's package for Windows has no text of its licence; that for Linux of the same version has it.
  const licenced = targets.find(({ platform }) => platform === 'linux') ?? target;
  copyFileSync(join(await nodeFolderOf(licenced), 'LICENSE'), join(made, 'LICENSE-Node.txt'));
}

/**
 * The repository's own where it is the same, so that a checkout that is prepared needs no second copy.
 * @param {Target} target
 */
async function nodeFolderOf({ platform, arch, node: { name, integrity } }) {
  if (platform === process.platform && arch === process.arch && process.platform === 'linux')
    return join(dirname(dirname(repositoryNode)), 'node_modules', name);
  return await fetchPackage(name, reviewedNodeVersion, integrity);
}

/**
 * @param {Target} target
 * @param {string} made
 */
async function addFilesBeside(target, made) {
  if (target.platform === 'linux' && process.platform !== 'linux')
    throw new Error('Programs for Linux are made on Linux: node-pty is compiled there, and has no binary in its package.');
  for (const name of ['history-thread.cjs']) copyFileSync(join(outFolder, name), join(made, name));
  for (const name of ['runtimes', 'packs']) cpSync(join(outFolder, name), join(made, name), { recursive: true });
  for (const { name, files } of packageFiles(target)) {
    const source = await packageFolder(name);
    let count = 0;
    for (const file of filesIn(source)) {
      const place = relative(source, file).split(sep).join('/');
      if (!files.test(place)) continue;
      const copy = join(made, 'node_modules', ...name.split('/'), place);
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync(file, copy);
      count += 1;
    }
    if (count < 2) throw new Error(`${source} has not the files that ${name} is known by: see packageFiles in targets.mjs`);
  }
  copyFileSync(join(root, 'LICENSE'), join(made, 'LICENSE.txt'));
  copyFileSync(join(root, 'THIRD-PARTY-NOTICES.md'), join(made, 'THIRD-PARTY-NOTICES.md'));
}

/**
 * @param {Target} target
 * @param {string} made
 */
function sign({ platform, suffix }, made) {
  const signer = process.env['HRW_SIGN_PROGRAM'];
  if (platform !== 'win32') return;
  if (signer === undefined || signer === '') {
    console.log('Nothing is signed: HRW_SIGN_PROGRAM does not name a program that signs (docs/windows.md).');
    return;
  }
  const executables = programs.map(({ executable }) => join(made, executable + suffix));
  const libraries = filesIn(join(made, 'node_modules')).filter((file) => file.endsWith('.node'));
  for (const file of [...executables, ...libraries]) {
    const { status, error } = spawnSync(signer, [file], { stdio: 'inherit' });
    if (status !== 0) throw new Error(`${signer} ${file} ended with ${error?.message ?? `code ${String(status)}`}`);
  }
}

/**
 * What belongs to the folder, so that whoever installs, repairs or updates it can tell.
 * @param {Target} target
 * @param {string} made
 */
function writeList({ name }, made) {
  const files = filesIn(made).map((file) => {
    const content = readFileSync(file);
    const path = relative(made, file).split(sep).join('/');
    return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  });
  const { productName, version } = productFacts();
  const list = { product: productName, version, target: name, flavour, node: reviewedNodeVersion, files };
  writeFileSync(join(made, 'programs.json'), `${JSON.stringify(list, null, 2)}\n`);
}

function productFacts() {
  const manifest = /** @type {{ version: string, productName: string, author: string }} */ (readJson(join(root, 'package.json')));
  const { productName, author: company } = manifest;
  return { version: values['as-version'] ?? manifest.version, productName, company };
}
