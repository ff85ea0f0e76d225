/**
 * The first second of a sandbox: takes the hand-over from stdin, acknowledges on stdout, then has nothing to do with either any more.
 * Synchronous and on the bare descriptors: Node's own streams would keep them, and whoever started us may be gone by the next line.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import path from 'node:path';
import { isOwnSetting } from '../../src-contract/own-environment.ts';
import {
  sandboxHandOver,
  warmOrder,
  type ProcessIdentity,
  type SandboxHandOver,
  type WarmOrder,
} from '../../src-contract/sandbox.ts';

const maxHandOverBytes = 4 * 1024 * 1024;
const newline = 0x0a;

export type FirstLine = { kind: 'hand-over'; handOver: SandboxHandOver } | { kind: 'warm-order'; order: WarmOrder };

/** Throws when what comes is neither of this version. */
export function readFirstLine(): FirstLine {
  const given: unknown = JSON.parse(readLine());
  if (typeof given === 'object' && given !== null && 'warmFolder' in given)
    return { kind: 'warm-order', order: warmOrder.parse(given) };
  return { kind: 'hand-over', handOver: sandboxHandOver.parse(given) };
}

/** What a sandbox that was started ahead waits for; undefined when standard input ends: there will be no job, or the engine is gone. */
export async function waitForHandOver(signal: AbortSignal): Promise<SandboxHandOver | undefined> {
  // Waits without holding up everything else. Of the standard descriptors libuv closes none.
  const input = new Socket({ fd: 0, readable: true, writable: false });
  try {
    const line = await new Promise<string | undefined>((resolve) => {
      let received = Buffer.alloc(0);
      input.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        const end = received.indexOf(newline);
        if (end !== -1) resolve(received.toString('utf8', 0, end));
        else if (received.length > maxHandOverBytes) resolve(undefined);
      });
      input.on('error', () => resolve(undefined));
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
      input.on('close', () => resolve(undefined));
    });
    return line === undefined ? undefined : sandboxHandOver.parse(JSON.parse(line));
  } finally {
    input.destroy();
  }
}

function readLine(): string {
  const buffer = Buffer.alloc(64 * 1024);
  let received = Buffer.alloc(0);
  while (!received.includes(newline)) {
    const length = readSome(buffer);
    if (length === 0) throw new Error('the hand-over ended before its line did');
    received = Buffer.concat([received, buffer.subarray(0, length)]);
    if (received.length > maxHandOverBytes) throw new Error('the hand-over is too long');
  }
  return received.toString('utf8', 0, received.indexOf(newline));
}

function readSome(buffer: Buffer): number {
  for (;;) {
    try {
      return readSync(0, buffer);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      // A descriptor that somebody made non-blocking: look again in a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

export function acknowledge(process: ProcessIdentity): void {
  try {
    writeSync(1, `${JSON.stringify({ ready: true, process })}\n`);
  } catch {
    // Whoever started us has gone: its successor finds us by our state file.
  }
}

/**
 * Nothing inherited is written to from here on. The numbers stay taken, by the null device and by a file of our own: if 1 or 2 were free,
 * the journal could be opened under one of them, and a library's stray line would end up in it.
 */
export function letGoOfStandardStreams(sandboxFolder: string): void {
  const nothing = process.platform === 'win32' ? '\\\\.\\NUL' : '/dev/null';
  for (const [descriptor, file, flags] of [
    [0, nothing, 'r'],
    [1, nothing, 'w'],
    [2, path.join(sandboxFolder, 'stderr.log'), 'a'],
  ] as const) {
    try {
      closeSync(descriptor);
    } catch {
      // It was never open.
    }
    // The lowest free number is taken: the one just closed.
    openSync(file, flags, 0o600);
  }
}

/** What would change how our own Node, a loader or a sibling behaves is gone from the environment before anything is started. */
export function cleanOwnEnvironment(environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(environment)) if (isOwnSetting(name)) Reflect.deleteProperty(environment, name);
}
