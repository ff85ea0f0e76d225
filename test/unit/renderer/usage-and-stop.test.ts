import { describe, expect, it } from 'vitest';
import type { StopCourse, UsageSample } from '../../../src-contract/sandbox.ts';
import { stopStages } from '../../../src-renderer/control-panel/pages/job/stop-stages.ts';
import { knownUntil, memoryPoints, processorPoints, withUsage } from '../../../src-renderer/shared/usage-history.ts';

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 28, 14, 0, seconds)).toISOString();
const sample = (seconds: number, cpuMs: number, memoryBytes = 1e6): UsageSample => ({
  time: at(seconds),
  cpuMs,
  memoryBytes,
  processes: 1,
});

describe('what running jobs use', () => {
  it('is gathered from answers that overlap, and forgotten with its job', () => {
    const first = withUsage(new Map(), [
      { sandboxId: 'a', samples: [sample(0, 0), sample(5, 500)] },
      { sandboxId: 'b', samples: [sample(4, 0)] },
    ]);
    expect(knownUntil(first)).toBe(at(4));
    const second = withUsage(first, [{ sandboxId: 'a', samples: [sample(5, 500), sample(7, 600)] }]);
    expect([...second.keys()]).toEqual(['a']);
    expect(second.get('a')?.map(({ cpuMs }) => cpuMs)).toEqual([0, 500, 600]);
  });

  it('is asked for from the beginning while something of a job is unknown', () => {
    expect(knownUntil(new Map())).toBeNull();
    expect(knownUntil(withUsage(new Map([['a', [sample(1, 1)]]]), [{ sandboxId: 'b', samples: [] }]))).toBeNull();
  });

  it('is in percent of one core between two samples, and never below nothing', () => {
    const points = processorPoints([sample(0, 0), sample(5, 500), sample(7, 4_500), sample(9, 4_000), sample(9, 4_000)]);
    expect(points.map(({ value }) => value)).toEqual([10, 200, 0]);
    expect(memoryPoints([sample(0, 0, 7)])).toEqual([{ atMs: Date.parse(at(0)), value: 7 }]);
  });
});

describe('the stages of a stop', () => {
  const now = new Date(at(10));
  const course = (change: Partial<StopCourse>): StopCourse => ({
    reason: 'a person',
    deadline: at(19),
    steps: [{ step: 'ask-runbook', at: at(4), processes: 3 }],
    left: null,
    ...change,
  });
  const shown = (stop: StopCourse | null, phase: 'running' | 'stopping' = 'stopping') =>
    stopStages({ phase, stop }, now)?.map(({ status, detail }) => `${status} ${detail}`.trim());

  it('are none of a job that nobody stops', () => {
    expect(shown(null, 'running')).toBeUndefined();
  });

  it('begin before the sandbox has said a word', () => {
    expect(shown(null)).toEqual(['started The sandbox is being told', 'later', 'later']);
  });

  it('count down what the runbook may still take', () => {
    expect(shown(course({}))).toEqual(['done the runbook was asked', 'started up to 9 s more', 'later']);
  });

  it('say what was asked, waited for and ended', () => {
    const asked = [...course({}).steps, { step: 'ask-processes', at: at(6), processes: 2 } as const];
    const steps = [...asked, { step: 'end', at: at(9), processes: 2 } as const];
    expect(shown(course({ steps }))).toEqual([
      'done the runbook was asked, 2 processes asked',
      'done waited 5 s',
      'started 2 processes are being ended',
    ]);
    expect(shown(course({ steps, left: 0 }))?.[2]).toBe('done 2 processes were ended');
    expect(shown(course({ steps, left: 1 }))?.[2]).toBe('failed 1 process could not be ended');
  });

  it('say that the runbook was cut off, however easily the rest ended', () => {
    const steps = [...course({}).steps, { step: 'ask-processes', at: at(19), processes: 2 } as const];
    expect(shown(course({ steps, isCutOff: true, left: 0 }))).toEqual([
      'done the runbook was asked, 2 processes asked',
      'failed waited 15 s; the runbook was still at work',
      'done What was left ended when it was asked',
    ]);
  });

  it('say that nothing had to be ended when everything went by itself', () => {
    expect(shown(course({ left: 0 }))).toEqual(['done the runbook was asked', 'done It ended by itself', 'done Not needed']);
    expect(shown(course({ steps: [], left: 0 }))?.[0]).toBe('done Nothing ran any more');
  });
});
