/**
 * The connection to one sandbox's control endpoint. It comes back after a break as long as the process lives; `died` resolves once the
 * connection has closed and the process is gone: noticed, not polled for.
 */
import type * as z from 'zod';
import type { PolicyQuestion } from '../../src-contract/policy.ts';
import {
  sandboxCalls,
  sandboxEvents,
  type ConsolePiece,
  type ProcessIdentity,
  type SandboxReport,
  type UsageSample,
} from '../../src-contract/sandbox.ts';
import { ChannelError, type ChannelErrorKind } from '../channel/channel-error.ts';
import { connectLineChannel, type LineChannel } from '../channel/line-channel-client.ts';

/** The endpoint's one role. */
export const sandboxRole = 'engine';

/** A process whose connection has closed is usually ending: looked at often, but only for a moment. */
const goneCheckMs = 20;
const goneChecks = 50;
const reconnectMs = 500;
/** Asked so often whether it still answers, and given so long to do it. */
const askAliveMs = 15_000;
const answerLimitMs = 10_000;
/** So many questions in a row without an answer, some three minutes: longer than any service waits for a word of a sandbox. */
const maxUnanswered = 8;

export interface SandboxLinkOptions {
  process: ProcessIdentity;
  controlAddress: string;
  key: Uint8Array;
  isAlive: (identity: ProcessIdentity) => boolean | Promise<boolean>;
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  onReport: (report: SandboxReport) => void;
  /** The connection closed after the sandbox had said that it ends: its slot is free although its process may need a moment more. */
  onEnding: () => void;
  /** It runs, and has not answered for so long: whoever listens ends it. Told once. */
  onHanging: (unansweredMs: number) => void;
}

export class SandboxLink {
  /** Resolves with false when the link was closed by us before the sandbox ended. */
  readonly died: Promise<boolean>;
  private readonly options: SandboxLinkOptions;
  private readonly closing = new AbortController();
  private channel: LineChannel | undefined;
  private lastPhase: SandboxReport['phase'] | undefined;
  /** Why there is no connection; undefined: there is, or was one. */
  private lastFailure: ChannelErrorKind | undefined;
  private waitingForChannel: (() => void)[] = [];
  /** Those who look at the console and have seen all of it. */
  private readonly consoleWaiters = new Set<() => void>();

  constructor(options: SandboxLinkOptions) {
    this.options = options;
    this.died = this.run();
  }

  /** Whether the sandbox has accepted to stop. Throws when it cannot be asked. */
  async stop(reason: string, signal: AbortSignal): Promise<boolean> {
    const channel = this.channel ?? (await this.connected(signal));
    const answer = await channel.call('sandbox:stop', { reason }, { signal });
    return answer.ok && sandboxCalls['sandbox:stop'].value.parse(answer.value).accepted;
  }

  /** Held until the console has more than `from`, the sandbox is gone, or the signal says that it was long enough. */
  async readConsole(from: number, signal: AbortSignal): Promise<ConsolePiece> {
    const grown = this.consoleGrown(signal);
    try {
      const piece = await this.ask('sandbox:console', { from });
      if (piece.next > from || signal.aborted) return piece;
      await grown.promise;
      return await this.ask('sandbox:console', { from });
    } finally {
      grown.forget();
    }
  }

  /** null: nothing is asked. Throws when the sandbox cannot be asked. */
  async readQuestion(): Promise<PolicyQuestion | null> {
    return (await this.ask('sandbox:question', {})).question;
  }

  /** Whether the sandbox took the answer. Throws when it cannot be told. */
  async answerQuestion(sha256: string, allow: boolean): Promise<boolean> {
    return (await this.ask('sandbox:answer', { sha256, allow })).accepted;
  }

  /** None from a sandbox of a version that did not count it. */
  async readUsage(since: string | null): Promise<UsageSample[]> {
    try {
      return (await this.ask('sandbox:usage', { since })).samples;
    } catch {
      return [];
    }
  }

  private async ask<Name extends keyof typeof sandboxCalls>(
    name: Name,
    given: z.infer<(typeof sandboxCalls)[Name]['arguments']>,
  ): Promise<z.infer<(typeof sandboxCalls)[Name]['value']>> {
    if (this.channel === undefined) throw new Error('the sandbox cannot be asked just now');
    const answer = await this.channel.call(name, given, { signal: this.closing.signal });
    if (!answer.ok) throw new Error(`the sandbox refused ${name}: ${answer.problem.text}`);
    return sandboxCalls[name].value.parse(answer.value) as z.infer<(typeof sandboxCalls)[Name]['value']>;
  }

