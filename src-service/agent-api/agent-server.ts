/**
 * The agent port: registration, the job runtime data service, and what the workspace adds. It asks for client certificates and checks no
 * authority: a certificate is known by its hash. Routes match without case; a body is bytes until its handler reads it.
 */
import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { AppError } from '../../src-contract/app-error.ts';
import { featureNames, headers } from '../../src-contract/jrds.ts';
import type { ServiceContext } from '../context.ts';
import { retryAfterSeconds, statusOfProblem } from '../problem-status.ts';
import { storeTrouble } from '../store/store-trouble.ts';
import { addAssetRoutes } from './assets.ts';
import { addCheckpointRoutes } from './checkpoints.ts';
import { addOwnGroupRoutes } from './own-group.ts';
import { identifyCaller } from './callers.ts';
import type { AccountParams } from './calls.ts';
import { addChildJobRoutes } from './child-jobs.ts';
import { addForeignRecordsRoute } from './foreign-records.ts';
import { addJobActionRoutes } from './job-actions.ts';
import { addJobDataRoutes } from './job-data.ts';
import { addRecordUploadRoutes } from './record-upload.ts';
import { Refusal } from './refusal.ts';
import { addRegistrationRoutes } from './registration.ts';
import { addRotationRoute } from './rotation.ts';
import { addSandboxActionsRoute } from './sandbox-actions.ts';
import { addStatusRoutes } from './status.ts';
import { addTraceRoute } from './traces.ts';

export interface AgentServerOptions {
  /** PEM. */
  credentials: { key: string; cert: string };
}

/** Where a call names no limit of its own. */
const maxBodyBytes = 1024 * 1024;
/** Longer than the pause between two polls of a client that is not held, so that it need not open a connection for each. */
const keepAliveMs = 75_000;
/** The largest upload on a slow line. */
const requestTimeoutMs = 5 * 60 * 1000;

/** Not yet listening. */
export function createAgentServer(context: ServiceContext, { credentials }: AgentServerOptions): FastifyInstance {
  const server = Fastify({
    https: { ...credentials, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
    bodyLimit: maxBodyBytes,
    keepAliveTimeout: keepAliveMs,
    requestTimeout: requestTimeoutMs,
    exposeHeadRoutes: false,
    genReqId: () => randomUUID(),
    routerOptions: { caseSensitive: false, ignoreTrailingSlash: true, maxParamLength: 300 },
    // What the router refuses before there is a route: a path that does not decode, a part of it that is too long.
    frameworkErrors: (error, request, reply) => void sendFailure(context, error, request, reply),
  }) as unknown as FastifyInstance;
  const closing = new AbortController();
  // Before the server waits for its connections: held calls are answered now.
  server.addHook('preClose', () => {
    closing.abort();
    return Promise.resolve();
  });
  // An answered call must not leave its connection behind then: clients keep theirs, and the server would wait for them to let go.
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (closing.signal.aborted) void reply.header('connection', 'close');
    done(null, payload);
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  server.setErrorHandler((error, request, reply) => sendFailure(context, error, request, reply));
  server.setNotFoundHandler((request, reply) =>
    sendFailure(
      context,
      // Sandboxes too carry bearer tokens, below /jrds alone.
      /^Bearer\s/i.test(request.headers.authorization ?? '') && !/^\/jrds\//i.test(request.url)
        ? new AppError('wrong-port', { port: 'agent', wanted: 'REST', url: context.urls.restUrl })
        : new AppError('resource-unknown', { what: 'path', name: request.url.slice(0, 200).split('?')[0] ?? '' }),
      request,
      reply,
    ),
  );
  addRegistrationRoutes(server, context);
  server.register(
    (jrds, _options, done) => {
      addJrds(jrds, context, closing.signal);
      done();
    },
    { prefix: '/jrds/automationAccounts/:accountId' },
  );
  return server;
}

function addJrds(jrds: FastifyInstance, context: ServiceContext, closing: AbortSignal): void {
  const features = featureNames.join(', ');
  // Before the body is read: who may not call need not be listened to.
  jrds.addHook<{ Params: AccountParams }>('onRequest', async (request, reply) => {
    void reply.header(headers.features, features);
    request.jrdsCaller = await identifyCaller(context, request, request.params.accountId);
  });
  addSandboxActionsRoute(jrds, context, closing);
  addJobActionRoutes(jrds, context, closing);
  addJobDataRoutes(jrds, context);
  addStatusRoutes(jrds, context);
  addCheckpointRoutes(jrds, context);
  addRecordUploadRoutes(jrds, context);
  addForeignRecordsRoute(jrds, context);
  addTraceRoute(jrds, context);
  addAssetRoutes(jrds, context);
  addChildJobRoutes(jrds, context);
  addRotationRoute(jrds, context);
  addOwnGroupRoutes(jrds, context);
}

function sendFailure(context: ServiceContext, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = toFailure(context, error, request);
  const status = error instanceof Refusal ? error.status : (statusOf(error) ?? statusOfProblem(failure.code));
  context.log.debug('Refused a call of an agent', { correlationId: request.id, code: failure.code, status, path: request.url });
  const retryAfter = retryAfterSeconds[failure.code];
  if (retryAfter !== undefined) void reply.header('retry-after', retryAfter);
  return reply
    .status(status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify({ ...failure.toProblem(), status, correlationId: request.id }));
}

function toFailure(context: ServiceContext, error: unknown, request: FastifyRequest): AppError {
  if (error instanceof AppError) return error as AppError;
  if (error instanceof Refusal) return error.failure;
  if (statusOf(error) !== undefined)
    return new AppError('request-invalid', { where: 'request', reason: (error as Error).message }, { cause: error });
  context.log.error('A call of an agent failed', { correlationId: request.id, method: request.method, path: request.url }, error);
  const reason = storeTrouble(error);
  return reason === undefined
    ? new AppError('internal', { correlationId: request.id }, { cause: error })
    : new AppError('storage-unavailable', { reason }, { cause: error });
}

/** Fastify's own refusals (body too large) carry the status. */
function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
