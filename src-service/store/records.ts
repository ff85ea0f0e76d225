/** Reading a job's records: over all its attempts in order, from a place on, by stream. Pages and streams are both made of chunks. */
import type { StreamName } from '../../src-contract/kinds.ts';
import type { StreamRecord } from '../../src-contract/records.ts';
import { decodeChunk } from './record-chunks.ts';
import type { Row } from './schema.ts';
import type { Reader } from './store.ts';
import { everyStream, maskOf } from './stream-mask.ts';

/** A place in a job's records: attempts are numbered from 1, records within an attempt from 0. */
export interface RecordPlace {
  attempt: number;
  seq: number;
}

export interface RecordEntry {
  attempt: number;
  record: StreamRecord;
}

export interface RecordFilter {
  /** Goes on behind this place. */
  after?: RecordPlace | undefined;
  /** Only this attempt. */
  attempt?: number | undefined;
  streams?: readonly StreamName[] | undefined;
}

export interface RecordPage {
  entries: RecordEntry[];
  /** Where to go on: behind everything that was looked at, so it moves on even when the filter took nothing. */
  place: RecordPlace | undefined;
  /** False when the page is full: there may be more at once. */
  atEnd: boolean;
}

/** At most `limit` entries and about `maxBytes` of text. */
export async function readRecordPage(
  db: Reader,
  jobId: string,
  filter: RecordFilter & { limit: number; maxBytes?: number },
): Promise<RecordPage> {
  const entries: RecordEntry[] = [];
  let place = filter.after;
  let bytes = 0;
  // What the page cannot hold of a chunk is not decoded; with a stream filter nobody knows beforehand which records those are.
  const atMost = filter.streams === undefined ? filter.limit : undefined;
  for await (const batch of readBatches(db, jobId, { ...filter, atMost })) {
    for (const entry of batch.entries) {
      entries.push(entry);
      place = { attempt: entry.attempt, seq: entry.record.seq };
      bytes += entry.record.text.length;
      if (entries.length >= filter.limit || bytes >= (filter.maxBytes ?? Infinity)) return { entries, place, atEnd: false };
    }
    place = batch.place;
  }
  return { entries, place, atEnd: true };
}

export interface RecordBatch {
  entries: RecordEntry[];
  place: RecordPlace;
}

/** Everything that the service has now, chunk by chunk: memory holds one chunk at a time. */
export function readRecords(db: Reader, jobId: string, filter: RecordFilter = {}): AsyncGenerator<RecordBatch, void, undefined> {
  return readBatches(db, jobId, filter);
}

/** `atMost`: of each chunk, for a reader that ends with the first batch of so many. */
async function* readBatches(
  db: Reader,
  jobId: string,
  filter: RecordFilter & { atMost?: number | undefined },
): AsyncGenerator<RecordBatch, void, undefined> {
  const mask = filter.streams === undefined ? everyStream : maskOf(filter.streams);
  const wanted = filter.streams && new Set<StreamName>(filter.streams);
  for (const attempt of await attemptsFrom(db, jobId, filter)) {
    const fromSeq = filter.after?.attempt === attempt.number ? filter.after.seq + 1 : 0;
    for await (const chunk of chunksFrom(db, attempt.sandboxId, fromSeq)) {
      const place = { attempt: attempt.number, seq: chunk.firstSeq + chunk.recordCount - 1 };
      if ((chunk.streamMask & mask) === 0) {
        yield { entries: [], place };
        continue;
      }
      const records = await decodeChunk(chunk, fromSeq, filter.atMost);
      const kept = wanted === undefined ? records : records.filter((one) => wanted.has(one.stream));
      yield { entries: kept.map((record) => ({ attempt: attempt.number, record })), place };
    }
  }
}

async function attemptsFrom(db: Reader, jobId: string, filter: RecordFilter): Promise<{ sandboxId: string; number: number }[]> {
  let query = db.selectFrom('attempts').select(['sandboxId', 'number']).where('jobId', '=', jobId);
  if (filter.attempt !== undefined) query = query.where('number', '=', filter.attempt);
  if (filter.after !== undefined) query = query.where('number', '>=', filter.after.attempt);
  return query.orderBy('number').execute();
}

/** A query reads about so much: one large chunk, or many small ones (a foreign worker's chunks hold one line each). */
const queryBytes = 1024 * 1024;
const maxChunksPerQuery = 256;

/** Chunks that hold records from the sequence number on. */
async function* chunksFrom(db: Reader, sandboxId: string, fromSeq: number): AsyncGenerator<Row<'recordChunks'>, void, undefined> {
  let number = await chunkHolding(db, sandboxId, fromSeq);
  let limit = 1;
  for (;;) {
    const chunks = await db
      .selectFrom('recordChunks')
      .selectAll()
      .where('sandboxId', '=', sandboxId)
      .where('number', '>=', number)
      .where('recordCount', '>', 0)
      .orderBy('number')
      .limit(limit)
      .execute();
    let bytes = 1;
    for (const chunk of chunks) {
      if (chunk.firstSeq + chunk.recordCount > fromSeq) yield chunk;
      number = chunk.number + 1;
      bytes += chunk.body.byteLength;
    }
    if (chunks.length < limit) return;
    limit = Math.max(1, Math.min(maxChunksPerQuery, limit * 4, Math.floor((queryBytes * chunks.length) / bytes)));
  }
}

async function chunkHolding(db: Reader, sandboxId: string, seq: number): Promise<number> {
  if (seq === 0) return 0;
  const found = await db
    .selectFrom('recordChunks')
    .select('number')
    .where('sandboxId', '=', sandboxId)
    .where('firstSeq', '<=', seq)
    .where('recordCount', '>', 0)
    .orderBy('firstSeq', 'desc')
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst();
  return found?.number ?? 0;
}
