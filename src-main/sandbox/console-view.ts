/** What a runtime has written to its console, for people who look on: bytes with their control sequences, the newest of them. No records. */
import { stripVTControlCharacters } from 'node:util';

const keptBytes = 256 * 1024;
/** So much of it goes into a sentence about how a runtime ended. */
const tailCharacters = 2000;

export interface ConsolePiece {
  /** Counted from the first byte ever written. More than was asked for where the beginning is no longer kept. */
  from: number;
  next: number;
  bytes: Buffer;
}

export class ConsoleView {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #next = 0;
  #onGrown: (() => void) | undefined;

  /** Bytes written so far: the place that the next one gets. */
  get next(): number {
    return this.#next;
  }

  follow(onGrown: () => void): void {
    this.#onGrown = onGrown;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#next += chunk.length;
    // Cut when twice as much is there, so that single characters do not each move the whole.
    if (this.#bytes > 2 * keptBytes || this.#chunks.length > 4096) {
      const kept = Buffer.from(Buffer.concat(this.#chunks).subarray(-keptBytes));
      this.#chunks = [kept];
      this.#bytes = kept.length;
    }
    this.#onGrown?.();
  }

  read(from: number): ConsolePiece {
    const all = Buffer.concat(this.#chunks);
    const kept = all.subarray(-keptBytes);
    const first = this.#next - kept.length;
    const start = Math.min(Math.max(from, first), this.#next);
    return { from: start, next: this.#next, bytes: kept.subarray(start - first) };
  }

  /** The last lines as plain text. */
  get tail(): string {
    const text = stripVTControlCharacters(this.read(0).bytes.toString('utf8')).replaceAll('\r', '');
    if (text.length <= tailCharacters) return text;
    const end = text.slice(-tailCharacters);
    // The beginning is most likely the middle of a line.
    return end.slice(end.indexOf('\n') + 1);
  }
}
