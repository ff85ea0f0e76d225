/**
 * The part of an attempt's records that the window holds: a run of consecutive records, parts joined to entries. Bounded, because a
 * runbook may write ten million lines; the oldest leave first. Knows nothing of screens (record-rows.ts) or calls (record-reader.ts).
 */
import { joinParts, type JoinedEntry, type StreamRecord } from '../../../src-contract/records.ts';
import type { StreamName } from '../../../src-contract/kinds.ts';

/**
 * A hundred thousand records are read in about a second and searched without a pause. Text counts by what it weighs on the page
 * too: a line is at least one row, a row at least 40 characters wide, so 24 Mi of weight are at most 630,000 rows, 12.6 million
 * pixels at 20 px. Chromium draws nothing below 33 million.
 */
export const windowBounds = { maxRecords: 100_000, maxWeight: 24 * 1024 * 1024 } as const;
export type WindowBounds = Readonly<Record<keyof typeof windowBounds, number>>;
export const leastColumns = 40;

function weightOf(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return text.length + lines * leastColumns;
}

/** Dropping moves everything that is left, so it is done rarely: a tenth of the window at once. */
const dropShare = 10;

/** One of the window's entries. Only the last one grows. */
export type Entry = JoinedEntry;

export class RecordWindow {
  /** Sequence of the first record held; where the window began, when it is empty. */
  first: number;
  /** Sequence after the last record held. */
  next: number;
  readonly entries: Entry[] = [];
  readonly counts = new Map<StreamName, number>();
  /** Grows when entries left at the front: whoever derived something starts anew. */
  generation = 0;
  #weight = 0;
  readonly #bounds: WindowBounds;

  constructor(first: number, bounds: WindowBounds = windowBounds) {
    this.first = first;
    this.next = first;
    this.#bounds = bounds;
  }

  isFull(): boolean {
    return this.next - this.first >= this.#bounds.maxRecords || this.#weight >= this.#bounds.maxWeight;
  }

  /** Records must follow on what is held; ones that are held already are skipped. */
  append(records: readonly StreamRecord[]): void {
    const fresh = records.filter((record) => record.seq >= this.next);
    const [head] = fresh;
    const last = fresh.at(-1);
    if (head === undefined || last === undefined) return;
    const joined = joinParts(fresh);
    const open = this.entries.at(-1);
    if (open !== undefined && continues(open, head)) {
      const more = joined.shift();
      if (more !== undefined) {
        open.text += more.text;
        open.lastSeq = more.lastSeq;
      }
    }
    for (const entry of joined) {
      this.entries.push(entry);
      this.counts.set(entry.stream, (this.counts.get(entry.stream) ?? 0) + 1);
    }
    for (const record of fresh) this.#weight += weightOf(record.text);
    this.next = last.seq + 1;
  }

  /** Drops the oldest entries when the window is too large; true when it did. At least the newest entry stays. */
  dropOldest(): boolean {
    if (!this.isFull()) return false;
    const { maxRecords, maxWeight } = this.#bounds;
    const recordsLeft = maxRecords - Math.ceil(maxRecords / dropShare);
    const weightLeft = maxWeight - Math.ceil(maxWeight / dropShare);
    let gone = 0;
    while (gone < this.entries.length - 1) {
      const entry = this.entries[gone];
      if (entry === undefined || (this.next - this.first <= recordsLeft && this.#weight <= weightLeft)) break;
      this.#weight -= weightOf(entry.text);
      this.first = entry.lastSeq + 1;
      this.counts.set(entry.stream, (this.counts.get(entry.stream) ?? 1) - 1);
      gone += 1;
    }
    if (gone === 0) return this.#cutEntry(weightLeft);
    this.entries.splice(0, gone);
    this.generation += 1;
    return true;
  }

  /** One entry alone can outgrow the window (a gigabyte without a line break): its beginning leaves. */
  #cutEntry(weightLeft: number): boolean {
    const [entry] = this.entries;
    if (entry === undefined) return false;
    const weight = weightOf(entry.text);
    if (weight <= weightLeft) return false;
    entry.text = entry.text.slice(entry.text.length - Math.floor((entry.text.length * weightLeft) / weight));
    this.#weight = weightOf(entry.text);
    this.generation += 1;
    return true;
  }
}

function continues(open: Entry, record: StreamRecord): boolean {
  return record.part !== undefined && record.part.index > 0 && open.stream === record.stream && open.lastSeq === record.seq - 1;
}
