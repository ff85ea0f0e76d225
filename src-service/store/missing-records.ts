/** Which records of an attempt its sandbox has written and this service does not have. */
import type { RecordRange } from '../../src-contract/rest/jobs.ts';
import type { Attempt } from './attempts.ts';
import type { Reader } from './store.ts';

/** null: the sandbox has not said how many it has written. Looked up only where the end has found the two to differ. */
export async function findMissingRecords(db: Reader, attempt: Attempt): Promise<RecordRange[] | null> {
  if (attempt.report === null || attempt.verified === null) return null;
  if (attempt.verified) return [];
  return gapsIn(await heldRecords(db, attempt.sandboxId), attempt.report.recordCount);
}

/** In order. By the uploads that are there, not by the attempt's own count: a database that has lost some of its rows shows it. */
async function heldRecords(db: Reader, sandboxId: string): Promise<RecordRange[]> {
  const chunks = await db
    .selectFrom('recordChunks')
    .select(['firstSeq', 'recordCount'])
    .where('sandboxId', '=', sandboxId)
    .where('recordCount', '>', 0)
    .orderBy('firstSeq')
    .execute();
  return chunks.map(({ firstSeq, recordCount }) => ({ first: firstSeq, last: firstSeq + recordCount - 1 }));
}

/** Of the records 0 to `count` - 1 those that are in none of the ranges, which are in order and do not overlap. */
export function gapsIn(held: readonly RecordRange[], count: number): RecordRange[] {
  const gaps: RecordRange[] = [];
  let next = 0;
  for (const { first, last } of [...held, { first: count, last: count }]) {
    const end = Math.min(first, count);
    if (end > next) gaps.push({ first: next, last: end - 1 });
    next = Math.max(next, last + 1);
  }
  return gaps;
}
