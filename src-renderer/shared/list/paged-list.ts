/**
 * A list whose rows lie in the main process: pages of it are read as they come into sight, the ones far from it are let go. It is read
 * again when something happened, unless the reader is looking at older rows: then it stands still and counts what is new.
 */
import type { Answer } from '../../../src-contract/app-error.ts';
import type { Problem } from '../../../src-contract/problems.ts';
import { createObservable, type Observable } from '../observable.ts';

export const rowsPerPage = 200;
const pagesKept = 20;
/** A flood of events is shown this often. */
const readAgainMs = 250;

export interface ReadPage<Row, More> {
  rows: readonly Row[];
  total: number;
  more: More;
}
export type ReadRows<Query, Row, More> = (
  query: Query,
  page: { offset: number; limit: number },
) => Promise<Answer<ReadPage<Row, More>>>;

export interface PagedView<Row, More> {
  /** undefined until the first page is there. */
  total: number | undefined;
  pages: ReadonlyMap<number, readonly Row[]>;
  more: More | undefined;
  problem: Problem | null;
  /** How many rows came since it stands still; null while it goes along. */
  newer: number | null;
  /** Grows when the newest are to be seen again, or something else is asked for: the list begins at its top then. */
  goneAlong: number;
}

export function rowAt<Row>(view: Pick<PagedView<Row, unknown>, 'pages'>, index: number): Row | undefined {
  return view.pages.get(Math.floor(index / rowsPerPage))?.[index % rowsPerPage];
}

export class PagedList<Query, Row, More> {
  readonly view: Observable<PagedView<Row, More>>;
  readonly #view = createObservable<PagedView<Row, More>>({
    total: undefined,
    pages: new Map(),
    more: undefined,
    problem: null,
    newer: null,
    goneAlong: 0,
  });
  readonly #read: ReadRows<Query, Row, More>;
  #query: Query;
  /** Grows when everything read so far is out of date. */
  #turn = 0;
  readonly #turnOfPage = new Map<number, number>();
  #sight = { first: 0, last: 0 };
  #reading = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(query: Query, read: ReadRows<Query, Row, More>) {
    this.#query = query;
    this.#read = read;
    this.view = this.#view;
  }

  /** Rows from `from` up to `to` are in sight. */
  show(from: number, to: number): void {
    this.#sight = { first: Math.floor(from / rowsPerPage), last: Math.floor(Math.max(from, to - 1) / rowsPerPage) };
    void this.#readOn();
  }

  /** Something else is asked for. What is there stays until the answer comes, so that nothing flickers. */
  ask(query: Query): void {
    this.#query = query;
    this.readAgain();
  }

  readAgain(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#turn += 1;
    this.#set({ problem: null });
    void this.#readOn();
  }

  /** `count` rows more are there than were read. */
  grew(count: number): void {
    const { newer } = this.#view.get();
    if (newer !== null) this.#set({ newer: newer + count });
    else this.#timer ??= setTimeout(() => this.readAgain(), readAgainMs);
  }

  /** From now on older rows stay where they are. The query has to leave out what comes. */
  standStill(query: Query): void {
    if (this.#view.get().newer !== null) return;
    this.#query = query;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#set({ newer: 0 });
  }

  goAlong(query: Query): void {
    this.#set({ newer: null, goneAlong: this.#view.get().goneAlong + 1 });
    this.ask(query);
  }

  /** Rows in sight or not: for copying them. */
  async rows(from: number, to: number): Promise<Answer<readonly Row[]>> {
    const rows: Row[] = [];
    while (from + rows.length < to) {
      const offset = from + rows.length;
      const answer = await this.#read(this.#query, { offset, limit: Math.min(rowsPerPage, to - offset) });
      if (!answer.ok) return answer;
      if (answer.value.rows.length === 0) break;
      rows.push(...answer.value.rows);
    }
    return { ok: true, value: rows };
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #set(change: Partial<PagedView<Row, More>>): void {
    this.#view.set({ ...this.#view.get(), ...change });
  }

  /** One page at a time, always the one that is wanted now: scrolling past a thousand pages reads none of them. */
  async #readOn(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      for (let page = this.#wanted(); page !== undefined; page = this.#wanted()) {
        const turn = this.#turn;
        const answer = await this.#read(this.#query, { offset: page * rowsPerPage, limit: rowsPerPage });
        if (turn !== this.#turn) continue;
        if (!answer.ok) {
          this.#set({ problem: answer.problem });
          return;
        }
        this.#take(page, turn, answer.value);
      }
    } finally {
      this.#reading = false;
    }
  }

  #wanted(): number | undefined {
    const { total } = this.#view.get();
    const lastPage = total === undefined ? 0 : Math.max(0, Math.ceil(total / rowsPerPage) - 1);
    const first = Math.min(this.#sight.first, lastPage);
    for (let page = first; page <= Math.min(this.#sight.last, lastPage); page += 1)
      if (this.#turnOfPage.get(page) !== this.#turn) return page;
    return undefined;
  }

  #take(page: number, turn: number, { rows, total, more }: ReadPage<Row, More>): void {
    const pages = new Map(this.#view.get().pages);
    pages.set(page, rows);
    this.#turnOfPage.set(page, turn);
    // What is out of date and out of sight would be wrong when it comes into sight.
    for (const known of [...pages.keys()]) {
      const inSight = known >= this.#sight.first && known <= this.#sight.last;
      if (!inSight && (this.#turnOfPage.get(known) !== turn || pages.size > pagesKept)) {
        pages.delete(known);
        this.#turnOfPage.delete(known);
      }
    }
    this.#set({ pages, total, more, problem: null });
  }
}
