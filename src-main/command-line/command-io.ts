/**
 * What a command of `hrw` touches of the world, so that tests can stand in for it: streams, the end, Ctrl+C, and (handed in by the
 * composition root, because rooms do not import one another) connections to a service.
 */
import type { Trust } from '../../src-contract/settings.ts';
import type { ServiceConnection } from '../rest-client/service-connection.ts';

export interface CommandIo {
  stdin: NodeJS.ReadableStream;
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  /** The process goes on to its natural end and then gives this. */
  setExitCode: (code: number) => void;
  /** Ctrl+C; the returned function gives it back. */
  onInterrupt: (listener: () => void) => () => void;
  openConnection: OpenConnection;
}

export type OpenConnection = (options: { url: string; trust: Trust; userAgent: string }) => ServiceConnection;

/** Exit codes of every command; `hrw --help` lists them. */
export const exitCodes = {
  done: 0,
  refused: 1,
  wrongUse: 2,
  notReached: 3,
  takesNoJob: 4,
  jobFailed: 10,
  jobStopped: 11,
  jobSuspended: 12,
  interrupted: 130,
} as const;

export function processIo(openConnection: OpenConnection): CommandIo {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    setExitCode: (code) => {
      process.exitCode = code;
    },
    onInterrupt: (listener) => {
      process.once('SIGINT', listener);
      return () => process.off('SIGINT', listener);
    },
    openConnection,
  };
}

export async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString('utf8');
}
