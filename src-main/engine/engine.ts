/**
 * The worker engine: holds the state, and acts when it changes. `dispatch` is the only way to change it, `enter` the only place that acts:
 * it logs, tells, and starts or ends the two loops (packs while there is a workspace, polls while there is a group).
 */
import { AppError } from '../../src-contract/app-error.ts';
import type { Problem } from '../../src-contract/problems.ts';
import { HoldLength } from './hold-length.ts';
import { Loop } from './loop.ts';
import {
  delayAfterAnswer,
  delayAfterFailure,
  isWorthTelling,
  mustAskAgain,
  wantedPoll,
  type PollRequest,
} from './poll-decisions.ts';
import type { EngineLogEntry, EnginePorts, FoundAction } from './ports.ts';
import { ProblemBoard } from './problem-board.ts';
import { changeSentence } from './sentences.ts';
import { StartTrials } from './start-trials.ts';
import { contactOf, isDrained, isSameStatus, next, type EngineEvent, type EngineState } from './worker-state.ts';

const workerSource = 'Worker';
const agentSource = 'Agent';

export class Engine {
  readonly problems = new ProblemBoard();
  private readonly ports: EnginePorts;
  private current: EngineState;
  private packLoop: Loop | undefined;
  private pollLoop: Loop | undefined;
  /** What the call under way has said of us; undefined between calls. */
  private asked: PollRequest | undefined;
  private started = false;
  private holdsBack = false;
  private readonly endingLoops = new Set<Promise<void>>();
  /** Was the last call answered? Only then is the next one held: a held call says nothing for 20 s, also when all is well. */
  private readonly inContact = { packs: false, poll: false };
  private readonly holds = { packs: new HoldLength(), poll: new HoldLength() };
  /** When the last call of each loop began, and whether it was held. */
  private readonly lastCall = { packs: { hold: false, startedMs: 0 }, poll: { hold: false, startedMs: 0 } };
  private longestHold: number | undefined;
  private readonly trials: StartTrials;
  private lastAnswerAt: { agent: string | null; worker: string | null } = { agent: null, worker: null };

  constructor(ports: EnginePorts, initial: EngineState) {
    this.ports = ports;
    this.current = initial;
    this.trials = new StartTrials({
      clock: ports.clock,
      check: ports.checkStart,
      dispatch: (event, why) => {
        if (this.started) this.dispatch(event, why);
      },
    });
  }

  get state(): EngineState {
    return this.current;
  }

  /** How long a call was held at most and answered since the connection was made; undefined: none was held yet. */
  get longestHoldMs(): number | undefined {
    return this.longestHold;
  }

  get lastContact(): { agent: string | null; worker: string | null } {
    return this.lastAnswerAt;
  }

  start(): void {
    this.started = true;
    this.enter(this.current, 'started');
    void this.trials.begin();
  }

  /** No job is taken until the next one may be expected to start. */
  startFailed(error: AppError): void {
    this.trials.failed(error);
  }

  startWorked(): void {
    this.trials.worked();
  }

  /** Ends both loops and resolves when no call is under way. Nothing is dispatched by them afterwards. */
  async stop(): Promise<void> {
    this.started = false;
    this.trials.end();
    this.endLoop('packs');
    this.endLoop('poll');
    await Promise.all(this.endingLoops);
  }

  /** Throws IllegalTransition, which is a bug of whoever dispatched. */
  dispatch(event: EngineEvent, why: string = event.kind): void {
    this.enter(next(this.current, event), why);
  }

  /** The first of a row is logged (as `entry`, or as a raised problem), the rest are counted. */
  raise(cause: string, problem: Problem, entry?: EngineLogEntry): void {
    const told = this.problems.raise(cause, problem, this.ports.clock.now().toISOString());
    if (told === 'first') {
      this.ports.log(
        entry ?? {
          name: 'problemRaised',
          source: workerSource,
          message: `${problem.title}. ${problem.text}`,
          fields: { code: problem.code },
        },
      );
    }
    this.ports.changed();
  }

  /** Does nothing when that cause has no problem. */
  clear(cause: string, entry?: EngineLogEntry): void {
    const gone = this.problems.clear(cause);
    if (gone === undefined) return;
    this.ports.log(
      entry ?? {
        name: 'problemCleared',
        source: workerSource,
        message: `No longer: ${gone.title}.`,
        fields: { code: gone.code, times: gone.times },
      },
    );
    this.ports.changed();
  }

