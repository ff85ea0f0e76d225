/** A display that nobody sees (Xvfb), for windows where there is no screen, or where they should not pop up on somebody's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findProgram } from './prepare/commands.mjs';

const startTimeoutMs = 10_000;

/**
 * The server picks a free number itself, so that two runs never meet. It admits this user's programs alone (its rule when it is
 * given no list of keys) and does not listen on the network.
 * @param {{ width?: number, height?: number }} [size]
 * @returns {Promise<{ display: string, stop: () => Promise<void> }>}
 */
export async function startVirtualDisplay({ width = 1920, height = 1200 } = {}) {
  const program = findProgram('Xvfb');
  if (program === undefined) throw new Error('There is no Xvfb here. Run: npm run prepare:machine -- test');
  const server = spawn(program, ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const ended = once(server, 'close');
  try {
    const number = await numberFrom(server);
    return {
      display: `:${number}`,
      stop: async () => {
        server.kill('SIGTERM');
        await ended;
      },
    };
  } catch (error) {
    server.kill('SIGKILL');
    throw error;
  }
}

/**
 * @param {import('node:child_process').ChildProcess} server
 * @returns {Promise<number>}
 */
function numberFrom(server) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`Xvfb did not start within ${startTimeoutMs / 1000} s`)), startTimeoutMs);
    server.once('error', reject);
    server.once('close', (code) => reject(new Error(`Xvfb ended with code ${String(code)}`)));
    let text = '';
    server.stdio[3]?.on('data', (/** @type {Buffer} */ chunk) => {
      text += chunk.toString();
      if (!text.includes('\n')) return;
      clearTimeout(timer);
      resolve(Number(text.trim()));
    });
  });
}
