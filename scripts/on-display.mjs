/** Runs a program of the checkout that starts Electron: prepared and built first, on a display that nobody sees where one is needed. */
import { spawn } from 'node:child_process';
import { root } from './paths.mjs';
import { exitWhenStopped, prepare } from './prepare/index.mjs';

/**
 * Its end becomes ours.
 * @param {string[]} args for the repository's Node
 * @param {(electron: NonNullable<import('./prepare/index.mjs').Prepared['electron']>) => Record<string, string>} describe what it is told of Electron
 */
export async function runOnDisplay(args, describe) {
  const { node, electron } = await prepare('test', { yes: process.argv.includes('--yes') }).catch(exitWhenStopped);
  const { buildOrExit } = await import('./build.mjs');
  await buildOrExit();
  const { startVirtualDisplay } = await import('./virtual-display.mjs');
  const virtual = process.platform === 'linux' ? await startVirtualDisplay() : undefined;
  try {
    const child = spawn(node, args, {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        ...(virtual === undefined ? {} : { DISPLAY: virtual.display }),
        ...(electron === undefined ? {} : describe(electron)),
      },
    });
    process.exitCode = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
  } finally {
    await virtual?.stop();
  }
}
