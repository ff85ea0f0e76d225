/** Stands before the replicas of a service as a load balancer does: each new connection goes to the next one that takes it. */
import { connect, createServer, type Socket } from 'node:net';

export interface Replica {
  host: string;
  port: number;
}

export interface TcpBalancer {
  close: () => Promise<void>;
}

/** `listenOn`: a port of 127.0.0.1. */
export async function startTcpBalancer(listenOn: number, replicas: readonly Replica[]): Promise<TcpBalancer> {
  const open = new Set<Socket>();
  let taken = 0;
  const server = createServer((incoming) => {
    open.add(incoming);
    incoming.on('error', () => undefined);
    incoming.on('close', () => open.delete(incoming));
    const first = (taken += 1);
    const tryFrom = (tries: number): void => {
      const replica = replicas[(first + tries) % replicas.length];
      if (tries === replicas.length || replica === undefined) {
        incoming.destroy();
        return;
      }
      const outgoing = connect(replica);
      const tryNext = (): void => {
        tryFrom(tries + 1);
      };
      outgoing.once('error', tryNext);
      outgoing.once('connect', () => {
        outgoing.off('error', tryNext);
        outgoing.on('error', () => undefined);
        outgoing.on('close', () => incoming.destroy());
        incoming.on('close', () => outgoing.destroy());
        incoming.pipe(outgoing).pipe(incoming);
      });
    };
    tryFrom(0);
  });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: listenOn }, resolve));
  return {
    close: () => {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
