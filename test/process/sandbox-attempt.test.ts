/** One attempt, in this process: what it tells a service of its own making, and what it comes to where this machine fails it. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import { openPolicy } from '../../src-contract/policy.ts';
import type { AttemptReport, JobDataRead } from '../../src-contract/jrds.ts';
import { jobStatusNumbers, pendingActions, runbookKinds } from '../../src-contract/kinds.ts';
import { decodeFrame, emptyChain } from '../../src-contract/node/journal-frame.ts';
import { reportWithoutJob, noLimits, type SandboxReport } from '../../src-contract/sandbox.ts';
import { systemClock } from '../../src-main/engine/clock.ts';
import { identifyThisProcess } from '../../src-main/platform/process-identity.ts';
import { Attempt, type AttemptParts } from '../../src-main/sandbox/attempt.ts';
import { Permission } from '../../src-main/sandbox/permission.ts';
import { ConsoleView } from '../../src-main/sandbox/console-view.ts';
import { UsageMeter } from '../../src-main/sandbox/usage-meter.ts';
import { prepareGround, type Ground } from '../../src-main/sandbox/ground.ts';
import type { JobService, Runtime } from '../../src-main/sandbox/ports.ts';
import { SandboxLife } from '../../src-main/sandbox/sandbox-life.ts';
import { StateKeeper } from '../../src-main/sandbox/state-keeper.ts';
import { backoffMs, outlast, retry } from '../../src-main/service-link/retry.ts';
import { waitFor } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const job: JobDataRead = {
  jobId: 'job-1',
  jobStatus: jobStatusNumbers.New,
  pendingAction: pendingActions.Activate,
  parameters: null,
  runbookName: 'Test-Runbook',
  runbookVersionId: 'version',
};

const notAsked = (): Promise<never> => Promise.reject(new Error('nothing here asks for that'));

/** A service of the plain protocol that takes everything and remembers what it was told. */
class Service implements JobService {
  readonly features = new Set<string>();
  readonly statuses: string[] = [];
  report: AttemptReport | undefined;
  actions: (() => Awaited<ReturnType<JobService['getJobActions']>>)[] = [];
  asked = 0;
  pendingAction: number | null = job.pendingAction;
  /** Awaited before a status is taken. */
  beforeStatus: (status: string) => Promise<void> | undefined = () => undefined;

  getJobActions: JobService['getJobActions'] = async (_sandboxId, { signal }) => {
    const next = this.actions.shift();
    this.asked += 1;
    if (next !== undefined) return next();
    await systemClock.sleep(20, signal);
    return { kind: 'actions', actions: [], held: true };
  };
  acknowledge = (): Promise<void> => Promise.resolve();
  getJob: JobService['getJob'] = () => Promise.resolve({ ...job, pendingAction: this.pendingAction });
  getUpdatableData: JobService['getUpdatableData'] = () => Promise.resolve({ isDraft: false });
  getRunbook: JobService['getRunbook'] = () =>
    Promise.resolve({
      name: 'Test-Runbook',
      definition: '',
      runbookDefinitionKind: runbookKinds.Bash,
      runbookVersionId: 'version',
      parameters: null,
    });
  changeStatus: JobService['changeStatus'] = async (_sandboxId, _jobId, { status, report }) => {
    await this.beforeStatus(status);
    this.statuses.push(status);
    this.report ??= report;
    return { kind: 'accepted' };
  };
  putCheckpoint = notAsked;
  getCheckpoint = notAsked;
  getVariable = notAsked;
  setVariable = notAsked;
  getCredential = notAsked;
  getConnection = notAsked;
  getCertificate = notAsked;
  startChildJob = notAsked;
  getChildJob = notAsked;
  postStream = (): Promise<void> => Promise.resolve();
  unload = (): Promise<void> => Promise.resolve();
  acknowledgedRecords: JobService['acknowledgedRecords'] = () => Promise.reject(new Error('a plain service is not asked'));
  uploadFrames: JobService['uploadFrames'] = () => Promise.reject(new Error('a plain service takes no frames'));
}

const sleepScript: Runtime = {
  kinds: ['Bash'],
  prepare: () => Promise.resolve({ file: '/bin/sleep', arguments: ['60'], environment: {} }),
};

const weekMs = 7 * 24 * 60 * 60 * 1000;

/** A service of ours that goes away when the job runs, until it has been waited for long enough, and then takes every record and the end. */
class AwayService extends Service {
  readonly texts: string[] = [];
  refusals = 0;
  #chain: Buffer = emptyChain;
  readonly #isBack: () => boolean;
  #isAway = false;

