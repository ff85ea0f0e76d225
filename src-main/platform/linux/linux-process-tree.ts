/** A process tree on Linux: a control group where one can be had, else the mark in the environment of what was started. */
import { noLimits, type JobLimits } from '../../../src-contract/sandbox.ts';
import {
  markVariable,
  treeName,
  limitNames,
  type LimitKeeper,
  type LimitName,
  type ProcessTree,
  type ProcessTreePlace,
  type TreeEnding,
  type TreeFigures,
  type TreeUsage,
} from '../tree-notions.ts';
import { endUntilNothingIsLeft, TreeSampler } from '../tree-sampler.ts';
import { AdoptedOrphans } from './adopted-orphans.ts';
import { ControlGroup } from './control-group.ts';
import { LimitGroups, removeGroups } from './limit-groups.ts';
import { MarkedProcesses } from './marked-processes.ts';
import { forgetPeakBytes, readPeakBytes, readProcess } from './proc.ts';

interface TreeParts {
  group?: ControlGroup | undefined;
  limits?: JobLimits;
  groupKeeps?: readonly LimitName[];
  limitGroups?: LimitGroups;
  leftGroups?: readonly string[];
}

export class LinuxProcessTree implements ProcessTree {
  readonly #mark: string;
  #group: ControlGroup | undefined;
  readonly #marked: MarkedProcesses;
  readonly #sampler: TreeSampler;
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
    this.#sampler = new TreeSampler(() => this.#look(), {
      limits,
      keeperOf: (name) => this.keeperOf(name),
      onExceeded: (name) => {
        this.#watchedHit ??= name;
        void this.end();
      },
    });
  }

  static placeOf(mark: string, limits: JobLimits): ProcessTreePlace {
    const name = treeName(mark);
    return { mark, group: ControlGroup.folderFor(name) ?? null, limitGroups: LimitGroups.foldersFor(name, limits), job: null };
  }

  static create(mark: string, limits: JobLimits = noLimits, withGroups = true): LinuxProcessTree {
    if (!withGroups) return new LinuxProcessTree(mark, { limits });
    const name = treeName(mark);
    const group = ControlGroup.create(name);
    if (limitNames.every((limit) => limits[limit] === null)) return new LinuxProcessTree(mark, { group });
    const groupKeeps = group?.limit(limits) ?? [];
    const kept = Object.fromEntries(groupKeeps.map((limit) => [limit, null]));
    const limitGroups = LimitGroups.create(name, { ...limits, ...kept });
    return new LinuxProcessTree(mark, { group, limits, groupKeeps, limitGroups });
  }

  static reopen(place: ProcessTreePlace): LinuxProcessTree {
    const group = place.group === null ? undefined : ControlGroup.reopen(place.group);
    return new LinuxProcessTree(place.mark, { group, leftGroups: place.limitGroups });
  }

  get environment(): Record<string, string> {
    return { [markVariable]: this.#mark };
  }

  get place(): ProcessTreePlace {
    const limitGroups = [...(this.#limitGroups?.folders ?? [])];
    return { mark: this.#mark, group: this.#group?.folder ?? null, limitGroups, job: null };
  }

  /**
   * Takes this process in ahead of `spawn`, which then costs nothing. Where the kernel refuses, the mark has to do, and the orphans that this
   * process takes in from here on.
   */
  async prepare(): Promise<void> {
    try {
      await this.#group?.enter();
      this.#isInside = this.#group !== undefined;
    } catch {
      this.#giveUpGroup();
    }
    if (this.#group === undefined) this.#marked.orphans ??= AdoptedOrphans.begin(readProcess(process.pid)?.session ?? 0);
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
    this.#marked.orphans?.leaveOut(child.pid);
    if (!isAhead) this.#sampler.start();
    return child;
  }

  /** Starts what is none of this tree's: from without, where this process waits within. */
  outside(start: () => number | undefined): void {
    const wasInside = this.#isInside;
    this.#leave();
    try {
      const pid = start();
      this.#marked.orphans?.leaveOut(pid);
    } finally {
      if (wasInside) this.#enterNow();
    }
  }

  /** What was used until now was not the job's. */
  countFromNow(): void {
    if (this.#group === undefined) this.#marked.find();
    this.#ownCpuMs = this.#cpuMs();
    this.#sampler.peakBytes = 0;
    this.#earlierPeakBytes = this.#group?.readPeakBytes() ?? 0;
    if (this.#main !== undefined) forgetPeakBytes(this.#main);
    this.#sampler.start();
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
    return await endUntilNothingIsLeft(
      () => this.members().length + this.#escaped().length,
      () => {
        if (this.#group?.kill() !== true) this.signal('SIGKILL');
        for (const pid of this.#escaped()) sendSignal(pid, 'SIGKILL');
      },
    );
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
    const peak = Math.max(this.#sampler.peakBytes, groupPeak > this.#earlierPeakBytes ? groupPeak : 0);
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
    this.#sampler.stop();
    this.#leave();
    this.#group?.remove();
    this.#limitGroups?.remove();
    removeGroups(this.#leftGroups);
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

  #look(): { memoryBytes: number; processes: number; largestBytes: number } {
    const members = this.members();
    const largestBytes = this.#main === undefined ? 0 : (readPeakBytes(this.#main) ?? 0);
    return { memoryBytes: residentBytes(members), processes: members.length, largestBytes };
  }
}

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
