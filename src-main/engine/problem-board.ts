/** What is wrong now. A problem stands here by its cause and goes when the cause does; the first of a row is told, the rest are counted. */
import type { Problem } from '../../src-contract/problems.ts';

export interface StandingProblem extends Problem {
  since: string;
  times: number;
}

export class ProblemBoard {
  private readonly standing = new Map<string, StandingProblem>();

  /** `first`: worth telling; `repeated`: counted only. */
  raise(cause: string, problem: Problem, at: string): 'first' | 'repeated' {
    const known = this.standing.get(cause);
    if (known !== undefined && known.code === problem.code && sameDetails(known, problem)) {
      known.times += 1;
      return 'repeated';
    }
    this.standing.set(cause, { ...problem, since: at, times: 1 });
    return 'first';
  }

  /** Answers what stood there. */
  clear(cause: string): StandingProblem | undefined {
    const known = this.standing.get(cause);
    this.standing.delete(cause);
    return known;
  }

  has(cause: string): boolean {
    return this.standing.has(cause);
  }

  /** Worst first, then oldest first. Two causes with one and the same problem (both loops meet one dead service) are one entry. */
  list(): StandingProblem[] {
    const merged: StandingProblem[] = [];
    for (const one of this.standing.values()) {
      const same = merged.find((other) => other.code === one.code && sameDetails(other, one));
      if (same === undefined) {
        merged.push({ ...one });
      } else {
        same.times += one.times;
        if (one.since < same.since) same.since = one.since;
      }
    }
    return merged.sort(
      (one, other) => severityRank(one) - severityRank(other) || (one.since < other.since ? -1 : one.since > other.since ? 1 : 0),
    );
  }
}

function severityRank(problem: Problem): number {
  return problem.severity === 'error' ? 0 : 1;
}

function sameDetails(one: Problem, other: Problem): boolean {
  return JSON.stringify(one.details) === JSON.stringify(other.details);
}
