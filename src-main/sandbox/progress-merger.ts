/**
 * Progress comes as fast as a loop turns, and only the newest of an activity matters. The first of an activity and its end go on at once; of
 * what comes between, the newest each `mergeMs`.
 */
import type { Progress } from './ports.ts';

/** The promise to the user is "live within 100 ms". */
const mergeMs = 100;
/** An activity that never says that it is done is forgotten when so many others have come after it. */
const keptActivities = 200;

interface Activity {
  /** Newer than what was handed on last. */
  waiting: Progress | undefined;
  timer: NodeJS.Timeout;
}

export class ProgressMerger {
  readonly #target: (progress: Progress) => void;
  readonly #activities = new Map<number, Activity>();
  /** Records that a newer one took the place of. */
  merged = 0;

  constructor(target: (progress: Progress) => void) {
    this.#target = target;
  }

  add(activityId: number, progress: Progress): void {
    const known = this.#activities.get(activityId);
    if (known?.waiting !== undefined) this.merged += 1;
    if (progress.done === true) {
      this.#forget(activityId);
      this.#target(progress);
      return;
    }
    if (known !== undefined) {
      known.waiting = progress;
      return;
    }
    const oldest = this.#activities.size < keptActivities ? undefined : this.#activities.keys().next().value;
    if (oldest !== undefined) this.#handOnLast(oldest);
    this.#handOn(activityId, progress);
  }

  /** Nothing more comes. */
  end(): void {
    for (const activityId of [...this.#activities.keys()]) this.#handOnLast(activityId);
  }

  #handOn(activityId: number, progress: Progress): void {
    const timer = setTimeout(() => {
      const { waiting } = this.#activities.get(activityId) ?? {};
      this.#activities.delete(activityId);
      if (waiting !== undefined) this.#handOn(activityId, waiting);
    }, mergeMs);
    this.#activities.set(activityId, { waiting: undefined, timer });
    this.#target(progress);
  }

  #handOnLast(activityId: number): void {
    const waiting = this.#activities.get(activityId)?.waiting;
    this.#forget(activityId);
    if (waiting !== undefined) this.#target(waiting);
  }

  #forget(activityId: number): void {
    clearTimeout(this.#activities.get(activityId)?.timer);
    this.#activities.delete(activityId);
  }
}
