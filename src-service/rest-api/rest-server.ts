/**
 * The REST port: a route for each operation of src-contract/rest.ts. What is the same for all stands here: token and role, parsing,
 * limits, correlation ids, failures as problems. What an operation does stands in its handler.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import { correlationHeader, problemContentType, restOperations, type OperationName } from '../../src-contract/rest.ts';
import { isMedia, nothing, type Operation } from '../../src-contract/rest/operation.ts';
import { callerGone } from '../caller-gone.ts';
import type { ServiceContext } from '../context.ts';
import { authenticate } from './authentication.ts';
import type { Caller } from './handler.ts';
import { createHandlers } from './handlers.ts';
import { retryAfterSeconds, statusOfProblem } from '../problem-status.ts';
import { storeTrouble } from '../store/store-trouble.ts';
import { refuseUnfitJson, refuseUnfitText } from './fit-json.ts';

/** Where an operation names no limit of its own. */
const maxBodyBytes = 64 * 1024;

/** All handlers alike, once their parts are known to fit the contract. */
type Pieces = { pieces: AsyncIterable<string | Buffer>; bytes?: number };
type AnyAnswer = { status: number } & ({ value: unknown } | Pieces);
type AnyHandler = (call: {
  params: unknown;
  query: unknown;
  body: unknown;
  caller: Caller;
  lastEventId: string | undefined;
  signal: AbortSignal;
}) => Promise<AnyAnswer>;

export interface RestServerOptions {
  /** PEM. Without it plain HTTP is served, which only tests do. */
  credentials?: { key: string; cert: string };
  /** Hears of each route as it is made. */
  onRoute?: (method: string, url: string) => void;
}

/** Not yet listening. */
export function createRestServer(context: ServiceContext, { credentials, onRoute }: RestServerOptions): FastifyInstance {
  const server = Fastify({
    ...(credentials === undefined ? {} : { https: { ...credentials, minVersion: 'TLSv1.2' as const } }),
    exposeHeadRoutes: false,
    genReqId: (request) => readCorrelationId(request.headers[correlationHeader]),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 300 },
    // What the router refuses before there is a route: a path that does not decode, a part of it that is too long.
    frameworkErrors: (error, request, reply) => void sendProblem(context, error, request, reply),
  }) as FastifyInstance;
  const closing = new AbortController();
  // Before the server waits for its connections: event streams end only when they are told.
  server.addHook('preClose', (ended) => {
    closing.abort();
    ended();
  });
  if (onRoute !== undefined) {
    server.addHook('onRoute', ({ method, url }) => {
      onRoute(String(method), url);
    });
  }
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers({ [correlationHeader]: request.id, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    done();
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.setErrorHandler((error, request, reply) => sendProblem(context, error, request, reply));
  server.setNotFoundHandler((request, reply) =>
    sendProblem(
      context,
      // What a worker signs with a shared key is never for this port.
      /^Shared\s/i.test(request.headers.authorization ?? '')
        ? new AppError('wrong-port', { port: 'REST', wanted: 'agent', url: context.urls.agentUrl })
        : new AppError('resource-unknown', { what: 'path', name: request.url.split('?')[0] ?? '' }),
      request,
      reply,
    ),
  );
  const handlers = createHandlers(context) as unknown as Record<OperationName, AnyHandler>;
  for (const [name, operation] of Object.entries(restOperations) as [OperationName, Operation][]) {
    addRoute(server, context, operation, handlers[name], closing.signal);
  }
  return server;
}

function addRoute(
  server: FastifyInstance,
  context: ServiceContext,
  operation: Operation,
  handler: AnyHandler,
  closing: AbortSignal,
): void {
  server.route({
    method: operation.method,
    url: operation.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    bodyLimit: operation.maxBodyBytes ?? maxBodyBytes,
    config: { operation },
    // Before the body is read: who may not call need not be listened to.
    onRequest: async (request) => {
      request.caller = await authenticate(context.store, request.headers.authorization, operation.role);
    },
    handler: async (request, reply) => {
      refuseUnfitAddress(request);
      const answer = await handler({
        params: request.params,
        query: parse(operation.query ?? nothing, request.query, 'query'),
        body: readBody(operation, request),
        caller: request.caller,
        lastEventId: textOf(request.headers['last-event-id']),
        signal: callerGone(reply, closing),
      });
      if ('pieces' in answer) return sendPieces(context, operation, answer, reply);
      return send(operation, answer, reply);
    },
  });
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
  }
  interface FastifyContextConfig {
    operation?: Operation;
  }
}

