/**
 * Draining: the worker takes nothing new and ends when what runs has ended. It stands in the settings until then, so that an engine which
 * dies meanwhile is followed by one that goes on with it. After a deadline what still runs is stopped, each by its own ladder.
 */
import type { SandboxReport } from '../../src-contract/sandbox.ts';
import type { Launcher } from '../launcher/launcher.ts';
import { workerSource, type WorkerParts } from './parts.ts';

type Parts = Pick<WorkerParts, 'settings' | 'log' | 'clock' | 'engine' | 'fault'>;

/** A sandbox that is just starting is asked again. */
const lookAgainMs = 500;
/** What was asked to stop has its grace, and so long to end, to write and to say so; whatever is there then goes on without the worker. */
const endingMs = 30_000;
/** A timer holds less than 25 days. */
const longestSleepMs = 60 * 60 * 1000;

export class Draining {
  private readonly parts: Parts;
  private readonly launcher: () => Pick<Launcher, 'list' | 'stop'>;
  /** The worker ends now. */
  private readonly onDone: () => void;
  private readonly closing = new AbortController();
  private watch: { ending: AbortController; done: Promise<void> } | undefined;
  /** The end waits for what is still told. */
  private telling: AbortController | undefined;
  private isDone = false;

  constructor(parts: Parts, launcher: () => Pick<Launcher, 'list' | 'stop'>, onDone: () => void) {
    this.parts = parts;
    this.launcher = launcher;
    this.onDone = onDone;
  }

  /** An engine before this one was asked. */
  goOn(): void {
    const { settings, log, engine } = this.parts;
    const { drain } = settings.current;
    if (drain === null) return;
    const { running } = engine().state.load;
    const message = `The worker goes on draining, as it was asked at ${drain.since}: ${count(running)} still ${running === 1 ? 'runs' : 'run'}.`;
    log.write({ name: 'workerDraining', source: workerSource, message, fields: { running } });
    this.watchDeadline(drain.deadline);
  }

  /** Asked again, it keeps its beginning and takes the new deadline. */
  async ask(deadlineSeconds: number | undefined): Promise<void> {
    const { settings, log, clock, engine } = this.parts;
    const now = clock.now();
    const deadline = deadlineSeconds === undefined ? null : new Date(now.getTime() + deadlineSeconds * 1000).toISOString();
    await settings.change({ drain: { since: settings.current.drain?.since ?? now.toISOString(), deadline } });
    const { running } = engine().state.load;
    const then = deadline === null ? '' : ` What still runs at ${deadline} is stopped.`;
    const message = `The worker drains: it takes no new job, and ends when ${String(running)} running have ended.${then}`;
    log.write({ name: 'workerDraining', source: workerSource, message, fields: { running } });
    this.watchDeadline(deadline);
    engine().dispatch({ kind: 'drain-asked' }, 'a person asked it to drain');
  }

  /**
   * For this run of the worker alone: whoever started it, or the machine, wants it to end. Nothing is written down: a worker that is started
   * again takes work again.
   */
  askForThisRun(): void {
    const { log, engine } = this.parts;
    const { running } = engine().state.load;
    const message = `The worker drains, because it is to end: it takes no new job, and ends when ${String(running)} running have ended.`;
    log.write({ name: 'workerDraining', source: workerSource, message, fields: { running } });
    engine().dispatch({ kind: 'drain-asked' }, 'it is to end');
  }

  /** Draining was called off; the caller has changed the settings. */
  callOff(): void {
    this.watch?.ending.abort();
    this.watch = undefined;
    this.telling?.abort();
    this.telling = undefined;
  }

  /** Nothing runs any more. What is left of sandboxes that died is still told to the service, up to the deadline. */
  finish(): void {
    if (this.isDone || this.telling !== undefined) return;
    const telling = new AbortController();
    this.telling = telling;
    void this.whenTold(telling.signal).then(() => {
      if (!telling.signal.aborted) this.end();
    });
  }

  private async whenTold(signal: AbortSignal): Promise<void> {
    const isTelling = (): boolean =>
      this.launcher()
        .list()
        .some(({ status }) => status === 'finishing');
    while (isTelling() && !signal.aborted) await this.parts.clock.sleep(lookAgainMs, signal);
  }

