/** Counts as people read them: `1 job`, `2 jobs`, `1,284 jobs`. */
export const counts = new Intl.NumberFormat('en-GB');

export function many(count: number, one: string, more = `${one}s`): string {
  return `${counts.format(count)} ${count === 1 ? one : more}`;
}
