/** As near to exec as Node comes: the program has our terminal, gets our signals, and its end is ours. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** Asking for the parent costs nothing, and nobody waits for it. */
const parentCheckMs = 250;
const parentAtStart = process.ppid;

/**
 * npm does not start us itself: a shell stands between, which dies of the signal that npm hands down, and hands it to nobody. That the
 * shell is gone is then the only sign; who starts a script without npm may leave it alone as ever.
 * @param {() => unknown} onGone
 */
function watchNpm(onGone) {
  if (process.env['npm_lifecycle_event'] === undefined || process.platform === 'win32') return;
  const timer = setInterval(() => {
    if (process.ppid === parentAtStart) return;
    clearInterval(timer);
    onGone();
  }, parentCheckMs);
  timer.unref();
}

/**
 * @param {string} executable
 * @param {string[]} args
 */
export async function become(executable, args) {
  const child = spawn(executable, args, { stdio: 'inherit' });
  let isTold = false;
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    // From a terminal the child gets Ctrl-C by itself; a second one does no harm, as stopping is safe to call twice.
    process.on(signal, () => {
      isTold = true;
      child.kill(signal);
    });
  }
  // Ctrl-C ends the shell too: to be told of that as well would be a second signal, which may mean more than the first.
  watchNpm(() => isTold || child.kill('SIGTERM'));
  /** @type {number} */
  const ended = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? (signal === null ? 1 : 128 + constants.signals[signal])));
  });
  process.exit(ended);
}
