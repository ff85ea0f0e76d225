/** Running other programs while preparing: quietly, and with the machine's own Node rather than the one being replaced. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from '../paths.mjs';
import { PreparationStopped } from './terminal.mjs';

/**
 * The environment without what `npm run` put in front. `npm ci` deletes node_modules, and with it the Node that
 * `npm run` finds first; npm itself must therefore run on the Node that started it all.
 * @param {Record<string, string>} [more]
 */
function machineEnvironment(more = {}) {
  const environment = { ...process.env, ...more };
  const ours = join(root, 'node_modules');
  const path = (environment['PATH'] ?? '').split(delimiter).filter((folder) => !folder.startsWith(ours));
  return { ...environment, PATH: path.join(delimiter) };
}

/**
 * Runs to the end. Output is kept back, and shown only when the command fails.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, environment?: Record<string, string>, allowFailure?: boolean, onTerminal?: boolean }} [options]
 * @returns {Promise<{ status: number, output: string }>}
 */
export async function run(command, args, { cwd = root, environment = {}, allowFailure = false, onTerminal = false } = {}) {
  const onWindows = process.platform === 'win32';
  const child = spawn(command, args, {
    cwd,
    env: machineEnvironment(environment),
    stdio: onTerminal ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    shell: onWindows && command === 'npm',
  });
  let output = '';
  child.stdout?.on('data', (/** @type {Buffer} */ chunk) => (output += chunk.toString()));
  child.stderr?.on('data', (/** @type {Buffer} */ chunk) => (output += chunk.toString()));
  /** @type {number} */
  const status = await new Promise((resolve) => {
    child.once('error', (error) => {
      output += `${error.message}\n`;
      resolve(127);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
  if (status !== 0 && !allowFailure) {
    const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.includes('EBADENGINE'));
    throw new PreparationStopped(`${[command, ...args].join(' ')} ended with code ${status}.\n${lines.slice(-30).join('\n')}`);
  }
  return { status, output };
}

/**
 * @param {string} name
 * @returns {string | undefined} the full path of a program on the PATH
 */
export function findProgram(name) {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  for (const folder of [...folders, '/usr/bin', '/usr/local/bin', '/usr/sbin', '/sbin']) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return undefined;
}
