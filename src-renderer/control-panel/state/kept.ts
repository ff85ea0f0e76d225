/** What a person chose and finds again: filters and orders of lists, also after the window was closed. */
import { useCallback, useState } from 'react';
import type * as z from 'zod';

/** What cannot be read (another version wrote it) is as if nothing had been kept. */
export function readKept<Value>(storage: Storage, name: string, shape: z.ZodType<Value>, usual: Value): Value {
  try {
    return shape.safeParse(JSON.parse(storage.getItem(name) ?? 'null')).data ?? usual;
  } catch {
    return usual;
  }
}

export function useKept<Value>(name: string, shape: z.ZodType<Value>, usual: Value): [Value, (value: Value) => void] {
  const [value, setValue] = useState(() => readKept(localStorage, name, shape, usual));
  const keep = useCallback(
    (next: Value) => {
      setValue(next);
      localStorage.setItem(name, JSON.stringify(next));
    },
    [name],
  );
  return [value, keep];
}
