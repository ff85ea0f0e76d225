/** Stands between a client and a service, and cuts their connections when told to: a switch that restarts. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpForwarder {
  port: number;
  /** Ends every open connection; new ones are taken at once. */
  cut: () => void;
  close: () => Promise<void>;
}

/** `target`: a port of this machine, or a Unix socket's path. `port`: where to listen; a free one if not given. */
export async function startTcpForwarder(target: number | string, port = 0): Promise<TcpForwarder> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = typeof target === 'string' ? connect(target) : connect({ host: '127.0.0.1', port: target });
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port }, resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
