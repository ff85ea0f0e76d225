/**
 * The pipes between a runtime and its sandbox. On Linux these are named pipes, not what Node makes for `stdio: 'pipe'`: that is a socket
 * pair, and a script that says `echo … > /dev/stderr` cannot open a socket. The names go once both ends are open.
 */
import { execFile, type ChildProcess, type StdioOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fchownSync, openSync, rmSync, writeSync } from 'node:fs';
import { createServer, Socket, type Server } from 'node:net';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface PipeListeners {
  output: (chunk: Buffer) => void;
  error: (chunk: Buffer) => void;
  report: (chunk: Buffer) => void;
}

export interface RuntimePipes {
  /** For `spawn`. */
  stdio: StdioOptions;
  /** What the runtime's host is to open; undefined where it has none. */
  reportPipe: string | undefined;
  /** Where it reads that it is to stop; closes with this process, which is a reason to stop as well. */
  controlPipe: string | undefined;
  /** Something for the host, which waits for it. Safe to call when nobody listens. */
  tell(text: string): void;
  /** Asks the host to stop. Safe to call when nobody listens. */
  askToStop(): void;
  /** A script that opens `/dev/stderr` opens the pipe anew, for which it must be the runtime's user's own. Before the spawn. */
  giveTo(userId: number, groupId: number): void;
  /** Right after the spawn: from here on chunks come. */
  attach(child: ChildProcess, listeners: PipeListeners): void;
  pause(): void;
  resume(): void;
  /** What was written waits in the pipes: whoever takes it cannot take more just now. */
  readonly isPaused: boolean;
  /** The runtime has ended: a report pipe that it never opened counts as closed from now on. */
  release(): void;
  /** Resolves when everything that was written has been handed on and every writer has closed. */
  readonly drained: Promise<void>;
  /** Safe to call twice, and before `attach`. */
  close(): void;
}

export async function openPipes(folder: string, withReport: boolean): Promise<RuntimePipes> {
  return process.platform === 'win32' ? openWindowsPipes(withReport) : openNamedPipes(folder, withReport);
}

