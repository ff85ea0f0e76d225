/**
 * What happens to sandboxes, as events, history, problems and views of jobs. The launcher tells; the calls `jobs:*` ask. Live facts come from
 * the launcher, ended ones from the history, records always from the journal.
 */
import { AppError } from '../../src-contract/app-error.ts';
import type { EngineArguments, EngineValue, JobView } from '../../src-contract/engine-calls.ts';
import { kindLabels, outcomeLabels } from '../../src-contract/kinds.ts';
import { journalQuotaBytes, journalQuotaWarning } from '../../src-contract/limits.ts';
import type { RunbookUser, SandboxCredential } from '../../src-contract/sandbox.ts';
import { policyOf } from '../../src-contract/settings.ts';
import { jobEventsBetween } from '../engine/job-events.ts';
import { jobViewOf } from '../engine/job-view.ts';
import type { FoundAction } from '../engine/ports.ts';
import type { Launcher } from '../launcher/launcher.ts';
import type { LauncherListener, SandboxSnapshot } from '../launcher/launcher-listener.ts';
import type { LaunchFacts } from '../launcher/sandbox-folders.ts';
import type { History } from '../storage/history.ts';
import { attemptSummaryPath } from '../storage/layout.ts';
import { writePrivateFile } from '../storage/private-files.ts';
import { workerSource, type WorkerParts } from './parts.ts';
import type { RunbookRights } from './runbook-rights.ts';
import { credentialOf, type ServiceAccess } from './service-access.ts';
import { Throttle } from './throttle.ts';
import { describeRuntimes } from './warm-facts.ts';

/** The contract's promise: at most ten a second per job. */
const changeIntervalMs = 100;
/** What happened once (a crash, say) stands among the problems this long. */
const noticeMs = 60 * 60 * 1000;
/** A look at a console that says nothing new; whoever wants to go on looking asks again. */
const consoleHoldMs = 10_000;
const saveAgainMs = 10_000;

export class Jobs implements LauncherListener {
  private readonly parts: WorkerParts;
  private readonly access: ServiceAccess;
  private readonly history: History;
  private readonly launcher: () => Launcher;
  private readonly rights: RunbookRights;
  private readonly changes: Throttle<JobView>;
  /** The last view that events were derived from, by sandbox id. */
  private readonly seen = new Map<string, JobView>();
  private readonly notices = new Map<string, number>();
  private lastSave: Promise<void> = Promise.resolve();
  private catchingUp: Promise<void> = Promise.resolve();
  /** What the index did not take, by sandbox id. */
  private readonly unsaved = new Map<string, JobView>();
  private saveAgain: NodeJS.Timeout | undefined;
  private catchUpAgain: NodeJS.Timeout | undefined;
  private readonly closing = new AbortController();

  constructor(parts: WorkerParts, access: ServiceAccess, history: History, rights: RunbookRights, launcher: () => Launcher) {
    this.parts = parts;
    this.access = access;
    this.history = history;
    this.rights = rights;
    this.launcher = launcher;
    this.changes = new Throttle(changeIntervalMs, (view) => {
      parts.publish({ event: 'job-changed', payload: view });
    });
  }

  /** An action that the engine has decided to take. */
  pickUp({ sandboxId, secret, kind }: FoundAction): void {
    const { settings, runtimes, log } = this.parts;
    const { registration } = settings.current;
    if (registration === null) throw new Error('an action was taken by a worker that is in no group');
    const { groupName, jrdsUri, accountId } = registration;
    const sandbox = this.launcher().start({ sandboxId, groupName, jrdsUri, accountId, kind }, async () => ({
      address: await this.access.jrdsAddress(),
      credential: await this.credentialFor(secret, groupName),
      runtimes: describeRuntimes(runtimes()),
      stopGraceSeconds: settings.current.stopGraceSeconds,
      startLimitSeconds: settings.current.startLimitSeconds,
      culture: settings.current.culture,
      policy: policyOf(settings.current),
      runAs: await this.userOrHoldBack(),
      limits: this.rights.limits,
    }));
    const jobCount = this.launcher().runningCount;
    log.write({
      name: 'jobPickedUp',
      source: workerSource,
      message: `${kind === undefined ? 'A job' : `A job (${kindLabels[kind]})`} was picked up, as ${String(jobCount)} of ${String(this.parts.engine().state.load.limit)} that may run here; its sandbox learns the runbook’s name as it loads it (sandbox ${sandboxId}).`,
      fields: { sandboxId, jobCount, groupName },
    });
    this.note(sandbox);
  }

