/**
 * All sandboxes of this worker: started here, or found and adopted. It knows which run (each takes a slot) and which have died and are being
 * finished (none does). What happens is told to one listener; nothing here decides what a person sees of it.
 */
import type { FSWatcher } from 'node:fs';
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import type { ProcessIdentity, SandboxHandOver, SandboxReport } from '../../src-contract/sandbox.ts';
import { sandboxContractVersion } from '../../src-contract/sandbox.ts';
import type { Command } from '../platform/executables.ts';
import { identifyProcess, isRunning } from '../platform/process-identity.ts';
import { sandboxLayout } from '../storage/layout.ts';
import { endDeadTree } from './dead-tree.ts';
import type { LauncherListener, SandboxSnapshot } from './launcher-listener.ts';
import { finishAttempt, type ServiceConnection } from './finish-attempt.ts';
import {
  findSandboxes,
  mayAdopt,
  readControlKey,
  readLastWords,
  readSandboxFolder,
  removeSandboxFolder,
  writeLaunchFacts,
  type FoundSandbox,
  type LaunchFacts,
} from './sandbox-folders.ts';
import { watchSiblings } from './sibling-watch.ts';
import { SandboxLink } from './sandbox-link.ts';
import { lastWordsFile, startSandboxProcess } from './sandbox-process.ts';

/** How long a stop may wait for a sandbox that is just starting or being found again. */
const stopRequestMs = 5000;
/** A sandbox whose engine died while it was starting says where it listens within this many looks (10 s), or something is wrong. */
const looksBeforeFault = 200;
/** Enough to recognise actions that come again; the oldest are forgotten. */
const maxRememberedIds = 10_000;

export interface LauncherOptions {
  sandboxesFolder: string;
  journalsFolder: string;
  executable: Command;
  environment: NodeJS.ProcessEnv;
  now: () => Date;
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  retryDelayMs: (failures: number, error: unknown) => number;
  /** For finishing a dead sandbox; undefined when this worker no longer has a certificate for that account. */
  connectService: (launch: LaunchFacts) => Promise<ServiceConnection | undefined>;
  listener: LauncherListener;
}

/** Known at once, so that the sandbox counts from the moment it was decided on. */
export type NewSandbox = Pick<LaunchFacts, 'sandboxId' | 'groupName' | 'jrdsUri' | 'accountId'>;
/** The rest of the hand-over, which may have to be read first. */
export type HandOverParts = Pick<SandboxHandOver, 'address' | 'credential' | 'runtimes' | 'stopGraceSeconds' | 'onlyJobId'>;

interface Entry {
  launch: LaunchFacts;
  report: SandboxReport | undefined;
  status: 'running' | 'finishing';
  link: SandboxLink | undefined;
  /** It has said that it ends, and its connection has closed: it no longer takes a slot. */
  isEnding: boolean;
  howEnded: Promise<string> | undefined;
}

export class Launcher {
  private readonly options: LauncherOptions;
  private readonly entries = new Map<string, Entry>();
  private readonly remembered = new Set<string>();
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
  start(sandbox: NewSandbox, prepare: () => Promise<HandOverParts>): SandboxSnapshot {
    const { sandboxId } = sandbox;
    if (this.knows(sandboxId)) throw new Error(`sandbox ${sandboxId} has been started before`);
    const launch: LaunchFacts = { ...sandbox, pickedUpAt: this.nextPickedUpAt(), process: null };
    const entry = this.add({
      launch,
      report: undefined,
      status: 'running',
      link: undefined,
      isEnding: false,
      howEnded: undefined,
    });
    this.track(this.startEntry(entry, prepare), `start sandbox ${sandboxId}`);
    return snapshotOf(entry);
  }

  /** Finds what earlier engines left: living sandboxes are adopted, dead ones finished, remains removed. Resolves when all are known. */
  async adoptAll(): Promise<void> {
    const { sandboxesFolder } = this.options;
    this.watcher = watchSiblings(sandboxesFolder, (name) => {
      if (!this.knows(name)) this.track(this.adoptSibling(name), `find sandbox ${name}`);
    });
    const found = await findSandboxes(sandboxesFolder);
    await Promise.all(found.map((one) => this.adopt(one)));
  }

