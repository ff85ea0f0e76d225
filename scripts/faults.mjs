/**
 * `npm run test:faults [-- long|soak …]`: prepares and builds, then runs the harness that kills things, with the repository's Node.
 * What it can do stands in test/faults/main.ts; `-- --help` says it.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { exitWhenStopped, prepare } from './prepare/index.mjs';

const given = process.argv.slice(2).filter((word) => word !== '--yes');
const { node } = await prepare('headless', { yes: process.argv.includes('--yes') }).catch(exitWhenStopped);
const { buildOrExit } = await import('./build.mjs');
await buildOrExit();
const child = spawn(node, [join(root, 'test', 'faults', 'main.ts'), ...given], { cwd: root, stdio: 'inherit' });
// The harness ends what it has started; it is asked, not killed.
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => child.kill(signal));
process.exitCode = await new Promise((resolve, reject) => {
  child.once('error', reject);
  child.once('close', (code) => resolve(code ?? 1));
});