  countChanged(): void {
    this.parts
      .engine()
      .dispatch(
        { kind: 'load-changed', load: { ...this.parts.engine().state.load, running: this.launcher().runningCount } },
        'a job began or ended',
      );
  }

  changed(sandbox: SandboxSnapshot): void {
    this.note(sandbox);
  }

  adopted(sandbox: SandboxSnapshot): void {
    const view = viewOf(sandbox);
    // What it had reached was said by the engine that started it.
    this.seen.set(view.sandboxId, view);
    this.parts.log.write({
      name: 'sandboxAdopted',
      source: workerSource,
      message: `${view.runbookName === '' ? 'A job that was still being loaded' : view.runbookName} was found again, and goes on (sandbox ${view.sandboxId}).`,
      fields: { sandboxId: view.sandboxId, ...(view.processId === null ? {} : { processId: view.processId }) },
      ...(view.jobId === '' ? {} : { jobId: view.jobId }),
    });
    this.note(sandbox);
  }

  /** Whoever shows it as running hears that it is not. The history has nothing of it: no job ran. */
  gone(sandbox: SandboxSnapshot): void {
    const { sandboxId } = sandbox.launch;
    this.seen.delete(sandboxId);
    const endedAt = this.parts.clock.now().toISOString();
    this.changes.push(sandboxId, { ...viewOf(sandbox), phase: 'ended', outcome: 'never-started', endedAt });
  }

  notStarted(launch: LaunchFacts, error: AppError): void {
    this.parts.engine().startFailed(error);
    this.parts.engine().raise('sandbox-start', error.toProblem(), {
      name: 'sandboxException',
      source: workerSource,
      message: error.message,
      fields: { sandboxId: launch.sandboxId },
    });
  }

  crashed(sandbox: SandboxSnapshot, seen: string): void {
    const view = this.note(sandbox);
    this.parts.log.write({
      name: 'sandboxException',
      source: workerSource,
      message:
        view.jobId === ''
          ? `A sandbox ended before it had taken its job: ${seen}. The service is told, or hands the job out again by itself (sandbox ${view.sandboxId}).`
          : `${view.runbookName}: its sandbox ended without a word: ${seen}. Its journal is sent to the service, and the interruption reported (job ${view.jobId}, sandbox ${view.sandboxId}).`,
      fields: { sandboxId: view.sandboxId, runbookName: view.runbookName, seen },
      ...(view.jobId === '' ? {} : { jobId: view.jobId }),
    });
    if (view.jobId === '') {
      const failure = new AppError('sandbox-not-started', { sandboxId: view.sandboxId, reason: seen });
      this.parts.engine().startFailed(failure);
      this.parts.engine().raise('sandbox-start', failure.toProblem());
      return;
    }
    const { runbookName, jobId } = view;
    // The event above tells it; the problem stands so that a person who looks later sees it.
    this.notice(`crash:${view.sandboxId}`, new AppError('sandbox-crashed', { runbookName, jobId, seen }));
  }

  async ended(sandbox: SandboxSnapshot): Promise<void> {
    const view = this.note(sandbox);
    this.seen.delete(view.sandboxId);
    this.parts.engine().clear(`upload:${view.sandboxId}`);
    this.parts.engine().clear(`asking:${view.sandboxId}`);
    if (view.jobId === '') return;
    const summary = attemptSummaryPath(this.parts.layout.journalsFolder, view.jobId, view.sandboxId);
    try {
      await writePrivateFile(summary, `${JSON.stringify(view)}\n`);
    } catch (error) {
      this.parts.fault(error, `write the summary of sandbox ${view.sandboxId}`);
    }
    await this.lastSave;
  }

  leftoverRemoved(what: string): void {
    this.parts.log.write({
      name: 'leftoverRemoved',
      source: workerSource,
      message: `Left of an earlier run, and removed: ${what}.`,
    });
  }

