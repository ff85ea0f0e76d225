/** Rows that are chosen: one, or all between two. Pure. */
export interface Selection {
  /** Where choosing began. */
  anchor: number;
  /** Where it went on to: the row that the keys move. */
  head: number;
}

export function rangeOf({ anchor, head }: Selection): { from: number; to: number } {
  return { from: Math.min(anchor, head), to: Math.max(anchor, head) + 1 };
}

export function isSelected(selection: Selection | undefined, index: number): boolean {
  if (selection === undefined) return false;
  const { from, to } = rangeOf(selection);
  return index >= from && index < to;
}

/** A press on a row; with the shift key it goes on from where choosing began. */
export function pressed(before: Selection | undefined, index: number, extends_: boolean): Selection {
  return extends_ && before !== undefined ? { ...before, head: index } : { anchor: index, head: index };
}

const steps: Record<string, number> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: -Infinity,
  End: Infinity,
};

/** undefined: the key moves nothing. */
export function walked(before: Selection | undefined, key: string, extends_: boolean, count: number): Selection | undefined {
  const step = steps[key];
  if (step === undefined || count === 0) return undefined;
  // The first step goes onto the first row, or the last.
  const wanted = before === undefined ? (step === Infinity ? Infinity : 0) : before.head + step;
  return pressed(before, Math.min(count - 1, Math.max(0, wanted)), extends_);
}
