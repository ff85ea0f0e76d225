/** Node's single executables: Node's own binary with a blob that holds the bundle. Made on any platform for any other. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryNode, toolScript } from '../paths.mjs';
import { setResources, signatureBytes } from './windows-resources.mjs';

/** Where Node looks whether it is one; the same in every Node. https://nodejs.org/docs/latest-v22.x/api/single-executable-applications.html */
const sentinelFuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
const resourceName = 'NODE_SEA_BLOB';

/**
 * @param {object} options
 * @param {import('./targets.mjs').Program} options.program
 * @param {import('./targets.mjs').Target} options.target
 * @param {string} options.nodeBinary of the target
 * @param {string} options.bundle text
 * @param {string} options.work a folder for files that are not kept
 * @param {string} options.file where the executable goes
 * @param {{ version: string, productName: string, company: string }} options.product
 */
export async function makeExecutable({ program, target, nodeBinary, bundle, work, file, product }) {
  const main = join(work, `${program.bundle}.cjs`);
  const blob = join(work, `${program.bundle}.blob`);
  const config = join(work, `${program.bundle}.json`);
  writeFileSync(main, bundle);
  writeFileSync(
    config,
    JSON.stringify({
      main,
      output: blob,
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      // What V8 has compiled ahead fits its own platform alone.
      useCodeCache: target.platform === process.platform && target.arch === process.arch,
      // NODE_OPTIONS of whoever starts it must not load code into it, nor open a debugger.
      execArgvExtension: 'none',
    }),
  );
  // The blob's form is Node's own business: only the same version knows it.
  runNode(['--experimental-sea-config', config], `no blob for ${program.executable}`);

  copyFileSync(nodeBinary, file);
  chmodSync(file, 0o755);
  if (target.platform === 'win32') {
    await setResources(file, { ...program, ...product }, { name: resourceName, content: readFileSync(blob) });
    lightFuse(file);
    if (signatureBytes(readFileSync(file)) !== 0) throw new Error(`${file} still carries a signature, which does not hold`);
    return;
  }
  const postject = toolScript('postject/dist/cli.js');
  runNode(
    [postject, file, resourceName, blob, '--sentinel-fuse', sentinelFuse],
    `the blob of ${program.executable} was not put in`,
  );
}

/**
 * @param {string[]} args
 * @param {string} failure
 */
function runNode(args, failure) {
  const { status, stdout, stderr } = spawnSync(repositoryNode, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${failure}: ${stderr}${stdout}`);
}

/**
 * Says to Node that there is a blob: the digit behind the sentinel, which stands in the binary once.
 * @param {string} file in place
 */
function lightFuse(file) {
  const bytes = readFileSync(file);
  const at = bytes.indexOf(`${sentinelFuse}:0`);
  if (at === -1 || bytes.indexOf(sentinelFuse, at + 1) !== -1)
    throw new Error(`${file} has not the one sentinel that Node looks for`);
  bytes[at + sentinelFuse.length + 1] = '1'.charCodeAt(0);
  writeFileSync(file, bytes);
}
