/**
 * Ended jobs of one outcome, or of all: a page at a time as the reader of the page goes on, and the newest ones again when jobs have
 * ended meanwhile. One read at a time.
 */
import type { Answer } from '../../../../src-contract/app-error.ts';
import type { EngineValue, JobView } from '../../../../src-contract/engine-calls.ts';
import type { Problem } from '../../../../src-contract/problems.ts';
import { createObservable, type Observable } from '../../../shared/observable.ts';
import { nextBefore, withPage } from './history-list.ts';

export type ReadJobs = (limit: number, before: string | null) => Promise<Answer<EngineValue<'jobs:list'>>>;

export interface HistoryView {
  jobs: readonly JobView[];
  /** Where to go on; undefined before the first page, null at the end. */
  before: string | null | undefined;
  problem: Problem | null;
}

const pageSize = 200;
/** The largest that the contract allows: for when everything is wanted. */
const largestPage = 500;

export class HistoryReader {
  readonly view: Observable<HistoryView>;
  readonly #view = createObservable<HistoryView>({ jobs: [], before: undefined, problem: null });
  readonly #read: ReadJobs;
  #reading: Promise<void> | undefined;
  #wantsAll = false;

  constructor(read: ReadJobs) {
    this.#read = read;
    this.view = this.#view;
  }

  loadMore(): void {
    this.#start(pageSize);
  }

  /** Every page there is: only then can they be told in another order than the newest first. */
  loadAll(): void {
    this.#wantsAll = true;
    this.#start(largestPage);
  }

  /** Jobs have ended, or were confirmed: the newest page again. */
  refresh(): void {
    if (this.#view.get().before === undefined) return;
    void this.#read(pageSize, null).then((answer) => {
      const view = this.#view.get();
      if (answer.ok) this.#view.set({ ...view, jobs: withPage(view.jobs, answer.value.jobs) });
    });
  }

  #start(limit: number): void {
    if (this.#view.get().before === null) return;
    this.#reading ??= this.#readPage(limit).finally(() => {
      this.#reading = undefined;
      if (this.#wantsAll && this.#view.get().problem === null) this.#start(largestPage);
    });
  }

  async #readPage(limit: number): Promise<void> {
    const answer = await this.#read(limit, this.#view.get().before ?? null);
    const view = this.#view.get();
    if (!answer.ok) {
      this.#view.set({ ...view, problem: answer.problem });
      return;
    }
    const { jobs } = answer.value;
    this.#view.set({ jobs: withPage(view.jobs, jobs), before: nextBefore(jobs, limit), problem: null });
  }
}
