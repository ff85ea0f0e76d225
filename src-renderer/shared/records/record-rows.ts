/**
 * Which rows a screen has for the entries of a record window: streams switched off and a search leave entries out, line breaks and
 * wrapping give an entry several rows. Every row is equally high, so a hundred thousand need no measuring and the scrollbar tells
 * the truth. Works off what was appended; starts anew only when the choice, the width or the window's front changes.
 */
import type { StreamName } from '../../../src-contract/kinds.ts';
import { countRows, drawnLine, splitLines, wrapLine } from './line-cells.ts';
import type { Entry, RecordWindow } from './record-window.ts';

export interface RowChoice {
  hidden: ReadonlySet<StreamName>;
  /** Lower-case; empty: everything. */
  search: string;
  /** Cells a row has when wrapping; null: lines stay whole. */
  columns: number | null;
}

export interface Row {
  entry: Entry;
  /** First row of its entry: carries time and stream. */
  leads: boolean;
  text: string;
  /** No text of the entry: so many records are missing before it, the first of them with that sequence. */
  missing?: { first: number; count: number };
}

export class RecordRows {
  readonly #window: RecordWindow;
  readonly #choice: RowChoice;
  #generation: number;
  #seen = 0;
  #lastSeq = -1;
  /** Entries shown, and for each the number of rows before it; one more at the end: the number of all rows. */
  #shown: Entry[] = [];
  #starts: number[] = [0];
  #cut: { entry: Entry; length: number; rows: string[] } | undefined;
  #longest = 0;
  /** Of entries before which records are missing: how many. They have a row more. */
  readonly #missing = new WeakMap<Entry, number>();

  constructor(window: RecordWindow, choice: RowChoice) {
    this.#window = window;
    this.#choice = choice;
    this.#generation = window.generation;
    this.update();
  }

  get rowCount(): number {
    return this.#starts.at(-1) ?? 0;
  }

  get entryCount(): number {
    return this.#shown.length;
  }

  /** Characters of the longest line so far: how far to scroll sideways when lines stay whole. */
  get longestLine(): number {
    return this.#longest;
  }

  /** Takes in what was appended since the last time. */
  update(): void {
    if (this.#generation !== this.#window.generation) this.#startAnew();
    const { entries } = this.#window;
    const last = entries[this.#seen - 1];
    // Only the last entry grows: it is looked at again.
    if (last !== undefined && last.lastSeq !== this.#lastSeq) {
      this.#seen -= 1;
      if (this.#shown.at(-1) === last) {
        this.#shown.pop();
        this.#starts.pop();
      }
    }
    for (; this.#seen < entries.length; this.#seen += 1) {
      const entry = entries[this.#seen];
      if (entry !== undefined && this.#isShown(entry)) this.#add(entry, entries[this.#seen - 1]);
    }
    this.#lastSeq = entries.at(-1)?.lastSeq ?? -1;
  }

  row(index: number): Row | undefined {
    const position = this.#positionOf(index);
    const entry = this.#shown[position];
    const start = this.#starts[position];
    if (entry === undefined || start === undefined) return undefined;
    const missing = this.#missing.get(entry);
    const first = missing === undefined ? start : start + 1;
    if (index < first && missing !== undefined) {
      return { entry, leads: false, text: '', missing: { first: entry.firstSeq - missing, count: missing } };
    }
    const text = this.#rowsOf(entry)[index - first];
    return text === undefined ? undefined : { entry, leads: index === first, text };
  }

  /** Of those that are shown. */
  entry(place: number): Entry | undefined {
    return this.#shown[place];
  }

  missingBefore(entry: Entry): number {
    return this.#missing.get(entry) ?? 0;
  }

  /** Of the entry that the row shows. */
  placeOfRow(row: number): number {
    return this.#positionOf(row);
  }

  /** The rows of an entry: from the one, up to the other and without it. */
  rowsOfPlace(place: number): { from: number; to: number } {
    return { from: this.#starts[place] ?? this.rowCount, to: this.#starts[place + 1] ?? this.rowCount };
  }

  /** The row that shows the record, or the first one after it: how a place is kept when the choice changes. */
  rowOfSequence(sequence: number): number {
    return this.#starts[this.placeOf(sequence)] ?? 0;
  }

  /** Among the entries that are shown: of the one that holds the record, or of the first one after it. */
  placeOf(sequence: number): number {
    let low = 0;
    let high = this.#shown.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#shown[middle]?.lastSeq ?? Infinity) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #startAnew(): void {
    this.#generation = this.#window.generation;
    this.#seen = 0;
    this.#lastSeq = -1;
    this.#shown = [];
    this.#starts = [0];
    this.#cut = undefined;
  }

  #isShown(entry: Entry): boolean {
    const { hidden, search } = this.#choice;
    return !hidden.has(entry.stream) && (search === '' || entry.text.toLowerCase().includes(search));
  }

  #add(entry: Entry, before: Entry | undefined): void {
    const { columns } = this.#choice;
    const missing = entry.firstSeq - (before === undefined ? this.#window.first : before.lastSeq + 1);
    if (missing > 0) this.#missing.set(entry, missing);
    let rows = missing > 0 ? 1 : 0;
    for (const line of splitLines(entry.text)) {
      rows += columns === null ? 1 : countRows(line, columns);
      if (line.length > this.#longest) this.#longest = line.length;
    }
    this.#shown.push(entry);
    this.#starts.push(this.rowCount + rows);
  }

  #positionOf(row: number): number {
    let low = 0;
    let high = this.#shown.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle + 1] ?? Infinity) <= row) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The rows of the entry that was asked for last are kept: neighbours are asked for one after the other. */
  #rowsOf(entry: Entry): string[] {
    if (this.#cut?.entry === entry && this.#cut.length === entry.text.length) return this.#cut.rows;
    const { columns } = this.#choice;
    const lines = splitLines(entry.text).map(drawnLine);
    const rows = columns === null ? lines : lines.flatMap((line) => wrapLine(line, columns));
    this.#cut = { entry, length: entry.text.length, rows };
    return rows;
  }
}
