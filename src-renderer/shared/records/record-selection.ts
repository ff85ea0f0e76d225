/**
 * Entries that are chosen, by the sequence of their first records: rows come and go as streams are switched and lines are broken, these
 * stay. Moved by keys over what is shown. Pure.
 */
import type { Selection } from '../list/selection.ts';
import { walked } from '../list/selection.ts';
import type { RecordRows } from './record-rows.ts';
import type { Entry } from './record-window.ts';

export function isChosen(selection: Selection | undefined, { firstSeq }: Pick<Entry, 'firstSeq'>): boolean {
  if (selection === undefined) return false;
  const { anchor, head } = selection;
  return firstSeq >= Math.min(anchor, head) && firstSeq <= Math.max(anchor, head);
}

/** The shown ones of them, as places among all that are shown: from the one, up to the other and without it. */
export function chosenPlaces(rows: RecordRows, selection: Selection | undefined): { from: number; to: number } {
  if (selection === undefined) return { from: 0, to: 0 };
  const { anchor, head } = selection;
  const from = rows.placeOf(Math.min(anchor, head));
  const last = rows.placeOf(Math.max(anchor, head));
  const lastEntry = rows.entry(last);
  return { from, to: lastEntry !== undefined && isChosen(selection, lastEntry) ? last + 1 : last };
}

/** `top`: the row at which somebody looks, where nothing has been chosen yet. undefined: the key moves nothing. */
export function walkedEntries(
  rows: RecordRows,
  before: Selection | undefined,
  { key, shiftKey, top }: { key: string; shiftKey: boolean; top: number },
): Selection | undefined {
  const places = before && { anchor: rows.placeOf(before.anchor), head: rows.placeOf(before.head) };
  const next = walked(places, key, shiftKey, rows.entryCount);
  if (next === undefined) return undefined;
  const begins = places === undefined && (key === 'ArrowDown' || key === 'ArrowUp');
  const head = rows.entry(begins ? rows.placeOfRow(top) : next.head)?.firstSeq;
  if (head === undefined) return undefined;
  // Where choosing began stays, whatever is shown of it.
  return { anchor: shiftKey && before !== undefined ? before.anchor : head, head };
}

export function allEntries(rows: RecordRows): Selection | undefined {
  const first = rows.entry(0);
  const last = rows.entry(rows.entryCount - 1);
  return first === undefined || last === undefined ? undefined : { anchor: first.firstSeq, head: last.firstSeq };
}
