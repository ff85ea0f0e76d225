/**
 * Carries a workflow's checkpoints from its host to the service and the service's word back; the files are described in
 * runtimes/powershell/workflow-keeper.ps1. The workflow waits for the answer, because that is what a checkpoint promises.
 * Looks at the folder instead of watching it: not every file system tells, and only a workflow is looked at.
 */
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { maxCheckpointBytes } from '../../src-contract/limits.ts';
import type { CheckpointQuery } from '../../src-contract/jrds.ts';

const lookEveryMs = 50;

export interface Courier {
  /** Made when the runtime was prepared. */
  folder: string;
  /** Resolves when the service has it. Rejects with why it will not take it, and when the attempt is given up. */
  put: (checkpoint: CheckpointQuery & { body: Buffer }) => Promise<void>;
  decide: (text: string) => void;
}

export class CheckpointCourier {
  readonly #courier: Courier;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isLooking = false;
  /** Line of the Suspend-Workflow whose checkpoint the service has. */
  #suspendedAt: number | undefined;

  constructor(courier: Courier) {
    this.#courier = courier;
    this.#timer = setInterval(() => {
      if (this.#isLooking) return;
      this.#isLooking = true;
      this.#looking = this.#look().finally(() => (this.#isLooking = false));
    }, lookEveryMs);
  }

  get suspendedAt(): number | undefined {
    return this.#suspendedAt;
  }

  /** Nothing is taken any more. Safe to call twice. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#looking;
  }

  async #look(): Promise<void> {
    const names = await readdir(this.#courier.folder).catch(() => []);
    for (const name of names) {
      const found = /^(checkpoint|suspend)-(\d{1,9})-line(\d{1,9})\.clixml$/.exec(name);
      if (found === null) continue;
      const [, kind, number, line] = found;
      await this.#carry(name, kind === 'suspend' ? 'suspend' : 'checkpoint', Number(number), Number(line));
    }
  }

  async #carry(name: string, kind: CheckpointQuery['kind'], number: number, line: number): Promise<void> {
    const { folder, put, decide } = this.#courier;
    const file = path.join(folder, name);
    let answer = 'kept';
    try {
      const body = await readFile(file);
      if (body.length > maxCheckpointBytes) throw new Error(`it is larger than ${String(maxCheckpointBytes)} bytes`);
      await put({ kind, line, body });
      if (kind === 'suspend') this.#suspendedAt = line;
      decide(`The checkpoint of line ${String(line)} is on the service (${String(body.length)} bytes).`);
    } catch (error) {
      answer = error instanceof Error ? error.message : String(error);
    }
    await rm(file, { force: true });
    const answerFile = path.join(folder, `answer-${String(number)}`);
    await writeFile(`${answerFile}.part`, answer);
    await rename(`${answerFile}.part`, answerFile);
  }
}
