/**
 * koffi, read when it is first needed and not before: on Linux a sandbox makes no call of it, and on Windows much that has no need of it
 * starts quicker. A single executable finds it in `node_modules` beside itself.
 */
import { createRequire } from 'node:module';
import type koffi from 'koffi';

export type NativeCalls = typeof koffi;

/** What is made at the first call, and kept. */
export function lazily<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

export const nativeCalls = lazily(() => createRequire(import.meta.url)('koffi') as NativeCalls);
