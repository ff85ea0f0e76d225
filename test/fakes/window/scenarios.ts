/** Workers as an administrator may find them, by name. */
import { describeProblem } from '../../../src-contract/problems.ts';
import type { Scenario } from './fake-worker.ts';
import {
  ago,
  connection,
  copyRecords,
  currentProblem,
  endedJobs,
  idleState,
  manyRecords,
  pack,
  readyState,
  registration,
  sampleConsole,
  sampleEvents,
  sampleId,
  sampleJob,
  sampleScript,
} from './samples.ts';

const nothing = { jobs: [], records: new Map(), events: [] };

function busyJobs() {
  const records = copyRecords();
  const last = records.at(-1);
  return [
    sampleJob(1, {
      recordCount: records.length,
      acknowledgedCount: records.length - 2,
      oldestWaitingAt: ago(1),
      hasConsole: true,
      lastRecord: last === undefined ? null : { stream: last.stream, text: last.text, time: last.time },
    }),
    sampleJob(2, {
      runbookName: 'Rotate-Logs',
      kind: 'Bash',
      runtime: 'Bash 5.2',
      startedBy: 'schedule “nightly”',
      parameters: {},
      pickedUpAt: ago(726),
      startedAt: ago(725),
      processId: 7013,
      runtimePid: 7020,
      recordCount: 340,
      acknowledgedCount: 340,
      lastRecord: { stream: 'Warning', text: 'Compressing W3SVC4: 3 files are still open', time: ago(3) },
    }),
  ];
}

