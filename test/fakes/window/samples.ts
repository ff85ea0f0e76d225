/** What a busy worker's window is filled with: names and texts of the lengths that servers really have. Always the same. */
import type { JobView, WayTest, WorkerState } from '../../../src-contract/engine-calls.ts';
import type { LogEvent } from '../../../src-contract/events.ts';
import { attemptOutcome, type StreamName } from '../../../src-contract/kinds.ts';
import { describeProblem, type ProblemCode, type ProblemDetails } from '../../../src-contract/problems.ts';
import type { StreamRecord } from '../../../src-contract/records.ts';
import type { UsageSample } from '../../../src-contract/sandbox.ts';

let start = Date.now();

/** Where one process shows one worker after the other, each begins at a moment of its own. */
export function beginNow(): void {
  start = Date.now();
}

/** ISO time so many seconds before the samples were made. */
export function ago(seconds: number): string {
  return new Date(start - seconds * 1000).toISOString();
}

export function sampleId(number: number): string {
  return `5f0c1d2e-7a41-4c3b-9d10-${String(number).padStart(12, '0')}`;
}

export function currentProblem<Code extends ProblemCode>(
  code: Code,
  details: ProblemDetails<Code>,
  since: number,
  times = 1,
): WorkerState['problems'][number] {
  return { ...describeProblem(code, details), since: ago(since), times };
}

export const connection: NonNullable<WorkerState['connection']> = {
  workspaceId: '9f6a2c58-1f1d-4f7e-8d3a-50b1f0a7c2de',
  workspaceName: 'contoso-automation',
  serviceUrl: 'https://automation.contoso.example:8443',
  trust: { kind: 'fingerprint', sha256: '3b7d0a1c5e2f4a6b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d' },
  proxy: { kind: 'manual', url: 'http://proxy.contoso.example:3128', userName: 'svc-worker' },
  since: ago(6 * 86_400),
  get lastContact() {
    return ago(2);
  },
  account: {
    accountId: '7d0c2f9e-2b61-4f0e-9a35-8f1f6f0f7a11',
    name: 'contoso-operations',
    endpoint: 'https://automation.contoso.example:8443/accounts/7d0c2f9e-2b61-4f0e-9a35-8f1f6f0f7a11',
  },
};

export const pack: WorkerState['packs'][number] = {
  name: 'AzureAutomation',
  version: '1.4.2',
  receivedAt: ago(6 * 86_400 - 40),
  folder: '/var/lib/hybrid-runbook-worker/AzureAutomationFiles/AzureAutomation',
};

export const registration: NonNullable<WorkerState['registration']> = {
  groupName: 'datacenter-east',
  accountId: '7d0c2f9e-2b61-4f0e-9a35-8f1f6f0f7a11',
  accountName: 'contoso-operations',
  endpoint: 'https://automation.contoso.example:8443/accounts/7d0c2f9e-2b61-4f0e-9a35-8f1f6f0f7a11',
  machineId: '1c7be7a0-94f4-4a57-8ed1-11a2cf8d6b90',
  thumbprint: '5C0A9B1D2E3F4A5B6C7D8E9F0A1B2C3D4E5F6A7B',
  since: ago(6 * 86_400 - 90),
  get lastContact() {
    return ago(2);
  },
};

export const idleState: WorkerState = {
  machineName: 'srv-files-02',
  version: '0.1.0',
  mode: 'app',
  dataFolder: '/var/lib/hybrid-runbook-worker',
  processId: 7301,
  startedAt: ago(2 * 86_400),
  status: 'not-connected',
  sentence: 'This machine is not connected to a workspace yet',
  connection: null,
  packs: [],
  registration: null,
  limit: 4,
  running: 0,
  kinds: [
    { kind: 'PowerShell7', label: 'PowerShell 7.6', executable: '/usr/bin/pwsh' },
    { kind: 'Python3', label: 'Python 3.11', executable: '/usr/bin/python3' },
    { kind: 'Bash', label: 'Bash 5.2', executable: '/usr/bin/bash' },
  ],
  runbooks: {
    user: 'hrw-runbook',
    separated: true,
    sentence: 'Runbooks run as hrw-runbook, who cannot read what is the worker’s',
  },
  drain: null,
  problems: [],
};

