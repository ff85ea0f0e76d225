/** What running jobs use: asked for every few seconds while a page shows it and somebody can see the window. */
import { useEffect, useRef, useState } from 'react';
import { useNow } from '../../shared/use-now.ts';
import { knownUntil, withUsage, type UsageHistory } from '../../shared/usage-history.ts';
import { useServices } from './services.ts';

const askEveryMs = 2_000;

/** Of one job, or of all (null). `isWanted`: whether there is anything to ask for. */
export function useUsage(sandboxId: string | null, isWanted: boolean): UsageHistory {
  const { bridge } = useServices();
  const [history, setHistory] = useState<UsageHistory>(new Map());
  const known = useRef<UsageHistory>(history);
  const turn = Math.floor(useNow().getTime() / askEveryMs);
  useEffect(() => {
    if (!isWanted) return;
    let over = false;
    void bridge.call('jobs:usage', { sandboxId, since: knownUntil(known.current) }).then((answer) => {
      if (over || !answer.ok) return;
      known.current = withUsage(known.current, answer.value.jobs);
      setHistory(known.current);
    });
    return () => {
      over = true;
    };
  }, [bridge, sandboxId, isWanted, turn]);
  return history;
}
