/**
 * A process tree on Windows: a Job Object that the sandbox has put itself into, so that whatever it starts is born a member. Where the
 * sandbox dies, Windows ends the rest; who comes later only counts, and ends what somebody has kept alive by holding the job open.
 */
import { noLimits, type JobLimits } from '../../../src-contract/sandbox.ts';
import { TreeSampler, endUntilNothingIsLeft } from '../tree-sampler.ts';
import {
  markVariable,
  treeName,
  type LimitKeeper,
  type LimitName,
  type ProcessTree,
  type ProcessTreePlace,
  type TreeEnding,
  type TreeFigures,
  type TreeUsage,
} from '../tree-notions.ts';
import { askConsolesOf, letChildrenHearCtrlC } from './ask-consoles.ts';
import { JobObject } from './job-object.ts';
import { kernel32 } from './kernel.ts';
import { listProcesses, readStartTime, readTimes, type WindowsProcess } from './processes.ts';

/**
 * Beyond what the job may have: for the sandbox itself, and for the console host that Windows starts beside a runtime. The memory is looked
 * after by us, without the sandbox's; what Windows keeps is the net behind it, and a sandbox that it refused memory would be lost.
 */
const sandboxNeeds = { memoryBytes: 512 * 1024 * 1024, processes: 2 };

interface JobParts {
  job: JobObject | undefined;
  limits: JobLimits;
  kept: readonly LimitName[];
}

export class JobTree implements ProcessTree {
  readonly limits: JobLimits;
  readonly place: ProcessTreePlace;
  readonly #job: JobObject | undefined;
  readonly #kept: readonly LimitName[];
  readonly #sampler: TreeSampler;
  /** What its processes have used, as far as it was seen, by pid and start time. */
  readonly #seenCpuMs = new Map<string, number>();
  #main: { pid: number; startTime: string | undefined } | undefined;
  #isInside = false;
  #earlierCpuMs = 0;
  #watchedHit: LimitName | undefined;

