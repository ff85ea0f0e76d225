/** A value that changes and tells those who watch. The whole of our state handling: React reads it by `useObservable`. */
import { useSyncExternalStore } from 'react';

export interface Observable<Value> {
  get: () => Value;
  subscribe: (listener: () => void) => () => void;
}

export interface WritableObservable<Value> extends Observable<Value> {
  set: (value: Value) => void;
}

export function createObservable<Value>(initial: Value): WritableObservable<Value> {
  let current = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useObservable<Value>(observable: Observable<Value>): Value {
  return useSyncExternalStore(observable.subscribe, observable.get);
}
