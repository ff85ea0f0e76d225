/**
 * What the sandbox says of itself: held here, written to state.json whenever the phase changes, told to whoever follows it at most ten
 * times a second. Counts that change with every record are asked for when a report is made, not pushed.
 */
import { rename, rm, writeFile } from 'node:fs/promises';
import type { SandboxReport } from '../../src-contract/sandbox.ts';

const tellIntervalMs = 100;
/** A file that could not be written is tried again, or an engine that comes later would not find the sandbox for as long as its job runs. */
const writeAgainMs = 2000;

export type LiveFigures = Pick<
  SandboxReport,
  'recordCount' | 'journalBytes' | 'acknowledgedCount' | 'lastRecord' | 'uploadTrouble' | 'oldestWaitingAt'
>;

export interface StateKeeperOptions {
  file: string;
  now: () => Date;
  initial: SandboxReport;
  /** Of the journal and its upload, once there are any. */
  onTroubleWriting: (error: unknown) => void;
}

export class StateKeeper {
  readonly #options: StateKeeperOptions;
  #report: SandboxReport;
  #readLive: (() => LiveFigures) | undefined;
  #tell: ((report: SandboxReport) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #mustWrite = false;
  #again: NodeJS.Timeout | undefined;

  constructor(options: StateKeeperOptions) {
    this.#options = options;
    this.#report = options.initial;
  }

  get report(): SandboxReport {
    return { ...this.#report, ...this.#readLive?.() };
  }

  /** From now on these figures are the journal's. */
  followLive(read: () => LiveFigures): void {
    this.#readLive = read;
  }

  follow(tell: (report: SandboxReport) => void): void {
    this.#tell = tell;
  }

  change(change: Partial<SandboxReport>): void {
    const isNewPhase = change.phase !== undefined && change.phase !== this.#report.phase;
    this.#report = { ...this.#report, ...change, ...(isNewPhase ? { since: this.#options.now().toISOString() } : {}) };
    // The next engine is to know of a question that this one has told.
    if (isNewPhase || change.asking !== undefined) void this.write();
    this.touch();
  }

  /** Something that a report shows has changed. */
  touch(): void {
    this.#timer ??= setTimeout(() => this.#tellNow(), tellIntervalMs);
  }

  /** Resolves when the report as it is now stands in the file. Whole or not at all: it is written beside and renamed. */
  write(): Promise<void> {
    if (!this.#mustWrite) {
      this.#mustWrite = true;
      this.#writing = this.#writing.then(() => this.#writeNow());
    }
    return this.#writing;
  }

  /** Tells the last state; no timer is left. */
  async close(): Promise<void> {
    await this.write();
    this.#tellNow();
    this.#tell = undefined;
    clearTimeout(this.#timer);
    clearTimeout(this.#again);
  }

  #tellNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#tell?.(this.report);
  }

  async #writeNow(): Promise<void> {
    this.#mustWrite = false;
    clearTimeout(this.#again);
    const { file, onTroubleWriting } = this.#options;
    const sibling = `${file}.new`;
    try {
      // Flushed before it gets its name: what a power failure leaves is a whole report, by which the engine finds the job.
      await writeFile(sibling, `${JSON.stringify(this.report)}\n`, { mode: 0o600, flush: true });
      await rename(sibling, file);
    } catch (error) {
      // A full disk must not end the job, nor keep it from its end.
      onTroubleWriting(error);
      this.#again = setTimeout(() => void this.write(), writeAgainMs);
      this.#again.unref();
      await rm(sibling, { force: true }).catch(() => undefined);
    }
  }
}
