/**
 * Everything that a user may be told is wrong. One place, so that window, command line, tray, service and docs say the same words.
 * A text says what happened and what it means (and what was *not* done); the next step says what to do. No secret may be a detail.
 */
import type { Entry, Problem } from './problem-shape.ts';
import { machineProblems } from './problems/machine.ts';
import { reachingProblems } from './problems/reaching.ts';
import { registrationProblems } from './problems/registration.ts';
import { serviceProblems } from './problems/service.ts';
import { setupProblems } from './problems/setup.ts';
import { workspaceProblems } from './problems/workspace.ts';
export { problem, type Problem } from './problem-shape.ts';

export const problemCatalogue = {
  ...reachingProblems,
  ...workspaceProblems,
  ...registrationProblems,
  ...machineProblems,
  ...serviceProblems,
  ...setupProblems,
} as const;

export type ProblemCode = keyof typeof problemCatalogue;
export type ProblemDetails<Code extends ProblemCode> = Parameters<(typeof problemCatalogue)[Code]['title']>[0];

export function describeProblem<Code extends ProblemCode>(code: Code, details: ProblemDetails<Code>): Problem {
  // The catalogue ties code and details together at the call; inside, one shape serves all entries.
  const found = problemCatalogue[code] as unknown as Entry<ProblemDetails<Code>>;
  return {
    code,
    severity: found.severity,
    title: found.title(details),
    text: found.text(details),
    nextStep: found.nextStep(details),
    details,
  };
}
