/**
 * Sandboxes that wait for a job, each for one: started ahead with what all jobs of this worker have in common (user, limits, culture), taken
 * by the next job that wants the same, and made anew. One that has waited too long, or was made for settings or a runtime of yesterday, is
 * thrown away. They end with this engine, because their standard input does.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { RunbookKind } from '../../src-contract/kinds.ts';
import { sandboxContractVersion, type SandboxHandOver, type WarmOrder } from '../../src-contract/sandbox.ts';
import type { Command } from '../platform/executables.ts';
import { removeFolder } from '../platform/remove-folder.ts';
import { endDeadTree } from './dead-tree.ts';
import { isWarmFolderName, warmFolderPrefix } from './sandbox-folders.ts';
import { startWaitingSandbox, type WaitingSandbox } from './sandbox-process.ts';
import { planWarm, WarmDemand, type WarmLimits, type WarmRuntimeName } from './warm-plan.ts';

/** Kinds whose host can wait for its job. For the others only the sandbox waits. */
const waitingKinds: ReadonlySet<string> = new Set<RunbookKind>(['PowerShell', 'PowerShell7', 'PowerShellWorkflow']);

/** Looked after this often, whatever happens. */
const lookMs = 60_000;
/** A job that has just come has the processor to itself: a PowerShell that was not made to wait needs a second or two until it runs. */
const settleMs = 2000;
/** What is made for a job of the next hour is not what the machine was like this morning. */
const longestWaitMs = 60 * 60 * 1000;
/** A runtime that cannot be made to wait (Constrained Language Mode, say) is tried again so much later. */
const failurePauseMs = 10 * 60 * 1000;
const readyTimeoutMs = 120_000;

/** What has to be the same for a job to be taken: decided when it is started. */
export type WarmFacts = Pick<SandboxHandOver, 'runtimes' | 'culture' | 'runAs' | 'limits'>;

export interface WarmOptions {
  sandboxesFolder: string;
  executable: Command;
  environment: NodeJS.ProcessEnv;
  monotonicMs: () => number;
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  runtimes: () => WarmFacts['runtimes'];
  /** What jobs get at present, and what may wait; undefined when none will come: paused, say, or switched off. */
  facts: () => Promise<(WarmFacts & WarmLimits) | undefined>;
  /** Told once for each trouble, not for each try. */
  onTrouble: (error: unknown) => void;
  leftoverRemoved: (what: string) => void;
}

interface Pair {
  waiting: WaitingSandbox;
  folder: string;
  runtime: WarmRuntimeName;
  likeness: string;
  sinceMs: number;
}

export interface TakenPair {
  folder: string;
  waiting: WaitingSandbox;
}

export class WarmPairs {
  readonly #options: WarmOptions;
  readonly #demand = new WarmDemand();
  readonly #pairs = new Set<Pair>();
  readonly #closing = new AbortController();
  readonly #failedAtMs = new Map<WarmRuntimeName, number>();
  #wake: () => void = () => undefined;
  #living: Promise<void> | undefined;

  constructor(options: WarmOptions) {
    this.#options = options;
  }

  /** From now on. */
  start(): void {
    this.#living ??= this.#live();
  }

