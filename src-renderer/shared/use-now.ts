/**
 * The present moment for what shows durations and "ago". One timer for the whole window, only while something shows a time and
 * somebody can see it: a hidden window costs nothing.
 */
import { useSyncExternalStore } from 'react';

const tickMs = 1000;
let now = new Date();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function tick(): void {
  now = new Date();
  for (const listener of [...listeners]) listener();
}

function setTimer(): void {
  const wanted = listeners.size > 0 && !document.hidden;
  if (wanted && timer === undefined) {
    tick();
    timer = setInterval(tick, tickMs);
  } else if (!wanted && timer !== undefined) {
    clearInterval(timer);
    timer = undefined;
  }
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) document.addEventListener('visibilitychange', setTimer);
  listeners.add(listener);
  setTimer();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) document.removeEventListener('visibilitychange', setTimer);
    setTimer();
  };
}

/** Renders again each second. */
export function useNow(): Date {
  return useSyncExternalStore(subscribe, () => now);
}
