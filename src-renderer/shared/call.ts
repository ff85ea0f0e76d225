/** Calls from components: what is under way, what was refused. An answer to a call that a newer one replaced is thrown away. */
import { createContext, use, useCallback, useEffect, useRef, useState } from 'react';
import type { Answer } from '../../src-contract/app-error.ts';
import type { Problem } from '../../src-contract/problems.ts';

export interface Action<Arguments extends unknown[], Value> {
  pending: boolean;
  problem: Problem | null;
  /** Answers the value, or undefined when it was refused: then `problem` says why. */
  run(...given: Arguments): Promise<Value | undefined>;
  clear(): void;
}

/** Something that a button does. */
export function useAction<Arguments extends unknown[], Value>(
  act: (...given: Arguments) => Promise<Answer<Value>>,
): Action<Arguments, Value> {
  const [state, setState] = useState<{ pending: boolean; problem: Problem | null }>({ pending: false, problem: null });
  const newest = useRef(0);
  const run = async (...given: Arguments): Promise<Value | undefined> => {
    newest.current += 1;
    const turn = newest.current;
    setState({ pending: true, problem: null });
    const answer = await act(...given);
    if (turn === newest.current) setState({ pending: false, problem: answer.ok ? null : answer.problem });
    return answer.ok ? answer.value : undefined;
  };
  return { ...state, run, clear: () => setState({ pending: false, problem: null }) };
}

/** Grows when a worker that was gone is there again: what was read of it before is out of date. */
export const ReturnsContext = createContext(0);

/** Calls back at each return. */
export function useReturn(onReturn: () => void): void {
  const returns = use(ReturnsContext);
  const seen = useRef(returns);
  useEffect(() => {
    if (seen.current === returns) return;
    seen.current = returns;
    onReturn();
  }, [returns, onReturn]);
}

export type Reading<Value> = { status: 'reading' } | { status: 'known'; value: Value } | { status: 'failed'; problem: Problem };

/**
 * Something that a page shows, read at its start and whenever `key` changes. While it is read again the old value stays, so that
 * nothing flickers; a failure replaces it.
 */
export function useReading<Value>(
  read: () => Promise<Answer<Value>>,
  key: string | number,
): { reading: Reading<Value>; readAgain: () => void } {
  const [reading, setReading] = useState<Reading<Value>>({ status: 'reading' });
  const [turn, setTurn] = useState(0);
  const latest = useRef(read);
  useEffect(() => {
    latest.current = read;
  });
  useEffect(() => {
    let over = false;
    void latest.current().then((answer) => {
      if (over) return;
      setReading(answer.ok ? { status: 'known', value: answer.value } : { status: 'failed', problem: answer.problem });
    });
    return () => {
      over = true;
    };
  }, [key, turn]);
  const readAgain = useCallback(() => setTurn((before) => before + 1), []);
  useReturn(readAgain);
  return { reading, readAgain };
}
