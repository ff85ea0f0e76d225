/**
 * Masks the records of a runtime's host, which are entries of a known length rather than lines. All streams go through one: their order stays,
 * and a secret is found across the border between two records too. Of one that lies across, the first record has the mask.
 */
import type { StreamName } from '../../../src-contract/kinds.ts';
import type { RecordFacts } from '../ports.ts';
import { MaskingStream, type MaskingOptions } from './masking-stream.ts';

export type EntryTarget = (stream: StreamName, piece: Buffer, last: boolean, facts: RecordFacts) => void;

interface Entry {
  stream: StreamName;
  facts: RecordFacts;
  /** Bytes that came and were not given out yet. */
  waiting: number;
  /** Nothing more comes. */
  isWhole: boolean;
}

const nothing = Buffer.alloc(0);

export class EntryMasking {
  readonly #target: EntryTarget;
  readonly #masking: MaskingStream;
  readonly #entries: Entry[] = [];

  constructor({ scan, onLate }: Pick<MaskingOptions, 'scan' | 'onLate'>, target: EntryTarget) {
    this.#target = target;
    this.#masking = new MaskingStream({ scan, onLate, give: (piece, maskedBytes) => this.#give(piece, maskedBytes) });
  }

  text(stream: StreamName, piece: Buffer, last: boolean, facts: RecordFacts): void {
    const open = this.#entries.at(-1);
    if (open === undefined || open.isWhole) this.#entries.push({ stream, facts, waiting: piece.length, isWhole: last });
    else {
      open.waiting += piece.length;
      open.isWhole = last;
      // A value comes with the last piece.
      open.facts = { ...open.facts, ...facts };
    }
    if (piece.length > 0) this.#masking.push(piece);
    this.#endWhole();
  }

  flush(): void {
    this.#masking.flush();
    this.#endWhole();
  }

  #give(piece: Buffer, maskedBytes: number): void {
    if (maskedBytes > 0) {
      this.#endWhole();
      const first = this.#entries[0];
      if (first !== undefined) this.#target(first.stream, piece, false, first.facts);
      this.#pass(maskedBytes, undefined);
    } else this.#pass(piece.length, piece);
  }

  /** Takes so many bytes off the entries, and hands each its part of the piece. */
  #pass(bytes: number, piece: Buffer | undefined): void {
    let at = 0;
    while (at < bytes) {
      this.#endWhole();
      const entry = this.#entries[0];
      if (entry === undefined) throw new Error('more was given out than came in');
      const length = Math.min(entry.waiting, bytes - at);
      entry.waiting -= length;
      if (piece !== undefined) {
        const isLast = entry.waiting === 0 && entry.isWhole;
        this.#target(entry.stream, length === piece.length ? piece : piece.subarray(at, at + length), isLast, entry.facts);
        if (isLast) this.#entries.shift();
      }
      at += length;
    }
  }

  /** Entries of which everything is given out, but for the word that this was all. */
  #endWhole(): void {
    for (let entry = this.#entries[0]; entry?.isWhole === true && entry.waiting === 0; entry = this.#entries[0]) {
      this.#target(entry.stream, nothing, true, entry.facts);
      this.#entries.shift();
    }
  }
}
