/** `npm run bench`: prepares and builds, then measures with the repository's Node, on a display of its own where one is needed. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { exitWhenStopped, prepare } from './prepare/index.mjs';

const { node, electron } = await prepare('test', { yes: process.argv.includes('--yes') }).catch(exitWhenStopped);
const { buildOrExit } = await import('./build.mjs');
await buildOrExit();
const { startVirtualDisplay } = await import('./virtual-display.mjs');
const virtual = process.platform === 'linux' ? await startVirtualDisplay() : undefined;
try {
  const child = spawn(node, [join(root, 'bench', 'main.ts'), ...process.argv.slice(2).filter((word) => word !== '--yes')], {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      ...(virtual === undefined ? {} : { DISPLAY: virtual.display }),
      ...(electron === undefined
        ? {}
        : { HRW_BENCH_ELECTRON: electron.executable, HRW_BENCH_ELECTRON_SWITCHES: electron.switches.join(' ') }),
    },
  });
  process.exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
} finally {
  await virtual?.stop();
}
