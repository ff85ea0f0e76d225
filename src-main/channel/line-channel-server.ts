/** The listening end of a line channel. Knows no call by name: whoever serves gives `onCall`, which answers and never throws for a refusal. */
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import type { Answer } from '../../src-contract/app-error.ts';
import { answerCall, type FaultListener } from './answer.ts';
import { removeAddress } from './channel-address.ts';
import { ServerConnection } from './server-connection.ts';

/** More clients at once than this are turned away; a window, a few terminals and the engine's own link are what there is. */
const maxConnections = 64;

export interface LineChannelOptions {
  address: string;
  /** Role → key: whoever proves the key has the role. */
  keys: ReadonlyMap<string, Uint8Array>;
  /** Clients may run under another account than this process: then the key alone admits, and on Unix the rights of the socket's folder. */
  anyAccount?: boolean;
  /** `signal` fires when the caller's connection has ended or the server closes. */
  onCall: (role: string, call: string, callArguments: unknown, signal: AbortSignal) => Promise<Answer<unknown>>;
  /** Mistakes of ours met in `onCall`. */
  onFault: FaultListener;
}

export interface LineChannelServer {
  readonly address: string;
  /** Tells every proven client that asked for events. A client that does not read is cut off rather than waited for. */
  publish(event: string, payload: unknown): void;
  /** Stops listening and ends every connection. Safe to call twice. */
  close(): Promise<void>;
}

export async function serveLineChannel(options: LineChannelOptions): Promise<LineChannelServer> {
  const connections = new Set<ServerConnection>();
  const server = createServer((socket) => {
    if (connections.size >= maxConnections) {
      socket.destroy();
      return;
    }
    const connection = new ServerConnection(socket, {
      keys: options.keys,
      answer: (role, call, callArguments, signal) => answerOne(options, role, call, callArguments, signal),
    });
    connections.add(connection);
    void connection.ended.then(() => connections.delete(connection));
  });
  await prepareAddress(options.address);
  await listen(server, options).catch(async (error: unknown) => {
    // The shared folder under the temporary one goes with its last socket, which may have been a moment ago.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    await prepareAddress(options.address);
    await listen(server, options);
  });
  let closing: Promise<void> | undefined;
  return {
    address: options.address,
    publish: (event, payload) => {
      let line: string | undefined;
      for (const connection of connections) {
        if (!connection.wantsEvents) continue;
        line ??= JSON.stringify({ event, payload });
        connection.tell(line);
      }
    },
    close: () => (closing ??= closeServer(server, connections, options.address)),
  };
}

async function answerOne(
  options: LineChannelOptions,
  role: string,
  call: string,
  callArguments: unknown,
  signal: AbortSignal,
): Promise<Answer<unknown>> {
  const answered = await answerCall(call, () => options.onCall(role, call, callArguments, signal), options.onFault);
  return answered.ok ? answered.value : answered;
}

/** Makes the socket's folder, and removes a socket that a dead owner left: only its lock, not its file, says that an owner lives. */
async function prepareAddress(address: string): Promise<void> {
  if (process.platform === 'win32') return;
  await mkdir(path.dirname(address), { recursive: true, mode: 0o700 });
  if (!(await isSocket(address))) return;
  if (!(await isAnswered(address))) await removeAddress(address, 'keep the folder');
}

async function isSocket(address: string): Promise<boolean> {
  try {
    return (await lstat(address)).isSocket();
  } catch {
    return false;
  }
}

function isAnswered(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe: Socket = connect(address);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => {
      probe.destroy();
      resolve(false);
    });
  });
}

/** Rejects with the errno of `listen` (EADDRINUSE: somebody else answers there). */
async function listen(server: Server, { address, anyAccount = false }: LineChannelOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path: address, readableAll: anyAccount, writableAll: anyAccount }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  // Errors after this (too many open files on accept) cost one connection, never the process.
  server.on('error', () => undefined);
  if (process.platform !== 'win32' && !anyAccount) await chmod(address, 0o600);
}

async function closeServer(server: Server, connections: ReadonlySet<ServerConnection>, address: string): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  await Promise.all([...connections].map((connection) => connection.close()));
  await closed;
  await removeAddress(address);
}
