/**
 * Gives queued jobs to waiting workers, gives up attempts that nobody speaks for, and says why a job waits. The deciding is in
 * matching.ts, fencing.ts, after-attempt.ts and explain-waiting.ts; this file holds the polls and does what they say.
 */
import { fenceHolderSeconds } from '../../src-contract/limits.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../logging/log.ts';
import { SharedRun } from '../shared-run.ts';
import { findAttempt, listLiveAttempts } from '../store/attempts.ts';
import { queueKey } from '../store/changes.ts';
import type { Job } from '../store/jobs.ts';
import { nameKey } from '../store/names.ts';
import type { Store } from '../store/store.ts';
import { forgetSignatures } from '../store/used-signatures.ts';
import {
  findWorker,
  kindsOf,
  listMembers,
  listWorkers,
  undeclaredSlots,
  type Worker,
  type WorkerPresence,
} from '../store/workers.ts';
import { fenceAttempt, requestStop, type StopResult } from './attempt-life.ts';
import { explainWaiting } from './explain-waiting.ts';
import { fenceLimitMs, isSilent } from './fencing.ts';
import { LateWrites } from './late-writes.ts';
import { matchJobs, type TakingWorker } from './matching.ts';
import { takesWork } from './presence.ts';
import { dueAgain, handOutAgain, listQueuedJobs, putBack, takeJob } from './queue.ts';
import type { SandboxSecrets } from './sandbox-secret.ts';
import { WaitingPolls, type HandedOut, type HeldPoll } from './waiting-polls.ts';

const sweepEveryMs = 1000;
/** A gap or a jump of the clock beyond this between two sweeps means that the service was not there to be spoken to. */
const maxSweepGapMs = 10_000;
const maxClockJumpMs = 2000;
/** Signatures are refused by their date after 15 minutes; twice that is on the safe side of every clock. */
const signatureMemoryMs = 30 * 60 * 1000;
const forgetEveryMs = 60_000;

export interface Poll {
  worker: Worker;
  presence: WorkerPresence;
  /** 0: answer at once. */
  holdMs: number;
  signal: AbortSignal;
}

export interface DispatcherOptions {
  store: Store;
  clock: Clock;
  log: Log;
  secrets: SandboxSecrets;
}

