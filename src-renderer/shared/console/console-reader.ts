/**
 * Follows a running job's console: asks for what is newer than what it has, and is answered when there is something. Ends by itself when
 * there is no console any more.
 */
import type { Answer } from '../../../src-contract/app-error.ts';
import type { EngineValue } from '../../../src-contract/engine-calls.ts';
import type { Problem } from '../../../src-contract/problems.ts';
import { createObservable, type Observable } from '../observable.ts';

type Piece = NonNullable<EngineValue<'jobs:console'>['piece']>;

export interface ConsoleTarget {
  /** `isGap`: what stood before it is not kept any more. */
  write(bytes: Uint8Array, size: { columns: number; rows: number }, isGap: boolean): void;
}

export interface ConsoleStanding {
  status: 'reading' | 'following' | 'over' | 'failed';
  problem: Problem | null;
  /** Bytes that came so far. */
  next: number;
  /** The beginning was no longer kept. */
  isCut: boolean;
}

export class ConsoleReader {
  readonly standing: Observable<ConsoleStanding>;
  readonly #standing = createObservable<ConsoleStanding>({ status: 'reading', problem: null, next: 0, isCut: false });
  readonly #read: (from: number) => Promise<Answer<EngineValue<'jobs:console'>>>;
  #turn = 0;

  constructor(read: (from: number) => Promise<Answer<EngineValue<'jobs:console'>>>) {
    this.#read = read;
    this.standing = this.#standing;
  }

  /** From the first byte that is kept. Another `open` takes its place. */
  open(target: ConsoleTarget): void {
    this.#turn += 1;
    this.#change({ status: 'reading', problem: null, next: 0, isCut: false });
    void this.#follow(target, this.#turn);
  }

  close(): void {
    this.#turn += 1;
  }

  async #follow(target: ConsoleTarget, turn: number): Promise<void> {
    for (;;) {
      const answer = await this.#read(this.#standing.get().next);
      if (turn !== this.#turn) return;
      if (!answer.ok) {
        this.#change({ status: 'failed', problem: answer.problem });
        return;
      }
      const { piece } = answer.value;
      if (piece === null) {
        this.#change({ status: 'over' });
        return;
      }
      this.#take(target, piece);
    }
  }

  #take(target: ConsoleTarget, piece: Piece): void {
    const { next: known, isCut } = this.#standing.get();
    const isGap = piece.from > known;
    const bytes = Uint8Array.from(atob(piece.bytes), (character) => character.charCodeAt(0));
    target.write(bytes, { columns: piece.columns, rows: piece.rows }, isGap && known > 0);
    this.#change({ status: 'following', next: piece.next, isCut: isCut || isGap });
  }

  #change(change: Partial<ConsoleStanding>): void {
    this.#standing.set({ ...this.#standing.get(), ...change });
  }
}