  constructor(isBack: () => boolean) {
    super();
    this.#isBack = isBack;
    for (const feature of ['record-batches', 'outcome']) this.features.add(feature);
    const { getJobActions, changeStatus } = this;
    this.getJobActions = (...given) => this.#whenThere(() => getJobActions(...given));
    this.changeStatus = async (...given) => {
      const taken = await this.#whenThere(() => changeStatus(...given));
      if (given[2].status === 'Running') this.#isAway = true;
      return taken;
    };
    this.unload = () => this.#whenThere(() => Promise.resolve());
    this.acknowledgedRecords = () => this.#whenThere(() => Promise.resolve(this.#stands()));
    this.uploadFrames = (_sandboxId, _jobId, { body }) =>
      this.#whenThere(() => {
        const bytes = gunzipSync(body);
        for (let at = 0; at < bytes.length;) {
          const decision = decodeFrame(this.#chain, bytes, at);
          if (decision.kind !== 'frame') throw new Error(`the upload holds a ${decision.kind} frame`);
          const lines = decision.frame.payload.toString().split('\n').slice(1);
          this.texts.push(...lines.map((line) => (JSON.parse(line) as { text: string }).text));
          this.#chain = Buffer.from(decision.frame.chain);
          at += decision.frame.length;
        }
        return Promise.resolve({ kind: 'acknowledged' as const, ...this.#stands() });
      });
  }

  #stands(): { acknowledged: number; chain: string } {
    return { acknowledged: this.texts.length, chain: this.#chain.toString('hex') };
  }

  #whenThere<Value>(call: () => Promise<Value>): Promise<Value> {
    if (!this.#isAway || this.#isBack()) return call();
    this.refusals += 1;
    return Promise.reject(new AppError('connection-refused', { host: 'service', port: 443 }, { retryable: true }));
  }
}

async function partsOf(service: Service, change: { ground?: Promise<Ground>; runtime?: Runtime } = {}) {
  const folder = await tempFolder();
  const initial: SandboxReport = {
    ...reportWithoutJob,
    contractVersion: 1,
    sandboxId: 's1',
    process: identifyThisProcess(),
    controlAddress: '',
    phase: 'starting',
    since: new Date().toISOString(),
  };
  const state = new StateKeeper({
    file: path.join(folder, 'state.json'),
    now: () => new Date(),
    initial,
    onTroubleWriting: (error) => {
      throw error;
    },
  });
  onTestFinished(() => state.close());
  const delays: number[] = [];
  const parts: AttemptParts = {
    handOver: {
      contractVersion: 1,
      sandboxId: 's1',
      groupName: 'lab',
      address: { jrdsUri: 'https://service', accountId: 'account', trust: { kind: 'system' }, proxy: { kind: 'none' } },
      credential: { kind: 'sandbox-secret', secret: 'x' },
      sandboxFolder: folder,
      journalsFolder: path.join(folder, 'journals'),
      runtimes: [{ kind: 'Bash', executable: '/bin/bash', label: 'Bash' }],
      stopGraceSeconds: 1,
      startLimitSeconds: 60,
      culture: '',
      runAs: { kind: 'own', name: 'tester' },
      limits: noLimits,
      policy: openPolicy,
    },
    service,
    timing: {
      now: () => new Date(),
      delay: async (milliseconds, signal) => {
        delays.push(milliseconds);
        await systemClock.sleep(Math.min(milliseconds, 20), signal);
      },
      retry: (operation) => operation(),
      retryDelayMs: () => 5,
    },
    runtimes: [change.runtime ?? sleepScript],
    describeSearch: () => '',
    environment: { PATH: '/usr/bin:/bin' },
    state,
    view: new ConsoleView(),
    usage: new UsageMeter(() => new Date()),
    permission: new Permission(),
    ground: change.ground ?? prepareGround(folder, noLimits),
  };
  return { parts, state, delays, folder };
}

describe('an attempt whose machine fails it before the runtime', () => {
  it('was never started, and says why, when the ground could not be made ready', async () => {
    const service = new Service();
    const ground = Promise.reject(new Error('ENOSPC: no space left on device, mkdir'));
    ground.catch(() => undefined);
    const { parts, state } = await partsOf(service, { ground });
    await new Attempt(parts, job).done;
    expect(service.report).toMatchObject({
      outcome: 'never-started',
      reason: 'what the job needs could not be made ready: ENOSPC: no space left on device, mkdir',
    });
    expect(state.report.outcome).toBe('never-started');
  });

  it('was never started when its script could not be written', async () => {
    const service = new Service();
    const runtime = { ...sleepScript, prepare: () => Promise.reject(new Error('ENOSPC: no space left on device, write')) };
    const { parts, folder } = await partsOf(service, { runtime });
    await new Attempt(parts, job).done;
    expect(service.report).toMatchObject({ outcome: 'never-started', exitCode: null });
    expect(readdirSync(path.join(folder, 'host'))).toEqual([]);
  });
});

describe('what an attempt tells the service', () => {
  it('comes in its order: a stop that comes early does not overtake that the job was taken', async () => {
    const service = new Service();
    let take: () => void = () => undefined;
    const taken = new Promise<void>((resolve) => (take = resolve));
    service.beforeStatus = (status) => (status === 'Activating' ? taken : undefined);
    const { parts } = await partsOf(service);
    const attempt = new Attempt(parts, job);
    expect(attempt.stop('a test')).toBe(true);
    await systemClock.sleep(50, new AbortController().signal);
    expect(service.statuses).toEqual([]);
    take();
    await attempt.done;
    expect(service.statuses).toEqual(['Activating', 'Stopping', 'Stopped']);
  });
});

describe('the life of a sandbox', () => {
  it('goes on listening for a stop when the service has refused one question while the job runs', async () => {
    const service = new Service();
    const action = { MessageMetadata: { PopReceipt: 'p', MessageId: 'm' }, JobId: job.jobId };
    const unknown = new AppError('service-refused', { call: 'ask what to do', status: 404, reason: 'no' });
    service.actions.push(
      () => ({ kind: 'actions', actions: [action], held: true }),
      () => {
        throw unknown;
      },
    );
    const { parts, delays } = await partsOf(service);
    const life = new SandboxLife({ ...parts, startSibling: () => undefined });
    const living = life.run();
    await waitFor('the refusal and a question after it', 10, () => service.asked >= 4 || undefined);
    expect(delays).toContain(30_000);
    await waitFor('the running job', 10, () => service.statuses.includes('Running') || undefined);
    service.pendingAction = pendingActions.Stop;
    service.actions.push(() => ({ kind: 'actions', actions: [action], held: true }));
    await living;
    expect(service.report).toMatchObject({ outcome: 'stopped', reason: 'stopped by the service' });
  });
});

describe('a service that is away for a week', () => {
  it('has every record and the true end when it is back, within seconds', async () => {
    // Time passes as fast as it is waited for. Two wait at once: who asks what to do, and who brings the records.
    let waitedMs = 0;
    const isBack = (): boolean => waitedMs > 2 * weekMs;
    const service = new AwayService(isBack);
    const action = { MessageMetadata: { PopReceipt: 'p', MessageId: 'm' }, JobId: job.jobId };
    service.actions.push(() => ({ kind: 'actions', actions: [action], held: true }));
    const script = 'i=0; while ((i++ < 2000)); do echo "line $i"; done; exit 5';
    const runtime: Runtime = {
      kinds: ['Bash'],
      prepare: () => Promise.resolve({ file: '/bin/bash', arguments: ['-c', script], environment: {} }),
    };
    const { parts, state } = await partsOf(service, { runtime });
    const wait = async (milliseconds: number): Promise<void> => {
      waitedMs += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
    };
    parts.timing.delay = wait;
    parts.timing.retry = (operation, options) => retry(operation, { policy: outlast, delay: wait, ...options });
    parts.timing.retryDelayMs = (failures) => backoffMs(outlast, failures, Math.random);
    await new SandboxLife({ ...parts, startSibling: () => undefined }).run();
    expect(service.texts).toEqual(Array.from({ length: 2000 }, (_, index) => `line ${String(index + 1)}`));
    expect(service.report).toMatchObject({ outcome: 'failed', exitCode: 5, recordCount: 2000 });
    expect(state.report).toMatchObject({ phase: 'ended', verified: true, acknowledgedCount: 2000 });
    // It was truly asked all the time: each at most each 5 s.
    expect(service.refusals).toBeGreaterThan((2 * weekMs) / 5000);
    // From its return on two waits of each at most, and the sandbox's minute for a last word.
    expect(waitedMs - 2 * weekMs).toBeLessThan(100_000);
  }, 60_000);
});
