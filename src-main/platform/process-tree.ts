/**
 * Everything that a job has started, however it forked: to ask it to end, to end it, and to count what is left. Made by the sandbox before
 * it starts the runtime; found again by the engine, from the description beside the sandbox's state, when the sandbox is dead.
 */
import path from 'node:path';
import * as z from 'zod';
import { noLimits, type JobLimits } from '../../src-contract/sandbox.ts';
import { ControlGroup } from './linux/control-group.ts';
import { LimitGroups, limitNames, removeGroups, type LimitName } from './linux/limit-groups.ts';
import { MarkedProcesses, markVariable } from './linux/marked-processes.ts';
import { forgetPeakBytes, readPeakBytes, readProcess } from './linux/proc.ts';

/** What has to be remembered to find a tree again. No secret. */
export const processTreePlace = z.object({
  mark: z.string(),
  group: z.string().nullable(),
  limitGroups: z.array(z.string()).default([]),
});
export type ProcessTreePlace = z.infer<typeof processTreePlace>;

/** Beside the sandbox's state file. */
export const processTreeFileName = 'process-tree.json';

export interface TreeEnding {
  /** Living processes when it began. */
  found: number;
  /** Still alive after everything was tried. */
  left: number;
  tookMs: number;
}

/** Of all living members together. */
export interface TreeFigures {
  cpuMs: number;
  memoryBytes: number;
  processes: number;
}

export interface TreeUsage {
  /** Null where nothing could be measured. */
  cpuMs: number | null;
  peakMemoryBytes: number | null;
}

/** `kernel`: refused or ended at once. `watched`: we look, and end the whole job. `none`: not kept on this machine. */
export type LimitKeeper = 'kernel' | 'watched' | 'none';

/** A process that the kernel cannot end (waiting for a dead disk) must not keep us for ever. */
const endingLimitMs = 5000;
/** Memory is looked at more often at first: most jobs are short. */
const sampleDelaysMs = [15, 50, 150, 400, 1000];
/** A limit that we keep ourselves is looked after this often at least. */
const watchIntervalMs = 200;

interface TreeParts {
  group?: ControlGroup | undefined;
  limits?: JobLimits;
  groupKeeps?: readonly LimitName[];
  limitGroups?: LimitGroups;
  leftGroups?: readonly string[];
}

export class ProcessTree {
  readonly #mark: string;
  #group: ControlGroup | undefined;
  readonly #marked: MarkedProcesses;
  #peakBytes = 0;
  #sampling: NodeJS.Timeout | undefined;
  #main: number | undefined;
  /** This process is in the group itself, from `prepare` to `spawn`. */
  #isInside = false;
  /** What this process used while it was inside, and a runtime before it had its job. */
  #ownCpuMs = 0;
  /** Of the group, before the job: the kernel does not forget it. */
  #earlierPeakBytes = 0;
  readonly limits: JobLimits;
  /** Those limits that `#group` itself keeps. */
  #groupKeeps: readonly LimitName[] = [];
  readonly #limitGroups: LimitGroups | undefined;
  /** Made by whoever made this tree first, and to be taken away by us. */
  readonly #leftGroups: readonly string[];
  #watchedHit: LimitName | undefined;

  private constructor(mark: string, parts: TreeParts) {
    const { group, limits = noLimits, limitGroups, leftGroups = [] } = parts;
    this.#mark = mark;
    this.#group = group;
    this.#marked = new MarkedProcesses(mark, new Set([process.pid, 1]));
    this.limits = limits;
    this.#groupKeeps = parts.groupKeeps ?? [];
    this.#limitGroups = limitGroups;
    this.#leftGroups = leftGroups;
  }

  /**
   * The place of a tree that `create` is about to make, as far as it can be made. Written down first, or a death in between would leave groups
   * that nobody looks for.
   */
  static placeOf(mark: string, limits: JobLimits): ProcessTreePlace {
    const name = groupName(mark);
    return { mark, group: ControlGroup.folderFor(name) ?? null, limitGroups: LimitGroups.foldersFor(name, limits) };
  }

