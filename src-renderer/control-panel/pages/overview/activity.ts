/** The last 24 hours as a chart needs them: every hour, the groups of outcomes that a bar is made of. Pure. */
import type { EngineValue } from '../../../../src-contract/engine-calls.ts';
import { attemptOutcome, type AttemptOutcome } from '../../../../src-contract/kinds.ts';

type Hours = EngineValue<'jobs:activity'>['hours'];

export const hourMs = 3_600_000;
export const hoursShown = 24;

/** In the order of a bar, from its foot on. */
export const barGroups = ['good', 'quiet', 'warning', 'danger'] as const;
export type BarGroup = (typeof barGroups)[number];

const groupOf: Record<AttemptOutcome, BarGroup> = {
  completed: 'good',
  failed: 'danger',
  'sandbox-crashed': 'danger',
  stopped: 'quiet',
  suspended: 'warning',
  'never-started': 'warning',
  interrupted: 'warning',
};

export interface ChartHour {
  start: Date;
  counts: Hours[number]['counts'];
  groups: Record<BarGroup, number>;
  total: number;
}

/** The first of the hours shown; whole hours of UTC, as they are counted. */
export function firstHour(now: Date): Date {
  return new Date((Math.floor(now.getTime() / hourMs) - hoursShown + 1) * hourMs);
}

export function chartHours(hours: Hours, now: Date): ChartHour[] {
  const known = new Map(hours.map((hour) => [new Date(hour.start).getTime(), hour.counts]));
  const first = firstHour(now).getTime();
  return Array.from({ length: hoursShown }, (_unused, index) => {
    const start = first + index * hourMs;
    const counts = known.get(start) ?? {};
    const groups: ChartHour['groups'] = { good: 0, quiet: 0, warning: 0, danger: 0 };
    for (const outcome of attemptOutcome.options) groups[groupOf[outcome]] += counts[outcome] ?? 0;
    return { start: new Date(start), counts, groups, total: barGroups.reduce((sum, group) => sum + groups[group], 0) };
  });
}

/** The top of the scale: a round number that the highest bar fits under. */
export function scaleTop(highest: number): number {
  if (highest <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 4, 5, 10].map((step) => step * power).find((top) => top >= highest) ?? highest;
}
