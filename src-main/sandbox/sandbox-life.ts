/**
 * The life of a sandbox: asks the service for what to do, acknowledges it, runs its job, listens for a stop meanwhile, and ends when the
 * service says so (401). Holds its calls where the service can; polls where it cannot.
 */
import type { JobActions, JobDataRead } from '../../src-contract/jrds.ts';
import { jobStatusNumbers, pendingActions } from '../../src-contract/kinds.ts';
import { holdSeconds } from '../../src-contract/limits.ts';
import { isJudgement } from '../../src-contract/service-judgement.ts';
import { Attempt, type AttemptParts } from './attempt.ts';
import { clearGround } from './ground.ts';
import { isFence, ServiceCalls } from './service-calls.ts';

/** How often a service is asked that does not hold calls: the protocol's own cadence. */
const pollMs = 30_000;
/** The first ask may come a moment before the service has the message; a foreign service is asked again soon then. */
const firstPollMs = 2_000;
/** After its job's end a sandbox waits so long for the service's word to end; it has nothing more to do. */
const goodbyeMs = 60_000;

export interface LifeOptions extends AttemptParts {
  /** A foreign service has put several jobs into this sandbox: each further one gets a sandbox process of its own. */
  startSibling: (jobId: string) => void;
}

export class SandboxLife {
  readonly #options: LifeOptions;
  readonly #over = new AbortController();
  readonly #calls: ServiceCalls;
  #attempt: Attempt | undefined;
  readonly #siblings = new Set<string>();

  constructor(options: LifeOptions) {
    this.#options = options;
    this.#calls = new ServiceCalls(options.timing, this.#over.signal, (trouble) => {
      if (this.#attempt === undefined) options.state.change({ uploadTrouble: trouble });
    });
  }

  /** For the control endpoint. */
  stop(reason: string): boolean {
    return this.#attempt?.stop(reason) ?? false;
  }

  async run(): Promise<void> {
    const { handOver, state, ground } = this.#options;
    try {
      if (handOver.onlyJobId === undefined) await this.#followQueue();
      else await this.#followOneJob(handOver.onlyJobId);
      state.change({ phase: 'ended' });
    } finally {
      this.#over.abort();
      if (this.#attempt === undefined) await clearGround(ground);
    }
  }

  async #followQueue(): Promise<void> {
    const { handOver, service, timing } = this.#options;
    for (let polls = 1; ; polls += 1) {
      const found = await this.#ask((signal) => service.getJobActions(handOver.sandboxId, { waitSeconds: holdSeconds, signal }));
      if (found === 'over') break;
      if (found === 'judged') {
        await timing.delay(pollMs, this.#over.signal);
        continue;
      }
      if (found.kind === 'unloaded') {
        // The service knows this sandbox no more. While its job runs that means that it has given up on it.
        this.#attempt?.fence();
        break;
      }
      if (found.actions.length > 0) await this.#take(found.actions);
      if (!found.held) await timing.delay(polls < 5 && this.#attempt === undefined ? firstPollMs : pollMs, this.#over.signal);
    }
    await this.#attempt?.done;
  }

  /** A sibling has no queue of its own: whether it is to stop stands in the job. */
  async #followOneJob(jobId: string): Promise<void> {
    const { service, timing } = this.#options;
    const job = await this.#ask((signal) => service.getJob(jobId, { signal }));
    if (typeof job !== 'string') this.#start(job);
    while (!this.#isOver()) {
      await timing.delay(pollMs, this.#over.signal);
      const now = await this.#ask((signal) => service.getJob(jobId, { signal }));
      if (typeof now !== 'string' && now.pendingAction === pendingActions.Stop) this.#attempt?.stop('stopped by the service');
    }
    await this.#attempt?.done;
  }

  /**
   * `over`: nothing more is to be asked. `judged`: this call was refused while a job runs, which goes on and must hear of a stop later. Without
   * a job a judgement ends the sandbox.
   */
  async #ask<Value>(call: (signal: AbortSignal) => Promise<Value>): Promise<Value | 'over' | 'judged'> {
    if (this.#isOver()) return 'over';
    try {
      return await this.#calls.persist(call);
    } catch (error) {
      if (this.#isOver()) return 'over';
      if (!isFence(error)) {
        if (!isJudgement(error) || this.#attempt === undefined) throw error;
        return 'judged';
      }
      this.#attempt?.fence();
      return 'over';
    }
  }

  #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  async #take(actions: JobActions['value']): Promise<void> {
    const { handOver, service, state } = this.#options;
    const messages = actions.map((action) => action.MessageMetadata);
    if (this.#attempt === undefined) {
      // Before the service forgets the message: if this process dies now, the engine knows whose end it has to report.
      state.change({ jobId: actions[0]?.JobId ?? null });
      await state.write();
    }
    await this.#ask((signal) => service.acknowledge(handOver.sandboxId, messages, { signal }));
    for (const jobId of new Set(actions.map((action) => action.JobId))) await this.#consider(jobId);
  }

  async #consider(jobId: string): Promise<void> {
    const isOurs = this.#attempt === undefined || this.#attempt.jobId === jobId;
    if (!isOurs) {
      if (!this.#siblings.has(jobId)) this.#options.startSibling(jobId);
      this.#siblings.add(jobId);
      return;
    }
    const { service } = this.#options;
    const job = await this.#ask((signal) => service.getJob(jobId, { signal }));
    if (typeof job === 'string') return;
    const isStop = job.pendingAction === pendingActions.Stop;
    if (this.#attempt === undefined && (isStop || isToBeStarted(job))) this.#start(job);
    // A job that is to be stopped before it was started is taken on all the same, or nobody would say that it has stopped.
    if (isStop) this.#attempt?.stop('stopped by the service');
  }

  #start(job: JobDataRead): void {
    const attempt = new Attempt(this.#options, job);
    this.#attempt = attempt;
    // Once the service has everything it is heard for a last time, not for ever.
    const end = async (): Promise<void> => {
      await attempt.done;
      if (attempt.isKnown && this.#options.handOver.onlyJobId === undefined)
        await this.#options.timing.delay(goodbyeMs, this.#over.signal);
    };
    void end()
      .finally(() => this.#over.abort())
      .catch(() => undefined);
  }
}

/** The protocol's table: Activate starts; no action but a job that is Activating or Running is a delivery that came again. */
function isToBeStarted({ pendingAction, jobStatus }: JobDataRead): boolean {
  if (pendingAction === pendingActions.Activate) return true;
  return pendingAction === null && (jobStatus === jobStatusNumbers.Activating || jobStatus === jobStatusNumbers.Running);
}