export const readyState: WorkerState = {
  ...idleState,
  status: 'ready',
  sentence: 'This worker can take a job now',
  connection,
  packs: [pack],
  registration,
  running: 2,
};

export function sampleJob(number: number, change: Partial<JobView> = {}): JobView {
  return {
    sandboxId: sampleId(number),
    jobId: sampleId(500_000 + number),
    runbookName: 'Copy-LocalFiles',
    kind: 'PowerShell7',
    runtime: 'PowerShell 7.6.5',
    groupName: 'datacenter-east',
    startedBy: 'token “deploy”',
    attempt: 1,
    parameters: { SourcePath: '/srv/exports/2026-11', DestinationPath: '/mnt/files-02/archive', Overwrite: 'false' },
    phase: 'running',
    outcome: null,
    outcomeReason: null,
    exitCode: null,
    pickedUpAt: ago(43),
    startedAt: ago(42),
    endedAt: null,
    processId: 7412,
    runtimePid: 7488,
    recordCount: 0,
    acknowledgedCount: 0,
    lastRecord: null,
    wallMs: null,
    cpuMs: null,
    peakMemoryBytes: null,
    runAs: null,
    limits: null,
    processesLeft: null,
    verified: null,
    uploadTrouble: null,
    oldestWaitingAt: null,
    hasConsole: false,
    stop: null,
    asking: null,
    ...change,
  };
}

const names = [
  'Copy-LocalFiles',
  'Rotate-Logs',
  'Test-Certificates',
  'Restart-PrintSpooler',
  'Backup-SqlDatabases',
  'Sync-ActiveDirectoryGroupsWithHumanResourcesExportForAllRegionalOffices',
  'cleanup_temp_folders',
];
const starters = ['schedule “nightly”', 'token “deploy”', 'token “monitoring”', 'webhook “ticket-closed”'];
const reasons: Record<string, string> = {
  failed: 'The runbook ended with exit code 1 after “Access to the path /mnt/files-02/archive is denied.”',
  stopped: 'Stopped by token “deploy”.',
  interrupted: 'The machine restarted while the runbook ran: there is no end record.',
  'sandbox-crashed': 'The sandbox process 4411 ended without a word; its journal ends after record 212.',
  'never-started': 'None of these was found: pwsh, pwsh-preview. The runbook did not start.',
};

/** Ended ones, newest first; one in eleven did not complete. */
export function endedJobs(count: number): JobView[] {
  return Array.from({ length: count }, (_unused, index) => {
    const unwell = ['failed', 'stopped', 'interrupted', 'failed', 'sandbox-crashed', 'never-started'][Math.floor(index / 11) % 6];
    const outcome = attemptOutcome.parse(index % 11 === 3 ? unwell : 'completed');
    const end = 300 + index * 577;
    const wallMs = 412 + ((index * 7919) % 260_000);
    const recordCount = (index * 37) % 1900;
    return sampleJob(1000 + index, {
      runbookName: names[index % names.length] ?? '',
      startedBy: starters[index % starters.length] ?? null,
      attempt: outcome === 'completed' ? 1 : 2,
      phase: 'ended',
      outcome,
      outcomeReason: reasons[outcome] ?? null,
      exitCode: outcome === 'completed' ? 0 : 1,
      pickedUpAt: ago(end + wallMs / 1000 + 1),
      startedAt: ago(end + wallMs / 1000),
      endedAt: ago(end),
      recordCount,
      acknowledgedCount: outcome === 'sandbox-crashed' ? Math.max(0, recordCount - 4) : recordCount,
      wallMs,
      cpuMs: wallMs * 0.31,
      peakMemoryBytes: 182_000_000,
      verified: outcome !== 'sandbox-crashed',
    });
  });
}