  fault(error: unknown, what: string): void {
    this.parts.fault(error, what);
  }

  running(): JobView[] {
    return this.launcher()
      .list()
      .map(viewOf)
      .filter((view) => view.phase !== 'ended');
  }

  async list(query: EngineArguments<'jobs:list'>): Promise<EngineValue<'jobs:list'>> {
    await this.lastSave;
    const { jobs, ...counted } = await this.history.list(query);
    const live = new Map(
      this.launcher()
        .list()
        .map((sandbox) => [sandbox.launch.sandboxId, viewOf(sandbox)]),
    );
    return { jobs: jobs.map((job) => live.get(job.sandboxId) ?? job), ...counted };
  }

  async activity(query: EngineArguments<'jobs:activity'>): Promise<EngineValue<'jobs:activity'>> {
    await this.lastSave;
    return this.history.activity(query);
  }

  /** Throws AppError `job-unknown`. */
  async get(id: string): Promise<JobView> {
    const wanted = id.trim().toLowerCase();
    const live = this.launcher().list().map(viewOf);
    const found = live.find((view) => view.sandboxId === wanted) ?? live.find((view) => view.jobId === wanted);
    if (found !== undefined) return found;
    await this.lastSave;
    const ended = await this.history.get(wanted);
    if (ended === null) throw new AppError('job-unknown', { jobId: id });
    return ended;
  }

  async records({ sandboxId, from, limit }: EngineArguments<'jobs:records'>): Promise<EngineValue<'jobs:records'>> {
    const { jobId } = await this.get(sandboxId);
    const page = jobId === '' ? null : await this.history.records({ jobId, sandboxId: sandboxId.toLowerCase(), from, limit });
    if (page === null) return { records: [], next: from, recordCount: 0, damaged: null };
    if (page.damaged !== null)
      this.notice(`journal:${sandboxId}`, new AppError('journal-unreadable', { jobId, reason: page.damaged }));
    return page;
  }

  async notes({ sandboxId }: EngineArguments<'jobs:notes'>): Promise<EngineValue<'jobs:notes'>> {
    const view = await this.get(sandboxId);
    if (view.jobId === '') return { notes: [] };
    return { notes: (await this.history.notes({ jobId: view.jobId, sandboxId: view.sandboxId })) ?? [] };
  }

  async attempts({ jobId }: EngineArguments<'jobs:attempts'>): Promise<EngineValue<'jobs:attempts'>> {
    await this.lastSave;
    const kept = await this.history.attempts(jobId.trim().toLowerCase());
    return { attempts: kept.map((view) => this.live(view.sandboxId) ?? view) };
  }

  /** Held for a while when the console has no more than what is known. */
  async console({ sandboxId, from }: EngineArguments<'jobs:console'>): Promise<EngineValue<'jobs:console'>> {
    const wanted = this.live(sandboxId);
    if (wanted?.hasConsole !== true) return { piece: null };
    const enough = new AbortController();
    const giveUp = (): void => {
      enough.abort();
    };
    const timer = setTimeout(giveUp, consoleHoldMs);
    this.closing.signal.addEventListener('abort', giveUp);
    try {
      return { piece: (await this.launcher().readConsole(wanted.sandboxId, from, enough.signal)) ?? null };
    } finally {
      clearTimeout(timer);
      this.closing.signal.removeEventListener('abort', giveUp);
    }
  }

  async usage({ sandboxId, since }: EngineArguments<'jobs:usage'>): Promise<EngineValue<'jobs:usage'>> {
    const wanted = sandboxId === null ? this.running() : [this.live(sandboxId)].filter((view) => view !== undefined);
    const jobs = wanted.map(async (view) => ({
      sandboxId: view.sandboxId,
      samples: await this.launcher().readUsage(view.sandboxId, since),
    }));
    return { jobs: await Promise.all(jobs) };
  }

  private live(sandboxId: string): JobView | undefined {
    return this.running().find((view) => view.sandboxId === sandboxId.trim().toLowerCase());
  }