  private consoleGrown(signal: AbortSignal): { promise: Promise<void>; forget: () => void } {
    let wake: () => void = () => undefined;
    const promise = new Promise<void>((resolve) => (wake = resolve));
    this.consoleWaiters.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    if (signal.aborted) wake();
    return {
      promise,
      forget: () => {
        this.consoleWaiters.delete(wake);
        signal.removeEventListener('abort', wake);
      },
    };
  }

  private wakeConsole(): void {
    for (const wake of [...this.consoleWaiters]) wake();
  }

  /** Ends the connection; the sandbox goes on. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.channel?.close();
    await this.died;
  }

  private connected(signal: AbortSignal): Promise<LineChannel> {
    return new Promise((resolve, reject) => {
      const forget = (): void => {
        signal.removeEventListener('abort', giveUp);
        this.closing.signal.removeEventListener('abort', giveUp);
      };
      const giveUp = (): void => {
        forget();
        reject(new Error('the sandbox could not be asked'));
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.closing.signal.addEventListener('abort', giveUp, { once: true });
      this.waitingForChannel.push(() => {
        forget();
        if (this.channel === undefined) giveUp();
        else resolve(this.channel);
      });
    });
  }

  private async run(): Promise<boolean> {
    const { process, isAlive, sleep } = this.options;
    const { signal } = this.closing;
    const unfollowed = new AbortController();
    void this.watchAnswers(unfollowed.signal);
    try {
      return await this.follow(process, isAlive, sleep, signal);
    } finally {
      unfollowed.abort();
    }
  }

  /**
   * Whether it still answers: a process that was stopped, or goes round in a circle, keeps its connection. Questions are counted, not hours: a
   * machine that sleeps asks none.
   */
  private async watchAnswers(signal: AbortSignal): Promise<void> {
    const { sleep, onHanging } = this.options;
    let firstUnanswered: number | undefined;
    for (let unanswered = 0; unanswered < maxUnanswered;) {
      await sleep(askAliveMs, signal);
      if (signal.aborted) return;
      const askedAt = performance.now();
      if (await this.isSilent()) {
        unanswered += 1;
        firstUnanswered ??= askedAt;
      } else {
        unanswered = 0;
        firstUnanswered = undefined;
      }
    }
    if (!signal.aborted) onHanging(performance.now() - (firstUnanswered ?? performance.now()));
  }

  /** Somebody is there and says nothing. A refusal is a word, and an endpoint that is gone says nothing of whoever made it. */
  private async isSilent(): Promise<boolean> {
    const { channel } = this;
    if (channel === undefined) return this.lastFailure === 'timed-out';
    const waiting = new AbortController();
    try {
      return await Promise.race([
        channel.call('sandbox:report', {}, { signal: waiting.signal }).then(
          () => false,
          () => false,
        ),
        this.options.sleep(answerLimitMs, waiting.signal).then(() => true),
      ]);
    } finally {
      waiting.abort();
    }
  }

  private async follow(
    process: ProcessIdentity,
    isAlive: SandboxLinkOptions['isAlive'],
    sleep: SandboxLinkOptions['sleep'],
    signal: AbortSignal,
  ): Promise<boolean> {
    while (!signal.aborted) {
      const wasConnected = await this.followOnce();
      if (this.lastPhase === 'ended') this.options.onEnding();
      for (let check = 0; check < (wasConnected ? goneChecks : 1); check += 1) {
        if (!(await isAlive(process))) return true;
        await sleep(goneCheckMs, signal);
      }
      await sleep(reconnectMs, signal);
    }
    return false;
  }

  /** Connects and follows until the connection ends. Answers whether there was one. */
  private async followOnce(): Promise<boolean> {
    const { controlAddress, key } = this.options;
    const { signal } = this.closing;
    let channel: LineChannel;
    try {
      channel = await connectLineChannel({
        address: controlAddress,
        role: sandboxRole,
        key,
        signal,
        onEvent: (event, payload) => {
          if (event === 'report') this.take(payload);
          else if (event === 'console') this.wakeConsole();
        },
      });
    } catch (error) {
      this.lastFailure = error instanceof ChannelError ? error.kind : undefined;
      return false;
    }
    this.lastFailure = undefined;
    this.channel = channel;
    for (const wake of this.waitingForChannel.splice(0)) wake();
    try {
      const answer = await channel.call('sandbox:report', {}, { signal });
      if (answer.ok) this.take(answer.value);
    } catch {
      // The connection ended meanwhile.
    }
    await channel.ended;
    this.channel = undefined;
    this.wakeConsole();
    return true;
  }

  /** Reports come from our own program of this version or the one before: what does not fit is not believed, and not fatal. */
  private take(given: unknown): void {
    const parsed = sandboxEvents.report.safeParse(given);
    if (!parsed.success || this.closing.signal.aborted) return;
    this.lastPhase = parsed.data.phase;
    this.options.onReport(parsed.data);
  }
}
