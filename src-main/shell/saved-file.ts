/** A file that a person asked for: what it holds is read from the worker piece by piece, and it takes its place when it is whole. */
import { open, rename, rm } from 'node:fs/promises';
import { AppError } from '../../src-contract/app-error.ts';
import type { EngineArguments, EngineCallName, EngineValue } from '../../src-contract/engine-calls.ts';
import type { Problem } from '../../src-contract/problems.ts';
import type { SteadyWorker } from './worker-connection.ts';

export type AskedWorker = Pick<SteadyWorker, 'call'>;

/** The worker's own refusal, for the window to show as it is. */
export class RefusedByWorker extends Error {
  override readonly name = 'RefusedByWorker';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

/** Throws RefusedByWorker. */
export async function ask<Name extends EngineCallName>(
  worker: AskedWorker,
  name: Name,
  given: EngineArguments<Name>,
): Promise<EngineValue<Name>> {
  const answer = await worker.call(name, given);
  if (!answer.ok) throw new RefusedByWorker(answer.problem);
  return answer.value;
}

/**
 * Written beside its place until it is whole; nothing is left of one that is not. Answers what `fill` answers. Throws RefusedByWorker, or
 * AppError where the file cannot be written.
 */
export async function writeSavedFile<Result>(
  file: string,
  fill: (write: (text: string) => Promise<void>) => Promise<Result>,
): Promise<Result> {
  const unfinished = `${file}.unfinished`;
  try {
    const handle = await open(unfinished, 'w');
    let result: Result;
    try {
      result = await fill(async (text) => {
        await handle.write(text);
      });
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
    return result;
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    if (error instanceof RefusedByWorker) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('input-invalid', { what: file, reason: `It cannot be written: ${reason}.` }, { cause: error });
  }
}
