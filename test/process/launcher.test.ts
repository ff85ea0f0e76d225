/** The launcher with real processes: sandboxes that run, die, never speak, outlive their engine. */
import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { appendFile, mkdir, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import { openPolicy } from '../../src-contract/policy.ts';
import { sandboxContractVersion } from '../../src-contract/sandbox.ts';
import { systemClock } from '../../src-main/engine/clock.ts';
import { summarizeJournal } from '../../src-main/journal/journal-reader.ts';
import { JournalUploader } from '../../src-main/journal/journal-uploader.ts';
import type { LauncherListener, SandboxSnapshot } from '../../src-main/launcher/launcher-listener.ts';
import { Launcher } from '../../src-main/launcher/launcher.ts';
import type { LaunchFacts } from '../../src-main/launcher/sandbox-folders.ts';
import { startSandboxProcess } from '../../src-main/launcher/sandbox-process.ts';
import { identifyProcess } from '../../src-main/platform/process-identity.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { FakeFinishingService } from '../fakes/finishing-service.ts';
import { mustEndWithTest } from '../harness/leftovers.ts';
import { noLimits } from '../../src-contract/sandbox.ts';
import { provokes } from '../harness/provokes.ts';
import { waitFor } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const fixture = fileURLToPath(new URL('../fixtures/sandbox/fake-sandbox.ts', import.meta.url));

class Listener implements LauncherListener {
  readonly counts: number[] = [];
  readonly views: SandboxSnapshot[] = [];
  readonly adoptions: SandboxSnapshot[] = [];
  readonly failures: AppError[] = [];
  readonly crashes: { sandbox: SandboxSnapshot; seen: string }[] = [];
  readonly ends: SandboxSnapshot[] = [];
  readonly dismissed: string[] = [];
  readonly removed: string[] = [];
  readonly faults: unknown[] = [];
  countChanged = (running: number): void => void this.counts.push(running);
  changed = (sandbox: SandboxSnapshot): void => void this.views.push(sandbox);
  adopted = (sandbox: SandboxSnapshot): void => void this.adoptions.push(sandbox);
  notStarted = (_launch: LaunchFacts, error: AppError): void => void this.failures.push(error);
  crashed = (sandbox: SandboxSnapshot, seen: string): void => void this.crashes.push({ sandbox, seen });
  gone = ({ launch }: SandboxSnapshot): void => void this.dismissed.push(launch.sandboxId);
  ended = (sandbox: SandboxSnapshot): Promise<void> => Promise.resolve(void this.ends.push(sandbox));
  leftoverRemoved = (what: string): void => void this.removed.push(what);
  fault = (error: unknown): void => void this.faults.push(error);
}

let folder: string;
let listener: Listener;
let service: FakeFinishingService | undefined;
let launcher: Launcher;
let connections: { opened: number; closed: number };
const launchers: Launcher[] = [];

function open(
  way: string,
  environment: NodeJS.ProcessEnv = process.env,
  program = process.execPath,
  shorten = (milliseconds: number): number => milliseconds,
): Launcher {
  listener = new Listener();
  launcher = new Launcher({
    sandboxesFolder: path.join(folder, 'sandboxes'),
    journalsFolder: path.join(folder, 'journals'),
    executable: { file: program, leading: [fixture, way] },
    environment,
    now: () => new Date(),
    sleep: (milliseconds, signal) => systemClock.sleep(shorten(milliseconds), signal),
    retryDelayMs: () => 10,
    connectService: () => {
      connections.opened += 1;
      return Promise.resolve(service === undefined ? undefined : { service, close: () => void (connections.closed += 1) });
    },
    listener,
  });
  launchers.push(launcher);
  return launcher;
}

function start(sandboxId: string): SandboxSnapshot {
  return launcher.start({ sandboxId, groupName: 'lab', jrdsUri: 'https://service/jrds', accountId: 'account' }, () =>
    Promise.resolve({
      address: { jrdsUri: 'https://service/jrds', accountId: 'account', trust: { kind: 'system' }, proxy: { kind: 'none' } },
      credential: { kind: 'sandbox-secret', secret: 'the secret' },
      runtimes: [],
      stopGraceSeconds: 5,
      startLimitSeconds: 60,
      culture: '',
      runAs: { kind: 'own', name: 'tester' },
      limits: noLimits,
      policy: openPolicy,
    }),
  );
}

const sandboxFolder = (sandboxId: string): string => path.join(folder, 'sandboxes', sandboxId);
const tell = (sandboxId: string, what: string): Promise<void> => writeFile(path.join(sandboxFolder(sandboxId), `do-${what}`), '');

async function running(sandboxId: string): Promise<{ pid: number; runtimePid: number }> {
  return await waitFor('the running report', 30, () => {
    // Told at once, or a machine that was too slow to start a process would look like a lost report.
    if (listener.failures[0] !== undefined) throw listener.failures[0];
    const found = launcher.list().find((one) => one.launch.sandboxId === sandboxId);
    if (found?.report?.phase !== 'running') return undefined;
    const { process: identity, runtimePid } = found.report;
    mustEndWithTest(identity.pid);
    return { pid: identity.pid, runtimePid: runtimePid ?? 0 };
  });
}

const ended = (): Promise<SandboxSnapshot> => waitFor('the end', 10, () => listener.ends[0]);

/** A zombie that only waits for its parent is not alive. */
const isAlive = (pid: number): boolean => identifyProcess(pid) !== undefined;

beforeEach(async () => {
  folder = await tempFolder();
  await mkdir(path.join(folder, 'sandboxes'));
  await mkdir(path.join(folder, 'journals'));
  service = new FakeFinishingService();
  connections = { opened: 0, closed: 0 };
});
afterEach(async () => {
  for (const one of launchers.splice(0)) await one.close();
});

describe('a sandbox', () => {
  it('counts from the moment it is decided on, is followed to its end, and leaves only its journal', async () => {
    open('runs');
    start('s1');
    expect(launcher.runningCount).toBe(1);
    expect(launcher.knows('s1')).toBe(true);
    const { pid } = await running('s1');
    await tell('s1', 'end');
    const end = await ended();
    expect(end.report).toMatchObject({ phase: 'ended', outcome: 'completed', process: { pid } });
    await waitFor('the folder’s removal', 5, () => (existsSync(sandboxFolder('s1')) ? undefined : true));
    expect(existsSync(path.join(folder, 'journals', 'job-of-s1', 's1.journal'))).toBe(true);
    expect(listener.counts).toEqual([1, 0]);
    expect(listener.crashes).toEqual([]);
    expect(launcher.knows('s1')).toBe(true);
    expect(listener.faults).toEqual([]);
  });

  it('is handed its secret, and inherits nothing that changes how programs run', async () => {
    const environment = {
      ...process.env,
      NODE_OPTIONS: '--bad',
      LD_PRELOAD: '/x.so',
      ELECTRON_RUN_AS_NODE: '1',
      npm_config_x: 'y',
      HRW_TOKEN_FILE: 'f',
      KEPT: 'yes',
    };
    open('runs', environment);
    start('s1');
    await running('s1');
    const seen = JSON.parse(await readFile(path.join(sandboxFolder('s1'), 'seen.json'), 'utf8')) as {
      given: { credential: unknown };
      environment: Record<string, string>;
    };
    expect(seen.given.credential).toEqual({ kind: 'sandbox-secret', secret: 'the secret' });
    expect(seen.environment['KEPT']).toBe('yes');
    expect(Object.keys(seen.environment).filter((name) => /^(NODE_|LD_|ELECTRON_|npm_|HRW_)/.test(name))).toEqual([]);
    const launch = await readFile(path.join(sandboxFolder('s1'), 'launch.json'), 'utf8');
    expect(launch).not.toContain('the secret');
    await tell('s1', 'end');
    await ended();
  });

  it('stops its job when asked to', async () => {
    open('runs');
    start('s1');
    await running('s1');
    expect(await launcher.stop('s1', 'a test')).toBe(true);
    expect((await ended()).report?.outcome).toBe('stopped');
    expect(await launcher.stop('s1', 'again')).toBe(false);
  });
});

describe('a sandbox that does not start', () => {
  const ways: [string, string, number][] = [
    ['dies', 'its process ended with code 3 (Security error: the policy of this machine)', 10_000],
    ['garbage', 'what it said first is no acknowledgement', 10_000],
    ['silent', 'it said nothing within 0.3 s', 300],
  ];
  for (const [way, reason, timeoutMs] of ways) {
    it(`because it ${way === 'dies' ? 'dies at once' : way === 'silent' ? 'says nothing' : 'says something else'} is a problem with its reason, and nothing is left`, async () => {
      await mkdir(sandboxFolder('s1'));
      const handOver = {
        contractVersion: 1 as const,
        sandboxId: 's1',
        groupName: 'lab',
        address: { jrdsUri: 'u', accountId: 'a', trust: { kind: 'system' as const }, proxy: { kind: 'none' as const } },
        credential: { kind: 'sandbox-secret' as const, secret: 'x' },
        sandboxFolder: sandboxFolder('s1'),
        journalsFolder: path.join(folder, 'journals'),
        runtimes: [],
        stopGraceSeconds: 1,
        startLimitSeconds: 60,
        culture: '',
        runAs: { kind: 'own', name: 'tester' } as const,
        limits: noLimits,
        policy: openPolicy,
      };
      const executable = { file: process.execPath, leading: [fixture, way] };
      const onSpawned = (pid: number): void => {
        mustEndWithTest(pid);
      };
      const failure = await failureOf(
        startSandboxProcess({ executable, handOver, environment: process.env, timeoutMs, onSpawned }),
      );
      expect(failure.code).toBe(provokes('sandbox-not-started'));
      expect(failure.details).toMatchObject({ reason });
    });
  }

  it('frees its slot and its folder, and the same action may start it again', async () => {
    open('dies');
    start('s1');
    await waitFor('the failure', 10, () => listener.failures[0]);
    expect(launcher.runningCount).toBe(0);
    await waitFor('the end of it', 10, () => listener.dismissed[0]);
    expect(launcher.knows('s1')).toBe(false);
    expect(await readdir(path.join(folder, 'sandboxes'))).toEqual([]);
    expect(listener.counts).toEqual([1, 0]);
    expect(listener.dismissed).toEqual(['s1']);
  });

  it('because its program is not there says so, to the service too, and is not started again', async () => {
    if (service !== undefined) service.jobActions = [{ JobId: 'job-of-s1' }];
    open('runs', process.env, path.join(folder, 'nothing'));
    start('s1');
    const failure = await waitFor('the failure', 10, () => listener.failures[0]);
    expect(failure.message).toContain('its program is not there');
    expect(launcher.runningCount).toBe(0);
    const { report } = await ended();
    const reason = 'its sandbox could not be started: its program is not there';
    const told = { outcome: 'never-started', reason, recordCount: 0, processId: null, wallMs: 0, processesLeft: 0 };
    expect(service?.ends).toMatchObject([{ status: 'Failed', report: told }]);
    expect(report).toMatchObject({
      phase: 'ended',
      jobId: 'job-of-s1',
      outcome: 'never-started',
      outcomeReason: reason,
      verified: true,
    });
    expect(await readdir(path.join(folder, 'journals'))).toEqual([]);
    await waitFor('the folder’s removal', 5, () => (existsSync(sandboxFolder('s1')) ? undefined : true));
    expect(launcher.knows('s1')).toBe(true);
    expect(connections).toEqual({ opened: 2, closed: 2 });
  });

  it('is told when the service is back', async () => {
    if (service === undefined) return;
    service.jobActions = [{ JobId: 'job-of-s1' }];
    service.failures.push(
      new AppError('connection-refused', { host: 'service', port: 443 }, { retryable: true }),
      new AppError('connection-refused', { host: 'service', port: 443 }, { retryable: true }),
    );
    open('dies');
    start('s1');
    await ended();
    expect(service.ends).toMatchObject([
      { report: { outcome: 'never-started', reason: expect.stringContaining('the policy of this machine') as string } },
    ]);
  });
});

describe('a sandbox that dies', () => {
  it('is noticed within a second; its journal reaches the service whole, its end is reported, its processes are ended', async () => {
    open('runs');
    start('s1');
    const { pid, runtimePid } = await running('s1');
    const killedAt = performance.now();
    process.kill(pid, 'SIGKILL');
    const { seen } = await waitFor('the notice', 5, () => listener.crashes[0]);
    expect(performance.now() - killedAt).toBeLessThan(1000);
    expect(seen).toContain('its process was ended by SIGKILL');
    const end = await ended();
    expect(service?.records.map((record) => record.text)).toEqual(['one', 'two', 'three']);
    expect(service?.ends).toMatchObject([
      {
        status: 'Failed',
        report: { outcome: 'sandbox-crashed', recordCount: 3, chain: service?.acknowledged.chain, processesLeft: 0 },
      },
    ]);
    expect(end.report).toMatchObject({
      phase: 'ended',
      outcome: 'sandbox-crashed',
      verified: true,
      recordCount: 3,
      acknowledgedCount: 3,
    });
    expect(isAlive(runtimePid)).toBe(false);
    expect(service?.unloads).toBe(1);
    await waitFor('the folder’s removal', 5, () => (existsSync(sandboxFolder('s1')) ? undefined : true));
  });

  it('of an exception is remembered by its last words', async () => {
    open('runs');
    start('s1');
    await running('s1');
    await tell('s1', 'crash');
    const { seen } = await waitFor('the notice', 10, () => listener.crashes[0]);
    expect(seen).toContain('it was told to crash');
    await ended();
  });

  it('before it took a job may be started again by the same action', async () => {
    open('jobless');
    start('s1');
    const { seen } = await waitFor('the notice', 10, () => listener.crashes[0]);
    expect(seen).toContain('nothing to do');
    await waitFor('the folder’s removal', 5, () => (existsSync(sandboxFolder('s1')) ? undefined : true));
    await waitFor('the last word', 5, () => listener.dismissed[0]);
    expect(launcher.knows('s1')).toBe(false);
    expect(service?.ends).toEqual([]);
  });

  it('before it took its job, which the service counts as picked up, is reported with that job', async () => {
    if (service !== undefined) service.jobActions = [];
    open('jobless');
    start('s1');
    const { seen } = await waitFor('the notice', 10, () => listener.crashes[0]);
    expect(seen).toContain('nothing to do');
    // The message that the sandbox had read comes back a little later.
    if (service !== undefined) service.jobActions = [{ JobId: 'the-job' }];
    const end = await ended();
    expect(end.report).toMatchObject({ jobId: 'the-job', outcome: 'sandbox-crashed', recordCount: 0, verified: true });
    expect(service?.ends).toMatchObject([{ status: 'Failed', report: { outcome: 'sandbox-crashed', recordCount: 0 } }]);
    await waitFor('the folder’s removal', 5, () => (existsSync(sandboxFolder('s1')) ? undefined : true));
  });

  it('before it took its job is left to a plain service, which hands it out again', async () => {
    service = new FakeFinishingService([]);
    service.jobActions = [{ JobId: 'the-job' }];
    open('jobless');
    start('s1');
    await waitFor('the notice', 10, () => listener.crashes[0]);
    await waitFor('it to be forgotten', 10, () => (launcher.knows('s1') ? undefined : true));
    expect(existsSync(sandboxFolder('s1'))).toBe(false);
    expect(service.ends).toEqual([]);
  });

  it('before it took a job that the service tells nobody of any more keeps that job from no one else', async () => {
    const sandbox = service;
    if (sandbox === undefined) return;
    let asked = 0;
    const { getJobActions } = sandbox;
    sandbox.jobActions = [];
    sandbox.getJobActions = (...ask) => {
      asked += 1;
      return getJobActions(...ask);
    };
    open('jobless', process.env, process.execPath, (milliseconds) => milliseconds / 20);
    start('s1');
    await waitFor('the last word', 20, () => listener.dismissed[0]);
    expect(launcher.knows('s1')).toBe(false);
    expect(sandbox.ends).toEqual([]);
    // Each question is a sign of life to the service.
    expect(asked).toBeLessThan(10);
  });

  it('after it had told what its disk did not take is finished by what it told', async () => {
    open('runs');
    start('s1');
    const { pid } = await running('s1');
    const stateFile = path.join(sandboxFolder('s1'), 'state.json');
    const state = JSON.parse(await readFile(stateFile, 'utf8')) as object;
    await writeFile(stateFile, JSON.stringify({ ...state, phase: 'starting', jobId: null, recordCount: 0 }));
    await rm(path.join(folder, 'journals', 'job-of-s1'), { recursive: true });
    process.kill(pid, 'SIGKILL');
    const end = await ended();
    expect(end.report).toMatchObject({ jobId: 'job-of-s1', outcome: 'sandbox-crashed' });
    expect(service?.ends).toMatchObject([{ status: 'Failed', report: { outcome: 'sandbox-crashed' } }]);
  });

  it('with a journal that has less than the service ends its job, and nobody says that all is there', async () => {
    open('runs');
    start('s1');
    const { pid } = await running('s1');
    const journal = path.join(folder, 'journals', 'job-of-s1', 's1.journal');
    if (service === undefined) return;
    const uploader = new JournalUploader({
      sink: service,
      sandboxId: 's1',
      jobId: 'job-of-s1',
      path: journal,
      resume: true,
      delay: () => Promise.resolve(),
      retryDelayMs: () => 10,
      onProgress: () => undefined,
    });
    await uploader.finish(await summarizeJournal(journal));
    await uploader.close();
    expect(service.records).toHaveLength(3);
    await launcher.close();
    process.kill(pid, 'SIGKILL');
    // A power failure takes what the disk had not yet written.
    await truncate(journal, (await stat(journal)).size - 10);
    open('runs');
    await launcher.adoptAll();
    const end = await ended();
    expect(service.ends).toMatchObject([{ status: 'Failed', report: { outcome: 'sandbox-crashed' } }]);
    expect(end.report).toMatchObject({ outcome: 'sandbox-crashed', verified: false });
    expect(end.report?.uploadTrouble).toContain('not in this journal');
  });

  it('with a torn journal loses only what was torn, and the journal says so', async () => {
    open('runs');
    start('s1');
    const { pid } = await running('s1');
    await launcher.close();
    process.kill(pid, 'SIGKILL');
    await appendFile(path.join(folder, 'journals', 'job-of-s1', 's1.journal'), Buffer.from([50, 0, 0, 0, 1, 2, 3]));
    open('runs');
    await launcher.adoptAll();
    const end = await ended();
    expect(end.report).toMatchObject({ outcome: 'sandbox-crashed', verified: true, recordCount: 3 });
    expect(service?.records).toHaveLength(3);
  });

  it('is finished through a service that is away, however long, and once', async () => {
    open('runs');
    start('s1');
    const { pid } = await running('s1');
    const away = new AppError('connection-refused', { host: 'service', port: 443 }, { retryable: true });
    service?.failures.push(away, away, away, away);
    process.kill(pid, 'SIGKILL');
    const end = await ended();
    expect(end.report?.verified).toBe(true);
    expect(service?.ends).toHaveLength(1);
    expect(listener.views.some((view) => view.report?.uploadTrouble?.includes('Nothing answers') === true)).toBe(true);
    // Whatever keeps the upload, its slot is free.
    expect(listener.counts.at(-1)).toBe(0);
  });

  const mendable: [string, AppError][] = [
    ['no longer accepts this worker', new AppError('worker-not-accepted', { groupName: 'lab' })],
    ['stands behind a gateway that refuses', new AppError('service-refused', { call: 'read a job', status: 403, reason: 'no' })],
    ['did not see the certificate', new AppError('certificate-not-proven', { thumbprint: 'AB' })],
  ];
  for (const [how, refusal] of mendable)
    it(`is finished once somebody has mended why the service ${how}`, async () => {
      const waits: number[] = [];
      open('runs', process.env, process.execPath, (milliseconds) => {
        waits.push(milliseconds);
        return Math.min(milliseconds, 100);
      });
      start('s1');
      const { pid } = await running('s1');
      service?.failures.push(refusal, refusal);
      process.kill(pid, 'SIGKILL');
      const end = await ended();
      expect(end.report).toMatchObject({ outcome: 'sandbox-crashed', verified: true, uploadTrouble: null });
      expect(service?.ends).toHaveLength(1);
      expect(waits.filter((wait) => wait === 30_000)).toHaveLength(2);
      expect(listener.views.some((view) => view.report?.uploadTrouble === refusal.toProblem().title)).toBe(true);
    });

  it('is finished with the certificate that the worker has by then, not with the one that it had at the death', async () => {
    open('runs');
    start('s1');
    const { pid } = await running('s1');
    const old = service;
    const withOldCertificate = new AppError('connection-refused', { host: 'service', port: 443 }, { retryable: true });
    // For ever, as a service that has taken a rotated certificate refuses the one before.
    old?.failures.push(...Array.from({ length: 10_000 }, () => withOldCertificate));
    process.kill(pid, 'SIGKILL');
    await waitFor('trouble', 10, () => listener.views.find((view) => (view.report?.uploadTrouble ?? null) !== null));
    expect(old?.ends).toEqual([]);
    const present = new FakeFinishingService();
    service = present;
    const end = await ended();
    expect(end.report).toMatchObject({ outcome: 'sandbox-crashed', verified: true, uploadTrouble: null });
    expect(old?.ends).toEqual([]);
    expect(present.ends).toHaveLength(1);
    await waitFor('every connection to be closed', 5, () => (connections.closed === connections.opened ? true : undefined));
  });

  it('is reported record by record to a service of the plain protocol', async () => {
    service = new FakeFinishingService([]);
    open('runs');
    start('s1');
    const { pid } = await running('s1');
    process.kill(pid, 'SIGKILL');
    const end = await ended();
    expect(service.posted).toEqual(['0 one', '1 two', '2 three']);
    expect(service.ends).toMatchObject([{ status: 'Failed' }]);
    expect(end.report?.verified).toBeNull();
  });

  it('of an attempt that the service has given up keeps its records here and says why', async () => {
    open('runs');
    start('s1');
    const { pid } = await running('s1');
    service?.failures.push(new AppError('attempt-fenced', { sandboxId: 's1' }));
    process.kill(pid, 'SIGKILL');
    const end = await ended();
    expect(end.report).toMatchObject({ verified: false, uploadTrouble: 'The service has given up on this attempt' });
    expect(existsSync(path.join(folder, 'journals', 'job-of-s1', 's1.journal'))).toBe(true);
  });

  it('when this machine has left the group meanwhile is finished here alone', async () => {
    service = undefined;
    open('runs');
    start('s1');
    const { pid } = await running('s1');
    process.kill(pid, 'SIGKILL');
    const end = await ended();
    expect(end.report).toMatchObject({
      outcome: 'sandbox-crashed',
      verified: false,
      uploadTrouble: 'This machine is in no worker group',
    });
  });
});

describe('a newer attempt of a job', () => {
  it('ends the older one that hangs: no two of them run on', async () => {
    open('runs');
    start('s1');
    const older = await running('s1');
    process.kill(older.pid, 'SIGSTOP');
    start('s1~again');
    const newer = await running('s1~again');
    await waitFor('the older one’s end', 20, () => (isAlive(older.pid) || isAlive(older.runtimePid) ? undefined : true));
    expect(isAlive(newer.runtimePid)).toBe(true);
    await tell('s1~again', 'end');
    await waitFor('both ends', 20, () => (listener.ends.length === 2 ? true : undefined));
  }, 90_000);
});

describe('a sandbox that hangs', () => {
  /** Each question, and the time that it may go unanswered, in a fiftieth. */
  const quicker = (milliseconds: number): number => (milliseconds >= 10_000 ? milliseconds / 50 : milliseconds);

  it('is ended when it has left eight questions unanswered, and finished like a dead one', async () => {
    open('runs', process.env, process.execPath, quicker);
    start('s1');
    const { pid, runtimePid } = await running('s1');
    process.kill(pid, 'SIGSTOP');
    const end = await ended();
    expect(end.report).toMatchObject({ outcome: 'sandbox-crashed', verified: true });
    expect(listener.crashes).toMatchObject([
      { seen: expect.stringMatching(/^it had not answered for \d+ s, and was ended, 1 of its job/) as string },
    ]);
    expect([isAlive(pid), isAlive(runtimePid)]).toEqual([false, false]);
  });

  it('is found by the engine that adopts it too, and one that only pauses goes on', async () => {
    open('runs');
    start('s1');
    start('s2');
    const [hanging, pausing] = [await running('s1'), await running('s2')];
    await launcher.close();
    for (const { pid } of [hanging, pausing]) process.kill(pid, 'SIGSTOP');
    open('runs', process.env, process.execPath, quicker);
    await launcher.adoptAll();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    process.kill(pausing.pid, 'SIGCONT');
    expect((await ended()).launch.sandboxId).toBe('s1');
    expect(isAlive(pausing.pid)).toBe(true);
    await tell('s2', 'end');
    await waitFor('the other one’s end', 20, () => listener.ends.find(({ launch }) => launch.sandboxId === 's2'));
    expect(listener.crashes).toHaveLength(1);
  }, 90_000);

  it('that has never said where it listens is ended likewise, and the service is told', async () => {
    if (service !== undefined) service.jobActions = [{ JobId: 'job-of-s1' }];
    open('mute', process.env, process.execPath, (milliseconds) => Math.min(milliseconds, 2));
    start('s1');
    const { launch } = await waitFor('the process', 10, () => launcher.list().find((one) => one.launch.process !== null));
    const pid = launch.process?.pid ?? 0;
    mustEndWithTest(pid);
    const { report } = await waitFor('the end', 40, () => listener.ends[0]);
    expect(report).toMatchObject({ outcome: 'never-started', verified: true });
    const seen = expect.stringMatching(/^it had not said for \d+ s where it listens, and was ended$/) as string;
    expect(listener.crashes).toMatchObject([{ seen }]);
    expect(service?.ends).toMatchObject([{ report: { outcome: 'never-started', reason: seen } }]);
    expect(isAlive(pid)).toBe(false);
    expect(launcher.runningCount).toBe(0);
  }, 60_000);

  it('is none when its endpoint is gone and it goes on', async () => {
    open('runs');
    start('s1');
    const { pid } = await running('s1');
    await launcher.close();
    const report = listener.views.at(-1)?.report;
    rmSync(report?.controlAddress ?? '');
    open('runs', process.env, process.execPath, quicker);
    await launcher.adoptAll();
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect(isAlive(pid)).toBe(true);
    expect(listener.crashes).toEqual([]);
    process.kill(pid, 'SIGKILL');
    await ended();
  });
});

describe('the next engine', () => {
  it('adopts a living sandbox and sees its end', async () => {
    open('runs');
    start('s1');
    const { pid } = await running('s1');
    await launcher.close();
    expect(isAlive(pid)).toBe(true);
    open('runs');
    await launcher.adoptAll();
    expect(listener.adoptions).toMatchObject([{ launch: { sandboxId: 's1', groupName: 'lab' }, report: { phase: 'running' } }]);
    expect(launcher.runningCount).toBe(1);
    // At once, before it is connected: a stop waits for that.
    expect(await launcher.stop('s1', 'a test')).toBe(true);
    expect((await ended()).report?.outcome).toBe('stopped');
  });

  it('adopts a sandbox of the release before, and one that it started dead is finished', async () => {
    open('older');
    start('s1');
    const { pid } = await running('s1');
    await launcher.close();
    open('runs');
    await launcher.adoptAll();
    expect(listener.adoptions).toMatchObject([{ report: { contractVersion: sandboxContractVersion - 1, phase: 'running' } }]);
    expect(listener.faults).toEqual([]);
    expect(await waitFor('the link', 5, async () => (await launcher.stop('s1', 'a test')) || undefined)).toBe(true);
    expect((await ended()).report?.outcome).toBe('stopped');
    expect(isAlive(pid)).toBe(false);

    open('older');
    start('s2');
    const second = await running('s2');
    await launcher.close();
    process.kill(second.pid, 'SIGKILL');
    open('runs');
    await launcher.adoptAll();
    expect((await ended()).report).toMatchObject({ sandboxId: 's2', outcome: 'sandbox-crashed', recordCount: 3, verified: true });
  });

  it('goes on with a finish that its predecessor began, and reports it once', async () => {
    open('runs');
    start('s1');
    const { pid } = await running('s1');
    const away = new AppError('connection-refused', { host: 'service', port: 443 }, { retryable: true });
    service?.failures.push(...Array.from({ length: 1000 }, () => away));
    process.kill(pid, 'SIGKILL');
    await waitFor('the notice', 5, () => listener.crashes[0]);
    await launcher.close();
    expect(listener.ends).toEqual([]);
    service?.failures.splice(0);
    open('runs');
    await launcher.adoptAll();
    expect((await ended()).report).toMatchObject({ outcome: 'sandbox-crashed', verified: true });
    expect(service?.ends).toHaveLength(1);
    expect(service?.records.map((record) => record.seq)).toEqual([0, 1, 2]);
  });

  it('ends what a sandbox that died in between left running', async () => {
    open('runs');
    start('s1');
    const { pid, runtimePid } = await running('s1');
    await launcher.close();
    process.kill(pid, 'SIGKILL');
    await waitFor('its death', 10, () => (isAlive(pid) ? undefined : true));
    expect(isAlive(runtimePid)).toBe(true);
    open('runs');
    await launcher.adoptAll();
    await ended();
    expect(isAlive(runtimePid)).toBe(false);
    expect(listener.adoptions).toEqual([]);
    expect(listener.crashes[0]?.seen).toContain('1 of its job’s processes still ran and were ended');
    await waitFor('the folder’s removal', 5, () => (listener.removed.length === 2 ? true : undefined));
    expect(existsSync(sandboxFolder('s1'))).toBe(false);
    expect(listener.removed).toEqual([
      '1 of the processes of sandbox s1’s job',
      'the folder of sandbox s1, whose process had ended while no engine ran',
    ]);
  });

  it('does not take a process that has the pid now for a sandbox of an earlier boot', async () => {
    open('runs');
    start('s1');
    const { pid } = await running('s1');
    await launcher.close();
    process.kill(pid, 'SIGKILL');
    for (const name of ['state.json', 'launch.json']) {
      const file = path.join(sandboxFolder('s1'), name);
      const facts = JSON.parse(await readFile(file, 'utf8')) as { process: { bootId: string; pid: number } };
      facts.process = { ...facts.process, bootId: 'the boot before', pid: process.pid };
      await writeFile(file, JSON.stringify(facts));
    }
    open('runs');
    await launcher.adoptAll();
    expect((await ended()).report?.outcome).toBe('sandbox-crashed');
    expect(isAlive(process.pid)).toBe(true);
  });

  const losses: [string, string[]][] = [
    ['its state', ['state.json']],
    ['all that was written down about it', ['state.json', 'launch.json']],
  ];
  for (const [what, names] of losses)
    it(`finishes a job by its journal when a power failure took ${what}`, async () => {
      open('runs');
      start('s1');
      const { pid } = await running('s1');
      await launcher.close();
      process.kill(pid, 'SIGKILL');
      for (const name of names) await writeFile(path.join(sandboxFolder('s1'), name), '');
      open('runs');
      await launcher.adoptAll();
      const end = await ended();
      expect(end).toMatchObject({
        launch: { sandboxId: 's1' },
        report: { jobId: 'job-of-s1', runbookName: 'Copy-LocalFiles', attempt: 1, outcome: 'sandbox-crashed', verified: true },
      });
      expect(service?.ends).toHaveLength(1);
      expect(service?.records.map((record) => record.text)).toEqual(['one', 'two', 'three']);
      expect(listener.removed.filter((what) => what.includes('never started'))).toEqual([]);
    });

  it('removes a folder in which nothing ever started', async () => {
    await mkdir(sandboxFolder('s9'));
    open('runs');
    await launcher.adoptAll();
    expect(await readdir(path.join(folder, 'sandboxes'))).toEqual([]);
    expect(listener.removed).toEqual(['the folder of sandbox s9, which never started']);
  });
});

describe('a service that puts several jobs into one sandbox', () => {
  it('has each further process noticed, counted, followed to its end', async () => {
    open('runs');
    await launcher.adoptAll();
    start('s1');
    await running('s1');
    // As the real sandbox does: the same hand-over, a folder of its own, and nobody who waits for an acknowledgement.
    const seen = JSON.parse(await readFile(path.join(sandboxFolder('s1'), 'seen.json'), 'utf8')) as { given: object };
    const given = { ...seen.given, sandboxFolder: sandboxFolder('s1.job-2'), sandboxId: 's1-second' };
    const child = spawn(process.execPath, [fixture, 'runs'], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin.end(`${JSON.stringify(given)}\n`);
    child.unref();
    const second = await waitFor('the other', 10, () =>
      launcher.list().find((one) => one.launch.sandboxId === 's1.job-2' && one.report?.phase === 'running'),
    );
    mustEndWithTest(second.report?.process.pid ?? 0);
    expect(launcher.runningCount).toBe(2);
    await tell('s1.job-2', 'end');
    expect((await ended()).launch.sandboxId).toBe('s1.job-2');
    await tell('s1', 'end');
    await waitFor('both ends', 10, () => (listener.ends.length === 2 ? true : undefined));
    expect(listener.crashes).toEqual([]);
    await waitFor('an empty folder', 5, async () =>
      (await readdir(path.join(folder, 'sandboxes'))).length === 0 ? true : undefined,
    );
  });
});
