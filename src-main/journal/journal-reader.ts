/**
 * Reads journals: whole (`readJournal`), by page (`readRecords`), or just what they came to (`summarizeJournal`). Any number of readers,
 * also while the sandbox appends. Every record handed out stands in a frame whose place in the chain was verified just then.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { decodeFrame, emptyChain, framePrefixBytes, maxFrameBytes } from '../../src-contract/node/journal-frame.ts';
import { record, type StreamRecord } from '../../src-contract/records.ts';
import type { JournalHeader } from '../../src-contract/sandbox.ts';
import { parseHeader } from './frame-scanner.ts';
import { JournalIndex, type HeaderOf, type PlacedDecision } from './journal-index.ts';

export interface JournalSummary {
  begin: HeaderOf<'begin'> | null;
  end: HeaderOf<'end'> | null;
  decisions: readonly PlacedDecision[];
  recordCount: number;
  /** Chain after the last uploaded frame, lower-case hex: what an attempt's report carries. */
  chain: string;
  bytes: number;
  /** Bytes at the end that are no whole frame. A torn tail once its sandbox is dead. */
  unfinishedBytes: number;
  damaged: string | null;
}

export interface RecordPage {
  records: StreamRecord[];
  /** The sequence to ask for next; equal to `recordCount` when this page reaches the end. */
  next: number;
  recordCount: number;
  /** Why nothing behind `recordCount` can be read; null for a sound journal. A torn tail alone is no damage. */
  damaged: string | null;
}

export interface PageOptions {
  from: number;
  limit: number;
  /** Of the records' JSON; a page holds at least one record. */
  maxBytes?: number;
}

export interface JournalFrame {
  header: JournalHeader;
  records: StreamRecord[];
}

/** Journals looked at lately. An index is some hundred kilobytes for the largest of them. */
const keptIndexes = 64;
const indexes = new Map<string, { file: string; index: JournalIndex }>();

async function withIndex<Result>(path: string, use: (file: FileHandle, index: JournalIndex) => Promise<Result>): Promise<Result> {
  const file = await open(path, 'r');
  try {
    const { ino, size, mtimeMs } = await file.stat();
    const known = indexes.get(path);
    // Damage stays damage until somebody touches the file: a writer that reopens it cuts a torn tail.
    const sameAs = (one: JournalIndex): string => (one.damaged === null ? `${ino}` : `${ino} ${size} ${mtimeMs}`);
    const index =
      known !== undefined && known.file === sameAs(known.index) && known.index.length <= size ? known.index : new JournalIndex();
    indexes.delete(path);
    indexes.set(path, { file: sameAs(index), index });
    for (const oldest of indexes.keys()) {
      if (indexes.size <= keptIndexes) break;
      indexes.delete(oldest);
    }
    await index.refresh(file);
    const result = await use(file, index);
    if (index.damaged !== null) indexes.set(path, { file: sameAs(index), index });
    return result;
  } finally {
    await file.close();
  }
}

export function summarizeJournal(path: string): Promise<JournalSummary> {
  return withIndex(path, (_file, index) => {
    const { begin, end, decisions, recordCount, chain, length: bytes, unfinishedBytes, damaged } = index;
    return Promise.resolve({ begin, end, decisions: [...decisions], recordCount, chain, bytes, unfinishedBytes, damaged });
  });
}

/** A page of records from sequence `from` on. Takes some milliseconds wherever in a journal of gigabytes it lies. */
export function readRecords(path: string, { from, limit, maxBytes = 4 * 1024 * 1024 }: PageOptions): Promise<RecordPage> {
  return withIndex(path, async (file, index) => {
    const records: StreamRecord[] = [];
    const entry = index.entryFor(from);
    let bytes = 0;
    if (entry !== undefined && from < index.recordCount && limit > 0) {
      try {
        await walkFrames(file, entry.offset, entry.previous, index.length, (header, payload) => {
          if (header.kind !== 'records' || header.first + header.count <= from) return true;
          for (const line of linesOf(payload, Math.max(0, from - header.first))) {
            if (records.length >= limit || (records.length > 0 && bytes + line.length > maxBytes)) return false;
            records.push(record.parse(JSON.parse(line.toString('utf8'))));
            bytes += line.length;
          }
          return true;
        });
      } catch (error) {
        if (!(error instanceof DamageError)) throw error;
        index.damaged ??= error.message;
      }
    }
    const next = (records.at(-1)?.seq ?? Math.min(from, index.recordCount) - 1) + 1;
    return { records, next, recordCount: index.recordCount, damaged: index.damaged };
  });
}

/** Frame after frame from the start; ends at the last whole frame. Throws at damage in the middle. */
export async function* readJournal(path: string): AsyncGenerator<JournalFrame> {
  const file = await open(path, 'r');
  try {
    let offset = 0;
    let previous: Buffer = emptyChain;
    for (;;) {
      const frames: JournalFrame[] = [];
      const { size } = await file.stat();
      const end = await walkFrames(file, offset, previous, size, (header, payload) => {
        frames.push({ header, records: header.kind === 'records' ? [...recordsOf(payload)] : [] });
        return false;
      });
      if (frames.length === 0) return;
      yield* frames;
      ({ offset, previous } = end);
    }
  } finally {
    await file.close();
  }
}

/** What stands at this place is no frame of this journal. */
export class DamageError extends Error {
  override readonly name = 'DamageError';
}

interface Place {
  offset: number;
  previous: Buffer;
}

/** Verified frames in blocks; `onFrame` says whether to go on. Frames that end behind `until` are not looked at. */
async function walkFrames(
  file: FileHandle,
  offset: number,
  previous: Buffer,
  until: number,
  onFrame: (header: JournalHeader, payload: Buffer) => boolean,
): Promise<Place> {
  let place: Place = { offset, previous };
  let blockBytes = 512 * 1024;
  while (place.offset < until) {
    const block = Buffer.allocUnsafe(Math.min(blockBytes, until - place.offset));
    const { bytesRead } = await file.read(block, 0, block.length, place.offset);
    const bytes = block.subarray(0, bytesRead);
    let at = 0;
    for (;;) {
      const decision = decodeFrame(place.previous, bytes, at);
      if (decision.kind === 'incomplete') break;
      if (decision.kind === 'broken') throw new DamageError(`${decision.reason} at byte ${place.offset}`);
      const { payload, chain, length } = decision.frame;
      const header = parseHeader(payload);
      if (header === undefined) throw new DamageError(`a frame has no header at byte ${place.offset}`);
      at += length;
      place = { offset: place.offset + length, previous: Buffer.from(chain) };
      if (!onFrame(header, payload)) return place;
    }
    if (at > 0) continue;
    // Nothing whole in this block: a large frame, or the torn end of the file.
    if (block.length === until - place.offset || blockBytes > maxFrameBytes + framePrefixBytes) break;
    blockBytes = maxFrameBytes + framePrefixBytes;
  }
  return place;
}

function* recordsOf(payload: Buffer): Generator<StreamRecord> {
  for (const line of linesOf(payload, 0)) yield record.parse(JSON.parse(line.toString('utf8')));
}

/** The record lines of a payload from the given one on; the header line is not one of them. */
function* linesOf(payload: Buffer, skip: number): Generator<Buffer> {
  let start = payload.indexOf(0x0a) + 1;
  for (let skipped = 0; skipped < skip; skipped += 1) start = payload.indexOf(0x0a, start) + 1;
  while (start > 0 && start < payload.length) {
    const end = payload.indexOf(0x0a, start);
    yield payload.subarray(start, end === -1 ? payload.length : end);
    start = end + 1;
  }
}
