/**
 * A service for tests that answers what the test says, over real TLS (or plain TCP for what no HTTP server would do).
 * Every server here is closed with the connections that it has, so that no test leaves one behind.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import * as tls from 'node:tls';
import type { ServerCertificate } from './certificate-authority.ts';

export interface SeenRequest {
  method: string;
  /** Path and query. */
  url: string;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  /** SHA-256 of the presented client certificate, lower-case hex. */
  clientCertificate: string | undefined;
}

export interface ScriptedAnswer {
  status?: number;
  headers?: Record<string, string>;
  /** An object goes as JSON. */
  body?: unknown;
  /** Before the answer begins. */
  delayMs?: number;
}

export interface ScriptedService {
  url: string;
  port: number;
  requests: SeenRequest[];
  /** TCP connections accepted so far. */
  connections: number;
  close: () => Promise<void>;
}

export type Answering = (request: SeenRequest) => ScriptedAnswer | Promise<ScriptedAnswer>;

export async function startScriptedService(
  certificate: ServerCertificate | 'plain http',
  answer: Answering,
  /** 0: any that is free. A service that comes back is found where it was. */
  port = 0,
): Promise<ScriptedService> {
  const listener: http.RequestListener = (incoming, outgoing) => {
    void respond(incoming, outgoing);
  };
  const server =
    certificate === 'plain http'
      ? http.createServer(listener)
      : https.createServer({ ...certificate, requestCert: true, rejectUnauthorized: false }, listener);
  const started = await listen(server, port);
  const service: ScriptedService = {
    ...started,
    url: `${certificate === 'plain http' ? 'http' : 'https'}://localhost:${started.port}`,
    requests: [],
    connections: 0,
  };
  server.on('connection', () => {
    service.connections += 1;
  });

  async function respond(incoming: http.IncomingMessage, outgoing: http.ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of incoming) pieces.push(piece as Buffer);
    } catch {
      // The client ended its request: there is nobody to answer.
      return;
    }
    const seen: SeenRequest = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      headers: incoming.headers,
      body: Buffer.concat(pieces),
      clientCertificate: clientCertificateOf(incoming.socket),
    };
    service.requests.push(seen);
    const { status = 200, headers = {}, body, delayMs = 0 } = await answer(seen);
    const isText = typeof body === 'string' || Buffer.isBuffer(body);
    const write = (): void => {
      if (outgoing.destroyed) return;
      outgoing.writeHead(status, { ...(body === undefined || isText ? {} : { 'content-type': 'application/json' }), ...headers });
      outgoing.end(body === undefined || isText ? body : JSON.stringify(body));
    };
    if (delayMs === 0) {
      write();
      return;
    }
    const timer = setTimeout(write, delayMs);
    outgoing.on('close', () => clearTimeout(timer));
  }

  return service;
}

function clientCertificateOf(socket: net.Socket): string | undefined {
  if (!(socket instanceof tls.TLSSocket)) return undefined;
  const { fingerprint256 } = socket.getPeerCertificate() as Partial<tls.PeerCertificate>;
  return fingerprint256?.replaceAll(':', '').toLowerCase();
}

/** Takes connections and leaves the rest to the test: silence, garbage, a cut in the middle. */
export async function startRawServer(
  onConnection: (socket: net.Socket) => void,
  certificate?: ServerCertificate,
): Promise<{ port: number; close: () => Promise<void> }> {
  const guarded = (socket: net.Socket): void => {
    socket.on('error', () => undefined);
    onConnection(socket);
  };
  const server = certificate === undefined ? net.createServer(guarded) : tls.createServer(certificate, guarded);
  return listen(server);
}

async function listen(server: net.Server, port = 0): Promise<{ port: number; close: () => Promise<void> }> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
