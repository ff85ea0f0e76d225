/** Counts as people read them: `1 job`, `2 jobs`, `1,284 jobs`. */
export const counts = new Intl.NumberFormat('en-GB');

export function many(count: number, one: string, more = `${one}s`): string {
  return `${counts.format(count)} ${count === 1 ? one : more}`;
}

/**
 * `sequence 3`, `sequence 3 to 4`: which records, by the number that they have in the journal, over REST and on a terminal. The first of an
 * attempt has 0. Without separators, as it is there.
 */
export function sequences(first: number, last: number): string {
  return `sequence ${String(first)}${first === last ? '' : ` to ${String(last)}`}`;
}