/** As in the picture of a running job. */
export function copyRecords(): StreamRecord[] {
  const lines: [StreamName, string][] = [
    ['Output', 'Copy from /srv/exports/2026-11 to /mnt/files-02/archive'],
    ['Verbose', 'Performing the operation "Copy Directory" on target "Item: /srv/exports/2026-11".'],
    ['Output', 'Checking free space on /mnt/files-02/archive'],
    ['Output', 'Enough: 1.2 TB free, 38 GB needed'],
    ['Warning', 'The folder 2026-11 exists already; files in it are compared by hash'],
    ['Output', '2026-11-01.csv\tcopied\t41.2 MB'],
    ['Output', '2026-11-02.csv\tcopied\t39.8 MB'],
    ['Output', '2026-11-03.csv\tsame, left alone'],
    ['Output', '2026-11-04.csv\tcopied\t40.1 MB'],
    [
      'Error',
      '2026-11-05.csv is open in another program: retried in 5 s\n    at Copy-LocalFiles, line 34, column 9: Copy-Item -Path $file -Destination $target',
    ],
    ['Output', '2026-11-06.csv\tcopied\t44.0 MB'],
    ['Output', 'größte Datei: Übersicht_Zürich.csv, 日本語のファイル名.csv'],
    ['Progress', 'Copying files: 212 of 512'],
    ['Warning', 'The network was slow for 3 s'],
    ['Output', '2026-11-08.csv\tcopied\t40.9 MB'],
    ['Debug', 'Retry 1 of 3 for 2026-11-05.csv'],
    ['Output', '2026-11-05.csv\tcopied\t40.4 MB'],
    [
      'Output',
      `{"summary":{"copied":7,"same":1,"failed":0,"bytes":287400000,"seconds":14.2,"files":[${Array.from({ length: 9 }, (_unused, day) => `"2026-11-${String(day + 1).padStart(2, '0')}.csv"`).join(',')}]}}`,
    ],
    ['Output', '2026-11-09.csv\tcopied\t41.3 MB'],
  ];
  return lines.map(([stream, text], seq) => ({ seq, time: ago(40 - seq * 1.37), stream, text }));
}

export function manyRecords(count: number): StreamRecord[] {
  return Array.from({ length: count }, (_unused, seq) => {
    const stream: StreamName = seq % 997 === 5 ? 'Error' : seq % 101 === 7 ? 'Warning' : 'Output';
    const text = `${String(seq).padStart(7, '0')} /mnt/files-02/archive/2026/${String(seq % 12).padStart(2, '0')}/measurement-${(seq * 7919) % 100_000}.csv copied`;
    return { seq, time: ago(3600 - seq * 0.01), stream, text };
  });
}

const eventKinds = [
  {
    id: 15007,
    channel: 'Microsoft-SMA/Operational',
    level: 'Information',
    message:
      'A job (PowerShell 7) was picked up, as 1 of 4 that may run here; its sandbox learns the runbook’s name as it loads it (sandbox 5f0c1d2e).',
  },
  { id: 3732, channel: 'Microsoft-SMA/Operational', level: 'Information', message: 'Job Copy-LocalFiles is running.' },
  {
    id: 3181,
    channel: 'Microsoft-SMA/Operational',
    level: 'Information',
    message: 'Job Copy-LocalFiles completed in 0:00:42 with 1,284 records.',
  },
  {
    id: 1201,
    channel: 'Operations Manager',
    level: 'Information',
    message: 'Received the pack AzureAutomation 1.4.2 and unpacked it.',
  },
  {
    id: 15011,
    channel: 'Microsoft-SMA/Operational',
    level: 'Warning',
    message: 'automation.contoso.example cannot serve right now. It answered 503. Asked again in 4 s.',
  },
  { id: 15012, channel: 'Microsoft-SMA/Operational', level: 'Information', message: 'The service answers again, after 12 s.' },
  {
    id: 3712,
    channel: 'Microsoft-SMA/Operational',
    level: 'Error',
    message: 'An unhandled exception has reached the main entry point of the sandbox 8a11: EACCES, work folder.',
  },
  { id: 100, channel: 'Application', level: 'Information', message: 'The setting “limit” was changed from 2 to 4.' },
] as const;

