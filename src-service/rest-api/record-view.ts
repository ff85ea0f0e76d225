/** Records as REST shows them, and their places. */
import type { JobStream } from '../../src-contract/rest/jobs.ts';
import type { RecordEntry, RecordPlace } from '../store/records.ts';
import { noCursor, readCursor } from './paging.ts';

export function viewRecord(jobId: string, { attempt, record }: RecordEntry): JobStream {
  const { seq, time, stream, text, part, value, progress, position } = record;
  return {
    jobStreamId: `${jobId}_${attempt}_${String(seq).padStart(20, '0')}`,
    attempt,
    sequence: seq,
    time,
    streamType: stream,
    streamText: text,
    ...(part === undefined ? {} : { part }),
    ...(value === undefined ? {} : { value }),
    ...(progress === undefined ? {} : { progress }),
    ...(position === undefined ? {} : { position }),
  };
}

/** `<attempt>/<sequence>`: cursors of pages and ids of events. */
export function formatPlace({ attempt, seq }: RecordPlace): string {
  return `${attempt}/${seq}`;
}

export function readPlace(text: string, where?: string): RecordPlace {
  const [attempt, rest] = readCursor(text, '/', where);
  if (attempt < 1 || !/^\d{1,15}$/.test(rest)) throw noCursor(where);
  return { attempt, seq: Number(rest) };
}
