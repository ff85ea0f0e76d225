/**
 * A worker whose last sandbox could not be started takes no job until it has reason to believe that the next one can: on a full disk it would
 * empty its group's queue and run none of it. What can be looked at without a job is looked at first; then one job is the trial.
 */
import type { AppError } from '../../src-contract/app-error.ts';
import type { Clock } from './clock.ts';
import type { EngineEvent } from './worker-state.ts';

/** Doubled with each failure in a row, up to the last: then a trial a minute. Looking costs nothing, a trial costs a job one of its attempts. */
const firstWaitMs = 2000;
const firstTrialWaitMs = 10_000;
const lastWaitMs = 60_000;
/** As long as a trial that says nothing may take: it counts as under way until then. */
const silentTrialMs = 30_000;

export interface StartTrialParts {
  clock: Clock;
  /** Whether a sandbox could be made here, as far as that shows without one; why not, otherwise. */
  check: () => Promise<AppError | undefined>;
  dispatch: (event: EngineEvent, why: string) => void;
}

export class StartTrials {
  private readonly parts: StartTrialParts;
  private failures = 0;
  /** Nothing has failed but looking: then looking is enough to know better. */
  private onlyLooked = true;
  private waiting: AbortController | undefined;
  private hasEnded = false;

  constructor(parts: StartTrialParts) {
    this.parts = parts;
  }

  /** Looks before the first job is taken. Resolves when it has looked. */
  async begin(): Promise<void> {
    this.hasEnded = false;
    const failure = await this.parts.check();
    if (failure !== undefined) this.note(failure);
  }

  failed(error: AppError): void {
    this.onlyLooked = false;
    this.note(error);
  }

  private note(error: AppError): void {
    if (this.hasEnded) return;
    this.failures += 1;
    const { clock, dispatch } = this.parts;
    dispatch({ kind: 'start-failed', at: clock.now().toISOString(), title: error.toProblem().title }, error.code);
    const firstMs = this.onlyLooked ? firstWaitMs : firstTrialWaitMs;
    this.wait(Math.min(lastWaitMs, firstMs * 2 ** Math.min(10, this.failures - 1)));
  }

  /** A sandbox has begun its work. */
  worked(): void {
    if (this.failures === 0) return;
    this.failures = 0;
    this.onlyLooked = true;
    this.stopWaiting();
    this.parts.dispatch({ kind: 'start-worked' }, 'a sandbox could be started');
  }

  /** The one job of a trial was taken: what comes of it is told by `failed` or `worked`, or else the next trial is due by itself. */
  taken(): void {
    if (this.failures === 0) return;
    this.parts.dispatch({ kind: 'trial-taken' }, 'a sandbox is tried');
    this.wait(silentTrialMs);
  }

  /** For good: what is told afterwards, of sandboxes that were just starting, changes nothing. */
  end(): void {
    this.hasEnded = true;
    this.stopWaiting();
  }

  private stopWaiting(): void {
    this.waiting?.abort();
    this.waiting = undefined;
  }

  private wait(milliseconds: number): void {
    this.stopWaiting();
    if (this.hasEnded) return;
    const waiting = new AbortController();
    this.waiting = waiting;
    void this.parts.clock.sleep(milliseconds, waiting.signal).then(() => this.tryAgain(waiting.signal));
  }

  private async tryAgain(signal: AbortSignal): Promise<void> {
    const isOver = (): boolean => signal.aborted;
    if (isOver()) return;
    const failure = await this.parts.check();
    if (isOver()) return;
    if (failure !== undefined) this.note(failure);
    else if (this.onlyLooked) this.worked();
    else this.parts.dispatch({ kind: 'trial-due' }, 'a sandbox is to be tried again');
  }
}