  private enter(state: EngineState, why: string): void {
    const before = this.current;
    this.current = state;
    if (!isSameStatus(before, state)) {
      this.ports.log({
        name: 'stateChanged',
        source: workerSource,
        message: changeSentence(before.status, state.status, why),
        fields: { from: before.status, to: state.status },
      });
    }
    if (this.started) this.arrangeLoops(state);
    this.ports.changed();
    if (this.started && isDrained(state)) this.ports.drained();
  }

  private arrangeLoops(state: EngineState): void {
    if (this.holdsBack) return;
    const contact = contactOf(state).kind;
    if (contact === 'none') {
      this.endLoop('packs');
    } else {
      this.packLoop ??= new Loop({
        clock: this.ports.clock,
        round: (signal) => this.watchPacks(signal),
        onFailure: (error, failures) => this.packsFailed(error, failures),
      });
    }
    if (contact !== 'worker') {
      this.endLoop('poll');
      return;
    }
    this.pollLoop ??= new Loop({
      clock: this.ports.clock,
      round: (signal) => this.poll(signal),
      onFailure: (error, failures) => this.pollFailed(error, failures),
    });
    const wanted = wantedPoll(state);
    if (this.asked !== undefined && wanted !== undefined && mustAskAgain(this.asked, wanted)) this.pollLoop.wake();
  }

  /** While this machine leaves, the service's refusals of calls under way are no news. */
  async withoutCalls<Value>(work: () => Promise<Value>): Promise<Value> {
    this.holdsBack = true;
    this.endLoop('packs');
    this.endLoop('poll');
    try {
      return await work();
    } finally {
      this.holdsBack = false;
      if (this.started) this.arrangeLoops(this.current);
    }
  }

  /** Something that the engine's view shows, but does not hold, changed. */
  tellChanged(): void {
    this.ports.changed();
  }

  /** Connection facts changed (a new key, proxy, trust): calls under way were made with the old ones. */
  askAnew(): void {
    this.inContact.packs = false;
    this.inContact.poll = false;
    this.longestHold = undefined;
    this.packLoop?.wake();
    this.pollLoop?.wake();
  }

  private endLoop(which: 'packs' | 'poll'): void {
    const loop = which === 'packs' ? this.packLoop : this.pollLoop;
    if (which === 'packs') this.packLoop = undefined;
    else this.pollLoop = undefined;
    this.inContact[which] = false;
    if (loop === undefined) return;
    const ended = loop.stop();
    this.endingLoops.add(ended);
    void ended.then(() => this.endingLoops.delete(ended));
    this.problems.clear(which);
  }

  private async watchPacks(signal: AbortSignal): Promise<number> {
    const { clock, chance, watchPacks } = this.ports;
    const { hold, startedMs, seconds } = this.beginCall('packs');
    const { held } = await watchPacks({ hold, seconds }, signal);
    if (signal.aborted) return 0;
    this.noteHold('packs', () => this.holds.packs.answered(hold));
    if (held) this.noteHeld(startedMs);
    this.inContact.packs = true;
    this.lastAnswerAt.agent = clock.now().toISOString();
    this.clear('packs', { name: 'agentConnected', source: agentSource, message: 'The workspace answers again.' });
    this.dispatch({ kind: 'agent-answered' }, 'the workspace answered');
    return delayAfterAnswer({ hold, held, actions: 0, tookMs: clock.monotonicMs() - startedMs }, chance());
  }

  private packsFailed(error: unknown, failures: number): number {
    this.inContact.packs = false;
    const failure = this.describeFailure(error, failures);
    this.noteFailedHold('packs', failure.retryable);
    const delayMs = delayAfterFailure(failure, this.ports.chance());
    if (isWorthTelling(failure)) {
      const { problem } = failure;
      const isTrust =
        problem.code === 'certificate-untrusted' ||
        problem.code === 'certificate-other-authority' ||
        problem.code === 'tls-intercepted' ||
        problem.code === 'certificate-pin-mismatch';
      this.raise('packs', problem, {
        name: isTrust ? 'certificateNotTrusted' : 'agentConnectionFailed',
        source: agentSource,
        message: `Asking the workspace for packs failed. ${problem.title}. ${problem.text} It is tried again.`,
        fields: { code: problem.code },
      });
      this.dispatch({ kind: 'agent-lost', at: this.ports.clock.now().toISOString(), title: problem.title }, problem.code);
    }
    return delayMs;
  }

