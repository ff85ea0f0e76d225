/**
 * One open connection to the service: TCP or a proxy's tunnel, then TLS, then our own look at what was shown.
 * A connection leaves here only when it is trusted, so that not a byte of a call goes to anybody else.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import * as tls from 'node:tls';
import { AppError } from '../../src-contract/app-error.ts';
import type { ProxySettings } from '../../src-contract/settings.ts';
import { describeNetworkError } from './network-errors.ts';
import { openTunnel, proxyUnreachable } from './proxy-tunnel.ts';
import { wayTo, type Way } from './system-proxy.ts';
import { checkIdentity, judgeConnection, type PresentedChain, type TlsTrust } from './trust.ts';

export interface ConnectionTarget {
  host: string;
  port: number;
  /** As settings have it; which way that is, each new connection finds out. */
  proxy: ProxySettings;
  /** undefined: plain http. */
  tls: TlsTrust | undefined;
  timeoutMs: number;
  /** Told as a new connection gets so far, for whoever measures it. */
  onStage?: (stage: ConnectionStage) => void;
}

/** `name`: resolved; `reached`: TCP is open; `proxy`: TCP to the proxy is open; `tunnel`: the proxy lets us through; `encrypted`: TLS is open and its certificate trusted. */
export type ConnectionStage = 'name' | 'reached' | 'proxy' | 'tunnel' | 'encrypted';

/** Request options that also end a connection that is still being opened. */
export type EndableOptions = http.RequestOptions & { endSignal?: AbortSignal };

/** Idle connections are kept below the time after which services and proxies drop them silently. */
const keepIdleMs = 20_000;

export function createConnectingAgent(target: ConnectionTarget): http.Agent {
  const options = { keepAlive: true, timeout: keepIdleMs };
  const agent = target.tls === undefined ? new http.Agent(options) : new https.Agent(options);
  agent.createConnection = (asked: EndableOptions, done) => {
    openConnection(target, asked.endSignal).then(
      (socket) => done?.(null, socket),
      // Node's type wants a socket beside the error; its code does not look at it.
      (error: unknown) => done?.(error as Error, undefined as unknown as net.Socket),
    );
    return undefined;
  };
  return agent;
}

/** Kept apart from the socket, because many calls share one and reading a chain costs more than a small call. */
const chains = new WeakMap<net.Socket, PresentedChain>();

/** What the other end of a trusted connection has shown; undefined for plain http. */
export function presentedOn(socket: net.Socket): PresentedChain | undefined {
  return chains.get(socket);
}

/** Rejects with an AppError, or with the signal's reason. */
async function openConnection(target: ConnectionTarget, endSignal: AbortSignal | undefined): Promise<net.Socket> {
  endSignal?.throwIfAborted();
  const ending = new AbortController();
  const onAbort = (): void => {
    ending.abort(endSignal?.reason);
  };
  endSignal?.addEventListener('abort', onAbort, { once: true });
  const seconds = Math.ceil(target.timeoutMs / 1000);
  let way: Way = { kind: 'none' };
  let hasTunnel = true;
  const timer = setTimeout(() => {
    ending.abort(hasTunnel ? timedOut(target.host, seconds) : proxyUnreachable(way));
  }, target.timeoutMs);
  try {
    way = await wayTo({ host: target.host, port: target.port, isSecure: target.tls !== undefined }, target.proxy);
    hasTunnel = way.kind === 'none';
    const plain =
      way.kind === 'none'
        ? await openTcp(target, ending.signal)
        : await openTunnel(way, target.host, target.port, ending.signal, () => target.onStage?.('proxy'));
    if (way.kind === 'manual') target.onStage?.('tunnel');
    hasTunnel = true;
    if (target.tls === undefined) return plain;
    const encrypted = await openTls(plain, target.host, target.tls, ending.signal);
    target.onStage?.('encrypted');
    return encrypted;
  } catch (error) {
    if (ending.signal.aborted) throw ending.signal.reason;
    throw describeNetworkError(error, target.host, target.port, seconds);
  } finally {
    clearTimeout(timer);
    endSignal?.removeEventListener('abort', onAbort);
  }
}

function timedOut(host: string, seconds: number): AppError {
  return new AppError('connection-timed-out', { host, seconds }, { retryable: true });
}

async function openTcp({ host, port, onStage }: ConnectionTarget, signal: AbortSignal): Promise<net.Socket> {
  // Both families are tried, and 250 ms (Node's default) would be too short for a far address.
  const socket = net.connect({ host, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 2_000 });
  socket.setNoDelay(true);
  socket.once('lookup', (error) => {
    // Typed as an error; it is null where the name was found.
    if (!(error instanceof Error)) onStage?.('name');
  });
  await whenOpen(socket, 'connect', signal);
  onStage?.('reached');
  return socket;
}

async function openTls(plain: net.Socket, host: string, trust: TlsTrust, signal: AbortSignal): Promise<net.Socket> {
  // No earlier session is offered: a resumed one would show only the last link of the chain.
  const socket = tls.connect({
    socket: plain,
    host,
    servername: net.isIP(host) === 0 ? host : '',
    secureContext: trust.secureContext,
    // Not a relaxation: judgeConnection below refuses what Node would have refused, and can say whose certificate it was.
    rejectUnauthorized: false,
    checkServerIdentity: (_name, certificate) => checkIdentity(host, certificate),
  });
  await whenOpen(socket, 'secureConnect', signal);
  const judgement = judgeConnection(socket, host, trust.policy);
  if (judgement.kind === 'distrusted') {
    socket.destroy();
    throw judgement.error;
  }
  chains.set(socket, judgement.chain);
  return socket;
}

/** Waits for the event; whatever else happens first destroys the socket. */
function whenOpen<Opened extends net.Socket>(
  socket: Opened,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.off(event, onOpen).off('error', onError).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
    };
    const onOpen = (): void => {
      settle();
      resolve(socket);
    };
    const onError = (error: Error): void => {
      settle();
      // Nobody is listening any more, and a second error must not end the process.
      socket.on('error', () => undefined);
      socket.destroy();
      reject(error);
    };
    const onClose = (): void => {
      onError(Object.assign(new Error('closed while opening'), { code: 'ECONNRESET' }));
    };
    const onAbort = (): void => {
      onError(new Error('ended'));
    };
    socket.on(event, onOpen).on('error', onError).on('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
