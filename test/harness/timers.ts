/**
 * Knows the timers that a test file and the code under test have set, with the line that set each. Node can say how many there
 * are, but not whose: vitest sets and clears its own all the while. It took its functions before these were put in place.
 */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersPromises from 'node:timers/promises';

interface KnownTimer {
  setBy: string;
  isLive: () => boolean;
}

const known = new Map<object, KnownTimer>();
/** Timers that have gone off stay listed until somebody looks; above this number we look ourselves. */
const tidyAbove = 5_000;

/** Only timers that keep the process alive count: one that was unref'd stops nobody. */
export function liveTimers(): Map<object, string> {
  tidy();
  return new Map([...known].map(([timer, { setBy }]) => [timer, setBy]));
}

export function followTimers(): void {
  const setTimeoutFollowed = followed(timers.setTimeout);
  const setIntervalFollowed = followed(timers.setInterval);
  timers.setTimeout = globalThis.setTimeout = setTimeoutFollowed;
  timers.setInterval = globalThis.setInterval = setIntervalFollowed;
  timersPromises.setTimeout = followedPromise(timersPromises.setTimeout);
  syncBuiltinESMExports();
}

/** Keeps what hangs on the function, such as what util.promisify looks for. */
function followed<Set extends typeof timers.setTimeout | typeof timers.setInterval>(set: Set): Set {
  const follow = (...args: Parameters<Set>): NodeJS.Timeout => {
    const timer = Reflect.apply(set, undefined, args) as NodeJS.Timeout & { _destroyed?: boolean };
    remember(timer, () => timer._destroyed !== true && timer.hasRef());
    return timer;
  };
  return Object.defineProperties(follow, Object.getOwnPropertyDescriptors(set)) as unknown as Set;
}

function followedPromise(wait: typeof timersPromises.setTimeout): typeof timersPromises.setTimeout {
  return async <T>(delay?: number, value?: T, options?: Parameters<typeof wait>[2]): Promise<T> => {
    const key = {};
    if (options?.ref !== false) remember(key, () => true);
    try {
      return await wait<T>(delay, value, options);
    } finally {
      known.delete(key);
    }
  };
}

function remember(key: object, isLive: () => boolean): void {
  if (known.size > tidyAbove) tidy();
  const trace: { stack?: string } = {};
  Error.captureStackTrace(trace, remember);
  // The first line is the title, the second our own wrapper. The line's number is the transformed file's, a little off.
  const setBy = trace.stack?.split('\n')[2]?.trim().replace(/^at /, '') ?? 'an unknown line';
  known.set(key, { setBy, isLive });
}

function tidy(): void {
  for (const [key, { isLive }] of known) if (!isLive()) known.delete(key);
}
