/**
 * What the next call for work has to bring (`HRW-Turn`). It is on disk before it is used: a copy of this disk falls behind us, or we behind
 * it, and the service notices. Where it cannot be written the last one is brought again, which the service takes for a lost answer.
 */
import { readTextFile, writePrivateFile } from '../storage/private-files.ts';

export class WorkerTurn {
  private readonly file: string;
  private readonly onTrouble: (error: unknown) => void;
  private known: { turn: string | undefined } | undefined;

  constructor(file: string, onTrouble: (error: unknown) => void) {
    this.file = file;
    this.onTrouble = onTrouble;
  }

  async read(): Promise<string | undefined> {
    this.known ??= { turn: (await readTextFile(this.file))?.trim() };
    return this.known.turn;
  }

  async keep(turn: string | undefined): Promise<void> {
    if (turn === undefined) return;
    try {
      await writePrivateFile(this.file, turn);
      this.known = { turn };
    } catch (error) {
      this.onTrouble(error);
    }
  }

  /** Another registration, or none: the file has gone. */
  forget(): void {
    this.known = undefined;
  }
}
