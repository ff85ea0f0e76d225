/** The present moment, to the minute, for what is asked for by it. */
import { useCallback, useEffect, useState } from 'react';
import { minuteMs } from './event-range.ts';

/** Goes on while `isGoing`, with the beginning of each minute, and when `refresh` is called. */
export function useMinute(isGoing: boolean): { now: Date; refresh: () => void } {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    if (!isGoing) return;
    let timer: ReturnType<typeof setTimeout>;
    const wait = (): void => {
      timer = setTimeout(
        () => {
          setNow(new Date());
          wait();
        },
        minuteMs - (Date.now() % minuteMs),
      );
    };
    wait();
    return () => clearTimeout(timer);
  }, [isGoing]);
  const refresh = useCallback(() => setNow(new Date()), []);
  return { now, refresh };
}