  /** Those that wait now. */
  get processIds(): number[] {
    return [...this.#pairs].map(({ waiting }) => waiting.process.pid);
  }

  /** A job of this kind has come; more of them may. */
  note(kind: string): void {
    this.#demand.note(runtimeOf(kind, this.#options.runtimes()), this.#options.monotonicMs());
    this.look();
  }

  /** Settings, runtimes or demand changed. */
  look(): void {
    this.#wake();
  }

  /**
   * One for a job that gets these facts. The service may have said of what kind it is; else it is most likely of the kind that came last.
   * undefined: none waits.
   */
  take(facts: WarmFacts, kind: string | undefined): TakenPair | undefined {
    const fitting = [...this.#pairs].filter((pair) => pair.likeness === likenessOf(pair.runtime, facts));
    const [last] = this.#demand.wanted(this.#options.monotonicMs()).keys();
    const wanted = kind === undefined ? last : runtimeOf(kind, facts.runtimes);
    const found =
      fitting.find((pair) => pair.runtime === wanted) ??
      // Its sandbox at least; or, of an unknown job, any.
      fitting.find((pair) => pair.runtime === undefined || kind === undefined);
    if (found === undefined) return undefined;
    this.#pairs.delete(found);
    this.look();
    return { folder: found.folder, waiting: found.waiting };
  }

  /** What an engine that died has left. `inUse`: folders in which jobs run. */
  async removeLeftovers(inUse: ReadonlySet<string>): Promise<void> {
    const { sandboxesFolder, leftoverRemoved } = this.#options;
    for (const name of (await readdir(sandboxesFolder)).filter(isWarmFolderName)) {
      const folder = path.join(sandboxesFolder, name);
      if (inUse.has(folder)) continue;
      await this.#clear(folder);
      leftoverRemoved(`the folder of ${name}, a sandbox that waited for a job`);
    }
  }

  /** None is left. Safe to call twice. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake();
    await this.#living;
    await this.#endAll([...this.#pairs]);
  }

  async #live(): Promise<void> {
    const { sleep, onTrouble } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      try {
        // One at a time, and looked at anew after each: a job may have come meanwhile.
        while (await this.#improve());
      } catch (error) {
        onTrouble(error);
      }
      // `close` wakes it too.
      await sleep(lookMs, woken.signal);
      await sleep(settleMs, signal);
    }
  }

  /** Whether there may be more to do. */
  async #improve(): Promise<boolean> {
    const { facts: askFacts, monotonicMs } = this.#options;
    // Of a worker that runs nothing, nothing is asked.
    if (this.#pairs.size === 0 && this.#demand.wanted(monotonicMs()).size === 0) return false;
    const facts = await askFacts();
    const nowMs = monotonicMs();
    const plan = facts === undefined ? [] : planWarm(this.#wanted(nowMs, facts), facts);
    const unwanted = new Set(this.#pairs);
    const missing = plan.filter((runtime) => {
      const found = [...unwanted].find(
        (pair) =>
          pair.runtime === runtime &&
          facts !== undefined &&
          pair.likeness === likenessOf(runtime, facts) &&
          nowMs - pair.sinceMs < longestWaitMs,
      );
      if (found !== undefined) unwanted.delete(found);
      return found === undefined;
    });
    for (const pair of unwanted) this.#pairs.delete(pair);
    await this.#endAll([...unwanted]);
    if (facts === undefined || missing.length === 0) return false;
    return await this.#make(missing[0], facts);
  }

  /** Without those that have failed lately, whose sandbox alone may wait. */
  #wanted(nowMs: number, { runtimes }: Pick<WarmFacts, 'runtimes'>): Map<WarmRuntimeName, number> {
    const wanted = new Map<WarmRuntimeName, number>();
    for (const [runtime, count] of this.#demand.wanted(nowMs)) {
      const isThere = runtime === undefined || runtimes.some((one) => one.executable === runtime);
      const hasFailed = nowMs - (this.#failedAtMs.get(runtime) ?? Number.NEGATIVE_INFINITY) < failurePauseMs;
      if (isThere && !hasFailed) wanted.set(runtime, count);
    }
    return wanted;
  }

  /** False when there is nothing more to make. */
  async #make(runtime: WarmRuntimeName, facts: WarmFacts): Promise<boolean> {
    const { signal } = this.#closing;
    if (signal.aborted) return false;
    const { sandboxesFolder, executable, environment, monotonicMs, onTrouble } = this.#options;
    const folder = path.join(sandboxesFolder, `${warmFolderPrefix}${randomUUID().slice(0, 8)}`);
    const { culture, runAs, limits, runtimes } = facts;
    const found = runtimes.find((one) => one.executable === runtime && waitingKinds.has(one.kind));
    const order: WarmOrder = {
      contractVersion: sandboxContractVersion,
      warmFolder: folder,
      runtime: found === undefined ? null : { kind: found.kind as RunbookKind, executable: found.executable },
      culture,
      runAs,
      limits,
    };
    try {
      await mkdir(folder, { mode: 0o700 });
      const waiting = await startWaitingSandbox({ executable, environment, order, timeoutMs: readyTimeoutMs, signal });
      const pair: Pair = { waiting, folder, runtime, likeness: likenessOf(runtime, facts), sinceMs: monotonicMs() };
      this.#pairs.add(pair);
      void waiting.ended.then(() => void this.#forget(pair));
    } catch (error) {
      await this.#clear(folder);
      if (!this.#closing.signal.aborted && !this.#failedAtMs.has(runtime)) onTrouble(error);
      this.#failedAtMs.set(runtime, monotonicMs());
    }
    return true;
  }

  /** It has ended while it waited. */
  async #forget(pair: Pair): Promise<void> {
    if (!this.#pairs.delete(pair)) return;
    await this.#clear(pair.folder);
    this.look();
  }

  async #endAll(pairs: readonly Pair[]): Promise<void> {
    await Promise.all(
      pairs.map(async (pair) => {
        this.#pairs.delete(pair);
        await pair.waiting.end();
        await this.#clear(pair.folder);
      }),
    );
  }

  /** What its sandbox has not cleared away itself. */
  async #clear(folder: string): Promise<void> {
    try {
      await endDeadTree(folder);
      await removeFolder(folder);
    } catch (error) {
      this.#options.onTrouble(error);
    }
  }
}

function runtimeOf(kind: string, runtimes: WarmFacts['runtimes']): WarmRuntimeName {
  if (!waitingKinds.has(kind)) return undefined;
  return runtimes.find((one) => one.kind === kind)?.executable;
}

/** Equal for pairs and jobs that go together. A new version of a runtime has another label. */
function likenessOf(runtime: WarmRuntimeName, { runtimes, culture, runAs, limits }: WarmFacts): string {
  const label = runtime === undefined ? null : (runtimes.find((one) => one.executable === runtime)?.label ?? null);
  return JSON.stringify([runtime ?? null, label, culture, runAs, limits]);
}