  /** `mark` names the sandbox: letters, digits and dashes. Without groups it is known by its mark, and we look after its limits. */
  static create(mark: string, limits: JobLimits = noLimits, withGroups = true): ProcessTree {
    if (!withGroups) return new ProcessTree(mark, { limits });
    const name = groupName(mark);
    const group = ControlGroup.create(name);
    if (limitNames.every((limit) => limits[limit] === null)) return new ProcessTree(mark, { group });
    const groupKeeps = group?.limit(limits) ?? [];
    const kept = Object.fromEntries(groupKeeps.map((limit) => [limit, null]));
    const limitGroups = LimitGroups.create(name, { ...limits, ...kept });
    return new ProcessTree(mark, { group, limits, groupKeeps, limitGroups });
  }

  static reopen(place: ProcessTreePlace): ProcessTree {
    const group = place.group === null ? undefined : ControlGroup.reopen(place.group);
    return new ProcessTree(place.mark, { group, leftGroups: place.limitGroups });
  }

  /** What a process of this tree must have in its environment. */
  get environment(): Record<string, string> {
    return { [markVariable]: this.#mark };
  }

  get place(): ProcessTreePlace {
    return { mark: this.#mark, group: this.#group?.folder ?? null, limitGroups: [...(this.#limitGroups?.folders ?? [])] };
  }

  /** Takes this process in ahead of `spawn`, which then costs nothing. Where the kernel refuses, the mark alone has to do. */
  async prepare(): Promise<void> {
    try {
      await this.#group?.enter();
      this.#isInside = this.#group !== undefined;
    } catch {
      this.#giveUpGroup();
    }
  }

  /**
   * Starts the tree's first process from within, so that it is born a member; this process is none afterwards. `isAhead`: what it uses counts
   * from `countFromNow` on.
   */
  spawn<Child extends { pid?: number | undefined }>(start: () => Child, isAhead = false): Child {
    let child: Child;
    this.#enterNow();
    try {
      this.#limitGroups?.enterNow();
      child = start();
    } finally {
      this.#limitGroups?.leave();
      this.#leave();
      if (this.#groupKeeps.includes('processes') && this.limits.processes !== null)
        this.#group?.limitProcesses(this.limits.processes);
    }
    this.#main = child.pid;
    if (!isAhead) this.#sample(0);
    return child;
  }

  /** Starts what is none of this tree's: from without, where this process waits within. */
  outside(start: () => void): void {
    const wasInside = this.#isInside;
    this.#leave();
    try {
      start();
    } finally {
      if (wasInside) this.#enterNow();
    }
  }

  /** What was used until now was not the job's. */
  countFromNow(): void {
    if (this.#group === undefined) this.#marked.find();
    this.#ownCpuMs = this.#cpuMs();
    this.#peakBytes = 0;
    this.#earlierPeakBytes = this.#group?.readPeakBytes() ?? 0;
    if (this.#main !== undefined) forgetPeakBytes(this.#main);
    this.#sample(0);
  }

  /** Living processes of this tree. */
  members(): number[] {
    const members = this.#group?.members() ?? this.#marked.find().map((facts) => facts.pid);
    return members.filter((pid) => pid !== process.pid);
  }

  /** Asks every member, once. */
  signal(signal: NodeJS.Signals): void {
    for (const pid of this.members()) sendSignal(pid, signal);
  }

  /** Ends every member and whatever they start meanwhile; resolves when nothing is left, or what is left cannot be ended. */
  async end(): Promise<TreeEnding> {
    this.#leave();
    const start = performance.now();
    const found = this.members().length + this.#escaped().length;
    let left = found;
    for (let wait = 1; left > 0 && performance.now() - start < endingLimitMs; wait = Math.min(wait * 2, 50)) {
      if (this.#group?.kill() !== true) this.signal('SIGKILL');
      for (const pid of this.#escaped()) sendSignal(pid, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, wait));
      left = this.members().length + this.#escaped().length;
    }
    return { found, left, tookMs: performance.now() - start };
  }

  /** Root may move itself out of its group. What it was born with shows it still, unless it has dropped that too. */
  #escaped(): number[] {
    if (this.#group === undefined) return [];
    const inside = new Set(this.members());
    return this.#marked
      .find()
      .map((facts) => facts.pid)
      .filter((pid) => !inside.has(pid) && pid !== process.pid);
  }

  /** Who keeps a limit of this tree; undefined for one that was not asked for. */
  keeperOf(name: LimitName): LimitKeeper | undefined {
    if (this.limits[name] === null) return undefined;
    if (this.#groupKeeps.includes(name) || this.#limitGroups?.kept.includes(name) === true) return 'kernel';
    return name === 'cpuPercent' ? 'none' : 'watched';
  }

  /** The limit that the job ran into, as far as that can be seen. Memory first: the kernel ends what wants too much of it. */
  limitHit(): { name: LimitName; keeper: LimitKeeper } | undefined {
    if (this.#watchedHit !== undefined) return { name: this.#watchedHit, keeper: 'watched' };
    const groups = this.#limitGroups?.hits();
    const group = this.#groupKeeps.length === 0 ? undefined : this.#group?.hits();
    for (const name of ['memoryBytes', 'processes'] as const)
      if ((groups?.[name] ?? 0) + (group?.[name] ?? 0) > 0) return { name, keeper: 'kernel' };
    return undefined;
  }

  usage(): TreeUsage {
    const groupPeak = this.#group?.readPeakBytes() ?? 0;
    const peak = Math.max(this.#peakBytes, groupPeak > this.#earlierPeakBytes ? groupPeak : 0);
    return { cpuMs: this.#ownCpu(), peakMemoryBytes: peak === 0 ? null : peak };
  }

  /** What it uses at this moment. */
  figures(): TreeFigures {
    const members = this.members();
    return { cpuMs: this.#ownCpu(), memoryBytes: residentBytes(members), processes: members.length };
  }

  /** Without what was used before the job began. */
  #ownCpu(): number {
    return Math.max(0, Math.round(this.#cpuMs() - this.#ownCpuMs));
  }

  #cpuMs(): number {
    return this.#group?.readCpuMs() ?? this.#marked.readCpuMs();
  }

  /** Ends the sampling and takes away what stands for the tree. Nothing is ended by this. */
  dispose(): void {
    clearTimeout(this.#sampling);
    this.#leave();
    this.#group?.remove();
    this.#limitGroups?.remove();
    removeGroups(this.#leftGroups);
  }

  /** Ends the job that has gone beyond a limit which nobody else keeps. */
  #watch(memoryBytes: number, processes: number): void {
    const found = { memoryBytes, processes };
    for (const name of ['memoryBytes', 'processes'] as const) {
      const limit = this.limits[name];
      if (limit === null || found[name] <= limit || this.keeperOf(name) !== 'watched') continue;
      this.#watchedHit ??= name;
      void this.end();
    }
  }

  /** For a tree that nobody prepared. */
  #enterNow(): void {
    if (this.#isInside || this.#group === undefined) return;
    try {
      this.#group.enterNow();
      this.#isInside = true;
    } catch {
      this.#giveUpGroup();
    }
  }

  #giveUpGroup(): void {
    this.#group?.remove();
    this.#group = undefined;
    this.#groupKeeps = [];
  }

  #leave(): void {
    if (!this.#isInside) return;
    this.#isInside = false;
    this.#group?.leave();
    this.#ownCpuMs = this.#group?.readCpuMs() ?? 0;
  }

  #sample(count: number): void {
    const delayMs = sampleDelaysMs[count] ?? sampleDelaysMs.at(-1) ?? watchIntervalMs;
    const watches = this.keeperOf('memoryBytes') === 'watched' || this.keeperOf('processes') === 'watched';
    this.#sampling = setTimeout(
      () => {
        const members = this.members();
        const resident = residentBytes(members);
        const largest = this.#main === undefined ? 0 : (readPeakBytes(this.#main) ?? 0);
        this.#peakBytes = Math.max(this.#peakBytes, resident, largest);
        this.#watch(resident, members.length);
        this.#sample(count + 1);
      },
      watches ? Math.min(delayMs, watchIntervalMs) : delayMs,
    );
    // Measuring is no reason to go on living.
    this.#sampling.unref();
  }
}

/** The mark of the tree of the sandbox that has this folder. */
export function treeMarkOf(sandboxFolder: string): string {
  return path.basename(sandboxFolder).replaceAll('.', '-');
}

const groupName = (mark: string): string => `hrw-${mark}`;

function residentBytes(members: readonly number[]): number {
  return members.reduce((sum, pid) => sum + (readProcess(pid)?.residentBytes ?? 0), 0);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile, or is not ours to end; `members` tells the difference.
  }
}
