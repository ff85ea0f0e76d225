/** #8 postJobStream: one record a call, as foreign workers send them. Nothing is dropped but what the runbook's log settings leave out. */
import type { FastifyInstance } from 'fastify';
import { AppError } from '../../src-contract/app-error.ts';
import { postStreamBody, type PostStreamBody } from '../../src-contract/jrds.ts';
import { streamName, type StreamName } from '../../src-contract/kinds.ts';
import { maxRecordBytes } from '../../src-contract/limits.ts';
import type { StreamRecord } from '../../src-contract/records.ts';
import type { ServiceContext } from '../context.ts';
import { lockAttempt } from '../store/attempts.ts';
import { findJob, type Job } from '../store/jobs.ts';
import { appendChunk, hasForeignRecord } from '../store/record-chunks.ts';
import { maskOf } from '../store/stream-mask.ts';
import { readBody } from './body.ts';
import type { JobParams } from './calls.ts';
import { attemptOfJob } from './callers.ts';
import { splitText } from './split-text.ts';

/** The last lines may come after the final status: the stream's thread and the job's are two. */
const lateRecordsMs = 5 * 60 * 1000;
/** A line has no limit on the client's side (3 MB were seen), and JSON may need six characters for one. */
const maxBodyBytes = 64 * 1024 * 1024;

export function addForeignRecordsRoute(server: FastifyInstance, context: ServiceContext): void {
  server.post<{ Params: JobParams }>('/jobs/:jobId/postJobStream', { bodyLimit: maxBodyBytes }, async (request) => {
    const { sandboxId, accountId, jobId } = await attemptOfJob(context, request.jrdsCaller, request.params.jobId);
    const body = readBody(request, postStreamBody);
    const stream = readStream(body.Type);
    const job = await findJob(context.store.db, accountId, jobId);
    if (job === undefined) throw new AppError('resource-unknown', { what: 'job', name: jobId });
    if (isWanted(stream, job)) await keep(context, sandboxId, job, stream, body);
    return {};
  });
}

/** A type that we do not know (`Any`, `Host`) is shown as output rather than lost. */
function readStream(type: string): StreamName {
  return streamName.options.find((name) => name.toLowerCase() === type.toLowerCase()) ?? 'Output';
}

/** Foreign workers send everything and leave the choice to the service. */
export function isWanted(stream: StreamName, job: Pick<Job, 'logVerbose' | 'logDebug' | 'logProgress'>): boolean {
  if (stream === 'Verbose') return job.logVerbose;
  if (stream === 'Debug') return job.logDebug;
  return stream === 'Progress' ? job.logProgress : true;
}

async function keep(
  context: ServiceContext,
  sandboxId: string,
  job: Job,
  stream: StreamName,
  body: PostStreamBody,
): Promise<void> {
  const now = context.clock.now();
  // The client's own time has no zone: the service's is the one that can be compared.
  const time = new Date(now).toISOString();
  const texts = splitText(body.StreamRecordText ?? '', maxRecordBytes);
  await context.store.write(async (tx) => {
    const attempt = await lockAttempt(tx, sandboxId);
    if (attempt === undefined || attempt.fenced) throw new AppError('attempt-fenced', { sandboxId });
    if (attempt.endedAt !== null && now - attempt.endedAt > lateRecordsMs)
      throw new AppError('job-ended', { jobId: job.id, status: job.status });
    if (await hasForeignRecord(tx.db, sandboxId, body.SequenceNumber)) return;
    const records = texts.map((text, index): StreamRecord => {
      const part = texts.length === 1 ? {} : { part: { index, last: index === texts.length - 1 } };
      return { seq: attempt.recordCount + index, time, stream, text, ...part };
    });
    const lines = Buffer.from(records.map((one) => `${JSON.stringify(one)}\n`).join(''));
    const chunk = {
      recordCount: records.length,
      streamMask: maskOf([stream]),
      format: 'lines',
      encoding: 'plain',
      chainBefore: null,
      chainAfter: attempt.chain,
      foreignSeq: body.SequenceNumber,
      body: lines,
      plainBytes: lines.length,
    } as const;
    await appendChunk(tx, attempt, chunk, now);
  });
}