  private constructor(place: ProcessTreePlace, { job, limits, kept }: JobParts) {
    this.place = place;
    this.#job = job;
    this.limits = limits;
    this.#kept = kept;
    this.#sampler = new TreeSampler(() => this.#look(), {
      limits,
      keeperOf: (name) => this.keeperOf(name),
      onExceeded: (name) => {
        this.#watchedHit ??= name;
        void this.end();
      },
    });
  }

  /** Made by this process: it will be inside, and no part. */
  static placeOf(mark: string, _limits: JobLimits): ProcessTreePlace {
    const owner = { ownerPid: process.pid, ownerStartTime: readStartTime(process.pid) ?? '' };
    // Of the whole machine: an engine in another session finds it, too.
    return { mark, group: null, limitGroups: [], job: { name: `Global\\${treeName(mark)}`, ...owner } };
  }

  /** There is always a job: every Windows that we run on has them, one within another. Throws WindowsError. */
  static create(mark: string, limits: JobLimits = noLimits): JobTree {
    const place = JobTree.placeOf(mark, limits);
    const job = JobObject.create(place.job?.name ?? treeName(mark));
    return new JobTree(place, { job, limits, kept: job.limit(limits, sandboxNeeds) });
  }

  static reopen(place: ProcessTreePlace): JobTree {
    const job = place.job === null ? undefined : JobObject.open(place.job.name);
    return new JobTree(place, { job, limits: noLimits, kept: [] });
  }

  get environment(): Record<string, string> {
    return { [markVariable]: this.place.mark };
  }

  prepare(): Promise<void> {
    this.#enter();
    return Promise.resolve();
  }

  spawn<Child extends { pid?: number | undefined }>(start: () => Child, isAhead = false): Child {
    this.#enter();
    const child = start();
    this.#main = child.pid === undefined ? undefined : { pid: child.pid, startTime: readStartTime(child.pid) };
    if (!isAhead) this.#sampler.start();
    return child;
  }

  outside(start: () => void): void {
    if (this.#isInside) this.#job?.whileOpen(start);
    else start();
  }

  countFromNow(): void {
    this.#look();
    this.#earlierCpuMs = this.#cpuMs();
    this.#sampler.peakBytes = 0;
    this.#sampler.start();
  }

  members(): number[] {
    const inside = this.#job?.processIds() ?? [];
    // One that has ended may be listed until nobody holds it any more (seen under wine).
    return inside.filter((pid) => !this.#isOwner(pid) && readStartTime(pid) !== undefined);
  }

  signal(signal: NodeJS.Signals): void {
    const members = this.members();
    if (signal === 'SIGKILL') for (const pid of members) this.#job?.endMember(pid);
    else askConsolesOf(members);
  }

  async end(): Promise<TreeEnding> {
    const job = this.#job;
    if (job === undefined) return { found: 0, left: 0, tookMs: 0 };
    return await job.withoutBirths(() =>
      endUntilNothingIsLeft(
        () => this.members().length,
        () => this.signal('SIGKILL'),
      ),
    );
  }

  keeperOf(name: LimitName): LimitKeeper | undefined {
    if (this.limits[name] === null) return undefined;
    if (name === 'memoryBytes') return 'watched';
    return this.#kept.includes(name) ? 'kernel' : 'none';
  }

  limitHit(): { name: LimitName; keeper: LimitKeeper } | undefined {
    if (this.#watchedHit !== undefined) return { name: this.#watchedHit, keeper: 'watched' };
    if (this.#job?.hasFilledItsMemory() === true) return { name: 'memoryBytes', keeper: 'kernel' };
    const isTooMany = this.limits.processes !== null && (this.#job?.accounting().refused ?? 0) > 0;
    return isTooMany ? { name: 'processes', keeper: 'kernel' } : undefined;
  }

  usage(): TreeUsage {
    const { peakBytes } = this.#sampler;
    return { cpuMs: this.#ownCpu(), peakMemoryBytes: peakBytes === 0 ? null : peakBytes };
  }

  figures(): TreeFigures {
    const { memoryBytes, processes } = this.#look();
    return { cpuMs: this.#ownCpu(), memoryBytes, processes };
  }

  /** The job stays open: with its last handle Windows would end this process, which is in it. It closes with this process. */
  dispose(): void {
    this.#sampler.stop();
    if (!this.#isInside) this.#job?.close();
  }

  #enter(): void {
    if (this.#isInside) return;
    this.#job?.assignThisProcess();
    this.#isInside = true;
    letChildrenHearCtrlC();
  }

  /** Its pid alone may be another process's by now. */
  #isOwner(pid: number): boolean {
    const owner = this.place.job;
    return pid === owner?.ownerPid && readStartTime(pid) === owner.ownerStartTime;
  }

  #look(): { memoryBytes: number; processes: number; largestBytes: number } {
    const members = new Set(this.members());
    const found = members.size === 0 ? [] : listProcesses().filter(({ pid }) => members.has(pid));
    for (const one of found) this.#seenCpuMs.set(`${String(one.pid)} ${one.startTime}`, one.cpuMs);
    const isMain = ({ pid, startTime }: WindowsProcess): boolean => pid === this.#main?.pid && startTime === this.#main.startTime;
    return {
      memoryBytes: found.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
      processes: found.length,
      largestBytes: found.find(isMain)?.peakBytes ?? 0,
    };
  }

  #ownCpu(): number {
    return Math.max(0, Math.round(this.#cpuMs() - this.#earlierCpuMs));
  }

  /** Windows counts everything that ever was inside, and this process with it; wine counts nothing, and what was seen has to do. */
  #cpuMs(): number {
    const seen = [...this.#seenCpuMs.values()].reduce((sum, one) => sum + one, 0);
    const own = this.#isInside ? (readTimes(kernel32().GetCurrentProcess())?.cpuMs ?? 0) : 0;
    return Math.max(seen, (this.#job?.accounting().cpuMs ?? 0) - own);
  }
}
