/**
 * Limits on memory, processes and processor time of a job, kept by the kernel: one group of cgroup v1 a controller, beside the group of v2
 * that holds the job together. Machines that have only v2 keep them in that one group (control-group.ts).
 */
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { JobLimits } from '../../../src-contract/sandbox.ts';
import { limitNames, type LimitName } from '../tree-notions.ts';
import { readText } from './proc.ts';

const controllers: Record<LimitName, string> = { memoryBytes: 'memory', processes: 'pids', cpuPercent: 'cpu' };
/** Of the kernel's default; a share of it is what a job may use in each. */
const cpuPeriodMicroseconds = 100_000;

interface Place {
  limit: LimitName;
  /** Where this process was before, and goes back to. */
  home: string;
  folder: string;
}

export class LimitGroups {
  #places: readonly Place[];
  readonly #limits: JobLimits;

  private constructor(places: readonly Place[], limits: JobLimits) {
    this.#places = places;
    this.#limits = limits;
  }

  /** Where `create` would make its groups at most. */
  static foldersFor(name: string, limits: JobLimits): string[] {
    return limitNames
      .filter((limit) => limits[limit] !== null)
      .map((limit) => findOwnGroupOf(controllers[limit]))
      .filter((home) => home !== undefined)
      .map((home) => path.join(home, name));
  }

  /** Of those limits that are wanted and for which this machine has a controller that we may use. */
  static create(name: string, limits: JobLimits): LimitGroups {
    const wanted = limitNames.filter((limit) => limits[limit] !== null);
    const groups = new LimitGroups(
      wanted.map((limit) => makePlace(name, limit)).filter((place) => place !== undefined),
      limits,
    );
    groups.#writeLimits();
    return groups;
  }

  get kept(): readonly LimitName[] {
    return this.#places.map((place) => place.limit);
  }

  get folders(): readonly string[] {
    return this.#places.map((place) => place.folder);
  }

  enterNow(): void {
    for (const { folder } of this.#places) join(folder);
  }

  /** The number of processes is set only now: the threads of this process were counted while it was inside. */
  leave(): void {
    for (const { home } of this.#places) join(home);
    const place = this.#places.find(({ limit }) => limit === 'processes');
    if (place !== undefined) writeFileSync(path.join(place.folder, 'pids.max'), String(this.#limits.processes));
  }

  /** How often the kernel has refused more, or ended something for it. */
  hits(): { memoryBytes: number; processes: number } {
    return { memoryBytes: this.#count('memoryBytes', 'memory.oom_control', /^oom_kill (\d+)/m), processes: this.#refusedForks() };
  }

  remove(): void {
    removeGroups(this.folders);
  }

  #refusedForks(): number {
    return this.#count('processes', 'pids.events', /^max (\d+)/m);
  }

  #count(limit: LimitName, file: string, pattern: RegExp): number {
    const place = this.#places.find((one) => one.limit === limit);
    const text = place === undefined ? undefined : readText(path.join(place.folder, file));
    return Number(pattern.exec(text ?? '')?.[1] ?? 0);
  }

  #writeLimits(): void {
    this.#places = this.#places.filter((place) => {
      if (this.#isTaken(place)) return true;
      // More than the group above has, say: then it is not the kernel that keeps it.
      removeGroups([place.folder]);
      return false;
    });
  }

  /** Whether the kernel has taken the limit. */
  #isTaken({ limit, folder }: Place): boolean {
    const { memoryBytes, cpuPercent } = this.#limits;
    switch (limit) {
      case 'memoryBytes':
        if (!tryWrite(path.join(folder, 'memory.limit_in_bytes'), String(memoryBytes))) return false;
        // With swap, or the job would only become slow. Not every kernel counts swap.
        tryWrite(path.join(folder, 'memory.memsw.limit_in_bytes'), String(memoryBytes));
        return true;
      case 'cpuPercent':
        return tryWrite(path.join(folder, 'cpu.cfs_quota_us'), String(((cpuPercent ?? 100) * cpuPeriodMicroseconds) / 100));
      case 'processes':
        return true;
    }
  }
}

/** Of a tree whose sandbox is dead. A group in which something still lives stays. */
export function removeGroups(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch {
      // It is gone already, or holds a process that cannot be ended.
    }
  }
}

function makePlace(name: string, limit: LimitName): Place | undefined {
  const home = findOwnGroupOf(controllers[limit]);
  if (home === undefined) return undefined;
  try {
    const folder = path.join(home, name);
    mkdirSync(folder, { recursive: true });
    return { limit, home, folder };
  } catch {
    return undefined;
  }
}

/** The folder of the v1 group of this controller that this process is in; undefined where v1 does not have the controller. */
function findOwnGroupOf(controller: string): string | undefined {
  const has = (names: string | undefined): boolean => names?.split(',').includes(controller) === true;
  const mount = readText('/proc/self/mountinfo')
    ?.split('\n')
    .find((line) => line.includes(' - cgroup ') && has(line.split(' ').at(-1)))
    ?.split(' ');
  const own = readText('/proc/self/cgroup')
    ?.split('\n')
    .map((line) => line.split(':'))
    .find(([, names]) => has(names));
  if (mount?.[3] === undefined || mount[4] === undefined || own === undefined) return undefined;
  const group = own.slice(2).join(':');
  // In a container the mount may show a part of the hierarchy only.
  const below = mount[3] !== '/' && group.startsWith(mount[3]) ? group.slice(mount[3].length) : group;
  return path.join(mount[4], below);
}

function join(folder: string): void {
  writeFileSync(path.join(folder, 'cgroup.procs'), String(process.pid));
}

/** false: the kernel was built or started without it, or does not want that value. */
function tryWrite(file: string, text: string): boolean {
  try {
    writeFileSync(file, text);
    return true;
  } catch {
    return false;
  }
}
