import { createServer } from 'node:net';

/** A port of the loopback address on which nobody listens now. Where a program can take port 0 and say what it got, do that. */
export async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
      server.close(() => resolve(address.port));
    });
  });
}
