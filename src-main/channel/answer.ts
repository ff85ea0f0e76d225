/** Turns what a call came to into an answer: a value, a problem that a user may be told, or `internal` for a mistake of ours. */
import { randomUUID } from 'node:crypto';
import { AppError, type Answer } from '../../src-contract/app-error.ts';
import { describeProblem } from '../../src-contract/problems.ts';

/** Told of every mistake of ours that a call met; the caller of the call only learns the correlation id. */
export type FaultListener = (error: unknown, correlationId: string, call: string) => void;

export async function answerCall<Value>(
  call: string,
  work: () => Promise<Value>,
  onFault: FaultListener,
): Promise<Answer<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof AppError) return { ok: false, problem: error.toProblem() };
    const correlationId = randomUUID();
    onFault(error, correlationId, call);
    return { ok: false, problem: describeProblem('internal', { correlationId }) };
  }
}
