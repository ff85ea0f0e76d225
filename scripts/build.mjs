/**
 * Builds the programs (esbuild) and the window (vite) into out/. Builds only what has changed since the last time.
 *
 *   node scripts/build.mjs [--release]
 *
 * A release takes the publisher's key from the file that HRW_PUBLISHER_KEY_FILE names, and refuses a checkout's.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readJsonIfAny, replaceFile } from './files.mjs';
import { withLock } from './lock.mjs';
import { cacheFolder, outFolder, root } from './paths.mjs';
import { publisherPublicKey } from './publisher-public-key.mjs';

const programs = {
  app: 'src-main/app.ts',
  hrw: 'src-main/hrw.ts',
  'headless-worker': 'src-main/headless-worker.ts',
  sandbox: 'src-main/sandbox.ts',
  'history-thread': 'src-main/storage/history-thread.ts',
  service: 'src-service/service.ts',
};

/** Bundles that another loads only when it needs them, from beside it. @type {import('esbuild').Plugin} */
const bundlesBeside = {
  name: 'bundles beside',
  setup(builder) {
    builder.onResolve({ filter: /^[.][/]headless-worker[.]ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './headless-worker.cjs', external: true } : undefined,
    );
  },
};

const preload = 'src-main/preload.ts';

const windowFolder = join(root, 'src-renderer', 'control-panel');

/** What cannot be bundled: Electron itself, and modules that load a binary from beside them. `pg-native` is not installed. */
const external = ['electron', '@photostructure/sqlite', 'koffi', 'node-pty', 'pg-native'];

/** Files that programs read at run time. A folder's files keep their places below it. */
const copies = [
  { from: 'src-main/runtimes', to: 'runtimes', endings: ['.ps1', '.psm1', '.psd1', '.py', '.sh'] },
  { from: 'assets/icons', to: 'icons', endings: ['.png', '.ico'] },
];

/**
 * @param {{ release?: boolean }} [options]
 * @returns {Promise<void>}
 */
export async function build({ release = false } = {}) {
  const flavour = release ? 'release' : 'checkout';
  const publicKey = publisherPublicKey(flavour);
  await withLock('building', 'is building this checkout', async () => {
    const common = ['package-lock.json', 'package.json', 'scripts/build.mjs', 'tsconfig.base.json'];
    await whenChanged(
      'programs',
      [...common, 'src-contract', 'src-main', 'src-service', 'assets/icons'],
      flavour + publicKey,
      () => buildPrograms(flavour),
    );
    await whenChanged('packs', [...common, 'assets/packs', 'scripts/make-packs.mjs'], flavour + publicKey, async () => {
      // Only now: it needs a package that preparing has just installed.
      const { makePacks } = await import('./make-packs.mjs');
      await makePacks(join(outFolder, 'packs'), release ? process.env['HRW_PUBLISHER_KEY_FILE'] : undefined);
    });
    await whenChanged('window', [...common, 'src-contract', 'src-renderer'], flavour, buildWindow);
  });
}

/** For commands that cannot go on without: ends the process with what the builders said. */
export async function buildOrExit() {
  await build().catch((/** @type {unknown} */ error) => {
    console.error(error instanceof Error ? error.message : error);
    console.error('The build failed; nothing was started.');
    process.exit(1);
  });
}

/**
 * @param {string} name
 * @param {string[]} inputs
 * @param {string} settings what else the result depends on
 * @param {() => Promise<void>} work
 * @param {string} [result] a folder that is there when it was done
 */
