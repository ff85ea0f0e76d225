/**
 * What is stopped for longer than every call waits and every fence allows, and goes on: an engine, a sandbox, a whole machine, the service.
 * Real processes, stopped by signal. A machine that sleeps is harder on one thing only: its monotonic clock stands still too, so that its
 * connections are found dead a little later (test/process/network-faults.test.ts).
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fenceHolderSeconds } from '../../src-contract/limits.ts';
import type { JobDetails } from '../../src-contract/rest/jobs.ts';
import type { ControlClient } from '../../src-main/control/control-client.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import {
  accountName,
  joinGroup,
  makeAccount,
  publishRunbook,
  startHeadlessWorker,
  startService,
  unwrap,
  waitFor,
  waitForState,
  type Account,
  type Program,
  type Service,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

leftoversAreCheckedAtTheEnd();

/** A held call ends after 20 s and is given up after 27; an attempt is fenced after 35. */
const stoppedMs = (fenceHolderSeconds + 7) * 1000;
const backSeconds = 10;
/** Beats as long as there is no gate. */
const script = `echo begun
while [ ! -e "$1" ]; do echo "$$" >> "$1.beats"; sleep 0.2; done
echo released
`;

interface Worker {
  program: Program;
  control: ControlClient;
  dataFolder: string;
}

interface Came {
  job: JobDetails;
  texts: string[];
  /** Of the jobs that the worker shows, by sandbox id, how each ended. */
  outcomes: Map<string, string | null>;
  /** Seconds from the going on to a worker that is ready, where the scene looks at that. */
  backAfter: number;
  verdict: Record<string, unknown>;
}

let folder: string;
let service: Service;
let account: Account;
const workers: Worker[] = [];
const services: Service[] = [];
const came: Partial<Record<'machine' | 'engine' | 'sandbox' | 'service', Came>> = {};

async function openService(name: string): Promise<{ service: Service; account: Account }> {
  const opened = await startService(join(folder, name));
  services.push(opened);
  const made = await makeAccount(opened);
  await publishRunbook(opened, 'beat', 'Bash', script);
  return { service: opened, account: made };
}

async function openWorker(name: string, groupName: string, at: { service: Service; account: Account }): Promise<Worker> {
  const dataFolder = join(folder, name);
  const worker = { ...(await startHeadlessWorker(dataFolder, join(folder, `${name}.log`))), dataFolder };
  workers.push(worker);
  await joinGroup(worker.control, at.service, at.account, groupName);
  return worker;
}

async function start(at: Service, runOn: string): Promise<{ jobName: string; gate: string }> {
  const jobName = randomUUID();
  const gate = join(folder, `${jobName}.gate`);
  const body = { runbook: { name: 'beat' }, parameters: { Gate: gate }, runOn };
  await at.rest.call('jobs:start', { params: { accountName, jobName }, body });
  return { jobName, gate };
}

const jobOf = (at: Service, jobName: string): Promise<JobDetails> =>
  at.rest.call('jobs:get', { params: { accountName, jobName } });

function whenEnded(at: Service, jobName: string, seconds: number): Promise<JobDetails> {
  return waitFor(`the end of ${jobName}`, seconds, async () => {
    const job = await jobOf(at, jobName);
    return job.endTime === null ? undefined : job;
  });
}

async function runningOn(worker: Worker): Promise<{ sandboxId: string; sandbox: number; runtime: number }> {
  return await waitFor('the running job', 30, async () => {
    const running = unwrap(await worker.control.call('jobs:running', {}));
    const job = running.find((one) => one.phase === 'running' && one.recordCount > 0);
    if (job === undefined || job.processId === null || job.runtimePid === null) return undefined;
    return { sandboxId: job.sandboxId, sandbox: job.processId, runtime: job.runtimePid };
  });
}

