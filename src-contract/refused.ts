/** Somebody was reached and said no: the service, or a worker. */
import type { Answer } from './app-error.ts';
import type { EngineArguments, EngineCallName, EngineValue } from './engine-calls.ts';
import type { Problem } from './problems.ts';

/** In their own words, to be shown as they are. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.title}. ${problem.text}`);
    this.problem = problem;
  }
}

export interface AskedWorker {
  call<Name extends EngineCallName>(name: Name, callArguments: EngineArguments<Name>): Promise<Answer<EngineValue<Name>>>;
}

/** Throws Refused. */
export async function ask<Name extends EngineCallName>(
  worker: AskedWorker,
  name: Name,
  callArguments: EngineArguments<Name>,
): Promise<EngineValue<Name>> {
  const answer = await worker.call(name, callArguments);
  if (!answer.ok) throw new Refused(answer.problem);
  return answer.value;
}
