/**
 * One run of a runtime: its start, what it writes, its end, the end of everything that it started, and the stop ladder in between
 * (ask the host where there is one, ask the whole tree, wait, end what is left). Tells facts; what they mean is decided in outcome.ts.
 */
import { maxReasonBytes } from '../../src-contract/limits.ts';
import type { StopCourse } from '../../src-contract/sandbox.ts';
import { loadedModules } from '../platform/loaded-modules.ts';
import type { TreeEnding } from '../platform/process-tree.ts';
import { describeHit } from './job-limits.ts';
import { MarkedConsole } from './marked-console.ts';
import type { MaskedConsole } from './masked-console.ts';
import type { HostWords, RuntimeEnd, StuckStart } from './outcome.ts';
import type { Runtime } from './ports.ts';
import type { RecordIntake } from './record-intake.ts';
import type { PipeListeners } from './runtime-pipes.ts';
import { RuntimeProcess, type ProcessOptions } from './runtime-process.ts';

/**
 * What a runbook leaves running has this long to end by itself: `exec > >(tee log)` in Bash still has lines to pass on when Bash has ended.
 * Jobs that leave nothing behind do not wait.
 */
const leftoverGraceMs = 2000;
/** A host that has said its last word should be gone; one that a thread of its own keeps alive is ended. */
const hostExitLimitMs = 10_000;
/**
 * Everything is dead, and still a pipe is open: something outside the tree has it. What came until now is all that is taken. Counts only while
 * the journal takes more: with a full disk, what was written waits in the pipes for as long as that lasts.
 */
const drainLimitMs = 5000;
const lookAgainMs = 20;
/** So much of standard error is kept for the exception, where PowerShell speaks through its console alone. */
const errorTailBytes = 4096;
/** What is left when a runbook has had the whole grace for its `finally` blocks gets so long to end when it is asked. */
const processGraceMs = 2000;

export interface RunOptions extends Omit<ProcessOptions, 'isAhead'> {
  intake: RecordIntake;
  readHost: Runtime['readHost'];
  /** Gets what a runtime with a host writes beside its records. */
  view: Pick<MaskedConsole, 'push' | 'tail'>;
  /** How long a host may take until it begins the runbook. */
  startLimitSeconds: number;
  stopGraceSeconds: number;
  /** Something worth keeping in the journal. */
  decide: (text: string) => void;
  onStarted: (pid: number) => void;
  /** The stop ladder has got to the next step, or is over. */
  onStopping: (course: StopCourse) => void;
  /** One that was started ahead, and what it waits for. */
  warm?: { process: RuntimeProcess; line: string };
}

type StopStep = StopCourse['steps'][number]['step'];

export interface RunResult {
  end: RuntimeEnd;
  processId: number | null;
  wallMs: number;
  cpuMs: number | null;
  peakMemoryBytes: number | null;
  processesLeft: number;
}

const countOf = (processes: number): string => (processes === 1 ? '1 process was' : `${processes} processes were`);