/** Stops them, waits, lets those go on that are still there. */
async function stopFor(pids: readonly number[], milliseconds: number, meanwhile?: () => Promise<void>): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    await Promise.all([pause(milliseconds), meanwhile?.()]);
  } finally {
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGCONT');
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** When the worker is well again, in seconds from now. */
async function whenBack(worker: Worker): Promise<number> {
  const since = performance.now();
  await waitForState(worker.control, 'a well worker', (state) => state.status === 'ready' && state.problems.every(isPast));
  return (performance.now() - since) / 1000;
}

/** Told for an hour, whatever happens since. */
const isPast = (problem: { code: string }): boolean => problem.code === 'sandbox-crashed';

const beats = (gate: string): string[] => readFileSync(`${gate}.beats`, 'utf8').trim().split('\n');

async function gather(at: Service, worker: Worker, jobName: string): Promise<Pick<Came, 'job' | 'texts' | 'outcomes'>> {
  const job = await whenEnded(at, jobName, 60);
  await waitForState(worker.control, 'an idle worker', (state) => state.running === 0);
  const last = job.attempts.length;
  const streams = await at.rest.call('jobs:streams', { params: { accountName, jobName }, query: { attempt: last, limit: 500 } });
  const outcomes = new Map<string, string | null>();
  for (const { sandboxId } of job.attempts) {
    const answer = await worker.control.call('jobs:get', { id: sandboxId });
    if (answer.ok) outcomes.set(sandboxId, answer.value.outcome);
  }
  return { job, texts: streams.value.map((one) => one.streamText), outcomes };
}

/** One of two workers of a group sleeps, with everything that runs on it. */
async function machineSleeps(): Promise<void> {
  const at = { service, account };
  const asleep = await openWorker('asleep', 'machine', at);
  const { jobName, gate } = await start(service, 'machine');
  const { sandbox, runtime } = await runningOn(asleep);
  await openWorker('awake', 'machine', at);
  let handedOverAfter = NaN;
  await stopFor([asleep.program.pid, sandbox, runtime], stoppedMs, async () => {
    const since = performance.now();
    await waitFor('the second attempt', stoppedMs / 1000, async () =>
      ((await jobOf(service, jobName)).attempts[1]?.startTime ?? null) === null ? undefined : true,
    );
    handedOverAfter = (performance.now() - since) / 1000;
  });
  const backAfter = await whenBack(asleep);
  await waitFor('the end of the first sandbox', 30, () => (isAlive(sandbox) || isAlive(runtime) ? undefined : true));
  const beatsAsleep = beats(gate).filter((pid) => pid === String(runtime)).length;
  appendFileSync(gate, '');
  const gathered = await gather(service, asleep, jobName);
  const beatsAtEnd = beats(gate).filter((pid) => pid === String(runtime)).length;
  came.machine = { ...gathered, backAfter, verdict: { handedOverAfter, wentOn: beatsAtEnd - beatsAsleep } };
}

async function engineStops(): Promise<void> {
  const worker = await openWorker('engine', 'engine', { service, account });
  const { jobName, gate } = await start(service, 'engine');
  const { runtime } = await runningOn(worker);
  await stopFor([worker.program.pid], stoppedMs, async () => {
    await pause(stoppedMs - 3000);
    appendFileSync(gate, '');
    // The sandbox needs nobody for that.
    await whenEnded(service, jobName, 20);
  });
  const backAfter = await whenBack(worker);
  const gathered = await gather(service, worker, jobName);
  came.engine = { ...gathered, backAfter, verdict: { runtimes: new Set(beats(gate)).size, runtime: isAlive(runtime) } };
}

async function sandboxHangs(): Promise<void> {
  const worker = await openWorker('sandbox', 'sandbox', { service, account });
  const { jobName, gate } = await start(service, 'sandbox');
  const { sandboxId, sandbox, runtime } = await runningOn(worker);
  let second = { sandboxId };
  await stopFor([sandbox], stoppedMs + 10_000, async () => {
    second = await waitFor('another sandbox', stoppedMs / 1000 + 10, async () => {
      const found = await runningOn(worker).catch(() => undefined);
      return found === undefined || found.sandboxId === sandboxId ? undefined : found;
    });
    // The engine, which lives, ends what the service has given up on.
    await waitFor('the end of the first sandbox', 20, () => (isAlive(sandbox) || isAlive(runtime) ? undefined : true));
  });
  appendFileSync(gate, '');
  const gathered = await gather(service, worker, jobName);
  came.sandbox = { ...gathered, backAfter: await whenBack(worker), verdict: { another: second.sandboxId !== sandboxId } };
}

async function serviceStops(): Promise<void> {
  const at = await openService('stopped-service');
  const worker = await openWorker('its-worker', 'service', at);
  const { jobName, gate } = await start(at.service, 'service');
  await runningOn(worker);
  await stopFor([at.service.program.pid], stoppedMs, () => pause(stoppedMs - 2000).then(() => appendFileSync(gate, '')));
  const backAfter = await whenBack(worker);
  came.service = { ...(await gather(at.service, worker, jobName)), backAfter, verdict: { runtimes: new Set(beats(gate)).size } };
}

describe('stopped for longer than every limit, and going on', () => {
  beforeAll(async () => {
    folder = await tempFolder();
    ({ service, account } = await openService('service'));
    await Promise.all([machineSleeps(), engineStops(), sandboxHangs(), serviceStops()]);
  }, 240_000);

  afterAll(async () => {
    for (const { control, program } of workers) {
      await control.close();
      await program.stop();
    }
    for (const opened of services) await opened.stop();
    // A sandbox that was ended by force leaves its sockets there where its engine had not come to remove them.
    await rm(join(tmpdir(), `hrw-${userInfo().uid}`), { recursive: true, force: true });
  });

  it('a machine: its job is done by another worker within 45 s; what wakes is stopped, and both say the truth', () => {
    const { job, texts, outcomes, backAfter, verdict } = came.machine ?? neverCame();
    const [first, second] = job.attempts;
    expect(job).toMatchObject({ status: 'Completed', verified: true });
    expect(job.attempts.map((one) => one.outcome)).toEqual(['interrupted', 'completed']);
    expect(second?.machineId).not.toBe(first?.machineId);
    expect(verdict['handedOverAfter']).toBeLessThan(45);
    expect(verdict['wentOn']).toBe(0);
    expect(texts).toEqual(['begun', 'released']);
    expect(outcomes.get(first?.sandboxId ?? '')).toBe('interrupted');
    expect(backAfter).toBeLessThan(backSeconds);
  });

  it('an engine: its sandbox ends its job alone, and the engine shows it when it goes on', () => {
    const { job, texts, outcomes, backAfter, verdict } = came.engine ?? neverCame();
    expect(job).toMatchObject({ status: 'Completed', verified: true });
    expect(job.attempts).toHaveLength(1);
    expect(verdict).toEqual({ runtimes: 1, runtime: false });
    expect(texts).toEqual(['begun', 'released']);
    expect([...outcomes.values()]).toEqual(['completed']);
    expect(backAfter).toBeLessThan(backSeconds);
  });

  it('a sandbox that hangs: the job is made again, and nothing of the first attempt runs beside it', () => {
    const { job, texts, backAfter, verdict } = came.sandbox ?? neverCame();
    expect(job).toMatchObject({ status: 'Completed', verified: true });
    expect(job.attempts.map((one) => one.outcome)).toEqual(['interrupted', 'completed']);
    expect(verdict).toEqual({ another: true });
    expect(texts).toEqual(['begun', 'released']);
    expect(backAfter).toBeLessThan(backSeconds);
  });

  it('a service: nothing is given up for its own silence, and every record is there', () => {
    const { job, texts, outcomes, backAfter, verdict } = came.service ?? neverCame();
    expect(job).toMatchObject({ status: 'Completed', verified: true });
    expect(job.attempts).toHaveLength(1);
    expect(verdict).toEqual({ runtimes: 1 });
    expect(texts).toEqual(['begun', 'released']);
    expect([...outcomes.values()]).toEqual(['completed']);
    expect(backAfter).toBeLessThan(backSeconds);
  });
});

function neverCame(): never {
  throw new Error('this scene did not come to its end');
}
