/** A record: one stream entry of an attempt, as journalled, uploaded, stored and shown. */
import * as z from 'zod';
import { streamName } from './kinds.ts';

export const record = z.strictObject({
  /** 0-based within the attempt, without gaps. */
  seq: z.int().nonnegative(),
  /** ISO 8601 UTC with milliseconds and Z. */
  time: z.string(),
  stream: streamName,
  /** At most `maxRecordBytes` of UTF-8. */
  text: z.string(),
  /** Present when one entry was too long: parts [index, index+1 === last]; all parts of an entry are consecutive. */
  part: z.strictObject({ index: z.int().nonnegative(), last: z.boolean() }).optional(),
  /** Text carries U+FFFD where the runtime wrote bytes that were no UTF-8. */
  repaired: z.literal(true).optional(),
  /** Depth-limited JSON of an output object, where the runtime host gives it. */
  value: z.unknown().optional(),
  /** Progress records. */
  progress: z
    .strictObject({ activity: z.string(), status: z.string(), percent: z.number().optional(), done: z.boolean().optional() })
    .optional(),
  /** Where in the runbook the record was written. */
  position: z.strictObject({ line: z.int(), column: z.int(), script: z.string().optional() }).optional(),
});
export type StreamRecord = z.infer<typeof record>;

/** Entry of a job's stream as people read it: parts joined. */
export interface JoinedEntry {
  firstSeq: number;
  lastSeq: number;
  time: string;
  stream: StreamRecord['stream'];
  text: string;
}

/** Joins numbered parts into entries. A trailing unfinished entry is returned too, so that a live view shows it. */
export function joinParts(records: Iterable<StreamRecord>): JoinedEntry[] {
  const entries: JoinedEntry[] = [];
  for (const one of records) {
    const open = entries.at(-1);
    if (one.part !== undefined && one.part.index > 0 && open?.stream === one.stream && open.lastSeq === one.seq - 1) {
      open.text += one.text;
      open.lastSeq = one.seq;
    } else {
      entries.push({ firstSeq: one.seq, lastSeq: one.seq, time: one.time, stream: one.stream, text: one.text });
    }
  }
  return entries;
}