export function sampleEvents(count: number): LogEvent[] {
  return Array.from({ length: count }, (_unused, index) => {
    const kind = eventKinds[index % (index % 40 === 6 ? 8 : 4)] ?? eventKinds[0];
    return {
      number: count - index,
      time: ago(4 + index * 61),
      channel: kind.channel,
      level: kind.level,
      id: kind.id,
      source: kind.channel === 'Operations Manager' ? 'agent' : kind.channel === 'Application' ? 'worker' : 'engine',
      message: kind.message,
      fields: { sandboxId: sampleId(index % 7), correlationId: sampleId(9000 + index), waitedMs: 9 },
      ...(kind.id > 3000 && kind.id < 15000 && { jobId: sampleId(500_000 + (index % 5)) }),
    };
  });
}

/** Ten minutes of a job that works in bursts; which job it is moves them. */
export function sampleUsage(job: number): UsageSample[] {
  let cpuMs = 0;
  return Array.from({ length: 120 }, (_unused, index) => {
    const phase = (index + 17 * job) / 9;
    cpuMs += 5_000 * (0.11 + 0.4 * Math.max(0, Math.sin(phase)) ** 3);
    const memoryBytes = 182e6 + 40e6 * Math.sin(phase / 2) + job * 61e6;
    return { time: ago((119 - index) * 5), cpuMs, memoryBytes, processes: 3 + job };
  });
}

/** As a PowerShell runbook's console looks: prompts, colours, a bar that is drawn over and over. */
export const sampleConsole = [
  '\u001b[36mCopying to /mnt/files-02/archive\u001b[0m',
  '\u001b[33;1mWARNING: The folder 2026-11 exists already; files in it are compared by hash\u001b[0m',
  ...Array.from(
    { length: 18 },
    (_unused, index) => `  2026-11-${String(index + 1).padStart(2, '0')}.csv  41.2 MB  \u001b[32mok\u001b[0m`,
  ),
  '\u001b[38;2;230;120;90m2026-11-05.csv is open in another program\u001b[0m',
  '[####################----------------------------] 212 of 512',
].join('\r\n');

const script = [
  'param([string] $Source, [int] $OlderThanDays = 90)',
  '',
  '$before = (Get-Date).AddDays(-$OlderThanDays)',
  'Get-ChildItem $Source -Directory |',
  '  Where-Object LastWriteTime -lt $before |',
  '  ForEach-Object {',
  '    "Removing $($_.Name)" # \u202eonly looks',
  '    Remove-Item $_ -Recurse -Force',
  '  }',
  '',
  'Write-Output "Done"',
].join('\n');
/** What a person is asked about; one character of it would not be seen. */
export const sampleScript = { script, sha256: '5f'.repeat(32) };

/** Trying the way to the service: through the system's proxy, to its first byte. */
export const sampleWayTest: WayTest = {
  proxy: 'http://proxy.contoso.example:3128',
  because: 'HTTPS_PROXY',
  stages: [
    { stage: 'proxy', tookMs: 3 },
    { stage: 'tunnel', tookMs: 11 },
    { stage: 'encrypted', tookMs: 24 },
    { stage: 'answer', tookMs: 9 },
  ],
  certificate: { issuer: 'Contoso Automation Authority', fingerprint: 'ab'.repeat(32) },
  problem: null,
};