function readCorrelationId(given: string | string[] | undefined): string {
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

function refuseUnfitAddress({ params, query }: FastifyRequest): void {
  for (const given of [params, query]) {
    for (const [name, value] of Object.entries(given as Record<string, unknown>)) {
      for (const one of [value].flat()) if (typeof one === 'string') refuseUnfitText(one, name);
    }
  }
}

function readBody(operation: Operation, request: FastifyRequest): unknown {
  const bytes: Buffer = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (operation.body === undefined) return undefined;
  if (isMedia(operation.body)) return operation.body.media === 'text/plain' ? readScript(bytes) : bytes;
  // No body at all means an empty one: `curl -X POST …/stop` is enough.
  const text = bytes.length === 0 ? '{}' : readText(bytes);
  const json = readJson(text);
  refuseUnfitJson(json, 'body');
  return parse(operation.body, json, 'body');
}

function readScript(bytes: Buffer): string {
  const text = readText(bytes);
  refuseUnfitText(text, 'body');
  return text;
}

function readText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new AppError('request-invalid', { where: 'body', reason: 'it is not UTF-8' }, { cause });
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new AppError('request-invalid', { where: 'body', reason: `it is no JSON (${(cause as Error).message})` }, { cause });
  }
}

function parse(schema: z.ZodType, given: unknown, where: string): unknown {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = [where, ...(issue?.path ?? [])].join('.');
  throw new AppError('request-invalid', {
    where: path,
    reason: issue === undefined ? 'it does not have the right shape' : reasonOf(issue),
  });
}

function reasonOf({ code, message, ...more }: z.core.$ZodIssue): string {
  if (code !== 'invalid_type') return message;
  const received = /received (\w+)$/.exec(message)?.[1];
  if (received === 'undefined') return 'it is missing';
  const expected = 'expected' in more ? typeNames[more.expected] : undefined;
  if (expected === undefined || received === undefined) return message;
  return `it is to be ${expected}, and is ${typeNames[received] ?? received}`;
}

const typeNames: Readonly<Record<string, string>> = {
  object: 'an object',
  record: 'an object',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  null: 'null',
};

async function send(operation: Operation, answer: AnyAnswer & { value: unknown }, reply: FastifyReply): Promise<FastifyReply> {
  const content = operation.answers[answer.status];
  const type = content !== undefined && isMedia(content) ? `${content.media}; charset=utf-8` : 'application/json; charset=utf-8';
  const body = content !== undefined && isMedia(content) ? answer.value : JSON.stringify(answer.value);
  return reply.status(answer.status).header('content-type', type).send(body);
}

async function sendPieces(
  context: ServiceContext,
  operation: Operation,
  answer: AnyAnswer & Pieces,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const content = operation.answers[answer.status];
  const media = content !== undefined && isMedia(content) ? content.media : 'text/plain';
  const type = media.startsWith('text/') ? `${media}; charset=utf-8` : media;
  const length = answer.bytes === undefined ? {} : { 'content-length': String(answer.bytes) };
  reply.hijack();
  const { raw } = reply;
  // Such an answer may end because the service does, which would then wait for a connection that is kept.
  raw.writeHead(answer.status, { ...plainHeaders(reply), 'content-type': type, ...length, connection: 'close' });
  try {
    for await (const piece of answer.pieces) {
      if (raw.destroyed) break;
      if (!raw.write(piece)) await drained(raw);
    }
    raw.end();
  } catch (error) {
    // The status has been sent: only a cut connection can still say that this was not the end.
    const { id, method, url } = reply.request;
    context.log.error('An answer was cut in its middle', { correlationId: id, method, path: url }, error);
    raw.destroy();
  }
  return reply;
}

function plainHeaders(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]));
}

/** A reader that is slower than we are holds us back; one that has gone lets us end. */
async function drained(raw: ServerResponse): Promise<void> {
  if (raw.destroyed) return;
  const settled = new AbortController();
  try {
    await Promise.race([once(raw, 'drain', settled), once(raw, 'close', settled)]);
  } finally {
    settled.abort();
  }
}

async function sendProblem(
  context: ServiceContext,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const failure = toAppError(context, error, request);
  const problem = failure.toProblem();
  const status = statusOfFailure(error) ?? statusOfProblem(failure.code);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  const retryAfter = retryAfterSeconds[failure.code];
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
  return reply
    .status(status)
    .header('content-type', `${problemContentType}; charset=utf-8`)
    .send(JSON.stringify({ ...problem, status, correlationId: request.id }));
}

function toAppError(context: ServiceContext, error: unknown, request: FastifyRequest): AppError {
  if (isAppError(error)) return error;
  const status = statusOfFailure(error);
  if (status !== undefined)
    return new AppError('request-invalid', { where: 'request', reason: (error as Error).message }, { cause: error });
  context.log.error('A REST call failed', { correlationId: request.id, method: request.method, path: request.url }, error);
  const reason = storeTrouble(error);
  return reason === undefined
    ? new AppError('internal', { correlationId: request.id }, { cause: error })
    : new AppError('storage-unavailable', { reason }, { cause: error });
}

/** Fastify's own refusals (body too large, no such media type) carry the status. */
function statusOfFailure(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
