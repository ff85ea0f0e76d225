/**
 * Starts one sandbox process, for a job or ahead of one: detached, its environment cleaned, the hand-over as one line on its stdin, its acknowledgement as one line on its
 * stdout. Then both are closed. Its stderr goes to a file: nobody needs to be there when it has something to say at the end.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { keepFilesFromChildren } from '../platform/linux/inherited-files.ts';
import { AppError } from '../../src-contract/app-error.ts';
import {
  sandboxAcknowledgement,
  type ProcessIdentity,
  type SandboxHandOver,
  type WarmOrder,
} from '../../src-contract/sandbox.ts';
import type { Command } from '../platform/executables.ts';
import { cleanEnvironment } from './clean-environment.ts';
import { readLastWords } from './sandbox-folders.ts';

/** Starting takes 0.2 s; a machine under load, or a scanner that looks at every file first, may need many times that. */
const acknowledgeTimeoutMs = 10_000;
/** One that waits ends at once when nobody needs it; more is a sign of trouble. */
const endTimeoutMs = 5000;
const maxAcknowledgementBytes = 64 * 1024;

export interface StartedSandbox {
  process: ProcessIdentity;
  /** Resolves with how it ended, while this engine lives: an adopted sandbox has no such witness. */
  ended: Promise<string>;
}

export interface StartOptions {
  executable: Command;
  handOver: SandboxHandOver;
  environment: NodeJS.ProcessEnv;
  timeoutMs?: number;
  /** The process is there, but has not said anything yet. */
  onSpawned?: (pid: number) => unknown;
}

export function lastWordsFile(sandboxFolder: string): string {
  return path.join(sandboxFolder, 'stderr.log');
}

/** Throws AppError `sandbox-not-started`; nothing of the process is left then. */
export async function startSandboxProcess(options: StartOptions): Promise<StartedSandbox> {
  const { handOver } = options;
  const { sandboxId, sandboxFolder } = handOver;
  const { child, ended } = await spawnIn(sandboxFolder, sandboxId, options);
  if (child.pid !== undefined) options.onSpawned?.(child.pid);
  try {
    const process = await exchange(child, handOver, options.timeoutMs ?? acknowledgeTimeoutMs, ended);
    return { process, ended };
  } catch (error) {
    throw await giveUp(child, ended, sandboxFolder, sandboxId, error);
  } finally {
    letGo(child);
  }
}

/** A sandbox that waits for its job. It ends when its standard input does: with us, at the latest. */
export interface WaitingSandbox {
  process: ProcessIdentity;
  ended: Promise<string>;
  /** Once. Throws AppError `sandbox-not-started`; nothing of the process is left then. */
  handOver(handOver: SandboxHandOver): Promise<StartedSandbox>;
  /** Asks, and insists. Safe to call twice. */
  end(): Promise<void>;
}

export interface WarmOptions extends Pick<StartOptions, 'executable' | 'environment'> {
  order: WarmOrder;
  timeoutMs: number;
  /** Ends it while it makes itself ready; later `end` does. */
  signal: AbortSignal;
}

/** Throws AppError `sandbox-not-started`; nothing of the process is left then, but perhaps of what it has started. */
export async function startWaitingSandbox({ order, timeoutMs, signal, ...options }: WarmOptions): Promise<WaitingSandbox> {
  const { warmFolder } = order;
  const name = path.basename(warmFolder);
  const { child, ended } = await spawnIn(warmFolder, name, options);
  const end = async (): Promise<void> => {
    letGo(child);
    const timer = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs);
    await ended;
    clearTimeout(timer);
  };
  const endNow = (): void => void end();
  signal.addEventListener('abort', endNow, { once: true });
  let process: ProcessIdentity;
  try {
    process = await exchange(child, order, timeoutMs, ended);
  } catch (error) {
    const failure = await giveUp(child, ended, warmFolder, name, error);
    letGo(child);
    throw failure;
  } finally {
    signal.removeEventListener('abort', endNow);
  }
  return {
    process,
    ended,
    async handOver(handOver) {
      try {
        return { process: await exchange(child, handOver, acknowledgeTimeoutMs, ended), ended };
      } catch (error) {
        throw await giveUp(child, ended, warmFolder, handOver.sandboxId, error);
      } finally {
        letGo(child);
      }
    },
    end,
  };
}