export async function whenChanged(name, inputs, settings, work, result = outFolder) {
  const stampFile = join(cacheFolder, `built-${name}.json`);
  const hash = hashOf(inputs, settings);
  const stamp = /** @type {{ hash: string } | undefined} */ (readJsonIfAny(stampFile));
  if (stamp?.hash === hash && existsSync(result)) return;
  const start = performance.now();
  rmSync(stampFile, { force: true });
  await work();
  replaceFile(stampFile, JSON.stringify({ hash }));
  process.stderr.write(`Built the ${name} in ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}

/**
 * @param {string[]} inputs files and folders
 * @param {string} settings
 */
function hashOf(inputs, settings) {
  const hash = createHash('sha256').update(settings);
  for (const file of inputs.flatMap((input) => filesIn(join(root, input)))) {
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

/**
 * @param {string} path a file or a folder, which may be absent
 * @returns {string[]} in an order that is always the same
 */
function filesIn(path) {
  if (!existsSync(path)) return [];
  try {
    const entries = readdirSync(path, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1));
    return entries.flatMap((entry) => (entry.isDirectory() ? filesIn(join(path, entry.name)) : [join(path, entry.name)]));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOTDIR') return [path];
    throw error;
  }
}

/**
 * What is the same for every bundle that Node runs, in a checkout and in a single executable. The banner has to define `importMetaUrl`.
 * @param {'checkout' | 'release'} flavour
 * @returns {import('esbuild').BuildOptions}
 */
export function programOptions(flavour) {
  return {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    legalComments: 'none',
    external,
    define: {
      HRW_PUBLISHER_PUBLIC_KEY: JSON.stringify(publisherPublicKey(flavour)),
      HRW_BUILD_FLAVOUR: JSON.stringify(flavour),
      'import.meta.url': 'importMetaUrl',
      'import.meta.dirname': '__dirname',
      'import.meta.filename': '__filename',
    },
    logLevel: 'warning',
  };
}

/** @param {'checkout' | 'release'} flavour */
async function buildPrograms(flavour) {
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    ...programOptions(flavour),
    entryPoints: Object.entries(programs).map(([out, entry]) => ({ in: entry, out })),
    outdir: outFolder,
    outExtension: { '.js': '.cjs' },
    write: false,
    // Electron 25, in which the tests run, has Node 18.
    target: 'node18',
    sourcemap: true,
    plugins: [bundlesBeside],
    // CommonJS has no import.meta; packages that ask where they are get the bundle's place.
    banner: { js: `const importMetaUrl = require('node:url').pathToFileURL(__filename).href;` },
  });
  const preloads = await buildPreload();
  // Written here rather than by esbuild: a program that starts meanwhile finds the old file or the new one, never half of one.
  for (const { path, text } of [...outputFiles, ...preloads]) replaceFile(path, text);
  for (const copy of copies) copyInto(copy);
}

/** Runs in Chromium's sandbox, where `require` knows Electron and little else, and no file knows its name. */
async function buildPreload() {
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [{ in: preload, out: 'preload' }],
    outdir: outFolder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'cjs',
    target: 'chrome114',
    legalComments: 'none',
    external: ['electron'],
    logLevel: 'warning',
  });
  return outputFiles;
}

/** @param {{ from: string, to: string, endings?: string[] }} copy */
function copyInto({ from, to, endings }) {
  const source = join(root, from);
  const target = join(outFolder, to);
  if (endings !== undefined) rmSync(target, { recursive: true, force: true });
  for (const file of filesIn(source)) {
    if (endings !== undefined && !endings.some((ending) => file.endsWith(ending))) continue;
    const place = file === source ? target : join(target, relative(source, file));
    mkdirSync(dirname(place), { recursive: true });
    copyFileSync(file, place);
  }
}

async function buildWindow() {
  const vite = await import('vite');
  const { default: react } = await import('@vitejs/plugin-react');
  await vite.build({
    configFile: false,
    root: windowFolder,
    // Loaded from the disk, so that nothing may be named from the root of a host.
    base: './',
    logLevel: 'warn',
    plugins: [react()],
    build: {
      outDir: join(outFolder, 'renderer'),
      emptyOutDir: true,
      target: 'chrome114',
      sourcemap: true,
      // The content security policy admits files, not data: URLs; and vite's polyfill is for browsers that we do not have.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 4_000,
    },
  });
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await build({ release: process.argv.includes('--release') });
}
