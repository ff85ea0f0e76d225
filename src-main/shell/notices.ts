/** Which events are worth a notification, and what it says. Pure; shown by notifications.ts. */
import type { JobView, WorkerState } from '../../src-contract/engine-calls.ts';
import { outcomeLabels, type AttemptOutcome } from '../../src-contract/kinds.ts';
import { revealHidden, type PolicyQuestion } from '../../src-contract/policy.ts';
import type { NotificationKind, WindowEvent } from '../../src-contract/window-calls.ts';

export interface Notice {
  /** `permission-asked`: nobody may choose not to be told of it, as no answer is a no. */
  kind: NotificationKind | 'permission-asked';
  title: string;
  text: string;
  /** What a press on it opens. */
  place: string;
  /** Of `permission-asked`. */
  sandboxId?: string;
}

const wentWrong: ReadonlySet<AttemptOutcome> = new Set([
  'failed',
  'never-started',
  'interrupted',
  'sandbox-crashed',
  'suspended',
]);
/** Of a script, in a notification. */
const linesShown = 8;
/** Ended jobs that are remembered, so that none is told twice. */
const jobsRemembered = 500;

export class Notices {
  readonly #told = new Set<string>();
  readonly #asked = new Set<string>();
  /** Undefined until the worker has been heard for the first time: what was wrong before is no news. */
  #problems: Set<string> | undefined;

  /** At most one an event. */
  of(event: WindowEvent): Notice | undefined {
    if (event.event === 'job-changed') return this.#ofJob(event.payload);
    if (event.event === 'worker-changed') return this.#ofWorker(event.payload);
    return undefined;
  }

  #ofJob(job: JobView): Notice | undefined {
    if (job.asking !== null) return this.#ofQuestion(job);
    this.#asked.delete(job.sandboxId);
    return this.#ofEnd(job);
  }

  /** Its text is what would run, for which the sandbox has to be asked: notifications.ts. */
  #ofQuestion({ sandboxId, runbookName }: JobView): Notice | undefined {
    if (this.#asked.has(sandboxId)) return undefined;
    this.#asked.add(sandboxId);
    const place = `jobs/${sandboxId}`;
    return { kind: 'permission-asked', title: `May ${runbookName} run here?`, text: '', place, sandboxId };
  }

  #ofEnd({ phase, outcome, sandboxId, runbookName, outcomeReason }: JobView): Notice | undefined {
    if (phase !== 'ended' || outcome === null || this.#told.has(sandboxId)) return undefined;
    this.#told.add(sandboxId);
    for (const oldest of this.#told) {
      if (this.#told.size <= jobsRemembered) break;
      this.#told.delete(oldest);
    }
    const name = runbookName === '' ? 'A runbook' : runbookName;
    const isWrong = wentWrong.has(outcome);
    return {
      kind: isWrong ? 'job-went-wrong' : 'job-ended',
      title: `${name}: ${outcomeLabels[outcome]}`,
      text: isWrong ? firstLine(outcomeReason ?? '') : '',
      place: `jobs/${sandboxId}`,
    };
  }

  #ofWorker({ problems }: WorkerState): Notice | undefined {
    const errors = problems.filter(({ severity }) => severity === 'error');
    const before = this.#problems;
    this.#problems = new Set(errors.map(keyOf));
    const [news] = before === undefined ? [] : errors.filter((problem) => !before.has(keyOf(problem)));
    if (news === undefined) return undefined;
    // A crash of a sandbox is told with its job.
    if (news.code === 'sandbox-crashed') return undefined;
    return { kind: 'needs-attention', title: news.title, text: news.nextStep, place: 'overview' };
  }
}

function keyOf({ code, since }: WorkerState['problems'][number]): string {
  return `${code} ${since}`;
}

/** Exactly what would run, as far as a notification has room: the rest is a press away. */
export function describeQuestion({ kind, startedBy, parameters, script, sha256 }: PolicyQuestion): string {
  const given = Object.entries(parameters).map(([name, value]) => `${name} = ${value}`);
  const lines = revealHidden(script.trim()).split('\n');
  const shown = lines.slice(0, linesShown);
  const more = lines.length - shown.length;
  return [
    `${kind}${startedBy === null ? '' : `, started by ${startedBy}`}`,
    ...given.map(firstLine),
    ...shown.map(firstLine),
    ...(more === 0 ? [] : [`… and ${String(more)} more ${more === 1 ? 'line' : 'lines'}`]),
    `SHA-256 ${sha256}`,
  ].join('\n');
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n');
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
}
