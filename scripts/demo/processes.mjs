/** The programs that the demo starts, each with an end that somebody owns: what was started last is ended first, by its own pid. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readTextIfAny } from '../files.mjs';

/**
 * @typedef {{ name: string, pid: number, ended: Promise<number | null>, hasEnded: () => boolean, stop: () => Promise<void> }} Program
 */

/** Asked to end, a program has this long; a service in the middle of a write needs far less. */
const endMs = 10_000;

export class Programs {
  /** @type {Program[]} */
  #programs = [];
  #over = false;
  /** What outlives this program, for whoever ends it by hand. @type {Program[]} */
  kept = [];

  /**
   * @param {string} name for messages
   * @param {string} executable
   * @param {string[]} programArguments
   * @param {{ env?: NodeJS.ProcessEnv, logFile: string, keep?: boolean }} options `keep`: it outlives this program
   * @returns {Program}
   */
  start(name, executable, programArguments, { env = process.env, logFile, keep = false }) {
    if (this.#over) throw new Error(`${name} is not started any more`);
    // The file itself, not a pipe: what is kept goes on writing after this program's end.
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(executable, programArguments, { env, stdio: ['ignore', log, log], detached: keep });
    closeSync(log);
    if (keep) child.unref();
    if (child.pid === undefined) throw new Error(`${name} could not be started: ${executable}`);
    let over = false;
    const ended = /** @type {Promise<number | null>} */ (
      new Promise((resolve) => {
        child.once('close', (code) => {
          over = true;
          resolve(code);
        });
      })
    );
    const program = {
      name,
      pid: child.pid,
      ended,
      hasEnded: () => over,
      stop: async () => {
        if (over) return;
        child.kill('SIGTERM');
        const timer = setTimeout(() => child.kill('SIGKILL'), endMs);
        await ended;
        clearTimeout(timer);
      },
    };
    // What was started last is ended first.
    if (keep) this.kept.unshift(program);
    else this.#programs.push(program);
    return program;
  }

  async stopAll() {
    this.#over = true;
    for (const program of this.#programs.splice(0).reverse()) await program.stop();
  }
}

/**
 * Runs a program to its end and gives what it wrote.
 * @param {string} executable
 * @param {string[]} programArguments
 * @param {{ env?: NodeJS.ProcessEnv, input?: string, onLine?: (line: string) => void }} [options]
 * @returns {Promise<{ code: number | null, output: string, errors: string }>}
 */
export function run(executable, programArguments, { env = process.env, input = '', onLine } = {}) {
  const child = spawn(executable, programArguments, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  let shown = 0;
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    output += String(chunk);
    for (let end = output.indexOf('\n', shown); onLine !== undefined && end !== -1; end = output.indexOf('\n', shown)) {
      onLine(output.slice(shown, end));
      shown = end + 1;
    }
  });
  child.stderr.setEncoding('utf8').on('data', (chunk) => (errors += String(chunk)));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output, errors }));
  });
}

/**
 * Starts a display of the demo's own, for machines without one.
 * @param {Programs} programs
 * @param {string} folder
 * @param {boolean} keep
 * @returns {Promise<string>} for DISPLAY
 */
export async function startDisplay(programs, folder, keep) {
  const logFile = `${folder}/display.log`;
  // The server picks a free number itself and writes it to its descriptor 1 once it accepts connections.
  const display = programs.start('Xvfb', 'Xvfb', ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
    logFile,
    keep,
  });
  const number = await waitFor('the virtual display', 10, () => {
    if (display.hasEnded()) throw new Error(`Xvfb ended at once: ${readTextIfAny(logFile) ?? ''}`);
    return /^(\d+)\n/m.exec(readTextIfAny(logFile) ?? '')?.[1];
  });
  return `:${number}`;
}

/**
 * Asks again and again until there is an answer.
 * @template T
 * @param {string} what in words, for the error
 * @param {number} seconds
 * @param {() => T | undefined | Promise<T | undefined>} look
 * @returns {Promise<T>}
 */
export async function waitFor(what, seconds, look) {
  for (const start = performance.now(); performance.now() - start < seconds * 1000;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${what} did not come within ${String(seconds)} s`);
}
