/** Whose rights runbooks have on this machine, and within which limits they run: from the settings, for each job anew. */
import { userInfo } from 'node:os';
import { AppError } from '../../src-contract/app-error.ts';
import type { WorkerState } from '../../src-contract/engine-calls.ts';
import type { JobLimits, RunbookUser } from '../../src-contract/sandbox.ts';
import { defaultRunbookUser, resolveRunbookUser } from '../platform/linux/runbook-user.ts';
import type { WorkerParts } from './parts.ts';

type Parts = Pick<WorkerParts, 'settings' | 'layout' | 'clock' | 'engine'>;

/** A user that could be used stays usable for a while; one that could not is looked for again at once. */
const trustMs = 30_000;
const megabyte = 1024 * 1024;

export class RunbookRights {
  private readonly parts: Parts;
  private known: { wanted: string | null; user: RunbookUser; atMs: number } | undefined;
  private looking: Promise<RunbookUser> | undefined;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  get limits(): JobLimits {
    const { memoryLimitMb, processLimit, cpuLimitPercent } = this.parts.settings.current;
    const memoryBytes = memoryLimitMb === null ? null : memoryLimitMb * megabyte;
    return { memoryBytes, processes: processLimit, cpuPercent: cpuLimitPercent };
  }

  /** Raises `run-as-unavailable` or clears it. */
  async user(): Promise<RunbookUser> {
    const { settings, clock } = this.parts;
    const { known } = this;
    if (
      known?.wanted === settings.current.runAs &&
      known.user.kind !== 'unavailable' &&
      clock.monotonicMs() - known.atMs < trustMs
    )
      return known.user;
    this.looking ??= this.look().finally(() => {
      this.looking = undefined;
    });
    return await this.looking;
  }

  /** As it was found last; undefined: there is a user to run as. */
  get unavailable(): AppError | undefined {
    const user = this.known?.user;
    return user?.kind === 'unavailable'
      ? new AppError('run-as-unavailable', { user: user.name, reason: user.reason })
      : undefined;
  }

  describe(): WorkerState['runbooks'] {
    const user = this.known?.user ?? { kind: 'own', name: userInfo().username };
    return { user: user.name, separated: user.kind === 'other', sentence: this.sentenceOf(user) };
  }

  private async look(): Promise<RunbookUser> {
    const { settings, layout, clock, engine } = this.parts;
    const wanted = settings.current.runAs;
    const way = [layout.folder, layout.sandboxesFolder];
    const user = await resolveRunbookUser({ wanted, way, platform: process.platform });
    this.known = { wanted, user, atMs: clock.monotonicMs() };
    if (this.unavailable === undefined) engine().clear('run-as');
    else engine().raise('run-as', this.unavailable.toProblem());
    engine().tellChanged();
    return user;
  }

  private sentenceOf(user: RunbookUser): string {
    switch (user.kind) {
      case 'other':
        return `Runbooks run as ${user.name}, who cannot read what is the worker’s`;
      case 'unavailable':
        return `No runbook runs here: they are to run as ${user.name}, and ${user.reason}`;
      case 'own':
        if (process.getuid?.() !== 0) return `Runbooks run as ${user.name}, like the worker, and can read its keys`;
        return this.parts.settings.current.runAs === null
          ? `Runbooks run as root and can read the worker’s keys; they run as ${defaultRunbookUser} once there is such a user`
          : 'Runbooks run as root, as the settings want it, and can read the worker’s keys';
    }
  }
}