export const scenarios = {
  /** Just installed. */
  empty: (): Scenario => ({ ...nothing, state: idleState }),

  /** Connected a moment ago; the pack is on its way. */
  waiting: (): Scenario => ({
    ...nothing,
    state: {
      ...idleState,
      status: 'connected',
      sentence: 'This machine is connected, and waits for the AzureAutomation pack',
      connection: { ...connection, since: ago(12) },
    },
    events: sampleEvents(3),
  }),

  /** Has its pack, is in no group. */
  joinable: (): Scenario => ({
    ...nothing,
    state: {
      ...idleState,
      status: 'connected',
      sentence: 'This machine is connected, and in no worker group',
      connection,
      packs: [pack],
    },
    events: sampleEvents(8),
  }),

  /** The key is refused, whatever is entered. */
  refusing: (): Scenario => ({
    ...scenarios.joinable(),
    refusals: {
      'registration:register': describeProblem('account-key-refused', { keyEnding: '9f2c', outcome: 'Nothing was registered' }),
      'connection:connect': describeProblem('certificate-untrusted', {
        host: 'automation.contoso.example',
        issuer: 'Contoso Root CA 3',
        fingerprint: '3b7d0a1c5e2f4a6b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d',
        reason: 'self-signed certificate in certificate chain',
      }),
    },
  }),

  /** As `joinable`, to somebody whose role is too low to look at it. */
  unchecked: (): Scenario => ({
    ...scenarios.joinable(),
    refusals: { 'diagnostics:run': describeProblem('control-refused', { role: 'reader', needed: 'operator' }) },
  }),

  /** A member that the account has forgotten. */
  'refusing-to-leave': (): Scenario => ({
    ...scenarios.filled(),
    refusals: { 'registration:unregister': describeProblem('machine-unknown', { machineId: registration.machineId }) },
  }),

  /** As `empty`, and no workspace can be reached. */
  unreachable: (): Scenario => ({ ...scenarios.refusing(), state: idleState }),

  filled: (): Scenario => ({
    state: {
      ...readyState,
      problems: [
        currentProblem(
          'sandbox-crashed',
          { runbookName: 'Backup-SqlDatabases', jobId: sampleId(501_047), seen: 'process 4411 is gone' },
          1_830,
        ),
      ],
    },
    jobs: [...busyJobs(), ...endedJobs(154)],
    records: new Map([
      [sampleId(1), copyRecords()],
      [sampleId(2), manyRecords(340)],
      [sampleId(1003), copyRecords().slice(0, 10)],
    ]),
    events: sampleEvents(1_300),
    consoles: new Map([[sampleId(1), sampleConsole]]),
    waiting: {
      total: 7,
      jobs: ['Install-MonthlyUpdates', 'Export-Certificates'].map((runbookName, index) => ({
        jobId: sampleId(600_001 + index),
        runbookName,
        startedBy: 'schedule “nightly”',
        queuedAt: ago(340 - 100 * index),
        reason: index === 0 ? 'no worker of group datacenter-east can run Windows batch' : 'the only worker is full',
      })),
    },
    settings: { limit: 4 },
  }),

  /** The disk is full: it could start no sandbox, and takes nothing. */
  unable: (): Scenario => {
    const filled = scenarios.filled();
    const folder = '/var/lib/hybrid-runbook-worker/sandboxes';
    const problem = currentProblem('sandbox-folder-unusable', { folder, reason: 'ENOSPC: no space left on device' }, 95, 6);
    const why = 'no sandbox can be made on this machine';
    return {
      ...filled,
      state: {
        ...filled.state,
        status: 'unable',
        sentence: `This worker takes no job for now: ${why}; it looks again by itself`,
        running: 0,
        problems: [problem],
      },
      jobs: filled.jobs.filter((job) => job.phase === 'ended'),
    };
  },

  paused: (): Scenario => {
    const filled = scenarios.filled();
    const sentence = 'This worker is paused: it takes no new job until it is resumed (2 jobs still run)';
    return { ...filled, state: { ...filled.state, status: 'paused', sentence, problems: [] } };
  },

  /** A person stops the first job; two of its processes are deaf. */
  stopping: (): Scenario => {
    const filled = scenarios.filled();
    const stop = {
      reason: 'Stopped by a person at this machine.',
      deadline: ago(-9),
      steps: [
        { step: 'ask-runbook' as const, at: ago(6), processes: 3 },
        { step: 'ask-processes' as const, at: ago(2), processes: 2 },
      ],
      left: null,
    };
    const jobs = filled.jobs.map((job, index) => (index === 0 ? { ...job, phase: 'stopping' as const, stop } : job));
    return { ...filled, jobs };
  },

  /** A runbook waits for a person; what it would run hides something. */
  asking: (): Scenario => {
    const filled = scenarios.filled();
    const asking = { since: ago(48), until: ago(-252) };
    const job = sampleJob(7, {
      runbookName: 'Clear-OldProfiles',
      phase: 'loading',
      runtime: null,
      startedAt: null,
      processId: 7031,
      runtimePid: null,
      recordCount: 0,
      acknowledgedCount: 0,
      lastRecord: null,
      asking,
    });
    const { sandboxId, jobId, runbookName, kind, startedBy, parameters } = job;
    const question = { sandboxId, jobId, runbookName, kind, startedBy, parameters, ...asking, ...sampleScript };
    const until = '2026-11-28 14:08:00 UTC';
    return {
      ...filled,
      state: { ...filled.state, problems: [currentProblem('permission-asked', { runbookName, sandboxId, until }, 48)] },
      jobs: [job, ...filled.jobs],
      questions: new Map([[sandboxId, question]]),
    };
  },

  /** The network is gone while jobs run. */
  offline: (): Scenario => {
    const filled = scenarios.filled();
    return {
      ...filled,
      state: {
        ...filled.state,
        status: 'offline',
        sentence: 'Not connected since 14:02: the proxy http://proxy.contoso.example:3128 wants a user name and password',
        problems: [
          currentProblem('proxy-authentication-required', { proxy: 'http://proxy.contoso.example:3128', userName: '' }, 340, 23),
          currentProblem('service-unavailable', { host: 'automation.contoso.example', status: 503 }, 4_000, 2),
        ],
      },
      jobs: filled.jobs.map((job) =>
        job.phase === 'ended'
          ? job
          : { ...job, uploadTrouble: 'The proxy http://proxy.contoso.example:3128 wants a user name and password' },
      ),
    };
  },

  /** Nothing but refusals. */
  failing: (): Scenario => {
    const problem = describeProblem('history-unreadable', { setAside: 'history.sqlite.2026-11-24' });
    const refused = describeProblem('control-refused', { role: 'reader', needed: 'operator' });
    return {
      ...scenarios.filled(),
      refusals: {
        'jobs:list': problem,
        'jobs:activity': problem,
        'worker:load': problem,
        'jobs:get': describeProblem('job-unknown', { jobId: sampleId(9) }),
        'jobs:records': describeProblem('journal-unreadable', { jobId: sampleId(1), reason: 'the first frame does not verify' }),
        'events:list': problem,
        'settings:get': problem,
        'policy:get': problem,
        'jobs:waiting': problem,
        'jobs:usage': problem,
        'jobs:console': problem,
        'jobs:attempts': problem,
        'jobs:notes': problem,
        'diagnostics:run': problem,
        'worker:pause': refused,
        'jobs:stop': refused,
      },
    };
  },

  /** Answers nothing but how it is. */
  silent: (): Scenario => ({
    ...scenarios.filled(),
    silent: [
      'worker:load',
      'jobs:activity',
      'jobs:list',
      'jobs:get',
      'jobs:records',
      'events:list',
      'settings:get',
      'policy:get',
      'jobs:waiting',
      'jobs:usage',
      'jobs:console',
      'jobs:attempts',
      'jobs:notes',
      'diagnostics:run',
    ],
  }),

  /** A hundred thousand of everything. */
  large: (): Scenario => {
    const count = 100_000;
    return {
      ...scenarios.filled(),
      jobs: [sampleJob(1, { recordCount: count, acknowledgedCount: count }), ...endedJobs(20_000)],
      records: new Map([[sampleId(1), manyRecords(count)]]),
      events: sampleEvents(count),
    };
  },
};
export type ScenarioName = keyof typeof scenarios;