interface Spawned {
  child: ChildProcess;
  ended: Promise<string>;
}

async function spawnIn(
  folder: string,
  sandboxId: string,
  { executable, environment }: Pick<StartOptions, 'executable' | 'environment'>,
): Promise<Spawned> {
  const stderr = await open(lastWordsFile(folder), 'w', 0o600);
  if (process.platform === 'linux') keepFilesFromChildren();
  try {
    const child = spawn(executable.file, executable.leading, {
      cwd: path.dirname(folder),
      detached: true,
      env: cleanEnvironment(environment),
      stdio: ['pipe', 'pipe', stderr.fd],
      windowsHide: true,
    });
    child.stdout?.setEncoding('utf8');
    child.stdout?.on('error', () => undefined); // its end is told by `ended`
    // A process that dies before it has read the line breaks the pipe; `ended` says how it died.
    child.stdin?.on('error', () => undefined);
    // Before anything is awaited: a program that is not there says so on the next tick.
    return { child, ended: endOf(child) };
  } catch (error) {
    throw notStarted(sandboxId, reasonOf(error), error);
  } finally {
    await stderr.close();
  }
}

/** Ends it, and says why. */
async function giveUp(
  child: ChildProcess,
  ended: Promise<string>,
  folder: string,
  sandboxId: string,
  error: unknown,
): Promise<AppError> {
  child.kill('SIGKILL');
  if (child.pid !== undefined) await ended;
  const lastWords = await readLastWords(lastWordsFile(folder));
  return notStarted(sandboxId, `${reasonOf(error)}${lastWords === '' ? '' : ` (${lastWords})`}`, error);
}

function letGo(child: ChildProcess): void {
  child.stdin?.destroy();
  child.stdout?.destroy();
  child.unref();
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `its process ended with code ${String(code)}` : `its process was ended by ${signal}`);
    });
    child.once('error', (error) => {
      resolve(reasonOf(error));
    });
  });
}

/** One line there, one line back. */
function exchange(
  child: ChildProcess,
  line: SandboxHandOver | WarmOrder,
  timeoutMs: number,
  ended: Promise<string>,
): Promise<ProcessIdentity> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`it said nothing within ${String(timeoutMs / 1000)} s`));
    }, timeoutMs);
    const settle = (outcome: () => void): void => {
      clearTimeout(timer);
      child.stdout?.off('data', take);
      outcome();
    };
    void ended.then((how) => {
      settle(() => {
        reject(new Error(how));
      });
    });
    let received = '';
    const take = (text: string): void => {
      received += text;
      const end = received.indexOf('\n');
      if (end === -1 && received.length < maxAcknowledgementBytes) return;
      const process = end === -1 ? undefined : parseAcknowledgement(received.slice(0, end));
      settle(() => {
        if (process === undefined) reject(new Error('what it said first is no acknowledgement'));
        else resolve(process);
      });
    };
    child.stdout?.on('data', take);
    const text = `${JSON.stringify(line)}\n`;
    // After a hand-over there is nothing more to say.
    if ('warmFolder' in line) child.stdin?.write(text);
    else child.stdin?.end(text);
  });
}

function parseAcknowledgement(line: string): ProcessIdentity | undefined {
  try {
    return sandboxAcknowledgement.safeParse(JSON.parse(line)).data?.process;
  } catch {
    return undefined;
  }
}

function notStarted(sandboxId: string, reason: string, cause: unknown): AppError {
  return new AppError('sandbox-not-started', { sandboxId, reason }, { cause });
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'its program is not there';
  return error instanceof Error ? error.message : String(error);
}
