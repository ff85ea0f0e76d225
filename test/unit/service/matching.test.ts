import { describe, expect, test } from 'vitest';
import { matchJobs, preferOtherMs, type QueuedJob, type WaitingPoll } from '../../../src-service/dispatch/matching.ts';

function job(id: string, rest: Partial<QueuedJob> = {}): QueuedJob {
  return { id, kind: 'Bash', needsNativeWorkflow: false, lastMachineId: null, onlyMachineId: null, queuedAt: 0, ...rest };
}

function poll(machineId: string, freeSlots: number, rest: Partial<WaitingPoll> = {}): WaitingPoll {
  return { machineId, kinds: ['Bash', 'Python3'], translatesWorkflows: false, freeSlots, since: 0, ...rest };
}

function match(jobs: QueuedJob[], polls: WaitingPoll[], workers = polls, now = 0): string[] {
  return matchJobs(jobs, polls, workers, now).matches.map(({ jobId, machineId }) => `${jobId}>${machineId}`);
}

describe('handing out jobs', () => {
  test('gives the oldest job first', () => {
    expect(match([job('1'), job('2')], [poll('a', 1)])).toEqual(['1>a']);
  });

  test('gives a row of jobs evenly to equally free workers', () => {
    expect(match([job('1'), job('2'), job('3'), job('4')], [poll('a', 4), poll('b', 4)])).toEqual(['1>a', '2>b', '3>a', '4>b']);
  });

  test('prefers the worker with the most free slots, then the one that has waited longest', () => {
    expect(match([job('1')], [poll('a', 1), poll('b', 3)])).toEqual(['1>b']);
    expect(match([job('1')], [poll('a', 2, { since: 5 }), poll('b', 2, { since: 4 })])).toEqual(['1>b']);
  });

  test('never gives more than there are free slots', () => {
    expect(match([job('1'), job('2'), job('3')], [poll('a', 1), poll('b', 1)])).toEqual(['1>a', '2>b']);
    expect(match([job('1')], [poll('a', 0)])).toEqual([]);
  });

  test('passes over a job that nobody who waits can run', () => {
    expect(match([job('1', { kind: 'PowerShell7' }), job('2')], [poll('a', 1)])).toEqual(['2>a']);
  });

  test('gives a workflow that needs Windows PowerShell 5.1 to a worker that has it, others to any that runs workflows', () => {
    const kinds = ['PowerShellWorkflow'] as const;
    const polls = [poll('seven', 3, { kinds, translatesWorkflows: true }), poll('five', 1, { kinds })];
    const flow = (id: string, needsNativeWorkflow: boolean) => job(id, { kind: 'PowerShellWorkflow', needsNativeWorkflow });
    expect(match([flow('1', true), flow('2', false), flow('3', true)], polls)).toEqual(['1>five', '2>seven']);
  });

  describe('after an attempt was lost', () => {
    const lost = job('1', { lastMachineId: 'a', queuedAt: 1000 });

    test('prefers another worker that waits', () => {
      expect(match([lost], [poll('a', 9), poll('b', 1)])).toEqual(['1>b']);
    });

    test('is left a while for another worker that may come', () => {
      const workers = [poll('a', 1), poll('b', 1)];
      expect(matchJobs([lost], [poll('a', 1)], workers, 1000 + preferOtherMs - 1)).toEqual({ matches: [], deferred: true });
      expect(match([lost], [poll('a', 1)], workers, 1000 + preferOtherMs)).toEqual(['1>a']);
    });

    test('is given back at once where no other worker can run it', () => {
      expect(match([lost], [poll('a', 1)], [poll('a', 1)], 1000)).toEqual(['1>a']);
      const other = poll('b', 1, { kinds: ['PowerShell'] });
      expect(match([lost], [poll('a', 1)], [poll('a', 1), other], 1000)).toEqual(['1>a']);
    });

    test('is not called deferred when it is merely queued behind others', () => {
      expect(matchJobs([job('2'), lost], [poll('b', 1)], [poll('a', 1), poll('b', 1)], 1000)).toEqual({
        matches: [{ jobId: '2', machineId: 'b' }],
        deferred: false,
      });
    });
  });
});
