/** Pages of lists. A cursor is the key of the page's last item: what is added or removed meanwhile neither repeats nor hides others. */
import { AppError } from '../../src-contract/app-error.ts';

export interface Page<Item> {
  value: Item[];
  next: string | null;
}

export interface PageRequest {
  limit: number;
  after?: string | undefined;
}

/** For lists that are small enough to be read whole. `items` are put in the order of their keys. */
export function pageByKey<Item>(items: readonly Item[], request: PageRequest, keyOf: (item: Item) => string): Page<Item> {
  const { after } = request;
  const sorted = items.map((item) => ({ item, key: keyOf(item) })).sort((one, other) => (one.key < other.key ? -1 : 1));
  const rest = after === undefined ? sorted : sorted.filter(({ key }) => key > after);
  const page = rest.slice(0, request.limit);
  return { value: page.map(({ item }) => item), next: rest.length > page.length ? (page.at(-1)?.key ?? null) : null };
}

/** Cursors of two numbers or a number and an id: `<number><separator><rest>`. */
export function readCursor(after: string, separator: '/' | '.', where = 'after'): [number, string] {
  const at = after.indexOf(separator);
  const first = Number(after.slice(0, at));
  if (at < 1 || !Number.isSafeInteger(first)) throw noCursor(where);
  return [first, after.slice(at + 1)];
}

export function noCursor(where = 'after'): AppError {
  return new AppError('request-invalid', { where, reason: 'it is no cursor of this list' });
}
