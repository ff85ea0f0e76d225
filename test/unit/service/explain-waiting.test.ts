import { describe, expect, test } from 'vitest';
import { explainWaiting, type GroupWorker, type WaitingJob } from '../../../src-service/dispatch/explain-waiting.ts';

const now = Date.parse('2026-11-23T10:00:00Z');
const present = now - 5_000;

function worker(rest: Partial<GroupWorker> = {}): GroupWorker {
  return {
    machineId: 'a',
    machineName: 'WORKER-A',
    kinds: ['Bash', 'PowerShell7'],
    lastSeenAt: present,
    translatesWorkflows: false,
    holdsCalls: true,
    readiness: 'ready',
    freeSlots: 2,
    ...rest,
  };
}

const bash: WaitingJob = {
  kind: 'Bash',
  needsNativeWorkflow: false,
  groupName: 'Main',
  handedTo: null,
  lastMachineId: null,
  onlyMachineId: null,
  queuedAt: now,
};
const full = { freeSlots: 0 };
const paused = { readiness: 'paused' } as const;
const gone = { lastSeenAt: Date.parse('2026-11-23T09:14:30Z') };

describe('a queued job says why it waits', () => {
  test.each<[string, Partial<WaitingJob>, GroupWorker[]]>([
    ['it is being handed to worker WORKER-B', { handedTo: 'WORKER-B' }, []],
    ['group Main has no worker', {}, []],
    ['the worker that it is for is no longer in group Main', { onlyMachineId: 'b' }, [worker()]],
    ['the only worker is paused', { onlyMachineId: 'a' }, [worker(paused), worker({ machineId: 'b' })]],
    ['no worker of group Main can run PowerShell 7', { kind: 'PowerShell7' }, [worker({ kinds: ['Bash'] })]],
    [
      'no worker of group Main can run this workflow, which needs Windows PowerShell 5.1',
      { kind: 'PowerShellWorkflow', needsNativeWorkflow: true },
      [worker({ kinds: ['PowerShellWorkflow'], translatesWorkflows: true })],
    ],
    ['group Main has no worker seen since 09:14 UTC', {}, [worker(gone), worker({ lastSeenAt: gone.lastSeenAt - 60_000 })]],
    [
      'group Main has no worker seen since 2026-11-20 09:14 UTC',
      {},
      [worker({ lastSeenAt: Date.parse('2026-11-20T09:14:00Z') })],
    ],
    ['group Main has no worker that was ever seen', {}, [worker({ lastSeenAt: null })]],
    ['group Main has no worker that can run Bash seen since 09:14 UTC', {}, [worker(gone), worker({ kinds: ['Python3'] })]],
    ['the only worker is full', {}, [worker(full)]],
    ['the only worker is full', {}, [worker({ readiness: 'full' })]],
    ['the only worker is paused', {}, [worker(paused)]],
    ['the only worker is unable to start a sandbox', {}, [worker({ readiness: 'unable', freeSlots: 0 })]],
    ['the only worker is draining', {}, [worker({ readiness: 'draining' })]],
    ['all 3 workers are full', {}, [worker(full), worker(full), worker(full)]],
    ['both workers are paused', {}, [worker(paused), worker(paused)]],
    ['of 3 workers 2 are full, 1 is paused', {}, [worker(full), worker(full), worker(paused)]],
    ['the only worker is full', {}, [worker(full), worker(gone)]],
    ['it is next for worker WORKER-A, last heard of 5 s ago', {}, [worker(), worker(full)]],
    ['it is next for one of 2 free workers, last heard of 5 s ago', {}, [worker(), worker()]],
    [
      'it is next for worker WORKER-A, last heard of 149 s ago',
      {},
      [worker({ readiness: null, holdsCalls: false, lastSeenAt: now - 149_000 })],
    ],
    [
      'it waits for another worker than WORKER-A, where the last attempt was lost',
      { lastMachineId: 'a' },
      [worker(), worker({ ...full, machineId: 'b' })],
    ],
  ])('“%s”', (sentence, job, workers) => {
    expect(explainWaiting({ ...bash, ...job }, workers, now)).toBe(sentence);
  });
});
