/**
 * `npm run package:installer`: the installer of the worker without a window, from `npm run package:programs`, by Debian's nsis:
 * dist/installers/Hybrid-Runbook-Worker-<version>-x64.exe; see docs/windows.md.
 *
 *   node scripts/installer/index.mjs [--release] [--quick] [--as-version VERSION]
 *
 * `--quick` packs lightly: a trial's installer is large and soon made. `--as-version` is for trials of an upgrade: everything says that it is
 * of this version. HRW_SIGN_PROGRAM names a program that signs, as for the programs: here it signs installer and uninstaller too.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { readJson } from '../files.mjs';
import { withLock } from '../lock.mjs';
import { cacheFolder, repositoryNodeVersion, root } from '../paths.mjs';
import { exitWhenStopped, prepare } from '../prepare/index.mjs';
import { filesIn, programsFolderOf } from '../programs/folder.mjs';

const { values } = parseArgs({
  options: {
    release: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    yes: { type: 'boolean', default: false },
    'as-version': { type: 'string' },
  },
});

const { node } = await prepare('installer', { yes: values.yes, again: 'npm run package:installer -- --yes' }).catch(
  exitWhenStopped,
);
if (process.version !== `v${repositoryNodeVersion()}`) {
  const { status } = spawnSync(node, process.argv.slice(1), { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const manifest = /** @type {{ version: string, productName: string, author: string }} */ (readJson(join(root, 'package.json')));
const version = values['as-version'] ?? manifest.version;
const target = 'win-x64';
/** The service's own, which is no part of a worker. */
const withheld = /^(hrw-service[.]exe|node_modules\/(web-tree-sitter|tree-sitter-powershell))$/;
const installersFolder = join(root, 'dist', 'installers');
const file = join(installersFolder, `Hybrid-Runbook-Worker-${version}-x64.exe`);

makePrograms();
const { whenChanged } = await import('../build.mjs');
const programs = programsFolderOf(target, values['as-version']);
const stamp = createHash('sha256')
  .update(readFileSync(join(programs, 'programs.json')))
  .digest('hex');
const settings = [stamp, version, String(values.quick), process.env['HRW_SIGN_PROGRAM'] ?? ''].join();
await withLock('making-installer', 'is making an installer of this checkout', async () => {
  await whenChanged(
    `installer ${version}`,
    ['installer', 'scripts/installer', 'scripts/windows-messages.mjs', 'src-contract/events.ts', 'assets/icons/product.ico'],
    settings,
    make,
    file,
  );
});
console.log(file);

/** By their own script: it makes only what has changed. */
function makePrograms() {
  const given = [target, ...(values.release ? ['--release'] : [])];
  if (values['as-version'] !== undefined) given.push('--as-version', values['as-version']);
  const script = join(root, 'scripts', 'programs', 'index.mjs');
  const { status } = spawnSync(node, [script, ...given], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${script} ended with code ${String(status)}`);
}

async function make() {
  mkdirSync(cacheFolder, { recursive: true });
  const work = mkdtempSync(join(cacheFolder, 'installer-'));
  try {
    const stage = join(work, 'programs');
    const made = join(work, basename(file));
    const bytes = await stagePrograms(stage);
    runNsis(stage, made, bytes);
    mkdirSync(installersFolder, { recursive: true });
    rmSync(file, { force: true });
    renameSync(made, file);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * What an installation holds, with the list of it.
 * @param {string} stage
 * @returns {Promise<number>} bytes
 */
async function stagePrograms(stage) {
  cpSync(programs, stage, {
    recursive: true,
    filter: (source) => !withheld.test(relative(programs, source).split(sep).join('/')),
  });
  const { buildWindowsMessages } = await import('../windows-messages.mjs');
  buildWindowsMessages(join(stage, 'hrw-messages.dll'));
  const listFile = join(stage, 'programs.json');
  const list = /** @type {Record<string, unknown>} */ (readJson(listFile));
  rmSync(listFile);
  const files = filesIn(stage).map((one) => {
    const content = readFileSync(one);
    const path = relative(stage, one).split(sep).join('/');
    return { path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  });
  writeFileSync(listFile, `${JSON.stringify({ ...list, files }, null, 2)}\n`);
  return files.reduce((sum, one) => sum + one.bytes, 0);
}

/**
 * @param {string} stage
 * @param {string} made
 * @param {number} bytes
 */
function runNsis(stage, made, bytes) {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const signer = process.env['HRW_SIGN_PROGRAM'] ?? '';
  const defines = {
    HRW_VERSION: version,
    HRW_NUMBERS: `${major}.${minor}.${patch}.0`,
    HRW_STAGE: stage,
    HRW_FILE: made,
    HRW_KILOBYTES: String(Math.ceil(bytes / 1024)),
    HRW_COMPANY: manifest.author,
    HRW_ICON: join(root, 'assets', 'icons', 'product.ico'),
    HRW_LICENCE: join(root, 'LICENSE'),
    ...(signer === '' ? {} : { HRW_SIGN_PROGRAM: signer }),
  };
  const compressor = values.quick ? ['-XSetCompressor /FINAL zlib'] : ['-XSetCompressor /SOLID /FINAL lzma'];
  const given = [
    ...['-V2', '-WX', '-NOCONFIG', '-INPUTCHARSET', 'UTF8'],
    ...compressor,
    ...Object.entries(defines).map(([name, value]) => `-D${name}=${value}`),
    join(root, 'installer', 'headless.nsi'),
  ];
  const { status, error } = spawnSync('makensis', given, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`makensis ended with ${error?.message ?? `code ${String(status)}`}`);
}
