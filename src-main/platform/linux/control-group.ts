/**
 * One control group (cgroup v2) for the processes of a job. What is born in it stays in it, whatever it forks, and the kernel ends all of it
 * at once. Needs a group of our own that we may write to: root's, or one that systemd has delegated. No controllers are needed, but for
 * limits: those that the group above hands down are kept by this one.
 */
import { accessSync, constants, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobLimits } from '../../../src-contract/sandbox.ts';
import type { LimitName } from '../tree-notions.ts';
import { readText } from './proc.ts';

/**
 * The group in which a unit of systemd with `Delegate=yes` and `DelegateSubgroup=` of this name keeps the worker: then jobs get groups beside
 * it, because a group with processes of its own (the worker's) may not hand controllers down.
 */
const workerSubgroup = 'worker';

export class ControlGroup {
  readonly folder: string;
  readonly #home: string;

  private constructor(folder: string, home: string) {
    this.folder = folder;
    this.#home = home;
  }

  /** Where `create` would make one of this name; undefined without cgroup v2. */
  static folderFor(name: string): string | undefined {
    const home = findOwnGroup();
    return home === undefined ? undefined : folderBeside(home, name);
  }

  /** Undefined where this process may not make one. */
  static create(name: string): ControlGroup | undefined {
    const home = findOwnGroup();
    if (home === undefined) return undefined;
    try {
      accessSync(path.join(home, 'cgroup.procs'), constants.W_OK);
      const folder = folderBeside(home, name);
      mkdirSync(folder, { recursive: true });
      accessSync(path.join(folder, 'cgroup.procs'), constants.W_OK);
      return new ControlGroup(folder, home);
    } catch {
      return undefined;
    }
  }

  /** The group that another process made, or undefined when it is gone (nothing is left of its processes then). */
  static reopen(folder: string): ControlGroup | undefined {
    return readText(path.join(folder, 'cgroup.procs')) === undefined ? undefined : new ControlGroup(folder, path.dirname(folder));
  }

  /** Moves this process in. The first move on an idle machine waits some 15 ms for the kernel: do it ahead of need. */
  async enter(): Promise<void> {
    await writeFile(path.join(this.folder, 'cgroup.procs'), String(process.pid));
  }

  enterNow(): void {
    writeFileSync(path.join(this.folder, 'cgroup.procs'), String(process.pid));
  }

  leave(): void {
    writeFileSync(path.join(this.#home, 'cgroup.procs'), String(process.pid));
  }

  /** Keeps what it can of these; answers what. The number of processes is set by `limitProcesses`. */
  limit({ memoryBytes, processes, cpuPercent }: JobLimits): LimitName[] {
    const offered = this.#offeredControllers();
    const kept: LimitName[] = [];
    const set = (limit: LimitName, controller: string, file: string, text: string): void => {
      if (!offered.has(controller) || !this.#write(file, text)) return;
      kept.push(limit);
    };
    if (memoryBytes !== null) {
      set('memoryBytes', 'memory', 'memory.max', String(memoryBytes));
      // Swap would only make the job slow, and one process alone would be ended, the rest left to wonder.
      this.#write('memory.swap.max', '0');
      this.#write('memory.oom.group', '1');
    }
    if (processes !== null) set('processes', 'pids', 'pids.max', 'max');
    if (cpuPercent !== null) set('cpuPercent', 'cpu', 'cpu.max', `${String(cpuPercent * 1000)} 100000`);
    return kept;
  }

  /** Once this process has left: its threads count as processes. */
  limitProcesses(processes: number): void {
    this.#write('pids.max', String(processes));
  }

  /** How often the kernel has refused more, or ended something for it. */
  hits(): { memoryBytes: number; processes: number } {
    const count = (file: string, pattern: RegExp): number =>
      Number(pattern.exec(readText(path.join(this.folder, file)) ?? '')?.[1] ?? 0);
    return { memoryBytes: count('memory.events', /^oom_kill (\d+)/m), processes: count('pids.events', /^max (\d+)/m) };
  }

  /** Those that the group above has handed down, or does when asked. */
  #offeredControllers(): ReadonlySet<string> {
    const above = path.dirname(this.folder);
    const names = (file: string): string[] => (readText(path.join(above, file)) ?? '').split(/\s+/);
    for (const controller of names('cgroup.controllers').filter((name) => ['memory', 'pids', 'cpu'].includes(name))) {
      if (names('cgroup.subtree_control').includes(controller)) continue;
      try {
        writeFileSync(path.join(above, 'cgroup.subtree_control'), `+${controller}`);
      } catch {
        // It has processes of its own, or is not ours.
      }
    }
    return new Set(names('cgroup.subtree_control'));
  }

  #write(file: string, text: string): boolean {
    try {
      writeFileSync(path.join(this.folder, file), text);
      return true;
    } catch {
      return false;
    }
  }

  /** Living processes, those in groups that the job made below its own among them. */
  members(): number[] {
    return foldersBelow(this.folder).flatMap((folder) =>
      (readText(path.join(folder, 'cgroup.procs')) ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map(Number),
    );
  }

  /** SIGKILL to everything inside, with no gap in which something could be born. False on kernels before 5.14. */
  kill(): boolean {
    try {
      writeFileSync(path.join(this.folder, 'cgroup.kill'), '1');
      return true;
    } catch {
      return false;
    }
  }

  /** Of everything that ever ran inside, ended or not. */
  readCpuMs(): number | undefined {
    const found = /^usage_usec (\d+)/m.exec(readText(path.join(this.folder, 'cpu.stat')) ?? '');
    return found?.[1] === undefined ? undefined : Number(found[1]) / 1000;
  }

  /** Only where the memory controller is switched on for this group. */
  readPeakBytes(): number | undefined {
    const text = readText(path.join(this.folder, 'memory.peak'));
    return text === undefined ? undefined : Number(text);
  }

  /** Takes the empty group away. Safe to call twice. */
  remove(): void {
    for (const folder of foldersBelow(this.folder).reverse()) {
      try {
        rmdirSync(folder);
      } catch {
        // Something still lives in it (a process that cannot be ended), or it is gone already.
      }
    }
  }
}

function folderBeside(home: string, name: string): string {
  return path.join(path.basename(home) === workerSubgroup ? path.dirname(home) : home, name);
}

function foldersBelow(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [folder, ...entries.flatMap((entry) => foldersBelow(path.join(folder, entry.name)))];
  } catch {
    return [];
  }
}

/** The folder of the group that this process is in, or undefined without cgroup v2. */
function findOwnGroup(): string | undefined {
  const mounts = readText('/proc/self/mountinfo')?.split('\n') ?? [];
  const mount = mounts.find((line) => line.includes(' - cgroup2 '))?.split(' ');
  const own = /^0::(\/.*)$/m.exec(readText('/proc/self/cgroup') ?? '')?.[1];
  if (mount?.[3] === undefined || mount[4] === undefined || own === undefined) return undefined;
  // In a container the mount may show a part of the hierarchy only.
  const below = own.startsWith(mount[3]) ? own.slice(mount[3].length) : own;
  return path.join(mount[4], below);
}
