/**
 * A worker that starts under a fault and works: a job that writes, one that asks for assets, a workflow with a child, a checkpoint and a
 * suspension, and one whose sandbox is killed; meanwhile the worker's certificate is replaced. Each call on the way is made under the plan.
 */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobDetails } from '../../src-contract/rest/jobs.ts';
import { accountName, waitFor } from '../harness/stack.ts';
import { TestWorker } from '../harness/worker-in-process.ts';
import { judgeJob } from './judge.ts';
import { asksName, asksOutput, connectionThrough, endpointThrough, flowName, flowOutput, limitSeconds } from './matrix-stage.ts';
import { Notes, type Came, type Trial } from './matrix-stage.ts';
import { runbookName } from './runbook.ts';

const records = 120;
/** In the middle of the job that writes: there is time to kill its sandbox, and there are uploads before and after. */
const restSeconds = 2.5;
/** All jobs of a trial at once, the child too. */
const slots = 6;
/** What a call that a person makes once may answer to one fault. */
export const clearCodes: readonly string[] = [
  'connection-cut',
  'service-unavailable',
  'answer-not-understood',
  'connection-timed-out',
];

/** The worker of a lane: in a group, with its service behind the front. */
export async function makeWorker({ stage, front, dataFolder, groupName }: Omit<Trial, 'plan'>): Promise<void> {
  const worker = await TestWorker.start(dataFolder);
  try {
    await worker.ask('connection:connect', connectionThrough(front, stage));
    await worker.when('the pack', (state) => state.packs.length > 0, limitSeconds);
    const token = stage.account.accountKey;
    await worker.ask('registration:register', { groupName, endpoint: endpointThrough(front, stage), token });
    await worker.ask('settings:change', { limit: slots });
  } finally {
    await worker.close();
  }
}

export async function tryWork(trial: Trial): Promise<Came> {
  const { stage, front, dataFolder, plan } = trial;
  const notes = new Notes();
  const seen = notes.watch(front.begin(plan));
  front.askForCertificate();
  const worker = await TestWorker.start(dataFolder);
  return notes.of(worker, async () => {
    const before = (await worker.state()).registration?.thumbprint;
    await notes.whenState(worker, 'another certificate', (state) => state.registration?.thumbprint !== before);
    await waitFor('held polls', limitSeconds, () =>
      [...seen.calls.keys()].filter((call) => call.endsWith(', held')).length === 2 ? true : undefined,
    );
    const tried = await Promise.allSettled([
      writes(trial, notes),
      loses(trial, worker, notes),
      asks(trial, notes),
      ...(stage.hasPowerShell ? [flows(trial, worker, notes)] : []),
    ]);
    for (const one of tried) if (one.status === 'rejected') notes.wrong.push(String(one.reason));
    // What went wrong on the way is over, and nobody is told of it any more.
    await notes.whenState(
      worker,
      'a well worker',
      // Of the sandbox that was killed a person is still told for a while.
      ({ status, running, problems }) =>
        status === 'ready' && running === 0 && problems.every(({ code }) => code === 'sandbox-crashed'),
    );
    await waitFor('the end of all sandboxes', limitSeconds, () =>
      readdirSync(join(dataFolder, 'sandboxes')).length === 0 ? true : undefined,
    );
  });
}

async function start({ stage, groupName }: Trial, name: string, parameters: Record<string, string>): Promise<string> {
  const jobName = randomUUID();
  const body = { runbook: { name }, parameters, runOn: groupName };
  await stage.service.rest.call('jobs:start', { params: { accountName, jobName }, body });
  return jobName;
}

function whenJob({ stage }: Trial, jobName: string, what: string, holds: (job: JobDetails) => boolean): Promise<JobDetails> {
  return waitFor(what, limitSeconds, async () => {
    const job = await stage.service.rest.call('jobs:get', { params: { accountName, jobName } });
    return holds(job) ? job : undefined;
  });
}

const hasEnded = ({ endTime }: JobDetails): boolean => endTime !== null;

interface Counting {
  jobName: string;
  sideFolder: string;
}

async function startCounting(trial: Trial): Promise<Counting> {
  const sideFolder = await mkdtemp(`${trial.dataFolder}-counts-`);
  const parameters = { Side: sideFolder, Count: String(records), Rest: String(restSeconds) };
  return { sideFolder, jobName: await start(trial, runbookName, parameters) };
}

async function judge(trial: Trial, { jobName, sideFolder }: Counting, outcomes: string[], notes: Notes): Promise<void> {
  const job = await whenJob(trial, jobName, 'the end of a job that writes', hasEnded);
  const ground = { rest: trial.stage.service.rest, sideFolder, workerFolders: [trial.dataFolder] };
  const verdict = await judgeJob(ground, job, records);
  notes.jobs += 1;
  notes.records += verdict.onService;
  notes.wrong.push(...verdict.faults);
  const { status, lost, doubled, overlaps, notAccepted } = verdict;
  const wanted = { status: 'Completed', lost: 0, doubled: 0, overlaps: 0, notAccepted: 0 };
  notes.same('a job that writes', { status, lost, doubled, overlaps, notAccepted }, wanted);
  notes.same('its attempts', verdict.outcomes, outcomes);
}

