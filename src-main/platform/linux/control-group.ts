/**
 * One control group (cgroup v2) for the processes of a job. What is born in it stays in it, whatever it forks, and the kernel ends all of it
 * at once. Needs a group of our own that we may write to: root's, or one that systemd has delegated. No controllers are needed.
 */
import { accessSync, constants, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readText } from './proc.ts';

export class ControlGroup {
  readonly folder: string;
  readonly #home: string;

  private constructor(folder: string, home: string) {
    this.folder = folder;
    this.#home = home;
  }

  /** Undefined where this process may not make one. */
  static create(name: string): ControlGroup | undefined {
    const home = findOwnGroup();
    if (home === undefined) return undefined;
    try {
      accessSync(path.join(home, 'cgroup.procs'), constants.W_OK);
      const folder = path.join(home, name);
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
