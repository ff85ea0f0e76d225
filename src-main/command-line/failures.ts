/** How a command says that it failed, and with which exit code. */
import { isAppError } from '../../src-contract/app-error.ts';
import type { Problem } from '../../src-contract/problems.ts';
import { Refused } from '../../src-contract/refused.ts';
import { exitCodes, type CommandIo } from './command-io.ts';
import { plainText } from './terminal-text.ts';

/** Wrong use that the command line itself notices after parsing: a missing file, two options that exclude each other. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
}

export function reportFailure(error: unknown, io: CommandIo, asJson: boolean): void {
  if (error instanceof WrongUse) {
    io.stderr.write(`${error.message}\n`);
    io.setExitCode(exitCodes.wrongUse);
    return;
  }
  const problem = problemOf(error);
  if (problem === undefined) throw error;
  io.setExitCode(error instanceof Refused ? exitCodes.refused : exitCodes.notReached);
  if (asJson) io.stderr.write(`${JSON.stringify(problem)}\n`);
  else io.stderr.write(plainText(`${problem.title}.\n  ${problem.text}\n  ${problem.nextStep}\n`));
}

function problemOf(error: unknown): Problem | undefined {
  if (error instanceof Refused) return error.problem;
  return isAppError(error) ? error.toProblem() : undefined;
}