async function writes(trial: Trial, notes: Notes): Promise<void> {
  await judge(trial, await startCounting(trial), ['completed'], notes);
}

/** Its sandbox is killed in the middle: the engine tells the service what the journal has, and the job is made again. */
async function loses(trial: Trial, worker: TestWorker, notes: Notes): Promise<void> {
  const counting = await startCounting(trial);
  const { sideFolder, jobName } = counting;
  await waitFor('half of the records', limitSeconds, () =>
    readdirSync(sideFolder).some(
      (file) => file.endsWith('.count') && readFileSync(join(sideFolder, file), 'utf8').split('\n').length > records / 2,
    )
      ? true
      : undefined,
  );
  const { jobId } = await whenJob(trial, jobName, 'the job', () => true);
  const sandboxId = (await worker.ask('jobs:running', {})).find((job) => job.jobId === jobId)?.sandboxId ?? 'none';
  const launchFile = join(trial.dataFolder, 'sandboxes', sandboxId, 'launch.json');
  const { process: sandbox } = JSON.parse(readFileSync(launchFile, 'utf8')) as { process: { pid: number } };
  process.kill(sandbox.pid, 'SIGKILL');
  await judge(trial, counting, ['sandbox-crashed', 'completed'], notes);
}

async function asks(trial: Trial, notes: Notes): Promise<void> {
  const { rest } = trial.stage.service;
  const assetName = `from-${randomUUID()}`;
  await rest.call('variables:put', { params: { accountName, assetName }, body: { value: 'unset' } });
  const jobName = await start(trial, asksName, { Name: assetName });
  const job = await whenJob(trial, jobName, 'the end of a job that asks', hasEnded);
  notes.jobs += 1;
  notes.records += job.recordCount;
  notes.same('a job that asks', [job.status, job.attempts.length, job.verified, job.exception], ['Completed', 1, true, null]);
  notes.same('what it said', await outputOf(trial, jobName, 1), asksOutput);
  const { value } = await rest.call('variables:get', { params: { accountName, assetName } });
  notes.same('the variable that it set', value, `set by ${assetName}`);
}

/** Suspends itself; a person lets it go on, by a call that is made once: the person sees what comes of it, and asks again. */
async function flows(trial: Trial, worker: TestWorker, notes: Notes): Promise<void> {
  const { rest } = trial.stage.service;
  const jobName = await start(trial, flowName, {});
  const suspended = await whenJob(trial, jobName, 'a suspended workflow', (job) => job.status === 'Suspended' || hasEnded(job));
  notes.same('a workflow', [suspended.status, suspended.exception], ['Suspended', null]);
  const sandboxId = suspended.attempts[0]?.sandboxId ?? '';
  await waitFor('the end of the attempt in the history', limitSeconds, async () =>
    (await worker.ask('jobs:get', { id: sandboxId })).outcome === 'suspended' ? true : undefined,
  );
  const answer = await worker.call('jobs:resume', { sandboxId });
  if (!answer.ok) {
    if (!clearCodes.includes(answer.problem.code)) notes.wrong.push(`resuming is refused with ${answer.problem.code}`);
    const again = await worker.call('jobs:resume', { sandboxId });
    // The first call may have been heard.
    if (!again.ok) notes.same('resuming again', again.problem.code, 'job-not-suspended');
  }
  const job = await whenJob(trial, jobName, 'the end of the workflow', (one) => hasEnded(one) && one.status !== 'Suspended');
  notes.jobs += 2;
  notes.records += job.recordCount;
  notes.same('the workflow', [job.status, job.exception], ['Completed', null]);
  notes.same(
    'its attempts',
    job.attempts.map(({ outcome, verified }) => [outcome, verified]),
    [
      ['suspended', true],
      ['completed', true],
    ],
  );
  notes.same('what it said', await Promise.all([1, 2].map((attempt) => outputOf(trial, jobName, attempt))), flowOutput);
  const startedBy = `job ${job.jobId} (${flowName})`;
  const children = await rest.call('jobs:list', { params: { accountName }, query: { startedBy } });
  notes.same(
    'its child',
    children.value.map(({ status }) => status),
    ['Completed'],
  );
}

async function outputOf({ stage }: Trial, jobName: string, attempt: number): Promise<string[]> {
  const query = { streamType: 'Output', attempt: String(attempt) } as const;
  const { value } = await stage.service.rest.call('jobs:streams', { params: { accountName, jobName }, query });
  return value.map(({ streamText }) => streamText.trimEnd());
}
