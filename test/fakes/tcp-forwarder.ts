/** Stands between a client and a service, and does to their connections what networks do: cuts them, ends silent ones, loses all of them. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpForwarder {
  port: number;
  /** Ends every open connection, as a switch that restarts; new ones are taken at once. */
  cut: () => void;
  /** Of what is open nothing passes any more, in either direction, and nobody is told: half-open connections. New ones are served. */
  freeze: () => void;
  close: () => Promise<void>;
}

export interface ForwarderOptions {
  /** Where to listen; a free one if not given. */
  port?: number;
  /** A connection on which nothing passes for so long is ended, as proxies and firewalls do. */
  silenceMs?: number;
}

/** `target`: a port of this machine, or a Unix socket's path. */
export async function startTcpForwarder(target: number | string, options: ForwarderOptions = {}): Promise<TcpForwarder> {
  const sockets = new Set<Socket>();
  const frozen = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = typeof target === 'string' ? connect(target) : connect({ host: '127.0.0.1', port: target });
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      const endOther = (): void => {
        if (!frozen.has(socket)) other.destroy();
      };
      sockets.add(socket);
      socket.on('error', endOther);
      socket.on('close', () => {
        sockets.delete(socket);
        endOther();
      });
      socket.pipe(other);
    }
    if (options.silenceMs !== undefined) incoming.setTimeout(options.silenceMs, () => incoming.destroy());
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: options.port ?? 0 }, resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    freeze: () => {
      for (const socket of sockets) {
        frozen.add(socket);
        socket.unpipe();
        socket.pause();
      }
    },
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