async function openNamedPipes(folder: string, withReport: boolean): Promise<RuntimePipes> {
  const files = ['output', 'error', 'report', 'control']
    .slice(0, withReport ? 4 : 2)
    .map((name) => path.join(folder, `${name}.pipe`));
  for (const file of files) rmSync(file, { force: true });
  await run('mkfifo', ['-m', '600', ...files], { env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' } });
  // The reader first and without waiting for a writer; then the writer's end opens at once.
  const readers = files.slice(0, 3).map((file) => openSync(file, constants.O_RDONLY | constants.O_NONBLOCK));
  const writers = files.slice(0, 2).map((file) => openSync(file, constants.O_WRONLY));
  for (const file of files.slice(0, 2)) rmSync(file);
  // Both ways, so that it opens before the host does and never asks us to wait for it.
  const control = files[3] === undefined ? undefined : openSync(files[3], constants.O_RDWR | constants.O_NONBLOCK);
  const reading = new Readers();
  let attached = false;
  let closed = false;
  const tell = (text: string): void => {
    if (control !== undefined && !closed) writeSync(control, text);
  };
  return {
    stdio: ['ignore', writers[0] ?? 'ignore', writers[1] ?? 'ignore'],
    reportPipe: files[2],
    controlPipe: files[3],
    tell,
    askToStop: () => tell('s'),
    giveTo(userId, groupId) {
      for (const reader of readers) fchownSync(reader, userId, groupId);
      if (control !== undefined) fchownSync(control, userId, groupId);
    },
    attach(_child, listeners) {
      attached = true;
      writers.forEach(closeSync);
      const handlers = [listeners.output, listeners.error, listeners.report];
      readers.forEach((fd, index) => {
        const socket = new Socket({ fd, readable: true, writable: false });
        reading.add(socket, handlers[index] ?? listeners.report);
      });
    },
    pause: () => reading.pause(),
    resume: () => reading.resume(),
    get isPaused() {
      return reading.isPaused;
    },
    release() {
      // A reader is told of the end only after there was a writer.
      if (files[2] === undefined) return;
      try {
        // The folder may be another user's by now, who could have put a link there.
        closeSync(openSync(files[2], constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW));
      } catch {
        // Nobody reads it any more (ENXIO): the host has closed it, and that was seen.
      }
    },
    drained: reading.drained,
    close() {
      if (closed) return;
      closed = true;
      reading.close();
      if (!attached) [...readers, ...writers].forEach(closeSync);
      if (control !== undefined) closeSync(control);
      for (const file of files.slice(2)) rmSync(file, { force: true });
    },
  };
}

/**
 * The first client that opens one is taken for the host, and others of this machine may open it: nobody can know the name ahead, and the
 * host is there within moments.
 */
export function windowsPipeName(use: 'report' | 'control'): string {
  return `\\\\.\\pipe\\hrw-${use}-${randomBytes(16).toString('hex')}`;
}

/** Node's own pipes are true pipes there, and a named pipe's reader is a server. */
async function openWindowsPipes(withReport: boolean): Promise<RuntimePipes> {
  const reading = new Readers();
  const names = { report: windowsPipeName('report'), control: windowsPipeName('control') };
  let onReport: (chunk: Buffer) => void = () => undefined;
  const server: Server | undefined = withReport
    ? createServer((socket) => {
        reading.add(socket, (chunk) => onReport(chunk));
        server?.close();
      })
    : undefined;
  const listeners = new Set<Socket>();
  const controlServer: Server | undefined = withReport
    ? createServer((socket) => {
        listeners.add(socket);
        // A host that has ended is no reason to fail.
        socket.on('error', () => undefined);
        controlServer?.close();
      })
    : undefined;
  await Promise.all([listen(server, names.report), listen(controlServer, names.control)]);
  const tell = (text: string): void => {
    for (const socket of listeners) socket.write(text);
  };
  return {
    stdio: ['ignore', 'pipe', 'pipe'],
    reportPipe: withReport ? names.report : undefined,
    controlPipe: withReport ? names.control : undefined,
    tell,
    askToStop: () => tell('s'),
    giveTo() {
      throw new Error('on Windows a runtime runs as the sandbox’s own user');
    },
    attach(child, listeners) {
      onReport = listeners.report;
      if (child.stdout !== null) reading.add(child.stdout, listeners.output);
      if (child.stderr !== null) reading.add(child.stderr, listeners.error);
    },
    pause: () => reading.pause(),
    resume: () => reading.resume(),
    get isPaused() {
      return reading.isPaused;
    },
    release() {
      server?.close();
      controlServer?.close();
    },
    drained: reading.drained,
    close() {
      reading.close();
      server?.close();
      controlServer?.close();
      for (const socket of listeners) socket.destroy();
    },
  };
}

async function listen(server: Server | undefined, name: string): Promise<void> {
  if (server !== undefined) await new Promise<void>((resolve, reject) => server.once('error', reject).listen(name, resolve));
}

class Readers {
  readonly #streams = new Set<Readable>();
  readonly drained: Promise<void>;
  #finish: () => void = () => undefined;
  #paused = false;

  get isPaused(): boolean {
    return this.#paused;
  }

  constructor() {
    this.drained = new Promise((resolve) => (this.#finish = resolve));
  }

  add(stream: Readable, onChunk: (chunk: Buffer) => void): void {
    this.#streams.add(stream);
    stream.on('data', onChunk);
    // An error on a pipe (its writer vanished on Windows) is its end.
    stream.on('error', () => undefined);
    stream.once('close', () => {
      this.#streams.delete(stream);
      if (this.#streams.size === 0) this.#finish();
    });
    if (this.#paused) stream.pause();
  }

  pause(): void {
    this.#paused = true;
    for (const stream of this.#streams) stream.pause();
  }

  resume(): void {
    this.#paused = false;
    for (const stream of this.#streams) stream.resume();
  }

  close(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#finish();
  }
}
