/** The steps that were told, with the ones still to come behind them. Pure. */
import type { ProgressStep } from '../../../src-contract/engine-calls.ts';

export interface ShownStep {
  key: string;
  label: string;
  status: ProgressStep['status'] | 'later';
  detail: string;
}

/** `planned`: key to words. A step that was told stands in its own words; a step that nobody planned stands where it came. */
export function shownSteps(
  operation: ProgressStep['operation'],
  told: readonly ProgressStep[],
  planned: Readonly<Record<string, string>>,
): ShownStep[] {
  const mine = told.filter((step) => step.operation === operation);
  if (mine.length === 0) return [];
  const later = Object.entries(planned).filter(([key]) => !mine.some((step) => step.step === key));
  return [
    ...mine.map(({ step, label, status, detail }) => ({ key: step, label, status, detail })),
    ...later.map(([key, label]): ShownStep => ({ key, label, status: 'later', detail: '' })),
  ];
}
