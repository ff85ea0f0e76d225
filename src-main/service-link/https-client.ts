/**
 * HTTPS to one service: kept connections, trust, client certificate, proxy, time limits, size limits.
 * Knows nothing of what is asked: an answer of any status is an answer, only what kept it from arriving is an AppError.
 * What fails here failed before the service judged the call, so it is retryable. One call is one attempt.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import { AppError } from '../../src-contract/app-error.ts';
import type { ProxySettings, Trust } from '../../src-contract/settings.ts';
import { createSilenceLimit, decompress, readPieces, sendBody, type SilenceLimit } from './body.ts';
import {
  createConnectingAgent,
  presentedOn,
  type ConnectionStage,
  type ConnectionTarget,
  type EndableOptions,
} from './connection.ts';
import { describeNetworkError, isCut } from './network-errors.ts';
import { createTlsTrust, type ClientCertificate, type PresentedChain } from './trust.ts';

interface ServiceAddress {
  /** https; http is for tests. A path in it stands before every call's path. */
  url: string;
  trust: Trust;
  proxy: ProxySettings;
}

export interface Timeouts {
  /** Name, proxy, TCP and TLS together. */
  connectMs: number;
  /** Silence on an open connection: since the last piece that was taken from us or came. */
  answerMs: number;
  /** What a held call may take beyond the time that it is held for. */
  holdGraceMs: number;
}

/**
 * 30 s is what the protocol's own clients wait; a connection that is not there after 15 s will not come. A held call whose connection died
 * without a word (20 s and its grace) is made again before its attempt is fenced (35 s).
 */
const defaultTimeouts: Timeouts = { connectMs: 15_000, answerMs: 30_000, holdGraceMs: 7_000 };
/** A cut that comes later than the way to the service and back was not there when we wrote. */
const staleWithinMs = 1_000;
/** A runbook or a page of job actions is far below; what is larger is not the service's. */
const defaultMaxAnswerBytes = 16 * 1024 * 1024;

export interface HttpsClientOptions {
  address: ServiceAddress;
  certificate?: ClientCertificate;
  userAgent: string;
  timeouts?: Partial<Timeouts>;
  onStage?: (stage: ConnectionStage) => void;
}

export interface CallRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below the address’s URL, with its query; begins with a slash. */
  path: string;
  headers?: Record<string, string>;
  body?: Buffer;
  /** The service may hold the call so long: sends `Prefer: wait` and waits accordingly. */
  heldSeconds?: number;
  maxAnswerBytes?: number;
  signal?: AbortSignal;
}

export interface CallAnswer {
  host: string;
  status: number;
  headers: http.IncomingHttpHeaders;
  /** Decompressed. Empty where a download took it. */
  body: Buffer;
  /** How far this machine's clock is ahead of the answer's `Date`; undefined without one. */
  clockAheadMs: number | undefined;
  /** What the other end showed; undefined over plain http. */
  chain: PresentedChain | undefined;
  /** We offered a client certificate on this connection. */
  presentedCertificate: boolean;
}

type WritePiece = (piece: Buffer) => Promise<void>;

export interface HttpsClient {
  readonly host: string;
  call(request: CallRequest): Promise<CallAnswer>;
  /** As `call`, but the body of a 200 goes to `write`, piece by piece and as it came. */
  download(request: CallRequest, write: WritePiece): Promise<CallAnswer>;
  /** Ends kept connections; a call under way is ended with an AbortError. */
  close: () => void;
}