  /** Asks the sandbox to stop its job. false: there is no such sandbox, or it is past stopping. */
  async stop(sandboxId: string, reason: string): Promise<boolean> {
    const link = this.entries.get(sandboxId)?.link;
    if (link === undefined) return false;
    const giveUp = new AbortController();
    const timer = setTimeout(() => {
      giveUp.abort();
    }, stopRequestMs);
    try {
      return await link.stop(reason, giveUp.signal);
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes links and ends what is being finished; sandboxes go on. Safe to call twice. */
  async close(): Promise<void> {
    this.closing.abort();
    this.watcher?.close();
    await Promise.all([...this.entries.values()].map(async (entry) => entry.link?.close()));
    while (this.work.size > 0) await Promise.all(this.work);
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

  private async startEntry(entry: Entry, prepare: () => Promise<HandOverParts>): Promise<void> {
    const { sandboxesFolder, journalsFolder, executable, environment, listener } = this.options;
    const { sandboxId, groupName } = entry.launch;
    const { folder: sandboxFolder } = sandboxLayout(sandboxesFolder, sandboxId);
    try {
      const prepared = await prepare();
      await writeLaunchFacts(sandboxesFolder, entry.launch);
      const started = await startSandboxProcess({
        executable,
        environment,
        handOver: {
          contractVersion: sandboxContractVersion,
          sandboxFolder,
          journalsFolder,
          sandboxId,
          groupName,
          ...prepared,
        },
        onSpawned: (pid) => {
          this.track(this.noteProcess(entry, pid), `note the process of sandbox ${sandboxId}`);
        },
      });
      entry.howEnded = started.ended;
      entry.launch = { ...entry.launch, process: started.process };
      await writeLaunchFacts(sandboxesFolder, entry.launch);
      this.follow(entry, started.process);
    } catch (error) {
      this.entries.delete(sandboxId);
      this.tellCount();
      // Nothing ran: the same action may come again and is welcome then.
      const failure = isAppError(error)
        ? error
        : new AppError('sandbox-not-started', { sandboxId, reason: String(error) }, { cause: error });
      await endDeadTree(sandboxFolder);
      await removeSandboxFolder(sandboxesFolder, sandboxId);
      listener.notStarted(entry.launch, failure);
    }
  }

  /** If this engine dies before the acknowledgement, the next one knows whom to ask about. */
  private async noteProcess(entry: Entry, pid: number): Promise<void> {
    const process = identifyProcess(pid);
    if (process === undefined || entry.launch.process !== null) return;
    entry.launch = { ...entry.launch, process };
    await writeLaunchFacts(this.options.sandboxesFolder, entry.launch);
  }

  private async adopt(found: FoundSandbox): Promise<void> {
    const { sandboxId, launch } = found;
    const { listener, sandboxesFolder } = this.options;
    if (this.entries.has(sandboxId)) return;
    const known = launch ?? this.factsOf(found);
    const identity = found.report?.process ?? launch?.process ?? null;
    if (known === undefined || identity === null) {
      // It never came to a process: an engine died between making the folder and starting anything.
      await removeSandboxFolder(sandboxesFolder, sandboxId);
      listener.leftoverRemoved(`the folder of sandbox ${sandboxId}, which never started`);
      return;
    }
    const entry = this.add({
      launch: { ...known, process: identity },
      report: found.report,
      status: 'running',
      link: undefined,
      isEnding: false,
      howEnded: undefined,
    });
    if (!isRunning(identity)) {
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

  /** A sandbox that was given several jobs has started another process for one of them. */
  private async adoptSibling(name: string): Promise<void> {
    const { sandboxesFolder, sleep, listener } = this.options;
    for (let looks = 0; looks < looksBeforeFault && !this.closing.signal.aborted; looks += 1) {
      const found = await readSandboxFolder(sandboxesFolder, name);
      const launch = this.factsOf(found);
      if (this.knows(name)) return;
      if (found.report !== undefined && launch !== undefined) {
        const entry = this.add({
          launch,
          report: found.report,
          status: 'running',
          link: undefined,
          isEnding: false,
          howEnded: undefined,
        });
        this.follow(entry, found.report.process);
        listener.changed(snapshotOf(entry));
        return;
      }
      await sleep(50, this.closing.signal);
    }
  }

  /** For a sandbox without a launch file: a sibling has its elder's facts, any other what its own state says. */
  private factsOf({ sandboxId, report }: FoundSandbox): LaunchFacts | undefined {
    if (report === undefined) return undefined;
    const elder = this.entries.get(report.sandboxId)?.launch;
    const pickedUpAt = elder === undefined ? report.since : this.nextPickedUpAt();
    const { groupName, jrdsUri, accountId } = elder ?? { groupName: '', jrdsUri: '', accountId: '' };
    return { sandboxId, groupName, jrdsUri, accountId, pickedUpAt, process: report.process };
  }

  /** From here on the link tells what happens, and its end is the sandbox's. */
  private follow(entry: Entry, identity: ProcessIdentity): void {
    this.track(this.followToTheEnd(entry, identity), `follow sandbox ${entry.launch.sandboxId}`);
  }

  private async followToTheEnd(entry: Entry, identity: ProcessIdentity): Promise<void> {
    const { listener, sleep } = this.options;
    const place = await this.findEndpoint(entry, identity);
    if (this.closing.signal.aborted) return;
    if (place !== undefined) {
      entry.link = new SandboxLink({
        process: identity,
        controlAddress: place.address,
        key: place.key,
        isAlive: isRunning,
        sleep,
        onReport: (report) => {
          entry.report = report;
          listener.changed(snapshotOf(entry));
        },
        onEnding: () => {
          entry.isEnding = true;
          this.tellCount();
        },
      });
      const died = await entry.link.died;
      entry.link = undefined;
      if (!died) return;
    }
    await this.finish(entry, entry.howEnded === undefined ? 'its process is gone' : await entry.howEnded);
  }

  /** Where the sandbox listens; undefined when it is gone. A sandbox whose engine died while it was starting says it a little later. */
  private async findEndpoint(entry: Entry, identity: ProcessIdentity): Promise<{ address: string; key: Uint8Array } | undefined> {
    const { sandboxesFolder, sleep, listener } = this.options;
    const { sandboxId } = entry.launch;
    for (let looks = 0; !this.closing.signal.aborted; looks += 1) {
      const { report } = await readSandboxFolder(sandboxesFolder, sandboxId);
      const key = await readControlKey(sandboxesFolder, sandboxId);
      entry.report ??= report;
      if (report !== undefined && key !== undefined) return { address: report.controlAddress, key };
      if (!isRunning(identity)) return undefined;
      if (looks === looksBeforeFault)
        listener.fault(new Error('it does not say where it listens'), `follow sandbox ${sandboxId}`);
      await sleep(looks < looksBeforeFault ? 50 : 1000, this.closing.signal);
    }
    return undefined;
  }

  /** The process is gone. Its job may have ended with it, or not. */
  private async finish(entry: Entry, how: string): Promise<void> {
    const { sandboxesFolder, listener, ...rest } = this.options;
    const { launch } = entry;
    const { folder: sandboxFolder } = sandboxLayout(sandboxesFolder, launch.sandboxId);
    // The state file is newer than the last report when the connection broke first.
    const { report = entry.report } = await readSandboxFolder(sandboxesFolder, launch.sandboxId);
    entry.report = report;
    const { found, left: processesLeft } = await endDeadTree(sandboxFolder);
    if (report?.phase === 'ended') {
      await this.end(entry);
      return;
    }
    const lastWords = await readLastWords(lastWordsFile(sandboxFolder));
    const seen = `${how}${found === 0 ? '' : `, ${String(found)} of its job’s processes still ran and were ended`}${lastWords === '' ? '' : `; its last words: ${lastWords}`}`;
    entry.status = 'finishing';
    this.tellCount();
    listener.crashed(snapshotOf(entry), seen);
    const jobId = report?.jobId ?? null;
    if (report === undefined || jobId === null) {
      // It had taken no job yet: the service hands the action out again, and it may then be started anew.
      this.entries.delete(launch.sandboxId);
      await removeSandboxFolder(sandboxesFolder, launch.sandboxId);
      return;
    }
    const { signal } = this.closing;
    const onProgress = (progress: SandboxReport): void => {
      entry.report = progress;
      if (!signal.aborted) listener.changed(snapshotOf(entry));
    };
    const final = await finishAttempt({ ...rest, launch, report, jobId, seen, processesLeft, onProgress, signal });
    if (final === undefined) return;
    entry.report = final;
    await this.end(entry);
  }

  private async end(entry: Entry): Promise<void> {
    const { sandboxesFolder, listener } = this.options;
    const { sandboxId } = entry.launch;
    await listener.ended(snapshotOf(entry));
    await removeSandboxFolder(sandboxesFolder, sandboxId);
    this.forget(sandboxId);
  }

  /** Two sandboxes picked up in one millisecond would be one place in the pages of the history. */
  private nextPickedUpAt(): string {
    this.lastPickedUpMs = Math.max(this.options.now().getTime(), this.lastPickedUpMs + 1);
    return new Date(this.lastPickedUpMs).toISOString();
  }
}

function snapshotOf({ launch, report, status }: Entry): SandboxSnapshot {
  return { launch, report, status };
}
