/**
 * A console for a runtime whose records go another way. Only its output: standard input stays closed, and the terminal does not become the
 * controlling one of the runtime's session, so that nothing that it starts (ssh, sudo) can wait there for an answer that nobody gives.
 */
import type { StdioOptions } from 'node:child_process';
import { closeSync, constants, fchownSync, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import * as z from 'zod';

export const consoleColumns = 120;
export const consoleRows = 30;

/** The part of node-pty that opens a pair and starts nothing: a process is started by `ProcessTree.spawn`, born inside its tree. */
const openedPair = z.object({ master: z.int(), slave: z.int(), pty: z.string() });

interface PairOpener {
  open(columns: number, rows: number): unknown;
}

export interface PseudoTerminal {
  /** For `spawn`. */
  stdio: StdioOptions;
  /** What opens it anew by its name must be allowed to. Before the spawn. */
  giveTo(userId: number, groupId: number): void;
  /** Right after the spawn: from here on chunks come, and our hold on the runtime's end is given up. */
  attach(onChunk: (chunk: Buffer) => void): void;
  pause(): void;
  resume(): void;
  /** Resolves when everybody has let go of the runtime's end, and everything was handed on. */
  readonly drained: Promise<void>;
  /** Safe to call twice, and before `attach`. */
  close(): void;
}

/** Undefined where there is none: on Windows, without a built node-pty, or when the system has no more of them. */
export async function openPseudoTerminal(): Promise<PseudoTerminal | undefined> {
  if (process.platform === 'win32') return undefined;
  try {
    const opener = findOpener(await import('node-pty'));
    return opener === undefined ? undefined : makeTerminal(openedPair.parse(opener.open(consoleColumns, consoleRows)));
  } catch {
    return undefined;
  }
}

function findOpener(module: object): PairOpener | undefined {
  const native: unknown = 'native' in module ? module.native : undefined;
  return typeof native === 'object' && native !== null && 'open' in native && typeof native.open === 'function'
    ? (native as PairOpener)
    : undefined;
}

function makeTerminal({ master, slave, pty }: z.infer<typeof openedPair>): PseudoTerminal {
  // The pair's own is non-blocking, which programs that write much do not expect of their standard output.
  const runtimeEnd = openSync(pty, constants.O_RDWR | constants.O_NOCTTY);
  closeSync(slave);
  // Our end is not marked to be closed in what we start. There its number is taken by the null device.
  const nothing = openSync('/dev/null', 'r+');
  const inherited = Array.from({ length: Math.max(0, master - 3) }, () => 'ignore' as const);
  let finish: () => void = () => undefined;
  const drained = new Promise<void>((resolve) => (finish = resolve));
  let reader: ReadStream | undefined;
  let isClosed = false;
  return {
    stdio: ['ignore', runtimeEnd, runtimeEnd, ...inherited, nothing],
    giveTo: (userId, groupId) => fchownSync(runtimeEnd, userId, groupId),
    attach(onChunk) {
      [runtimeEnd, nothing].forEach(closeSync);
      reader = new ReadStream(master);
      reader.on('data', onChunk);
      // EIO: nobody holds the other end any more. The end of a terminal looks like this.
      reader.on('error', () => undefined);
      reader.once('close', finish);
    },
    pause: () => reader?.pause(),
    resume: () => reader?.resume(),
    drained,
    close() {
      if (isClosed) return;
      isClosed = true;
      if (reader === undefined) [runtimeEnd, nothing, master].forEach(closeSync);
      else reader.destroy();
      finish();
    },
  };
}
