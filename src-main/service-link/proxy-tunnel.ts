/**
 * A tunnel through an HTTP proxy (CONNECT), with Basic authentication.
 * Written here because its refusals are the message: no password, wrong password, Windows authentication only, host not allowed.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import type { Socket } from 'node:net';
import { AppError } from '../../src-contract/app-error.ts';
import type { ManualProxy, Way } from './system-proxy.ts';
import { systemAuthorities } from './trust.ts';

/** Resolves with a connection whose other end is the service. Rejects with an AppError, or anything once the signal is aborted. */
export function openTunnel(
  proxy: ManualProxy,
  host: string,
  port: number,
  signal: AbortSignal,
  /** TCP to the proxy is open; over TLS, before that. */
  onReached: () => void,
): Promise<Socket> {
  const url = new URL(proxy.url);
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const headers: http.OutgoingHttpHeaders = { host: authority };
  if (proxy.userName !== undefined && proxy.userName !== '') {
    const pair = Buffer.from(`${proxy.userName}:${proxy.password ?? ''}`, 'utf8');
    headers['proxy-authorization'] = `Basic ${pair.toString('base64')}`;
  }
  const request = (url.protocol === 'https:' ? https : http).request({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
    method: 'CONNECT',
    path: authority,
    headers,
    agent: false,
    ...(url.protocol === 'https:' ? { ca: systemAuthorities() } : {}),
  });
  request.once('socket', (socket) => socket.once('connect', onReached));
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      request.destroy();
      reject(new Error('ended'));
    };
    const settle = (): void => signal.removeEventListener('abort', onAbort);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    request.on('error', (error) => {
      settle();
      const isHttp = !((error as NodeJS.ErrnoException).code ?? '').startsWith('HPE_');
      reject(
        isHttp
          ? proxyUnreachable(proxy, error)
          : new AppError('proxy-not-understood', { proxy: url.host }, { retryable: true, cause: error }),
      );
    });
    // Also emitted for a refusal, whose body nobody needs. After consent nothing may come before our own first word.
    request.on('connect', (answer, socket: Socket) => {
      settle();
      const refusal = findRefusal(answer, url.host, authority, proxy.userName ?? '');
      if (refusal !== undefined) {
        socket.destroy();
        reject(refusal);
        return;
      }
      socket.setNoDelay(true);
      resolve(socket);
    });
    request.end();
  });
}

export function proxyUnreachable(proxy: Way, cause?: unknown): AppError {
  const name = proxy.kind === 'none' ? '' : new URL(proxy.url).host;
  return new AppError('proxy-unreachable', { proxy: name }, { retryable: true, cause });
}

function findRefusal(answer: http.IncomingMessage, proxy: string, host: string, userName: string): AppError | undefined {
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) return undefined;
  if (status !== 407) return new AppError('proxy-refused', { proxy, status, host }, { retryable: true });
  const schemes = offeredSchemes(answer.rawHeaders);
  if (schemes.length > 0 && !schemes.some((scheme) => scheme.toLowerCase() === 'basic'))
    return new AppError('proxy-ntlm-required', { proxy, schemes: schemes.join(', ') }, { retryable: true });
  return new AppError('proxy-authentication-required', { proxy, userName }, { retryable: true });
}

/** First word of each challenge. One header may carry several, after commas that parameters use too: a scheme has no `=`. */
function offeredSchemes(rawHeaders: readonly string[]): string[] {
  const schemes: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() !== 'proxy-authenticate') continue;
    for (const part of (rawHeaders[index + 1] ?? '').split(',')) {
      const scheme = /^\s*([A-Za-z][A-Za-z0-9-]*)(?=\s|$)(?!\s*=)/.exec(part)?.[1];
      if (scheme !== undefined && !schemes.includes(scheme)) schemes.push(scheme);
    }
  }
  return schemes;
}
