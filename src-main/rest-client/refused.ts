import { AppError } from '../../src-contract/app-error.ts';
import type { Problem } from '../../src-contract/problems.ts';

/** The service (or the worker) was reached and said no, in its own words. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.title}. ${problem.text}`);
    this.problem = problem;
  }
}

export function unexpectedAnswer(host: string, status: number, what: string): AppError {
  return new AppError('answer-not-understood', { host, status, what });
}
