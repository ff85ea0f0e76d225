/** Records of our own sandboxes: compressed journal frames, checked against the chain and kept as they came. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../../src-contract/app-error.ts';
import type { Acknowledged } from '../../src-contract/jrds.ts';
import { maxUploadBytes } from '../../src-contract/limits.ts';
import { framePrefixBytes } from '../../src-contract/node/journal-frame.ts';
import type { ServiceContext } from '../context.ts';
import { confirmRecords } from '../dispatch/attempt-life.ts';
import { lockAttempt, type Attempt } from '../store/attempts.ts';
import { appendChunk, type NewChunk } from '../store/record-chunks.ts';
import { invalid, rawBody } from './body.ts';
import type { SandboxJobParams } from './calls.ts';
import { attemptOfSandbox } from './callers.ts';
import { checkFrames } from './frame-check.ts';
import { Refusal } from './refusal.ts';
import { refuseOtherJob } from './status.ts';

const unzip = promisify(gunzip);
/** Only a bomb is larger than this unpacked. */
const maxPlainBytes = maxUploadBytes + framePrefixBytes;

type UploadResult = Acknowledged & { kind: 'appended' | 'elsewhere' };

export function addRecordUploadRoutes(server: FastifyInstance, context: ServiceContext): void {
  const path = '/Sandboxes/:sandboxId/jobs/:jobId/records';

  server.post<{ Params: SandboxJobParams; Querystring: { from?: string; chain?: string } }>(
    path,
    { bodyLimit: maxPlainBytes },
    async (request, reply) => {
      const attempt = await attemptOfSandbox(context, request.jrdsCaller, request.params.sandboxId);
      refuseOtherJob(attempt, request.params.jobId);
      const { from, chain } = request.query;
      const { kind, ...answer } =
        /^\d+$/.test(from ?? '') && Number(from) === attempt.recordCount && chain?.toLowerCase() === attempt.chain
          ? await upload(context, request, attempt)
          : elsewhere(attempt);
      // What is acknowledged is not sent again.
      if (kind === 'elsewhere') await context.store.durable();
      return reply.status(kind === 'appended' ? 200 : 409).send(answer);
    },
  );

  server.get<{ Params: SandboxJobParams }>(`${path}/acknowledged`, async (request): Promise<Acknowledged> => {
    const attempt = await attemptOfSandbox(context, request.jrdsCaller, request.params.sandboxId);
    refuseOtherJob(attempt, request.params.jobId);
    await context.store.durable();
    return { acknowledged: attempt.recordCount, chain: attempt.chain };
  });
}

async function upload(context: ServiceContext, request: FastifyRequest, attempt: Attempt): Promise<UploadResult> {
  const body = rawBody(request);
  const isCompressed = request.headers['content-encoding']?.toLowerCase() === 'gzip';
  const plain = isCompressed ? await unpack(body) : body;
  const checked = checkFrames(plain, { sequence: attempt.recordCount, chain: attempt.chain }, attempt);
  if (checked.kind === 'refused') throw new Refusal(422, invalid('body', checked.reason));
  const chunk: NewChunk = {
    recordCount: checked.recordCount,
    streamMask: checked.streamMask,
    format: 'frames',
    encoding: isCompressed ? 'gzip' : 'plain',
    chainBefore: attempt.chain,
    chainAfter: checked.chain,
    foreignSeq: null,
    body,
    plainBytes: plain.length,
  };
  const result = await context.store.write(async (tx): Promise<UploadResult> => {
    const current = await lockAttempt(tx, attempt.sandboxId);
    if (current === undefined || current.fenced) throw new AppError('attempt-fenced', { sandboxId: attempt.sandboxId });
    // Another upload of this attempt was first: what it brought is what this one brings, or leads to it.
    if (current.chain !== attempt.chain) return elsewhere(current);
    const after = await appendChunk(tx, current, chunk, context.clock.now());
    return { kind: 'appended', acknowledged: after.recordCount, chain: after.chain };
  });
  if (result.kind === 'appended' && attempt.report?.chain === result.chain)
    await context.store.write((tx) => confirmRecords(tx, attempt.sandboxId, context.clock.now()));
  return result;
}

function elsewhere(attempt: Attempt): UploadResult {
  return { kind: 'elsewhere', acknowledged: attempt.recordCount, chain: attempt.chain };
}

async function unpack(body: Buffer): Promise<Buffer> {
  try {
    return await unzip(body, { maxOutputLength: maxPlainBytes });
  } catch (cause) {
    throw invalid('body', `it cannot be unpacked (${(cause as Error).message})`, cause);
  }
}