  private async poll(signal: AbortSignal): Promise<number> {
    const { clock, chance } = this.ports;
    const request = wantedPoll(this.current);
    if (request === undefined) return 0;
    const { hold, startedMs, seconds } = this.beginCall('poll');
    this.asked = request;
    let answer;
    try {
      answer = await this.ports.poll(request, { hold, seconds }, signal);
    } finally {
      this.asked = undefined;
    }
    if (signal.aborted) return 0;
    this.noteHold('poll', () => this.holds.poll.answered(hold));
    if (answer.held) this.noteHeld(startedMs);
    this.inContact.poll = true;
    this.lastAnswerAt.worker = clock.now().toISOString();
    this.clear('poll', { name: 'queryRecovered', source: workerSource, message: 'The service answers again.' });
    this.dispatch({ kind: 'poll-answered' }, 'the service answered');
    const started = this.takeActions(answer.actions);
    const tookMs = clock.monotonicMs() - startedMs;
    return delayAfterAnswer({ hold, held: answer.held, actions: started, tookMs }, chance());
  }

  private pollFailed(error: unknown, failures: number): number {
    this.inContact.poll = false;
    const failure = this.describeFailure(error, failures);
    this.noteFailedHold('poll', failure.retryable);
    const delayMs = delayAfterFailure(failure, this.ports.chance());
    if (isWorthTelling(failure)) {
      const { problem } = failure;
      this.raise('poll', problem, {
        name: 'queryFailed',
        source: workerSource,
        message: `Asking the service for work failed. ${problem.title}. ${problem.text} It is tried again.`,
        fields: { code: problem.code },
      });
      this.dispatch({ kind: 'poll-failed', at: this.ports.clock.now().toISOString(), title: problem.title }, problem.code);
    }
    return delayMs;
  }

  private beginCall(which: 'packs' | 'poll'): { hold: boolean; startedMs: number; seconds: number } {
    const begun = { hold: this.inContact[which], startedMs: this.ports.clock.monotonicMs() };
    this.lastCall[which] = begun;
    return { ...begun, seconds: this.holds[which].seconds };
  }

  private noteFailedHold(which: 'packs' | 'poll', retryable: boolean): void {
    const { hold, startedMs } = this.lastCall[which];
    const tookMs = this.ports.clock.monotonicMs() - startedMs;
    this.noteHold(which, () => this.holds[which].failed({ held: hold, tookMs, retryable }));
  }

  private noteHeld(startedMs: number): void {
    const tookMs = this.ports.clock.monotonicMs() - startedMs;
    this.longestHold = Math.max(this.longestHold ?? 0, tookMs);
  }

  /** Shows a hold that had to be shortened as long as it is: the shorter one, because what cuts them is one. */
  private noteHold(which: 'packs' | 'poll', note: () => void): void {
    const before = this.holds[which].seconds;
    note();
    if (this.holds[which].seconds === before) return;
    const { packs, poll } = this.holds;
    const seconds = Math.min(packs.seconds, poll.seconds);
    if (packs.isShortened || poll.isShortened) this.raise('hold', new AppError('holds-cut-short', { seconds }).toProblem());
    else this.clear('hold');
  }

  /** Takes what is new and has room; the rest comes again. Answers how many were taken. */
  private takeActions(actions: readonly FoundAction[]): number {
    let started = 0;
    for (const action of actions) {
      if (this.ports.knowsSandbox(action.sandboxId)) continue;
      // A service that ignores our headers may send more than there is room for, or an answer may cross with a pause.
      if ((wantedPoll(this.current)?.freeSlots ?? 0) === 0) break;
      this.ports.startSandbox(action);
      this.trials.taken();
      started += 1;
    }
    return started;
  }

  /** A mistake of ours in a loop is logged as one, and the loop goes on slowly: a worker that stopped asking would look healthy. */
  private describeFailure(error: unknown, failures: number) {
    if (error instanceof AppError) {
      return { problem: error.toProblem(), retryable: error.retryable, retryAfterMs: error.retryAfterMs, failures };
    }
    const correlationId = `loop-${String(failures)}`;
    this.ports.log({
      name: 'programFault',
      source: workerSource,
      message: `A mistake of ours in a loop of the engine: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    });
    return {
      problem: new AppError('internal', { correlationId }).toProblem(),
      retryable: false,
      retryAfterMs: undefined,
      failures,
    };
  }
}