export class RuntimeRun {
  readonly #options: RunOptions;
  readonly #host: HostWords | undefined;
  readonly #startedAt = performance.now();
  #process: RuntimeProcess | undefined;
  /** The runtime's own process is gone; what it wrote may still come. */
  #hasExited = false;
  /** Called when everything was tried and the runtime is still there: a process that waits for a dead disk cannot be ended by anybody. */
  #giveItUp: () => void = () => undefined;
  readonly #givenUp: Promise<RuntimeEnd>;
  #isOver = false;
  #stopping: Promise<void> | undefined;
  #hostLimit: NodeJS.Timeout | undefined;
  #hostEnding: Promise<void> | undefined;
  #startLimit: NodeJS.Timeout | undefined;
  #stuck: StuckStart | undefined;
  #marked: MarkedConsole | undefined;
  /** Of a marked console: the last part of what came from standard error. */
  #errorTail: Buffer = Buffer.alloc(0);
  /** Takes what a decoder still keeps. */
  #endText: () => void = () => undefined;
  readonly result: Promise<RunResult>;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#host = options.readHost === undefined ? undefined : { begun: undefined, ended: undefined, garbled: undefined };
    this.#givenUp = new Promise((resolve) => {
      this.#giveItUp = () => resolve({ kind: 'ended', exitCode: null, signal: null, host: undefined, errorTail: '' });
    });
    this.result = this.#run();
  }

  /** Asks the tree to end, and ends it after the grace. Safe to call twice; false when it is over already. */
  stop(reason: string): boolean {
    if (this.#isOver) return false;
    this.#stopping ??= this.#climb(reason);
    return true;
  }

  async #run(): Promise<RunResult> {
    const { tree, pipes, intake, terminal } = this.#options;
    const exit = await this.#start();
    clearTimeout(this.#startLimit);
    if (exit.kind !== 'ended') {
      this.#isOver = true;
      pipes.close();
      terminal?.close();
      tree.dispose();
      return { end: exit, processId: null, wallMs: 0, cpuMs: null, peakMemoryBytes: null, processesLeft: 0 };
    }
    this.#hasExited = true;
    clearTimeout(this.#hostLimit);
    pipes.release();
    await this.#letLeftoversEnd();
    await this.#stopping;
    const ending = await tree.end();
    const isDrained = await this.#drainedWithin(drainLimitMs);
    pipes.close();
    terminal?.close();
    if (this.#marked !== undefined && this.#host !== undefined) this.#endMarked(this.#marked, this.#host, exit);
    this.#endText();
    intake.finish();
    // Who was ending the host, or began to stop while the rest was ended, still has a word for the journal, which is open until here.
    await this.#hostEnding;
    if (this.#stopping !== undefined) await this.#stopping;
    this.#isOver = true;
    this.#noteLeftovers(ending);
    if (!isDrained) this.#noteOpenPipes();
    const usage = tree.usage();
    const limitHit = describeHit(tree);
    if (limitHit !== undefined) this.#options.decide(`A limit of this worker: ${limitHit}.`);
    tree.dispose();
    const wallMs = Math.round(performance.now() - this.#startedAt);
    const errorTail = this.#host === undefined ? intake.errorTail : this.#options.view.tail;
    const end: RuntimeEnd = { ...exit, host: this.#host, errorTail, limitHit, ...(this.#stuck && { stuck: this.#stuck }) };
    return { end, processId: this.#process?.pid ?? null, wallMs, ...usage, processesLeft: ending.left };
  }

  async #start(): Promise<RuntimeEnd> {
    const { warm, onStarted, tree, pipes } = this.#options;
    const listeners = this.#listeners();
    try {
      const process = warm?.process ?? new RuntimeProcess(this.#options, listeners);
      this.#process = process;
      if (process.pid !== undefined) {
        this.#limitStart(process.pid);
        onStarted(process.pid);
      }
      if (warm !== undefined) {
        process.handTo(listeners);
        tree.countFromNow();
        pipes.tell(warm.line);
      }
      return await Promise.race([process.ended, this.#givenUp]);
    } catch (error) {
      return { kind: 'not-started', reason: error instanceof Error ? error.message : String(error) };
    }
  }

  #listeners(): PipeListeners {
    const { terminal, intake, view, command } = this.#options;
    const reader = this.#makeReader();
    const report = (chunk: Buffer): void => reader?.push(chunk);
    if (this.#host === undefined) return { ...this.#textListeners(), report };
    if (command.consoleMark !== undefined) this.#marked = this.#readMarks(command.consoleMark, this.#host);
    const shown = (chunk: Buffer): void => {
      view.push(chunk);
      this.#marked?.push(chunk);
      if (intake.isFull) terminal?.pause();
    };
    const error = (chunk: Buffer): void => {
      if (this.#marked !== undefined) this.#keepErrors(chunk);
      shown(chunk);
    };
    return { output: shown, error, report };
  }

  /** What a runtime writes that has no host: text in its own encoding, each stream for itself. */
  #textListeners(): Pick<PipeListeners, 'output' | 'error'> {
    const { intake, command } = this.#options;
    const takeOutput = (text: Buffer): void => intake.output(text);
    const takeError = (text: Buffer): void => intake.error(text);
    if (command.decoder === undefined) return { output: takeOutput, error: takeError };
    const [output, error] = [command.decoder(), command.decoder()];
    this.#endText = () => {
      takeOutput(output.end());
      takeError(error.end());
    };
    return { output: (chunk) => takeOutput(output.push(chunk)), error: (chunk) => takeError(error.push(chunk)) };
  }

  #readMarks(mark: string, host: HostWords): MarkedConsole {
    const { intake, decide } = this.#options;
    return new MarkedConsole(mark, {
      begun: (version) => {
        this.#begun(version);
        decide('PowerShell is held to Constrained Language Mode here: all streams of the runbook came as one text.');
      },
      output: (bytes) => intake.output(bytes),
      ended: (exitCode, exception) => this.#ended(host, exitCode, exception),
    });
  }

  /**
   * PowerShell prints what ended the runbook, and ends with an exit code of its own. Success needs the second mark and an exit code of 0: a
   * runbook that printed the mark itself, and failed then, has failed.
   */
  #endMarked(marked: MarkedConsole, host: HostWords, exit: Extract<RuntimeEnd, { kind: 'ended' }>): void {
    const { exitCode } = exit;
    const saysOtherwise = marked.isWithin || host.ended?.exitCode === 0;
    marked.end();
    if (exitCode === null || exitCode === 0 || !saysOtherwise) return;
    // Where the two are told apart, what it prints of errors alone; on a terminal, the last of all.
    const errors = this.#errorTail.toString('utf8').trim();
    const exception = errors === '' ? this.#options.view.tail.trim() : errors;
    host.ended = { exitCode, exception };
  }

  #keepErrors(chunk: Buffer): void {
    this.#errorTail = Buffer.from(Buffer.concat([this.#errorTail, chunk]).subarray(-errorTailBytes));
  }

  #begun(version: string): void {
    clearTimeout(this.#startLimit);
    if (this.#host !== undefined) this.#host.begun ??= version;
  }

  #ended(host: HostWords, exitCode: number, exception: string | null): void {
    host.ended = { exitCode, exception: exception === null ? null : this.#shorten(exception) };
    if (this.#hasExited) return;
    this.#hostLimit = setTimeout(() => {
      this.#hostEnding = this.#endHost();
    }, hostExitLimitMs);
  }

  /** What ended the runbook, as long as a job shows it; a longer one is a record as well, whole. */
  #shorten(exception: string): string {
    const whole = Buffer.from(exception);
    if (whole.length <= maxReasonBytes) return exception;
    const note = `\n… (the whole of it, ${String(whole.length)} bytes, is the last record of the stream Error)`;
    this.#options.intake.text('Error', whole, true, {});
    // A character that the cut goes through is left out.
    const kept = new TextDecoder('utf-8').decode(whole.subarray(0, maxReasonBytes - Buffer.byteLength(note)), { stream: true });
    return `${kept}${note}`;
  }

  #limitStart(pid: number): void {
    const { startLimitSeconds, tree } = this.#options;
    if (this.#host === undefined) return;
    const giveUp = async (): Promise<void> => {
      this.#stuck = { seconds: startLimitSeconds, modules: await loadedModules(pid) };
      if ((await tree.end()).left > 0) this.#giveItUp();
    };
    this.#startLimit = setTimeout(() => void giveUp(), startLimitSeconds * 1000);
  }

  /** Pipes and terminal alike; a pause is none of the time. */
  async #drainedWithin(milliseconds: number): Promise<boolean> {
    const { pipes, terminal } = this.#options;
    const drained = Promise.all([pipes.drained, terminal?.drained]);
    return await drainedWithin(() => pipes.isPaused, drained, milliseconds);
  }

  #makeReader(): { push(chunk: Buffer): void } | undefined {
    const { intake, readHost } = this.#options;
    const host = this.#host;
    if (host === undefined) return undefined;
    return readHost?.({
      ready: () => undefined,
      begun: (version) => {
        this.#begun(version);
        // It has the pipe to speak through: its console is only looked at.
        this.#marked = undefined;
      },
      text: (stream, piece, last, about) => intake.text(stream, piece, last, about),
      progress: (activityId, progress) => intake.progress(activityId, progress),
      progressLeftOut: (count) => intake.drop('Progress', count),
      ended: (exitCode, exception) => this.#ended(host, exitCode, exception),
      garbled: (reason) => (host.garbled ??= reason),
    });
  }

  async #endHost(): Promise<void> {
    const { found, left } = await this.#options.tree.end();
    if (left > 0) this.#giveItUp();
    this.#options.decide(
      `The runbook had ended, but its runtime was still there ${hostExitLimitMs / 1000} s later: ${found} processes were ended.`,
    );
  }

  /** Until nothing is left and the pipes are closed, or the grace is over. A stop has a grace of its own. */
  async #letLeftoversEnd(): Promise<void> {
    const { tree } = this.#options;
    const deadline = performance.now() + leftoverGraceMs;
    const isWaiting = (): boolean => this.#stopping === undefined && performance.now() < deadline;
    if (isWaiting()) await this.#drainedWithin(leftoverGraceMs);
    while (isWaiting() && tree.members().length > 0) await sleep(lookAgainMs);
  }

  async #climb(reason: string): Promise<void> {
    const { tree, stopGraceSeconds, decide } = this.#options;
    const start = performance.now();
    const asked = tree.members().length;
    const graceMs = stopGraceSeconds * 1000;
    const isWaitingUntil = (time: number): boolean => tree.members().length > 0 && performance.now() < time;
    const course = this.#tellCourse(reason, graceMs);
    let deadline = start + graceMs;
    let first = '';
    if (this.#host?.begun !== undefined && this.#marked === undefined) {
      course.begin('ask-runbook', asked);
      this.#options.pipes.askToStop();
      while (this.#process?.hasExited === false && isWaitingUntil(deadline)) await sleep(lookAgainMs);
      if (this.#process?.hasExited === false && tree.members().length > 0) {
        first = `the runbook was asked and had not come to its end after ${stopGraceSeconds} s; `;
        deadline = performance.now() + processGraceMs;
        course.cutOff(processGraceMs);
      }
    }
    const members = tree.members().length;
    if (members > 0) course.begin('ask-processes', members);
    tree.signal('SIGTERM');
    while (isWaitingUntil(deadline)) await sleep(lookAgainMs);
    const waitedMs = Math.round(performance.now() - start);
    const stayed = tree.members().length;
    if (stayed === 0) {
      course.end(0);
      decide(`Stop (${reason}): ${first}${countOf(asked)} asked to end and had ended after ${waitedMs} ms.`);
      return;
    }
    course.begin('end', stayed);
    const ending = await tree.end();
    course.end(ending.left);
    if (ending.left > 0) this.#giveItUp();
    decide(
      `Stop (${reason}): ${first}${countOf(asked)} asked to end; after ${waitedMs} ms ${countOf(ending.found)} still there ` +
        `and ended within ${Math.round(ending.tookMs)} ms, ${ending.left === 0 ? 'none is' : `${ending.left} are`} left.`,
    );
  }

  #tellCourse(
    reason: string,
    graceMs: number,
  ): { begin: (step: StopStep, processes: number) => void; cutOff: (graceMs: number) => void; end: (left: number) => void } {
    const { onStopping } = this.#options;
    const inAWhile = (ms: number): string => new Date(Date.now() + ms).toISOString();
    let course: StopCourse = { reason, deadline: inAWhile(graceMs), steps: [], left: null };
    const tell = (change: Partial<StopCourse>): void => {
      course = { ...course, ...change };
      onStopping(course);
    };
    return {
      begin: (step, processes) => tell({ steps: [...course.steps, { step, at: new Date().toISOString(), processes }] }),
      cutOff: (restMs) => tell({ isCutOff: true, deadline: inAWhile(restMs) }),
      end: (left) => tell({ left }),
    };
  }

  #noteLeftovers(ending: TreeEnding): void {
    if (this.#stopping !== undefined || ending.found === 0) return;
    this.#options.decide(
      `The runbook had ended, and ${ending.found} processes that it had started were still there ${leftoverGraceMs / 1000} s later. ` +
        `They were ended, ${ending.left} are left.`,
    );
  }

  #noteOpenPipes(): void {
    this.#options.decide(
      `The runbook had ended, and something outside it held its output open ${drainLimitMs / 1000} s later. ` +
        'What came until then is all that was taken.',
    );
  }
}

/** Whether everything was handed on in time. Time in which the pipes are paused does not count. */
function drainedWithin(isPaused: () => boolean, drained: Promise<unknown>, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    let leftMs = milliseconds;
    const settle = (isDrained: boolean): void => {
      clearInterval(timer);
      resolve(isDrained);
    };
    const timer = setInterval(() => {
      if (!isPaused()) leftMs -= lookAgainMs;
      if (leftMs <= 0) settle(false);
    }, lookAgainMs);
    void drained.then(() => settle(true));
  });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