export function createHttpsClient(options: HttpsClientOptions): HttpsClient {
  const url = new URL(options.address.url);
  const isSecure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const basePath = url.pathname.replace(/\/+$/, '');
  const underWay = new Set<AbortController>();
  const target: ConnectionTarget = {
    host,
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    proxy: options.address.proxy,
    tls: isSecure ? createTlsTrust(options.address.trust, options.certificate) : undefined,
    timeoutMs: timeouts.connectMs,
    ...(options.onStage === undefined ? {} : { onStage: options.onStage }),
  };
  const agent = createConnectingAgent(target);

  function begin(request: CallRequest, endSignal: AbortSignal): http.ClientRequest {
    const headers: http.OutgoingHttpHeaders = { 'user-agent': options.userAgent, ...request.headers };
    if (request.heldSeconds !== undefined) headers['prefer'] = `wait=${request.heldSeconds}`;
    if (request.method !== 'GET') headers['content-length'] = request.body?.length ?? 0;
    const path = `${basePath}${request.path}`;
    const asked: EndableOptions = { host, port: target.port, method: request.method, path, headers, agent, endSignal };
    return (isSecure ? https : http).request(asked);
  }

  /**
   * `stale`: a kept connection had ended before we wrote on it, and nothing reached the service. That shows at once. What is cut later was under
   * way: begun again here, all workers of a service that dies while it holds their calls would be back in one moment.
   */
  async function attempt(request: CallRequest, write: WritePiece | undefined): Promise<CallAnswer | 'stale'> {
    request.signal?.throwIfAborted();
    const ending = new AbortController();
    const onAbort = (): void => {
      ending.abort(request.signal?.reason);
    };
    request.signal?.addEventListener('abort', onAbort, { once: true });
    underWay.add(ending);
    const silentMs = request.heldSeconds === undefined ? timeouts.answerMs : request.heldSeconds * 1000 + timeouts.holdGraceMs;
    const silence = createSilenceLimit(silentMs, () => {
      ending.abort(new AppError('connection-timed-out', { host, seconds: Math.ceil(silentMs / 1000) }, { retryable: true }));
    });
    const startedMs = performance.now();
    const outgoing = begin(request, ending.signal);
    ending.signal.addEventListener('abort', () => outgoing.destroy(), { once: true });
    let hasAnswer = false;
    try {
      const answered = whenAnswered(outgoing, silence, ending.signal);
      sendBody(outgoing, request.body, silence);
      const incoming = await answered;
      hasAnswer = true;
      return await receive(incoming, request, silence, write);
    } catch (error) {
      if (ending.signal.aborted) throw ending.signal.reason;
      const isFresh = performance.now() - startedMs < staleWithinMs;
      if (!hasAnswer && isFresh && outgoing.reusedSocket && isCut(error)) return 'stale';
      throw describeNetworkError(error, host, target.port);
    } finally {
      silence.end();
      request.signal?.removeEventListener('abort', onAbort);
      underWay.delete(ending);
    }
  }

  async function receive(
    incoming: http.IncomingMessage,
    request: CallRequest,
    silence: SilenceLimit,
    write: WritePiece | undefined,
  ): Promise<CallAnswer> {
    const { statusCode: status = 0, headers, socket } = incoming;
    const chain = presentedOn(socket);
    const maxBytes = request.maxAnswerBytes ?? defaultMaxAnswerBytes;
    const tooLarge = (): AppError =>
      new AppError(
        'answer-not-understood',
        { host, status, what: `more than ${Math.floor(maxBytes / 1024)} KiB` },
        { retryable: true },
      );
    const pieces: Buffer[] = [];
    let bytes = 0;
    const keep = async (piece: Buffer): Promise<void> => {
      pieces.push(piece);
      return Promise.resolve();
    };
    const take = status === 200 && write !== undefined ? write : keep;
    await readPieces(incoming, silence, async (piece) => {
      bytes += piece.length;
      if (bytes > maxBytes) throw tooLarge();
      await take(piece);
    });
    const whole = Buffer.concat(pieces);
    const body = take === keep ? await decompress(whole, headers['content-encoding'], maxBytes) : whole;
    if (body === 'too-large') throw tooLarge();
    if (body === 'broken')
      throw new AppError(
        'answer-not-understood',
        { host, status, what: 'compressed bytes that are broken' },
        { retryable: true },
      );
    const date = headers.date === undefined ? Number.NaN : Date.parse(headers.date);
    return {
      host,
      status,
      headers,
      body,
      clockAheadMs: Number.isNaN(date) ? undefined : Date.now() - date,
      chain,
      presentedCertificate: isSecure && options.certificate !== undefined,
    };
  }

  /** The service may close a kept connection in the moment in which we use it. Such a call is begun again, each time on another one. */
  async function exchange(request: CallRequest, write?: WritePiece): Promise<CallAnswer> {
    for (;;) {
      const answer = await attempt(request, write);
      if (answer !== 'stale') return answer;
    }
  }

  return {
    host,
    call: (request) => exchange({ ...request, headers: { 'accept-encoding': 'gzip', ...request.headers } }),
    download: exchange,
    close: () => {
      for (const ending of underWay) ending.abort(new DOMException('The client was closed.', 'AbortError'));
      agent.destroy();
    },
  };
}

/** Settles at the answer's head, at a failure, or when the call is ended by us (a request without a connection says nothing then). */
function whenAnswered(
  outgoing: http.ClientRequest,
  silence: SilenceLimit,
  endSignal: AbortSignal,
): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('socket', silence.begin);
    outgoing.once('response', resolve);
    // Stays for the request's life: a late error without a listener would end the process.
    outgoing.on('error', reject);
    endSignal.addEventListener(
      'abort',
      () => {
        reject(new Error('ended'));
      },
      { once: true },
    );
  });
}
