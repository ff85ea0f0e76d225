/**
 * Masks secrets in a stream of bytes that comes in pieces. An end that may be the beginning of a secret waits for what follows, but at most
 * `maxWaitMs`: then it is given out, and of a secret that turns out to have begun there, the rest is still masked.
 */
import type { Match, Scan } from './secret-scanner.ts';

/** A reader must not wait longer for a record's last bytes. */
const maxWaitMs = 100;
const mask = Buffer.from('***');
const nothing = Buffer.alloc(0);

export interface MaskingOptions {
  /** Undefined while there is no secret. Asked for each piece: a job learns secrets as it goes. */
  scan: (bytes: Buffer) => Scan | undefined;
  /** A piece of the stream, or a mask for so many of its bytes. */
  give: (piece: Buffer, maskedBytes: number) => void;
  /** What waited is given out now, between two pushes. */
  onLate: (giveAll: () => void) => void;
}

export class MaskingStream {
  readonly #options: MaskingOptions;
  /** The end of the stream so far, from where a secret may have begun. */
  #kept: Buffer = nothing;
  /** So much of it has been given out. */
  #given = 0;
  /** Place in the stream of what waits, while a timer runs for it. */
  #waitingAt = 0;
  /** Place in the stream of the first kept byte. */
  #offset = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MaskingOptions) {
    this.#options = options;
  }

  get isWaiting(): boolean {
    return this.#kept.length > this.#given;
  }

  push(piece: Buffer): void {
    const all = this.#kept.length === 0 ? piece : Buffer.concat([this.#kept, piece]);
    const scan = this.#options.scan(all);
    if (scan === undefined) {
      this.#options.give(piece, 0);
      return;
    }
    const { matches, hold, context } = scan;
    // What was given out cannot wait again.
    const upTo = Math.max(hold, this.#given);
    this.#give(all, matches, this.#given, upTo);
    this.#keep(all.subarray(context), upTo - context, this.#offset + context);
  }

  /** Gives out what waits. The rest of a secret that began in it is still known as such. */
  flush(): void {
    if (!this.isWaiting) return;
    const { matches } = this.#options.scan(this.#kept) ?? { matches: [] };
    this.#give(this.#kept, matches, this.#given, this.#kept.length);
    this.#keep(this.#kept, this.#kept.length, this.#offset);
  }

  #keep(bytes: Buffer, given: number, offset: number): void {
    this.#kept = bytes.length === 0 ? nothing : bytes;
    this.#given = given;
    this.#offset = offset;
    const waitsAt = offset + given;
    if (!this.isWaiting || (this.#timer !== undefined && this.#waitingAt !== waitsAt)) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    if (!this.isWaiting) return;
    this.#waitingAt = waitsAt;
    this.#timer ??= setTimeout(() => {
      this.#options.onLate(() => this.flush());
    }, maxWaitMs);
  }

  #give(bytes: Buffer, matches: readonly Match[], from: number, to: number): void {
    const { give } = this.#options;
    let at = from;
    for (const { start, end } of matches) {
      if (end <= at) continue;
      if (start >= to) break;
      if (start > at) give(bytes.subarray(at, start), 0);
      const stop = Math.min(end, to);
      const begins = Math.max(start, at);
      give(mask, stop - begins);
      at = stop;
    }
    if (at < to) give(at === 0 && to === bytes.length ? bytes : bytes.subarray(at, to), 0);
  }
}

/** A whole text, with nothing to follow. */
export function maskText(text: string, scan: (bytes: Buffer) => Scan | undefined): string {
  const bytes = Buffer.from(text, 'utf8');
  const { matches } = scan(bytes) ?? { matches: [] };
  if (matches.length === 0) return text;
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end } of matches) {
    pieces.push(bytes.subarray(at, start), mask);
    at = end;
  }
  return Buffer.concat([...pieces, bytes.subarray(at)]).toString('utf8');
}
