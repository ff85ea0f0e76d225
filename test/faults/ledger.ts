/**
 * What the long run remembers, in its folder: its plan, what was killed, each judged job. Written line by line, so that a run that is ended,
 * or killed itself, goes on where it was.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobVerdict } from './judge.ts';

export interface Plan {
  seed: string;
  jobs: number;
  workers: number;
  limit: number;
  /** Mean seconds between two kills. */
  killEverySeconds: number;
  /** Runtimes are killed too. Plans of before it was there kill none, and what they draw stays what it was. */
  killsRuntimes?: boolean;
}

export const targets = ['engine', 'sandbox', 'service', 'engine and sandbox', 'runtime'] as const;
export type Target = (typeof targets)[number];

export interface Progress {
  plan: Plan;
  /** Jobs that were asked for: their indexes are below this. */
  asked: number;
  kills: Record<Target, number>;
  seconds: number;
  pieces: number;
  /** Jobs judged, by the commit whose program ran: a run may go on with a later one, as a host that is updated does. */
  commits: Record<string, number>;
}

export class Ledger {
  readonly folder: string;
  readonly sideFolder: string;
  readonly progress: Progress;
  readonly verdicts = new Map<string, JobVerdict>();
  readonly #progressFile: string;
  readonly #verdictFile: string;
  readonly #commit: string;

  /** Goes on with the plan that is there; `plan` is for a new run. */
  constructor(folder: string, plan: Plan, commit: string) {
    this.#commit = commit;
    this.folder = folder;
    this.sideFolder = join(folder, 'counts');
    this.#progressFile = join(folder, 'progress.json');
    this.#verdictFile = join(folder, 'verdicts.ndjson');
    mkdirSync(this.sideFolder, { recursive: true });
    const none = Object.fromEntries(targets.map((target) => [target, 0])) as Progress['kills'];
    const known = existsSync(this.#progressFile)
      ? (JSON.parse(readFileSync(this.#progressFile, 'utf8')) as Progress)
      : { plan, asked: 0, kills: none, seconds: 0, pieces: 0, commits: {} };
    // A run that was begun before there was a target has killed none of it.
    this.progress = { ...known, kills: { ...none, ...known.kills } };
    // More jobs may be asked for later; the rest of a plan stays, or the seed would mean nothing.
    this.progress.plan.jobs = Math.max(this.progress.plan.jobs, plan.jobs);
    if (existsSync(this.#verdictFile)) {
      for (const line of readFileSync(this.#verdictFile, 'utf8').split('\n')) {
        const verdict = parseLine(line);
        if (verdict !== undefined) this.verdicts.set(verdict.jobId, verdict);
      }
    }
    this.progress.pieces += 1;
    this.save();
  }

  save(): void {
    const sibling = `${this.#progressFile}.new`;
    writeFileSync(sibling, `${JSON.stringify(this.progress, null, 2)}\n`);
    renameSync(sibling, this.#progressFile);
  }

  judged(verdict: JobVerdict): void {
    appendFileSync(this.#verdictFile, `${JSON.stringify(verdict)}\n`);
    this.verdicts.set(verdict.jobId, verdict);
    const { commits } = this.progress;
    commits[this.#commit] = (commits[this.#commit] ?? 0) + 1;
  }
}

/** The last line may be half a line. */
function parseLine(line: string): JobVerdict | undefined {
  try {
    return JSON.parse(line) as JobVerdict;
  } catch {
    return undefined;
  }
}