  /** Throws AppError `job-unknown`, `job-starting` or `job-ended`. */
  async stop(sandboxId: string): Promise<JobView> {
    const view = await this.get(sandboxId);
    const accepted =
      view.endedAt === null && (await this.launcher().stop(view.sandboxId, 'Stopped by a person at this machine.'));
    if (accepted) return await this.get(view.sandboxId);
    const now = await this.get(view.sandboxId);
    if (now.phase === 'starting' || now.phase === 'loading') throw new AppError('job-starting', { sandboxId: now.sandboxId });
    throw new AppError('job-ended', {
      jobId: now.jobId,
      status: now.outcome === null ? `${now.phase} and cannot be asked to stop now` : outcomeLabels[now.outcome],
    });
  }

  /** Throws AppError `job-unknown` or `job-not-suspended`; the service's own refusals too, for it may have gone on meanwhile. */
  async resume(sandboxId: string): Promise<JobView> {
    const view = await this.get(sandboxId);
    if (view.outcome !== 'suspended') {
      const status = view.outcome === null ? view.phase : outcomeLabels[view.outcome];
      throw new AppError('job-not-suspended', { jobId: view.jobId, status });
    }
    await this.access.resumeJob(view.jobId);
    return view;
  }

  /**
   * The history as its last engine would have left it; once, when the sandboxes that live are known. A disk that does not take it now is tried
   * again.
   */
  catchUp(): void {
    const isCaughtUp = this.closeLost().then(
      () => true,
      (error: unknown) => {
        if (!this.closing.signal.aborted) this.parts.fault(error, 'read the history');
        return false;
      },
    );
    this.catchingUp = isCaughtUp.then((done) => {
      if (done || this.closing.signal.aborted) return;
      this.catchUpAgain = setTimeout(() => {
        this.catchUp();
      }, saveAgainMs);
    });
  }

  /**
   * Before anything is removed from the history: what comes to it late would stand there without its journal. Tried at least once: what is
   * removed may make the room that it needs.
   */
  async caughtUp(): Promise<void> {
    await this.catchingUp;
    await this.lastSave;
  }

  /**
   * Attempts that the index takes for running, but of which nothing is there: their end was lost with an engine. What their own files say of
   * it counts; without a word of it nothing is known.
   */
  private async closeLost(): Promise<void> {
    await this.history.catchUp(
      this.launcher()
        .list()
        .map(({ launch }) => launch.sandboxId),
    );
    for (const view of await this.history.listUnended()) {
      if (this.launcher().knows(view.sandboxId)) continue;
      const endedAt = this.parts.clock.now().toISOString();
      const outcomeReason = 'Nothing was left of its sandbox when the worker started.';
      await this.history.save({ ...view, phase: 'ended', outcome: 'sandbox-crashed', outcomeReason, endedAt, asking: null });
    }
  }