export class Dispatcher {
  readonly late: LateWrites;
  private readonly store: Store;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly secrets: SandboxSecrets;
  private readonly polls = new WaitingPolls();
  private readonly pumps = new Map<string, SharedRun>();
  /** Groups in which a job was left for another worker. */
  private readonly deferred = new Set<string>();
  private readonly sweeps: SharedRun;
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void) | undefined;
  private upSince: number;
  private lastSweep: { now: number; monotonic: number };
  private forgetAt = 0;

  constructor({ store, clock, log, secrets }: DispatcherOptions) {
    this.store = store;
    this.clock = clock;
    this.log = log;
    this.secrets = secrets;
    this.late = new LateWrites(store);
    this.upSince = clock.monotonic();
    this.lastSweep = { now: clock.now(), monotonic: this.upSince };
    this.sweeps = new SharedRun(() => this.sweepOnce());
  }

  start(): void {
    this.unsubscribe = this.store.changes.subscribe('queue', '*', ({ key }) => {
      this.pumpInBackground(key);
    });
    this.timer = setInterval(() => void this.sweep().catch(() => undefined), sweepEveryMs);
  }

  /** Ends the held polls with nothing and waits for what is under way. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.unsubscribe?.();
    this.polls.answerAll();
    await this.sweeps.settled();
    await Promise.all([...this.pumps.values()].map((pump) => pump.settled()));
    await this.late.flush();
  }

  /** A worker asks for sandbox actions. */
  async poll({ worker, presence, holdMs, signal }: Poll): Promise<HandedOut[]> {
    const now = this.clock.now();
    const live = await listLiveAttempts(this.store.db, { member: worker });
    if (dueAgain(live, now).length > 0) {
      const again = await this.store.write((tx) => handOutAgain(tx, worker, this.secrets, now));
      if (again.length > 0) return again;
    }
    const freeSlots = freeSlotsOf(presence, live.length);
    const key = queueKey(worker.accountId, nameKey(worker.groupName));
    return new Promise<HandedOut[]>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const leave = (): void => {
        this.polls.remove(held);
        held.answer([]);
      };
      const held: HeldPoll = {
        machineId: worker.machineId,
        accountId: worker.accountId,
        machineName: worker.machineName,
        queueKey: key,
        kinds: kindsOf(presence),
        translatesWorkflows: presence.translatesWorkflows,
        freeSlots,
        holdsCalls: presence.holdsCalls,
        takesJobs: freeSlots > 0 && (presence.readiness ?? 'ready') === 'ready',
        since: this.clock.monotonic(),
        answer: (actions) => {
          clearTimeout(timer);
          signal.removeEventListener('abort', leave);
          resolve(actions);
        },
      };
      signal.addEventListener('abort', leave);
      this.polls.add(held);
      if (holdMs > 0) timer = setTimeout(leave, holdMs);
      const pumped = held.takesJobs && !signal.aborted ? this.pump(key) : Promise.resolve();
      pumped.then(
        () => {
          if (holdMs === 0 || signal.aborted) leave();
        },
        (error: unknown) => {
          leave();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  notePresence(worker: Worker, presence: WorkerPresence): void {
    const isNews =
      worker.version !== presence.version ||
      worker.readiness !== presence.readiness ||
      worker.freeSlots !== presence.freeSlots ||
      worker.lastSeenAt === null;
    this.late.notePresence(worker.accountId, worker.machineId, presence, isNews);
  }

  /** A foreign worker tells its version in its traces alone. */
  noteVersion(worker: Worker, version: string): void {
    const { lastSeenAt, kinds, readiness, freeSlots, slotLimit, translatesWorkflows, holdsCalls } = worker;
    const presence = { lastSeenAt, version, kinds, readiness, freeSlots, slotLimit, translatesWorkflows, holdsCalls };
    this.late.noteVersion(worker, version, presence);
  }

  /** An authenticated call of this attempt. */
  noteAttemptSeen(sandboxId: string): void {
    this.late.noteAttemptSeen(sandboxId, this.clock.now());
  }

  stopJob(accountId: string, jobId: string): Promise<StopResult> {
    return this.store.write((tx) => requestStop(tx, accountId, jobId, this.clock.now()));
  }

  /** With what it said of itself last. */
  async asLastSeen(worker: Worker): Promise<Worker> {
    await this.late.flush();
    return (await findWorker(this.store.db, worker.machineId)) ?? worker;
  }

  /** One sentence without a full stop, or null when the job does not wait. */
  async explainWaiting(job: Job): Promise<string | null> {
    if (job.status !== 'New') return null;
    await this.late.flush();
    const workers = await listWorkers(this.store.db, job.accountId, job.groupName);
    const live = await listLiveAttempts(this.store.db, { machineIds: workers.map((worker) => worker.machineId) });
    const attempt = job.currentSandboxId === null ? undefined : await findAttempt(this.store.db, job.currentSandboxId);
    const described = workers.map((worker) => ({
      ...worker,
      kinds: kindsOf(worker),
      freeSlots: (worker.slotLimit ?? undeclaredSlots) - live.filter((one) => one.machineId === worker.machineId).length,
    }));
    return explainWaiting({ ...job, handedTo: attempt?.machineName ?? null }, described, this.clock.now());
  }

  /** What is due by time: silent attempts, actions to hand out again, deferred jobs, late writes. Once a second. */
  sweep(): Promise<void> {
    return this.sweeps.request();
  }

  private async sweepOnce(): Promise<void> {
    const now = this.clock.now();
    this.noticeGap(now);
    try {
      await this.late.flush();
      await this.fenceSilent(now);
      await this.answerDueAgain(now);
      for (const key of [...this.deferred]) await this.pump(key);
      if (now >= this.forgetAt) {
        this.forgetAt = now + forgetEveryMs;
        await this.store.writeSoon((tx) => forgetSignatures(tx, now - signatureMemoryMs));
      }
    } catch (error) {
      // Without its store the service could not be spoken to: nobody is to be fenced for that time.
      this.upSince = this.clock.monotonic();
      this.log.error('Looking after the attempts failed; it is tried again in a second', {}, error);
      throw error;
    }
  }

  private noticeGap(now: number): void {
    const monotonic = this.clock.monotonic();
    const elapsedMs = monotonic - this.lastSweep.monotonic;
    const jumpedMs = now - this.lastSweep.now - elapsedMs;
    if (elapsedMs > maxSweepGapMs || Math.abs(jumpedMs) > maxClockJumpMs) {
      this.log.warn('The clock jumped, or this process was held up: no attempt is given up before a whole limit has passed', {
        elapsedMs: Math.round(elapsedMs),
        jumpedMs: Math.round(jumpedMs),
      });
      this.upSince = monotonic;
    }
    this.lastSweep = { now, monotonic };
  }

  private async fenceSilent(now: number): Promise<void> {
    const upForMs = this.clock.monotonic() - this.upSince;
    const silentSince = now - fenceHolderSeconds * 1000;
    for (const attempt of await listLiveAttempts(this.store.db, { silentSince, now })) {
      if (!isSilent(attempt, now, upForMs)) continue;
      const before = now - fenceLimitMs(attempt);
      const fenced = await this.store.write((tx) => fenceAttempt(tx, attempt.sandboxId, before, now));
      if (!fenced) continue;
      this.log.warn('Gave up an attempt that nobody speaks for', {
        jobId: attempt.jobId,
        sandboxId: attempt.sandboxId,
        machineName: attempt.machineName,
        silentMs: now - attempt.lastSeenAt,
      });
    }
  }

  private async answerDueAgain(now: number): Promise<void> {
    const live = await listLiveAttempts(this.store.db, { machineIds: this.polls.machineIds() });
    for (const machineId of new Set(dueAgain(live, now).map((attempt) => attempt.machineId))) {
      const accountId = this.polls.accountOf(machineId);
      if (accountId === undefined) continue;
      const actions = await this.store.write((tx) => handOutAgain(tx, { accountId, machineId }, this.secrets, now));
      if (actions.length > 0) await this.answer(machineId, actions);
    }
  }

  private pumpInBackground(key: string): void {
    this.pump(key).catch((error: unknown) => {
      // The next poll, change or sweep tries again; no job is lost by it.
      this.log.error('Handing out jobs failed', { group: key }, error);
      this.deferred.add(key);
    });
  }

  /** Matches what is queued in a group with who waits for it. */
  private pump(key: string): Promise<void> {
    let pump = this.pumps.get(key);
    if (pump === undefined) {
      pump = new SharedRun(() => this.pumpOnce(key));
      this.pumps.set(key, pump);
    }
    return pump.request();
  }

  private async pumpOnce(key: string): Promise<void> {
    this.deferred.delete(key);
    const waiting = this.polls.taking(key);
    const kinds = [...new Set(waiting.flatMap((poll) => poll.kinds))];
    const isNative = waiting.some((poll) => !poll.translatesWorkflows);
    const [accountId = '', groupKey = ''] = key.split('/');
    const jobs = await listQueuedJobs(this.store.db, accountId, groupKey, { kinds, isNative });
    if (jobs.length === 0) return;
    const now = this.clock.now();
    const workers = jobs.some((job) => job.lastMachineId !== null) ? await this.takingWorkers(accountId, groupKey, now) : [];
    const polls = new Map(this.polls.taking(key).map((poll) => [poll.machineId, poll]));
    const { matches, deferred } = matchJobs(jobs, [...polls.values()], workers, now);
    if (deferred) this.deferred.add(key);
    if (matches.length === 0) return;

    const handed = await this.store.write(async (tx) => {
      const byMachine = new Map<string, HandedOut[]>();
      const members = await listMembers(tx.db, accountId, groupKey, [...polls.keys()]);
      for (const { jobId, machineId } of matches) {
        // Removed or moved while its call was held: it waits for what it can no longer have.
        const poll = members.has(machineId) ? polls.get(machineId) : undefined;
        const action = poll && (await takeJob(tx, jobId, poll, this.secrets, now));
        if (action !== undefined) byMachine.set(machineId, [...(byMachine.get(machineId) ?? []), action]);
        // Taken by another replica; or still locked by one that has just died, and free in a moment.
        else if (poll !== undefined) this.deferred.add(key);
      }
      return byMachine;
    });
    for (const [machineId, actions] of handed) await this.answer(machineId, actions);
  }

  private async takingWorkers(accountId: string, groupKey: string, now: number): Promise<TakingWorker[]> {
    await this.late.flush();
    const workers = await listWorkers(this.store.db, accountId, groupKey);
    return workers
      .filter((worker) => takesWork(worker, now))
      .map((worker) => ({
        machineId: worker.machineId,
        kinds: kindsOf(worker),
        translatesWorkflows: worker.translatesWorkflows,
      }));
  }

  private async answer(machineId: string, actions: HandedOut[]): Promise<void> {
    const poll = this.polls.take(machineId);
    if (poll !== undefined) poll.answer(actions);
    else if (actions.length > 0) await this.store.write((tx) => putBack(tx, actions));
  }
}

/**
 * What a worker says is free, less what it was given and cannot know of: the answer that brought it was lost. Without that, a worker with one
 * slot would be given a second job, and one of the two would run out of time unseen.
 */
function freeSlotsOf({ freeSlots, slotLimit }: WorkerPresence, live: number): number {
  if (freeSlots === null) return Math.max(0, undeclaredSlots - live);
  return slotLimit === null ? freeSlots : Math.min(freeSlots, Math.max(0, slotLimit - live));
}
