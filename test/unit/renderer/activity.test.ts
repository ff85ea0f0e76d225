import { describe, expect, it } from 'vitest';
import { percentBetween } from '../../../src-main/worker-host/machine-load.ts';
import { chartHours, firstHour, scaleTop } from '../../../src-renderer/control-panel/pages/overview/activity.ts';

const now = new Date('2026-11-28T14:20:00.000Z');

describe('the last 24 hours', () => {
  it('have every hour, the present one last, each outcome in its group', () => {
    const hours = chartHours(
      [
        { start: '2026-11-27T14:00:00.000Z', counts: { completed: 9 } },
        { start: '2026-11-27T15:00:00.000Z', counts: { completed: 2, failed: 1, 'sandbox-crashed': 1 } },
        { start: '2026-11-28T14:00:00.000Z', counts: { stopped: 1, suspended: 2, 'never-started': 3, interrupted: 4 } },
      ],
      now,
    );
    expect(firstHour(now).toISOString()).toBe('2026-11-27T15:00:00.000Z');
    expect(hours).toHaveLength(24);
    expect(hours[0]?.groups).toEqual({ good: 2, quiet: 0, warning: 0, danger: 2 });
    expect(hours[23]).toMatchObject({ groups: { good: 0, quiet: 1, warning: 9, danger: 0 }, total: 10 });
    expect(hours.reduce((sum, { total }) => sum + total, 0)).toBe(14);
  });

  it('stand under a round number', () => {
    expect([0, 1, 4, 5, 7, 11, 21, 41, 99, 101, 4_100].map(scaleTop)).toEqual([4, 4, 4, 5, 10, 20, 40, 50, 100, 200, 5_000]);
  });
});

describe('the load of the machine', () => {
  it('is what was busy of what went by', () => {
    expect(percentBetween({ busy: 100, all: 1_000 }, { busy: 150, all: 1_200 })).toBe(25);
    expect(percentBetween({ busy: 100, all: 1_000 }, { busy: 100, all: 1_000 })).toBe(0);
  });
});
