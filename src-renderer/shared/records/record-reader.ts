/**
 * Reads an attempt's records page by page into a record window and keeps up with a running job. One read at a time; says after
 * each that something changed. While the reader of the page follows, the oldest records make room; while they look around, a full
 * window stays as it is and the newer records wait.
 */
import type { Answer } from '../../../src-contract/app-error.ts';
import type { EngineValue } from '../../../src-contract/engine-calls.ts';
import type { Problem } from '../../../src-contract/problems.ts';
import { createObservable, type Observable } from '../observable.ts';
import { RecordWindow, windowBounds, type WindowBounds } from './record-window.ts';

export type RecordPage = EngineValue<'jobs:records'>;
export type ReadRecords = (from: number, limit: number) => Promise<Answer<RecordPage>>;

/** The largest page that the contract allows: 50 calls for a full window. */
const pageRecords = 2000;

export interface RecordView {
  window: RecordWindow;
  /** `reading` until the window has caught up with the journal for the first time, or again after a jump. */
  status: 'reading' | 'current' | 'failed';
  problem: Problem | null;
  /** What the journal holds. */
  recordCount: number;
  /** What is wrong with the journal, in words. */
  damaged: string | null;
  following: boolean;
}

export class RecordReader {
  readonly view: Observable<RecordView>;
  readonly #view: ReturnType<typeof createObservable<RecordView>>;
  readonly #read: ReadRecords;
  readonly #bounds: WindowBounds;
  #reading: Promise<void> | undefined;
  #closed = false;

  /** `following`: at the end, where a running job writes. Otherwise from the first record on. */
  constructor(read: ReadRecords, start: { recordCount: number; following: boolean }, bounds: WindowBounds = windowBounds) {
    this.#read = read;
    this.#bounds = bounds;
    const first = start.following ? this.#tailOf(start.recordCount) : 0;
    this.#view = createObservable<RecordView>({
      window: new RecordWindow(first, bounds),
      status: 'reading',
      problem: null,
      recordCount: start.recordCount,
      damaged: null,
      following: start.following,
    });
    this.view = this.#view;
  }

  open(): void {
    this.#closed = false;
    this.#start();
  }

  /** The job wrote more. */
  notice(recordCount: number): void {
    const view = this.#view.get();
    if (recordCount <= view.recordCount) return;
    this.#change({ recordCount });
    this.#start();
  }

  follow(following: boolean): void {
    const view = this.#view.get();
    if (view.following === following) return;
    const tail = this.#tailOf(view.recordCount);
    // What lies between is more than the window holds: go there at once instead of reading all of it.
    if (following && view.window.next < tail) this.#change({ window: new RecordWindow(tail, this.#bounds), following });
    else this.#change({ following });
    this.#start();
  }

  /** Reads anew from another record on, and stays there. */
  goTo(first: number): void {
    this.#change({
      window: new RecordWindow(Math.max(0, first), this.#bounds),
      status: 'reading',
      following: false,
      problem: null,
    });
    this.#start();
  }

  /** A full window with newer records beyond it: its end is not the end of what there is. */
  isHeldBack(): boolean {
    const { window, recordCount } = this.#view.get();
    return window.isFull() && window.next < recordCount;
  }

  tryAgain(): void {
    this.#change({ status: 'reading', problem: null });
    this.#start();
  }

  close(): void {
    this.#closed = true;
  }

  /** Where to begin so that the end is in the window; with some room, so that the next record does not fill it. */
  #tailOf(recordCount: number): number {
    const { maxRecords } = this.#bounds;
    return recordCount <= maxRecords ? 0 : recordCount - maxRecords + Math.ceil(maxRecords / 10);
  }

  #change(change: Partial<RecordView>): void {
    this.#view.set({ ...this.#view.get(), ...change });
  }

  #wantsMore(): boolean {
    const { window, recordCount, following, problem } = this.#view.get();
    return !this.#closed && problem === null && window.next < recordCount && (following || !window.isFull());
  }

  #start(): void {
    this.#reading ??= this.#readOn().finally(() => {
      this.#reading = undefined;
      if (this.#wantsMore()) this.#start();
    });
  }

  async #readOn(): Promise<void> {
    while (this.#wantsMore()) {
      const { window, recordCount } = this.#view.get();
      const answer = await this.#read(window.next, pageRecords);
      // A jump while this page was under way: it belongs to a window that nobody shows any more.
      if (this.#closed || this.#view.get().window !== window) continue;
      if (!answer.ok) {
        this.#change({ status: 'failed', problem: answer.problem });
        return;
      }
      this.#take(window, answer.value, recordCount);
    }
    if (!this.#closed && this.#view.get().status === 'reading') this.#change({ status: 'current' });
  }

  #take(window: RecordWindow, page: RecordPage, expected: number): void {
    window.append(page.records);
    if (this.#view.get().following) window.dropOldest();
    const known = this.#view.get().recordCount;
    // A page without progress would be asked for for ever (a damaged journal ends early): unless more was told of meanwhile, what is
    // here is all there is.
    const isStuck = page.records.length === 0 && known === expected;
    this.#change({ recordCount: isStuck ? window.next : Math.max(page.recordCount, known), damaged: page.damaged });
  }
}
