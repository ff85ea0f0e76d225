/**
 * A job's records for one reader who comes back for more: each chunk is decoded once, however small the helpings are. Memory holds one
 * chunk.
 */
import type { StreamName } from '../../src-contract/kinds.ts';
import { readRecords, type RecordBatch, type RecordEntry, type RecordPlace } from '../store/records.ts';
import type { Reader } from '../store/store.ts';

export interface RecordFeedOptions {
  db: Reader;
  jobId: string;
  /** Goes on behind this record. */
  after: RecordPlace | undefined;
  streams: StreamName[] | undefined;
  maxRecords: number;
  /** Of text, about. */
  maxBytes: number;
}

export class RecordFeed {
  private readonly options: RecordFeedOptions;
  private place: RecordPlace | undefined;
  private batches: AsyncGenerator<RecordBatch, void, undefined> | undefined;
  private left: RecordEntry[] = [];

  constructor(options: RecordFeedOptions) {
    this.options = options;
    this.place = options.after;
  }

  /** The next records, at least one; undefined when the service has no more of them at the time of this call. */
  async next(): Promise<RecordEntry[] | undefined> {
    if (this.left.length === 0) this.left = (await this.nextEntries()) ?? [];
    let count = 0;
    for (
      let bytes = 0;
      count < Math.min(this.left.length, this.options.maxRecords) && bytes < this.options.maxBytes;
      count += 1
    ) {
      bytes += this.left[count]?.record.text.length ?? 0;
    }
    const taken = this.left.slice(0, count);
    this.left = this.left.slice(count);
    return taken.length === 0 ? undefined : taken;
  }

  async close(): Promise<void> {
    await this.batches?.return();
  }

  private async nextEntries(): Promise<RecordEntry[] | undefined> {
    for (;;) {
      const { db, jobId, streams } = this.options;
      const isFresh = this.batches === undefined;
      this.batches ??= readRecords(db, jobId, { after: this.place, streams });
      const found = await this.batches.next();
      if (found.done !== true) {
        this.place = found.value.place;
        if (found.value.entries.length > 0) return found.value.entries;
        continue;
      }
      this.batches = undefined;
      // A reading that began before this call may have ended before what was written since.
      if (isFresh) return undefined;
    }
  }
}