  /** The next engine on this folder takes work again. */
  private end(): void {
    if (this.isDone) return;
    this.isDone = true;
    this.callOff();
    void this.parts.settings
      .change({ drain: null })
      .catch((error: unknown) => {
        this.parts.fault(error, 'end draining');
      })
      .then(this.onDone);
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.telling?.abort();
    this.watch?.ending.abort();
    await this.watch?.done;
  }

  private watchDeadline(deadline: string | null): void {
    this.callOff();
    if (deadline === null || this.closing.signal.aborted) return;
    const ending = new AbortController();
    // The wall clock may be set meanwhile: what is left is measured from now on.
    const leftMs = Date.parse(deadline) - this.parts.clock.now().getTime();
    const done = this.stopAfter(leftMs, ending.signal).catch((error: unknown) => {
      this.parts.fault(error, 'stop what runs after the deadline of draining');
    });
    this.watch = { ending, done };
  }

  private async stopAfter(leftMs: number, signal: AbortSignal): Promise<void> {
    const { clock, log, settings } = this.parts;
    // Asked anew after each wait: it changes meanwhile.
    const isCalledOff = (): boolean => signal.aborted;
    const endMs = clock.monotonicMs() + leftMs;
    for (let left = leftMs; left > 0 && !isCalledOff(); left = endMs - clock.monotonicMs())
      await clock.sleep(Math.min(left, longestSleepMs), signal);
    if (isCalledOff()) return;
    const asked = new Set<string>();
    const running = this.runningSandboxes();
    const message = `The deadline of draining has passed: ${count(running.length)} that still ${running.length === 1 ? 'runs is' : 'run are'} stopped.`;
    log.write({ name: 'workerDraining', source: workerSource, message, fields: { running: running.length } });
    const lastMs = clock.monotonicMs() + settings.current.stopGraceSeconds * 1000 + endingMs;
    const isWorthWaiting = (sandboxes: readonly string[]): boolean =>
      sandboxes.length > 0 && !isCalledOff() && clock.monotonicMs() < lastMs;
    for (let sandboxes = running; isWorthWaiting(sandboxes); sandboxes = this.runningSandboxes()) {
      for (const sandboxId of sandboxes) {
        if (asked.has(sandboxId)) continue;
        const reason = 'The worker is being drained, and its deadline has passed.';
        if (await this.launcher().stop(sandboxId, reason)) asked.add(sandboxId);
      }
      await clock.sleep(lookAgainMs, signal);
    }
    if (isCalledOff()) return;
    this.tellUnstopped(this.runningSandboxes());
    // A sandbox that only waits for the service goes on by itself, as after any end of an engine.
    this.end();
  }

  /** One that cannot be asked, or not yet (it has not reached the service), or whose processes nobody can end. */
  private tellUnstopped(sandboxes: readonly string[]): void {
    if (sandboxes.length === 0) return;
    const message = `The worker ends all the same: ${sandboxes.join(', ')} could not be stopped, ${sandboxes.length === 1 ? 'goes' : 'go'} on without it, and ${sandboxes.length === 1 ? 'is' : 'are'} found at its next start.`;
    this.parts.log.write({ name: 'workerDraining', source: workerSource, message, fields: { running: sandboxes.length } });
  }

  private runningSandboxes(): string[] {
    return this.launcher()
      .list()
      .filter(({ status, report }) => status === 'running' && !isOnlyWaiting(report))
      .map(({ launch }) => launch.sandboxId);
  }
}

/** It runs nothing that could be stopped: it waits for a service or, with what its runtime has written, for a disk that is full. */
function isOnlyWaiting(report: SandboxReport | undefined): boolean {
  if (report === undefined) return false;
  const { phase, runtimePid, stop } = report;
  const hasStopped = phase === 'stopping' && (runtimePid === null || (stop?.left ?? null) !== null);
  return phase === 'uploading' || phase === 'ended' || hasStopped;
}

function count(jobs: number): string {
  return jobs === 1 ? 'one job' : `${String(jobs)} jobs`;
}
