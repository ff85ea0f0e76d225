/**
 * All sandboxes of this worker: started here, or found and adopted. It knows which run (each takes a slot) and which have died and are being
 * finished (none does). What happens is told to one listener; nothing here decides what a person sees of it.
 */
import type { FSWatcher } from 'node:fs';
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import type { PolicyQuestion } from '../../src-contract/policy.ts';
import type { ConsolePiece, ProcessIdentity, SandboxHandOver, SandboxReport, UsageSample } from '../../src-contract/sandbox.ts';
import { sandboxContractVersion } from '../../src-contract/sandbox.ts';
import { identifyProcess, isRunning } from '../platform/process-identity.ts';
import { sandboxLayout } from '../storage/layout.ts';
import { newEntry, olderAttempts, snapshotOf, type Entry } from './entry.ts';
import { endDeadTree } from './dead-tree.ts';
import { readLostReport } from './lost-report.ts';
import type { SandboxSnapshot } from './launcher-listener.ts';
import type { HandOverParts, LauncherOptions, NewSandbox } from './launcher-options.ts';
import { endProcess, findEndpoint, waitForState } from './find-endpoint.ts';
import { findUntakenJob, finishAttempt, finishNeverStarted } from './finish-attempt.ts';
import {
  findSandboxes,
  isWarmFolderName,
  mayAdopt,
  readLastWords,
  readSandboxFolder,
  removeSandboxFolder,
  writeLaunchFacts,
  type FoundSandbox,
  type LaunchFacts,
} from './sandbox-folders.ts';
import { watchSandboxes } from './sandbox-watch.ts';
import { SandboxLink } from './sandbox-link.ts';
import { lastWordsFile, startSandboxProcess } from './sandbox-process.ts';
import { laterReport } from './later-report.ts';
import { handToWaiting, removeWarmFolder } from './warm-hand-over.ts';

/** How long a stop may wait for a sandbox that is just starting or being found again. */
const stopRequestMs = 5000;
/** Enough to recognise actions that come again; the oldest are forgotten. */
const maxRememberedIds = 10_000;

export class Launcher {
  private readonly options: LauncherOptions;
  private readonly entries = new Map<string, Entry>();
  private readonly remembered = new Set<string>();
  /** Folders that are being looked at just now. */
  private readonly looked = new Set<string>();
  private readonly closing = new AbortController();
  private readonly work = new Set<Promise<void>>();
  private watcher: FSWatcher | undefined;
  private lastPickedUpMs = 0;
  private lastCount = 0;

  constructor(options: LauncherOptions) {
    this.options = options;
  }

  /** Sandboxes that take a slot. */
  get runningCount(): number {
    return [...this.entries.values()].filter((entry) => entry.status === 'running' && !entry.isEnding).length;
  }

  list(): SandboxSnapshot[] {
    return [...this.entries.values()].map(snapshotOf);
  }

  /** Runs, is being finished, or has ended here lately: an action for it has come again. */
  knows(sandboxId: string): boolean {
    return this.entries.has(sandboxId) || this.remembered.has(sandboxId);
  }

  /** Counts at once, goes on by itself; `notStarted` tells when nothing came of it. */
  start({ kind, ...sandbox }: NewSandbox, prepare: () => Promise<HandOverParts>): SandboxSnapshot {
    const { sandboxId } = sandbox;
    if (this.knows(sandboxId)) throw new Error(`sandbox ${sandboxId} has been started before`);
    const launch: LaunchFacts = { ...sandbox, pickedUpAt: this.nextPickedUpAt(), process: null, warmFolder: null };
    const entry = this.add(newEntry(launch, undefined));
    this.track(this.startEntry(entry, prepare, kind), `start sandbox ${sandboxId}`);
    return snapshotOf(entry);
  }

  /** Finds what earlier engines left: living sandboxes are adopted, dead ones finished, remains removed. Resolves when all are known. */
  async adoptAll(): Promise<void> {
    const { sandboxesFolder } = this.options;
    this.watcher = watchSandboxes(sandboxesFolder, (name) => {
      if (!isWarmFolderName(name) && !this.knows(name) && !this.looked.has(name))
        this.track(this.lookFor(name), `find sandbox ${name}`);
    });
    const found = await findSandboxes(sandboxesFolder);
    // What cannot be read of one keeps no engine from the others.
    await Promise.all(
      found.map((one) =>
        this.adopt(one).catch((error: unknown) => this.options.listener.fault(error, `find sandbox ${one.sandboxId}`)),
      ),
    );
    const inUse = [...this.entries.values()].map(({ launch }) => launch.warmFolder).filter((folder) => folder !== null);
    await this.options.warm?.removeLeftovers(new Set(inUse));
  }

