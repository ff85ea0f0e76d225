import { describe, expect, it } from 'vitest';
import { planWarm, WarmDemand, type WarmRuntimeName } from '../../src-main/launcher/warm-plan.ts';

const second = 1000;
const minute = 60 * second;
const pwsh = '/usr/bin/pwsh';
const megabytes = (count: number): number => count * 1024 * 1024;
const much = { memoryBytes: megabytes(10_000), slots: 50 };

function demandOf(...taken: [WarmRuntimeName, number][]): WarmDemand {
  const demand = new WarmDemand();
  for (const [runtime, atMs] of taken) demand.note(runtime, atMs);
  return demand;
}

describe('what jobs of late want to find waiting', () => {
  it('is nothing before the first job', () => {
    expect(demandOf().wanted(0).size).toBe(0);
  });

  it('is one for jobs that came one by one, and as many as came together for those that did', () => {
    const demand = demandOf([pwsh, 0], [pwsh, minute], [undefined, 2 * minute], [undefined, 2 * minute + 2 * second]);
    expect([...demand.wanted(3 * minute)]).toEqual([
      [undefined, 2],
      [pwsh, 1],
    ]);
  });

  it('is remembered from one hourly schedule to the next, and then forgotten', () => {
    const demand = demandOf([pwsh, 0]);
    expect(demand.wanted(61 * minute).get(pwsh)).toBe(1);
    expect(demand.wanted(71 * minute).size).toBe(0);
  });

  it('does not count a job of a burst for the one after', () => {
    const demand = demandOf([pwsh, 0], [pwsh, 9 * second], [pwsh, 18 * second]);
    expect(demand.wanted(minute).get(pwsh)).toBe(2);
  });
});

describe('the plan', () => {
  const wanted = new Map<WarmRuntimeName, number>([
    [pwsh, 3],
    [undefined, 2],
  ]);

  it('has one of each before a second of any', () => {
    expect(planWarm(wanted, much)).toEqual([pwsh, undefined, pwsh, undefined, pwsh]);
  });

  it('keeps to the memory, and takes what still fits', () => {
    expect(planWarm(wanted, { ...much, memoryBytes: megabytes(512) })).toEqual([pwsh, undefined, undefined]);
    expect(planWarm(wanted, { ...much, memoryBytes: megabytes(100) })).toEqual([undefined]);
    expect(planWarm(wanted, { ...much, memoryBytes: 0 })).toEqual([]);
  });

  it('has no more than may run', () => {
    expect(planWarm(wanted, { ...much, slots: 2 })).toEqual([pwsh, undefined]);
  });
});
