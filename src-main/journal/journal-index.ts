/**
 * Where in a journal a sequence stands: kept in memory, one entry for each `spacingBytes` of file, brought up to date as the file grows.
 * Built from the frames' heads alone; what a page shows is verified when it is read.
 */
import type { FileHandle } from 'node:fs/promises';
import { emptyChain } from '../../src-contract/node/journal-frame.ts';
import type { JournalHeader } from '../../src-contract/sandbox.ts';
import { skimFrames, type SkimEnd, type SkimmedFrame } from './frame-scanner.ts';

/** A gigabyte takes about 4,000 entries of 100 bytes; a page skips at most this much to find its first record. */
const spacingBytes = 256 * 1024;

interface IndexEntry {
  offset: number;
  previous: Buffer;
  /** Sequence of the first record at or behind `offset`. */
  first: number;
}

export type HeaderOf<Kind extends JournalHeader['kind']> = Extract<JournalHeader, { kind: Kind }>;

/** `after`: so many records stood before it. */
export type PlacedDecision = HeaderOf<'decision'> & { after: number };

export class JournalIndex {
  readonly #entries: IndexEntry[] = [];
  #end: SkimEnd = { kind: 'whole', reason: '', offset: 0, chain: emptyChain, fileSize: 0 };
  #refreshing: Promise<void> = Promise.resolve();
  begin: HeaderOf<'begin'> | null = null;
  end: HeaderOf<'end'> | null = null;
  readonly decisions: PlacedDecision[] = [];
  recordCount = 0;
  /** Chain after the last frame that is uploaded (the end frame never is), lower-case hex. */
  chain = emptyChain.toString('hex');
  /** Set for good when a frame turned out to be broken: nothing behind it can be trusted. */
  damaged: string | null = null;

  /** Bytes of whole frames seen so far. */
  get length(): number {
    return this.#end.offset;
  }

  /** Bytes at the end that are no whole frame: being written while the sandbox lives, a torn tail afterwards. */
  get unfinishedBytes(): number {
    return this.#end.fileSize - this.#end.offset;
  }

  /** Looks at what was appended since the last time. Calls beside each other wait for each other. */
  refresh(file: FileHandle): Promise<void> {
    const next = this.#refreshing.then(() => this.#skim(file));
    this.#refreshing = next.catch(() => undefined);
    return next;
  }

  /** The entry to start reading at for `sequence`. */
  entryFor(sequence: number): IndexEntry | undefined {
    let low = 0;
    let high = this.#entries.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#entries[middle]?.first ?? 0) <= sequence) low = middle;
      else high = middle - 1;
    }
    return this.#entries[low];
  }

  async #skim(file: FileHandle): Promise<void> {
    if (this.damaged !== null) return;
    const start = { offset: this.#end.offset, previous: this.#end.chain, verify: false };
    this.#end = await skimFrames(file, start, (frame) => this.#note(frame));
    if (this.#end.kind === 'broken') this.damaged = `${this.#end.reason} at byte ${this.#end.offset}`;
  }

  #note(frame: SkimmedFrame): void {
    const { header } = frame;
    // Where the next look begins, also when this one cannot be finished: nothing is noted twice.
    this.#end = { ...this.#end, offset: frame.offset + frame.length, chain: frame.chain };
    const last = this.#entries.at(-1);
    if (last === undefined || frame.offset - last.offset >= spacingBytes)
      this.#entries.push({ offset: frame.offset, previous: frame.previous, first: this.recordCount });
    if (header.kind !== 'end') this.chain = frame.chain.toString('hex');
    if (header.kind === 'begin') this.begin = header;
    else if (header.kind === 'end') this.end = header;
    else if (header.kind === 'decision') this.decisions.push({ ...header, after: this.recordCount });
    else this.recordCount = header.first + header.count;
  }
}
