/**
 * Records as they are kept: a row for each upload, with the uploaded bytes as they came. The attempt's row holds the count and the hash
 * chain that the next upload must continue; both change in the transaction that adds the chunk.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { framePrefixBytes } from '../../src-contract/node/journal-frame.ts';
import { record, type StreamRecord } from '../../src-contract/records.ts';
import { journalHeader } from '../../src-contract/sandbox.ts';
import { changeAttempt, type Attempt } from './attempts.ts';
import { changed } from './changes.ts';
import type { Row } from './schema.ts';
import type { Reader, Writer } from './store.ts';

const unzip = promisify(gunzip);
const newline = 0x0a;

export interface NewChunk {
  recordCount: number;
  streamMask: number;
  format: 'frames' | 'lines';
  encoding: 'gzip' | 'plain';
  /** Hex; null for lines. */
  chainBefore: string | null;
  /** Hex; the attempt's chain afterwards. */
  chainAfter: string;
  foreignSeq: number | null;
  body: Uint8Array;
  /** Before compression. */
  plainBytes: number;
}

/** `attempt` must be locked by this transaction (`lockAttempt`). */
export async function appendChunk(tx: Writer, attempt: Attempt, chunk: NewChunk, now: number): Promise<Attempt> {
  const { chainAfter, plainBytes, ...kept } = chunk;
  await tx.db
    .insertInto('recordChunks')
    .values({ ...kept, sandboxId: attempt.sandboxId, number: attempt.chunkCount, firstSeq: attempt.recordCount, receivedAt: now })
    .execute();
  const changedAttempt = await changeAttempt(tx, attempt, {
    recordCount: attempt.recordCount + chunk.recordCount,
    chain: chainAfter,
    chunkCount: attempt.chunkCount + 1,
    recordBytes: attempt.recordBytes + plainBytes,
  });
  tx.publish(changed.records(attempt.jobId));
  return changedAttempt;
}

export async function hasForeignRecord(db: Reader, sandboxId: string, foreignSeq: number): Promise<boolean> {
  const found = await db
    .selectFrom('recordChunks')
    .select('number')
    .where('sandboxId', '=', sandboxId)
    .where('foreignSeq', '=', foreignSeq)
    .executeTakeFirst();
  return found !== undefined;
}

/** Was this ever the attempt's chain? Tells a client that has less than the service from one that has something else. */
export async function wasChain(db: Reader, sandboxId: string, chain: string): Promise<boolean> {
  const found = await db
    .selectFrom('recordChunks')
    .select('number')
    .where('sandboxId', '=', sandboxId)
    .where('chainBefore', '=', chain)
    .executeTakeFirst();
  return found !== undefined;
}

/** The records of a chunk from a sequence number on, at most so many. A line that is no record becomes a record that says so: nothing is dropped. */
export async function decodeChunk(chunk: Row<'recordChunks'>, fromSeq: number, atMost = Infinity): Promise<StreamRecord[]> {
  const stored = Buffer.from(chunk.body.buffer, chunk.body.byteOffset, chunk.body.byteLength);
  const bytes = chunk.encoding === 'gzip' ? await unzip(stored) : stored;
  const records: StreamRecord[] = [];
  let seq = chunk.firstSeq;
  for (const [start, end] of chunk.format === 'frames' ? frameLines(bytes) : lines(bytes, 0, bytes.length)) {
    if (records.length >= atMost) break;
    if (seq >= fromSeq) records.push(readRecord(bytes, start, end, seq, chunk.receivedAt));
    seq += 1;
  }
  return records;
}

function readRecord(bytes: Buffer, start: number, end: number, seq: number, receivedAt: number): StreamRecord {
  const text = bytes.toString('utf8', start, end);
  try {
    return { ...record.parse(JSON.parse(text)), seq };
  } catch {
    const time = new Date(receivedAt).toISOString();
    return { seq, time, stream: 'Error', text: `[a record that cannot be read] ${text}` };
  }
}

/** [start, end) of each line that holds a record, frame by frame; the header lines are left out. */
function* frameLines(bytes: Buffer): Generator<[number, number]> {
  let at = 0;
  while (at + framePrefixBytes <= bytes.length) {
    const start = at + framePrefixBytes;
    const end = start + bytes.readUInt32LE(at);
    const headerEnd = bytes.indexOf(newline, start);
    at = end;
    if (headerEnd === -1 || headerEnd >= end) continue;
    const header = journalHeader.parse(JSON.parse(bytes.toString('utf8', start, headerEnd)));
    if (header.kind === 'records') yield* lines(bytes, headerEnd + 1, end);
  }
}

function* lines(bytes: Buffer, from: number, to: number): Generator<[number, number]> {
  let start = from;
  while (start < to) {
    const found = bytes.indexOf(newline, start);
    const end = found === -1 || found > to ? to : found;
    if (end > start) yield [start, end];
    start = end + 1;
  }
}
