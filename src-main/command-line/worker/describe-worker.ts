/** A worker and its jobs in words, for a terminal. */
import type { JobView, WorkerState } from '../../../src-contract/engine-calls.ts';
import type { LogEvent } from '../../../src-contract/events.ts';
import { outcomeLabels } from '../../../src-contract/kinds.ts';
import type { StreamRecord } from '../../../src-contract/records.ts';
import { formatTable, plainText } from '../terminal-text.ts';

export function describeState(state: WorkerState): string {
  const { connection, registration } = state;
  const facts: [string, string][] = [
    ['machine', state.machineName],
    [
      'worker',
      `${state.version}, ${state.mode === 'app' ? 'in the application' : 'headless'}, process ${String(state.processId)}, since ${state.startedAt}`,
    ],
    ['data folder', state.dataFolder],
    [
      'workspace',
      connection === null ? 'none' : `${connection.workspaceName} (${connection.workspaceId}) at ${connection.serviceUrl}`,
    ],
    ['packs', state.packs.length === 0 ? 'none' : state.packs.map((pack) => `${pack.name} ${pack.version}`).join(', ')],
    [
      'group',
      registration === null
        ? 'none'
        : `${registration.groupName} of account ${registration.accountName ?? registration.accountId}`,
    ],
    ['jobs', `${String(state.running)} of ${String(state.limit)} running`],
    ['runbooks', state.runbooks.sentence],
    ['can run', describeKinds(state.kinds)],
  ];
  return plainText(`${state.sentence}\n\n${formatFacts(facts)}${state.problems.map(describeProblem).join('')}`);
}

function describeKinds(kinds: WorkerState['kinds']): string {
  if (kinds === null) return 'being looked for';
  return kinds.length === 0 ? 'nothing' : [...new Set(kinds.map(({ label }) => label))].join(', ');
}

function formatFacts(facts: readonly (readonly [string, string])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}

function describeProblem(problem: WorkerState['problems'][number]): string {
  const times = problem.times === 1 ? '' : `, ${String(problem.times)} times`;
  return `\n${problem.severity}: ${problem.title} (since ${problem.since}${times})\n  ${problem.text}\n  ${problem.nextStep}\n`;
}

export function describeJobs(jobs: readonly JobView[]): string {
  return formatTable(
    ['PICKED UP', 'RUNBOOK', 'STATE', 'TOOK', 'RECORDS', 'JOB', 'SANDBOX'],
    jobs.map((job) => [job.pickedUpAt, nameOf(job), stateOf(job), took(job), String(job.recordCount), job.jobId, job.sandboxId]),
  );
}

export function describeJob(job: JobView): string {
  const facts: [string, string][] = [
    ['runbook', `${nameOf(job)} (${job.kind})`],
    ['state', stateOf(job)],
    ...optional('reason', job.outcomeReason),
    ...optional('exit code', job.exitCode),
    ['job', job.jobId],
    ['sandbox', `${job.sandboxId}${job.attempt === null ? '' : `, attempt ${String(job.attempt)}`}`],
    ...optional('started by', job.startedBy),
    ['group', job.groupName],
    ...optional('runtime', job.runtime),
    ...optional('ran as', job.runAs),
    ...optional('limits', job.limits),
    ['picked up', job.pickedUpAt],
    ...optional('started', job.startedAt),
    ...optional('ended', job.endedAt),
    ...optional('took', job.endedAt === null ? null : took(job)),
    ['records', `${String(job.recordCount)}, of which the service has ${String(job.acknowledgedCount)}${verifiedWords(job)}`],
    ...optional('processes left', job.processesLeft),
    ...optional('upload', job.uploadTrouble),
    ...Object.entries(job.parameters).map(([name, value]): [string, string] => [`parameter ${name}`, value]),
  ];
  return plainText(formatFacts(facts));
}

function optional(name: string, value: string | number | null): [string, string][] {
  return value === null || value === '' ? [] : [[name, String(value)]];
}

/** Records are sent in their order: what the service lacks is the last ones, told by their sequence, which begins with 0. */
function verifiedWords({ verified, recordCount, acknowledgedCount }: JobView): string {
  if (verified === null) return '';
  if (verified) return '; count and hash agree';
  if (acknowledgedCount >= recordCount) return '; it has not confirmed that they are these';
  const last = recordCount - 1;
  return `; it lacks sequence ${acknowledgedCount === last ? String(last) : `${String(acknowledgedCount)} to ${String(last)}`}`;
}

function nameOf(job: JobView): string {
  return job.runbookName === '' ? '(loading)' : job.runbookName;
}

function stateOf(job: JobView): string {
  if (job.asking !== null) return 'waits for permission';
  return job.outcome === null ? job.phase : outcomeLabels[job.outcome];
}

function took(job: JobView): string {
  if (job.wallMs !== null) return `${(job.wallMs / 1000).toFixed(1)} s`;
  if (job.startedAt === null) return '';
  const end = job.endedAt === null ? Date.now() : Date.parse(job.endedAt);
  return `${Math.max(0, (end - Date.parse(job.startedAt)) / 1000).toFixed(1)} s`;
}

export function describeEvent({ time, level, id, channel, message }: LogEvent): string {
  return plainText(`${time}  ${level.padEnd(11)}  ${String(id).padStart(5)}  ${channel}: ${message}`).replaceAll('\n', '\n    ');
}

export function describeRecord({ time, stream, text }: StreamRecord): string {
  return plainText(`${time}  ${stream.padEnd(11)}  ${text}`).replaceAll('\n', `\n${' '.repeat(39)}`);
}
