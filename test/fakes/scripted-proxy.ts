/** An HTTP proxy for tests: tunnels, or refuses in the ways that proxies do. */
import * as http from 'node:http';
import * as net from 'node:net';

export interface ProxyBehaviour {
  /** Only these may pass; everybody else is answered 407 with `challenges`. */
  credentials?: { userName: string; password: string };
  challenges?: string[];
  /** Refuses every tunnel with this status. */
  refuseWith?: number;
}

export interface ScriptedProxy {
  url: string;
  /** `host:port` of each tunnel that was opened. */
  tunnels: string[];
  close: () => Promise<void>;
}

export async function startScriptedProxy(behaviour: ProxyBehaviour = {}): Promise<ScriptedProxy> {
  const tunnels: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = http.createServer();
  server.on('connection', keep);
  server.on('connect', (request: http.IncomingMessage, client: net.Socket) => {
    const refusal = findRefusal(request);
    if (refusal !== undefined) return void client.end(refusal);
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const upstream = net.connect(Number(port), host, () => {
      tunnels.push(request.url ?? '');
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    keep(upstream);
    upstream.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
    client.on('close', () => upstream.destroy());
  });

  function keep(socket: net.Socket): void {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  }

  function findRefusal(request: http.IncomingMessage): string | undefined {
    if (behaviour.refuseWith !== undefined) return `HTTP/1.1 ${behaviour.refuseWith} Refused\r\nContent-Length: 0\r\n\r\n`;
    const { credentials, challenges = ['Basic realm="proxy"'] } = behaviour;
    if (credentials === undefined && behaviour.challenges === undefined) return undefined;
    const wanted =
      credentials === undefined
        ? undefined
        : `Basic ${Buffer.from(`${credentials.userName}:${credentials.password}`).toString('base64')}`;
    if (wanted !== undefined && request.headers['proxy-authorization'] === wanted) return undefined;
    const lines = challenges.map((one) => `Proxy-Authenticate: ${one}\r\n`).join('');
    return `HTTP/1.1 407 Proxy Authentication Required\r\n${lines}Content-Length: 0\r\n\r\n`;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    tunnels,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