  /** Asks the sandbox to stop its job. false: there is no such sandbox, or it is past stopping. */
  async stop(sandboxId: string, reason: string): Promise<boolean> {
    const giveUp = new AbortController();
    const timer = setTimeout(() => {
      giveUp.abort();
    }, stopRequestMs);
    try {
      const link = await this.linkTo(sandboxId, giveUp.signal);
      return link !== undefined && (await link.stop(reason, giveUp.signal));
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Held until there is more than `from`. undefined: it runs no more, or cannot be asked just now. */
  async readConsole(sandboxId: string, from: number, signal: AbortSignal): Promise<ConsolePiece | undefined> {
    try {
      return await this.entries.get(sandboxId)?.link?.readConsole(from, signal);
    } catch {
      return undefined;
    }
  }

  async readUsage(sandboxId: string, since: string | null): Promise<UsageSample[]> {
    return (await this.entries.get(sandboxId)?.link?.readUsage(since)) ?? [];
  }

  /** null: that sandbox asks nothing, or cannot be asked just now. */
  async readQuestion(sandboxId: string): Promise<PolicyQuestion | null> {
    try {
      return (await this.entries.get(sandboxId)?.link?.readQuestion()) ?? null;
    } catch {
      return null;
    }
  }

  /** false: it asked nothing, or about another script. */
  async answerQuestion(sandboxId: string, sha256: string, allow: boolean): Promise<boolean> {
    try {
      return (await this.entries.get(sandboxId)?.link?.answerQuestion(sha256, allow)) ?? false;
    } catch {
      return false;
    }
  }

  /** Waits for that of one that is just starting or being found again. undefined: there is none, or it has died. */
  private async linkTo(sandboxId: string, signal: AbortSignal): Promise<SandboxLink | undefined> {
    while (!signal.aborted && !this.closing.signal.aborted) {
      const entry = this.entries.get(sandboxId);
      if (entry?.link !== undefined || entry?.status !== 'running') return entry?.link;
      await this.options.sleep(50, signal);
    }
    return undefined;
  }

  /** Closes links and ends what is being finished; sandboxes go on. Safe to call twice. */
  async close(): Promise<void> {
    this.closing.abort();
    this.watcher?.close();
    await Promise.all([...this.entries.values()].map(async (entry) => entry.link?.close()));
    while (this.work.size > 0) await Promise.all(this.work);
  }

  private get looking(): { sandboxesFolder: string; sleep: LauncherOptions['sleep']; signal: AbortSignal } {
    const { sandboxesFolder, sleep } = this.options;
    return { sandboxesFolder, sleep, signal: this.closing.signal };
  }

  private add(entry: Entry): Entry {
    this.entries.set(entry.launch.sandboxId, entry);
    this.tellCount();
    return entry;
  }

  private tellCount(): void {
    const count = this.runningCount;
    if (count === this.lastCount) return;
    this.lastCount = count;
    if (!this.closing.signal.aborted) this.options.listener.countChanged(count);
  }

  private forget(sandboxId: string): void {
    this.entries.delete(sandboxId);
    this.remembered.add(sandboxId);
    for (const oldest of this.remembered) {
      if (this.remembered.size <= maxRememberedIds) break;
      this.remembered.delete(oldest);
    }
    this.tellCount();
  }

  /** Background work of ours: awaited by `close`, its mistakes told. */
  private track(work: Promise<void>, what: string): void {
    const tracked = work
      .catch((error: unknown) => {
        if (!this.closing.signal.aborted) this.options.listener.fault(error, what);
      })
      .finally(() => this.work.delete(tracked));
    this.work.add(tracked);
  }

  private async startEntry(entry: Entry, prepare: () => Promise<HandOverParts>, kind: string | undefined): Promise<void> {
    const { sandboxesFolder, journalsFolder, executable, environment, listener, warm } = this.options;
    const { sandboxId, groupName } = entry.launch;
    const { folder: sandboxFolder } = sandboxLayout(sandboxesFolder, sandboxId);
    let noted: Promise<void> = Promise.resolve();
    try {
      const prepared = await prepare();
      const handOver: SandboxHandOver = {
        contractVersion: sandboxContractVersion,
        sandboxFolder,
        journalsFolder,
        sandboxId,
        groupName,
        ...prepared,
      };
      const pair = warm?.take(prepared, kind);
      let started = pair && (await handToWaiting(entry, pair, handOver, this.options));
      if (started === undefined) {
        await writeLaunchFacts(sandboxesFolder, entry.launch);
        started = await startSandboxProcess({
          executable,
          environment,
          handOver,
          // If this engine dies before the acknowledgement, the next one knows whom to ask about.
          onSpawned: (pid) => (noted = this.noteProcess(entry, identifyProcess(pid))),
        });
      }
      await noted;
      entry.howEnded = started.ended;
      if (entry.launch.process === null) await this.noteProcess(entry, started.process);
      this.follow(entry, started.process);
    } catch (error) {
      await noted;
      // Nothing ran: the same action may come again and is welcome then.
      const failure = isAppError(error)
        ? error
        : new AppError('sandbox-not-started', { sandboxId, reason: String(error) }, { cause: error });
      await endDeadTree(sandboxFolder);
      entry.status = 'finishing';
      this.tellCount();
      listener.notStarted(entry.launch, failure);
      const { details } = failure;
      const why = failure.code === 'sandbox-not-started' && 'reason' in details ? details.reason : failure.message;
      await this.endNeverStarted(entry, `its sandbox could not be started: ${why}`);
    }
  }

  /** Nothing of it ever ran. A service that hands its actions out again by itself is told nothing: the same action is welcome then. */
  private async endNeverStarted(entry: Entry, seen: string): Promise<void> {
    const { listener, ...rest } = this.options;
    const { signal } = this.closing;
    const onProgress = (progress: SandboxReport): void => {
      entry.report = progress;
      if (!signal.aborted) listener.changed(snapshotOf(entry));
    };
    const final = await finishNeverStarted({ ...rest, launch: entry.launch, seen, onProgress, signal });
    if (signal.aborted) return;
    entry.report = final;
    await (final === undefined ? this.dismiss(entry) : this.end(entry));
  }

  /** Never throws: from the moment that a process is there, trouble with its file must not make it an unknown one. */
  private async noteProcess(entry: Entry, process: ProcessIdentity | undefined): Promise<void> {
    if (process === undefined) return;
    entry.launch = { ...entry.launch, process };
    try {
      await writeLaunchFacts(this.options.sandboxesFolder, entry.launch);
    } catch (error) {
      this.options.listener.fault(error, `note the process of sandbox ${entry.launch.sandboxId}`);
    }
  }

  /** Of a sandbox in which no job ran: its id may be started anew. Known until its folder is gone, or it would be found there again. */
  private async dismiss(entry: Entry): Promise<void> {
    const { sandboxId } = entry.launch;
    await this.removeFolder(sandboxId, entry.launch);
    this.entries.delete(sandboxId);
    this.options.listener.gone(snapshotOf(entry));
    this.tellCount();
  }

  /** Whether it is gone. What stays takes no slot and is no sandbox any more, but a person should know of it. */
  private async removeFolder(sandboxId: string, launch?: LaunchFacts): Promise<boolean> {
    try {
      // Ahead of what names it.
      if (launch !== undefined) await removeWarmFolder(launch);
      await removeSandboxFolder(this.options.sandboxesFolder, sandboxId);
      return true;
    } catch (error) {
      this.options.listener.fault(error, `remove the folder of sandbox ${sandboxId}`);
      return false;
    }
  }

  private async adopt(first: FoundSandbox): Promise<void> {
    const { sandboxId, launch } = first;
    const { listener, sandboxesFolder, journalsFolder } = this.options;
    // An engine that died in the moment of starting it did not come to write down the process.
    const isJustStarted = first.report === undefined && launch?.process === null;
    const found = (isJustStarted ? await waitForState(sandboxId, this.looking) : undefined) ?? first;
    if (this.knows(sandboxId)) return;
    // Both files may have been lost with the power: the journal tells whether a job ran in it.
    if (found.report === undefined && (launch?.process ?? null) === null)
      found.report = await readLostReport({ sandboxesFolder, journalsFolder, sandboxId, process: null });
    const known = launch ?? this.factsOf(found);
    const identity = found.report?.process ?? launch?.process ?? null;
    if (known === undefined || identity === null) {
      // It never came to a process: an engine died between making the folder and starting anything.
      if (await this.removeFolder(sandboxId, launch))
        listener.leftoverRemoved(`the folder of sandbox ${sandboxId}, which never started`);
      return;
    }
    const entry = this.add(newEntry({ ...known, process: identity }, found.report));
    if (!isRunning(identity)) {
      entry.isLeftover = true;
      this.track(this.finish(entry, 'it died while no engine ran'), `finish sandbox ${sandboxId}`);
      return;
    }
    if (found.report !== undefined && !mayAdopt(found.report)) {
      listener.fault(
        new Error(`it speaks contract ${String(found.report.contractVersion)}, this engine ${String(sandboxContractVersion)}`),
        `adopt sandbox ${sandboxId}`,
      );
    }
    this.follow(entry, identity);
    listener.adopted(snapshotOf(entry));
  }

  /** A folder that this engine has not made: if a sandbox lives in it, it is one of ours. */
  private async lookFor(name: string): Promise<void> {
    this.looked.add(name);
    try {
      const found = await waitForState(name, this.looking);
      const launch = found === undefined ? undefined : this.factsOf(found);
      if (found?.report === undefined || launch === undefined || this.knows(name)) return;
      const entry = this.add(newEntry(launch, found.report));
      this.follow(entry, found.report.process);
      this.options.listener.changed(snapshotOf(entry));
    } finally {
      this.looked.delete(name);
    }
  }

  /** For a sandbox without a launch file: a sibling has its elder's facts, any other what its own state says. */
  private factsOf({ sandboxId, report }: FoundSandbox): LaunchFacts | undefined {
    if (report === undefined) return undefined;
    const elder = this.entries.get(report.sandboxId)?.launch;
    const pickedUpAt = elder === undefined ? report.since : this.nextPickedUpAt();
    const { groupName, jrdsUri, accountId } = elder ?? { groupName: '', jrdsUri: '', accountId: '' };
    return { sandboxId, groupName, jrdsUri, accountId, pickedUpAt, process: report.process, warmFolder: null };
  }

  /** From here on the link tells what happens, and its end is the sandbox's. */
  private follow(entry: Entry, identity: ProcessIdentity): void {
    this.track(this.followToTheEnd(entry, identity), `follow sandbox ${entry.launch.sandboxId}`);
  }

  private async followToTheEnd(entry: Entry, identity: ProcessIdentity): Promise<void> {
    const { listener, sleep, warm } = this.options;
    const onTrouble = (): void =>
      listener.fault(new Error('it does not say where it listens'), `follow sandbox ${entry.launch.sandboxId}`);
    const place = await findEndpoint(entry, identity, { ...this.looking, onTrouble });
    if (place === undefined || this.closing.signal.aborted) return;
    if (place.kind === 'silent') {
      entry.hung = `it had not said for ${String(Math.round(place.waitedMs / 1000))} s where it listens, and was ended`;
      if (!(await endProcess(identity, this.looking))) return;
    }
    if (place.kind === 'found') {
      entry.link = new SandboxLink({
        process: identity,
        controlAddress: place.address,
        key: place.key,
        isAlive: isRunning,
        sleep,
        onReport: (report) => {
          if (report.kind !== null && entry.report?.kind !== report.kind) warm?.note(report.kind);
          entry.report = report;
          listener.changed(snapshotOf(entry));
          this.endOlderAttempts(entry);
        },
        onEnding: () => {
          entry.isEnding = true;
          this.tellCount();
        },
        onHanging: (unansweredMs) => {
          entry.hung = `it had not answered for ${String(Math.round(unansweredMs / 1000))} s, and was ended`;
          if (isRunning(identity)) process.kill(identity.pid, 'SIGKILL');
        },
      });
      const died = await entry.link.died;
      entry.link = undefined;
      if (!died) return;
    }
    await this.finish(entry, entry.hung ?? (entry.howEnded === undefined ? 'its process is gone' : await entry.howEnded));
  }

  /**
   * The service has given this sandbox's job to a new attempt, so it no longer accepts an older one here. One that lives hears that from the
   * service; one that hangs does not, and its runbook would go on beside the new one.
   */
  private endOlderAttempts(entry: Entry): void {
    for (const other of olderAttempts(this.entries.values(), entry)) {
      other.isSuperseded = true;
      this.track(this.endSuperseded(other), `end the older attempt ${other.launch.sandboxId}`);
    }
  }

  /** Asked first, so that its runbook may clean up. The end of its process is followed like any other. */
  private async endSuperseded({ launch }: Entry): Promise<void> {
    if (await this.stop(launch.sandboxId, 'the service has given the job to another attempt')) return;
    if (launch.process !== null && isRunning(launch.process)) process.kill(launch.process.pid, 'SIGKILL');
  }

  /** The process is gone. Its job may have ended with it, or not. */
  private async finish(entry: Entry, how: string): Promise<void> {
    const { sandboxesFolder, listener, ...rest } = this.options;
    const { launch } = entry;
    const { folder: sandboxFolder } = sandboxLayout(sandboxesFolder, launch.sandboxId);
    /** What cannot be read or ended is told, and the rest is done: its slot is not to stay taken. */
    const orTell = <Value>(value: Value, what: string) => {
      return (error: unknown): Value => {
        listener.fault(error, `${what} of sandbox ${launch.sandboxId}`);
        return value;
      };
    };
    let report = laterReport(entry.report, (await readSandboxFolder(sandboxesFolder, launch.sandboxId)).report);
    // One that was lost, or is older than the job, is made from the journal.
    if ((report?.jobId ?? null) === null) {
      const lost = { sandboxesFolder, journalsFolder: rest.journalsFolder, ...launch };
      report = (await readLostReport(lost).catch(orTell(undefined, 'read the journal'))) ?? report;
    }
    entry.report = report;
    const ending = endDeadTree(sandboxFolder).catch(orTell({ found: 0, left: 0 }, 'end the processes'));
    const { found, left: processesLeft } = await ending;
    const ended = found - processesLeft;
    if (entry.isLeftover && ended > 0)
      listener.leftoverRemoved(`${String(ended)} of the processes of sandbox ${launch.sandboxId}’s job`);
    if (report?.phase === 'ended') {
      await this.end(entry);
      return;
    }
    const lastWords = await readLastWords(lastWordsFile(sandboxFolder));
    const seen = `${how}${found === 0 ? '' : `, ${String(found)} of its job’s processes still ran and were ended`}${lastWords === '' ? '' : `; its last words: ${lastWords}`}`;
    entry.status = 'finishing';
    this.tellCount();
    listener.crashed(snapshotOf(entry), seen);
    const { signal } = this.closing;
    if (report === undefined) {
      await this.endNeverStarted(entry, seen);
      return;
    }
    const jobId = report.jobId ?? (await findUntakenJob({ ...rest, launch, signal }));
    if (signal.aborted) return;
    if (jobId === undefined) {
      // It had taken no job: the service hands the action out again, if it still does, and it may then be started anew.
      await this.dismiss(entry);
      return;
    }
    const onProgress = (progress: SandboxReport): void => {
      entry.report = progress;
      if (!signal.aborted) listener.changed(snapshotOf(entry));
    };
    const known = { ...report, jobId };
    const final = await finishAttempt({ ...rest, launch, report: known, jobId, seen, processesLeft, onProgress, signal });
    if (final === undefined) return;
    entry.report = final;
    await this.end(entry);
  }

  private async end(entry: Entry): Promise<void> {
    const { sandboxId } = entry.launch;
    const { listener } = this.options;
    await listener.ended(snapshotOf(entry));
    const isGone = await this.removeFolder(sandboxId, entry.launch);
    if (isGone && entry.isLeftover)
      listener.leftoverRemoved(`the folder of sandbox ${sandboxId}, whose process had ended while no engine ran`);
    this.forget(sandboxId);
  }

  /** Two sandboxes picked up in one millisecond would be one place in the pages of the history. */
  private nextPickedUpAt(): string {
    this.lastPickedUpMs = Math.max(this.options.now().getTime(), this.lastPickedUpMs + 1);
    return new Date(this.lastPickedUpMs).toISOString();
  }
}
