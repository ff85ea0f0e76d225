/** Where a wizard's steps stand, seen from the one it is at. Pure. */

export type StepState = 'done' | 'current' | 'failed' | 'later';

/** `hasFailed`: what the present step did went wrong. `isOver`: the last step is reached, and all is done. */
export function stepState<Name extends string>(
  steps: readonly Name[],
  current: Name,
  step: Name,
  { hasFailed = false, isOver = false }: { hasFailed?: boolean; isOver?: boolean } = {},
): StepState {
  const [at, here] = [steps.indexOf(step), steps.indexOf(current)];
  if (at < here || isOver) return 'done';
  if (at > here) return 'later';
  return hasFailed ? 'failed' : 'current';
}

/** The one before; the first has none. */
export function stepBefore<Name extends string>(steps: readonly Name[], current: Name): Name | undefined {
  return steps[steps.indexOf(current) - 1];
}