  /** Problems that only told of something past go after a while. */
  clearOldNotices(): void {
    const oldest = this.parts.clock.monotonicMs() - noticeMs;
    for (const [cause, at] of this.notices) {
      if (at > oldest) continue;
      this.notices.delete(cause);
      this.parts.engine().clear(cause);
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.changes.close();
    clearTimeout(this.saveAgain);
    await this.catchingUp;
    clearTimeout(this.catchUpAgain);
    await this.lastSave;
  }

  /** A service that gives no sandbox secret gets calls with the worker's own certificate, which the runtime never sees. */
  private async credentialFor(secret: string | null, groupName: string): Promise<SandboxCredential> {
    if (secret !== null) return { kind: 'sandbox-secret', secret };
    const identity = await this.access.workerIdentity();
    if (identity === undefined) throw new AppError('worker-not-accepted', { groupName });
    return credentialOf(identity);
  }

  /** A job that was taken says in its own words that there is nobody to run it as; the next one is not taken. */
  private async userOrHoldBack(): Promise<RunbookUser> {
    const user = await this.rights.user();
    if (this.rights.unavailable !== undefined) this.parts.engine().startFailed(this.rights.unavailable);
    return user;
  }

  private notice(cause: string, failure: AppError): void {
    this.notices.set(cause, this.parts.clock.monotonicMs());
    this.parts.engine().raise(cause, failure.toProblem());
  }

  /** Everything that follows from a new view of a job. */
  private note(sandbox: SandboxSnapshot): JobView {
    const view = viewOf(sandbox);
    const before = this.seen.get(view.sandboxId);
    this.seen.set(view.sandboxId, view);
    const start = before ?? jobViewOf(sandbox.launch, undefined);
    for (const event of jobEventsBetween(start, view)) this.parts.log.write({ ...event, source: workerSource });
    // One that has died, or runs nothing for want of a user to run it as, says nothing of the next.
    const isLiving = sandbox.status === 'running' && this.rights.unavailable === undefined;
    if (isLiving && !hasRun(start) && hasRun(view)) {
      this.parts.engine().clear('sandbox-start');
      this.parts.engine().startWorked();
    }
    this.noteUpload(view);
    this.noteAsking(view);
    this.noteQuota(view, sandbox.report?.journalBytes ?? 0);
    if (view.jobId !== '' && (before === undefined || isNews(before, view))) this.save(view);
    this.changes.push(view.sandboxId, view);
    return view;
  }

  private noteUpload(view: JobView): void {
    const cause = `upload:${view.sandboxId}`;
    const missing = view.recordCount - view.acknowledgedCount;
    const isStuck = view.phase === 'uploading' && view.uploadTrouble !== null && missing > 0;
    if (!isStuck) this.parts.engine().clear(cause);
    else this.parts.engine().raise(cause, new AppError('records-missing', { jobId: view.jobId, missing }).toProblem());
  }

  private noteAsking({ sandboxId, runbookName, asking }: JobView): void {
    const cause = `asking:${sandboxId}`;
    if (asking === null) this.parts.engine().clear(cause);
    else if (!this.parts.engine().problems.has(cause))
      this.parts
        .engine()
        .raise(cause, new AppError('permission-asked', { runbookName, sandboxId, until: secondOf(asking.until) }).toProblem());
  }

  private noteQuota({ sandboxId, jobId, runbookName, phase }: JobView, bytes: number): void {
    const cause = `quota:${sandboxId}`;
    const quotaMebibytes = journalQuotaBytes / 1024 / 1024;
    const isNear = phase !== 'ended' && bytes > journalQuotaBytes * journalQuotaWarning;
    if (!isNear) this.parts.engine().clear(cause);
    else if (!this.parts.engine().problems.has(cause))
      this.parts.engine().raise(cause, new AppError('journal-quota', { jobId, runbookName, quotaMebibytes }).toProblem());
  }

  /** In order, and never in the way of what happens. What an index on a full disk does not take is tried again. */
  private save(view: JobView): void {
    this.unsaved.set(view.sandboxId, view);
    this.lastSave = this.lastSave.then(() => this.saveWaiting());
  }

  private async saveWaiting(): Promise<void> {
    clearTimeout(this.saveAgain);
    try {
      for (const view of [...this.unsaved.values()]) {
        await this.history.save(view);
        if (this.unsaved.get(view.sandboxId) === view) this.unsaved.delete(view.sandboxId);
      }
    } catch (error) {
      this.parts.fault(error, `keep ${String(this.unsaved.size)} jobs in the history`);
      if (this.closing.signal.aborted) return;
      this.saveAgain = setTimeout(() => {
        this.lastSave = this.lastSave.then(() => this.saveWaiting());
      }, saveAgainMs);
    }
  }
}

function viewOf(sandbox: SandboxSnapshot): JobView {
  const view = jobViewOf(sandbox.launch, sandbox.report);
  return sandbox.status === 'finishing' && view.phase !== 'ended' ? { ...view, phase: 'uploading', asking: null } : view;
}

/** As people read it: 2026-11-28 14:02:07 UTC. */
function secondOf(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`;
}

/** Counts change all the time and are read live; the index keeps the steps. */
function isNews(before: JobView, view: JobView): boolean {
  return (
    before.phase !== view.phase ||
    before.jobId !== view.jobId ||
    before.outcome !== view.outcome ||
    before.endedAt !== view.endedAt
  );
}

/** Its runbook runs, or came to an end of its own: a sandbox could be made and started. */
function hasRun({ phase, outcome }: JobView): boolean {
  return phase === 'running' || (outcome !== null && outcome !== 'never-started' && outcome !== 'sandbox-crashed');
}
