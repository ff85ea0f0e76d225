/**
 * The processes of a job where no control group can be had: those whose environment carries the job's mark, and whatever descends from
 * them or shares a session with them. A process that drops its environment, leaves its session and loses its parent between two looks
 * is found among the orphans of this process where it takes them in, and else escapes this (a control group it would not).
 */
import type { AdoptedOrphans } from './adopted-orphans.ts';
import { markVariable } from '../tree-notions.ts';
import { hasEnvironment, isLiving, listProcesses, type ProcessFacts } from './proc.ts';

export class MarkedProcesses {
  readonly #mark: string;
  /** Sandboxes and engines are ancestors of a job, never part of it. */
  readonly #except: ReadonlySet<number>;
  /** pid → start time of everything that was found once: it stays ours when its environment or parent no longer shows it. */
  readonly #known = new Map<number, string>();
  readonly #cpuMs = new Map<string, number>();
  /** Where this process takes in the orphans of the job. */
  orphans: AdoptedOrphans | undefined;

  constructor(mark: string, except: ReadonlySet<number>) {
    this.#mark = mark;
    this.#except = except;
  }

  /** Living members. Looks at every process of the machine. */
  find(): ProcessFacts[] {
    const all = listProcesses().filter((facts) => !this.#except.has(facts.pid));
    const living = new Map(all.map((facts) => [facts.pid, facts]));
    const members = new Map<number, ProcessFacts>();
    for (const facts of all) {
      if (this.#known.get(facts.pid) === facts.startTime || hasEnvironment(facts.pid, markVariable, this.#mark))
        members.set(facts.pid, facts);
    }
    for (const facts of this.orphans?.find(all) ?? []) members.set(facts.pid, facts);
    for (let before = -1; before !== members.size;) {
      before = members.size;
      const sessions = new Set([...members.values()].map((facts) => facts.session).filter((session) => members.has(session)));
      for (const facts of living.values())
        if (members.has(facts.parent) || sessions.has(facts.session)) members.set(facts.pid, facts);
    }
    this.#known.clear();
    for (const facts of members.values()) {
      this.#known.set(facts.pid, facts.startTime);
      this.#cpuMs.set(`${facts.pid} ${facts.startTime}`, facts.cpuMs);
    }
    return [...members.values()].filter(isLiving);
  }

  /** As far as it was seen: the last stretch of a process before its end is missing. */
  readCpuMs(): number {
    return [...this.#cpuMs.values()].reduce((sum, one) => sum + one, 0);
  }
}
