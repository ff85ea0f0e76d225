import type { ProblemCode } from '../../src-contract/problems.ts';

/**
 * Marks the place where a test brings a problem about: `expect(failure.code).toBe(provokes('clock-skewed'))`.
 * `npm run check` fails while a code of the catalogue has no such place.
 */
export function provokes<Code extends ProblemCode>(code: Code): Code {
  return code;
}
