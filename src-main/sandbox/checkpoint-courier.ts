/**
 * Carries a workflow's checkpoints from its host to the service and the service's word back; the files are described in
 * runtimes/powershell/workflow-keeper.ps1. The workflow waits for the answer, because that is what a checkpoint promises.
 * Looks at the folder instead of watching it: not every file system tells, and only a workflow is looked at.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { open, readdir, rename, rm, writeFile } from 'node:fs/promises';
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
  /**
   * The folder may belong to another user than ours, who could put a link in its place: on Linux it is held open from before that user
   * runs anything, and gone through by that.
   */
  readonly #held: number | undefined;
  readonly #folder: string;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isLooking = false;
  /** What the workflow waits for, by checkpoint: written again at each look until it is there (a full disk, say). */
  readonly #answers = new Map<number, string>();
  /** Line of the Suspend-Workflow whose checkpoint the service has. */
  #suspendedAt: number | undefined;

  constructor(courier: Courier) {
    this.#courier = courier;
    this.#held = process.platform === 'linux' ? openSync(courier.folder, constants.O_RDONLY | constants.O_DIRECTORY) : undefined;
    this.#folder = this.#held === undefined ? courier.folder : `/proc/self/fd/${String(this.#held)}`;
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
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#looking;
    if (this.#held !== undefined) closeSync(this.#held);
  }

  async #look(): Promise<void> {
    await this.#giveAnswers();
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      const found = /^(checkpoint|suspend)-(\d{1,9})-line(\d{1,9})\.clixml$/.exec(name);
      if (found === null) continue;
      const [, kind, number, line] = found;
      await this.#carry(name, kind === 'suspend' ? 'suspend' : 'checkpoint', Number(number), Number(line));
    }
  }

  async #carry(name: string, kind: CheckpointQuery['kind'], number: number, line: number): Promise<void> {
    const { put, decide } = this.#courier;
    const file = path.join(this.#folder, name);
    let answer = 'kept';
    try {
      const body = await readOwnFile(file);
      await put({ kind, line, body });
      if (kind === 'suspend') this.#suspendedAt = line;
      decide(`The checkpoint of line ${String(line)} is on the service (${String(body.length)} bytes).`);
    } catch (error) {
      answer = error instanceof Error ? error.message : String(error);
    }
    this.#answers.set(number, answer);
    await rm(file, { force: true, recursive: true }).catch(() => undefined);
    await this.#giveAnswers();
  }

  async #giveAnswers(): Promise<void> {
    for (const [number, answer] of this.#answers) {
      if (await this.#giveAnswer(number, answer)) this.#answers.delete(number);
    }
  }

  /** False: not this time. */
  async #giveAnswer(number: number, answer: string): Promise<boolean> {
    const answerFile = path.join(this.#folder, `answer-${String(number)}`);
    try {
      // A new file: nothing that somebody has put there is written to.
      await rm(`${answerFile}.part`, { force: true, recursive: true });
      await writeFile(`${answerFile}.part`, answer, { flag: 'wx' });
      await rename(`${answerFile}.part`, answerFile);
      return true;
    } catch {
      return false;
    }
  }
}

/** A link, or a second name of a file elsewhere, could make us tell the service what the runbook may not read itself. */
async function readOwnFile(file: string): Promise<Buffer> {
  const handle = await open(
    file,
    constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK),
  );
  try {
    const facts = await handle.stat();
    if (!facts.isFile() || facts.nlink > 1) throw new Error('it is no file of its own');
    if (facts.size > maxCheckpointBytes) throw new Error(`it is larger than ${String(maxCheckpointBytes)} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
