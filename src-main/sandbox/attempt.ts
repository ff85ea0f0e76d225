/**
 * One attempt at one job, from Activating to unloaded: loads it, runs it, journals what it writes, reports what it came to. The service may
 * be away at any time: the runbook goes on, and what is to be said to the service is said when it is back.
 */
import type { JobDataRead } from '../../src-contract/jrds.ts';
import type { JobStatus, RunbookKind } from '../../src-contract/kinds.ts';
import { journalQuotaBytes } from '../../src-contract/limits.ts';
import type { SandboxHandOver } from '../../src-contract/sandbox.ts';
import type { JournalSender } from '../journal/journal-sender.ts';
import { JournalUploader } from '../journal/journal-uploader.ts';
import { JournalWriter } from '../journal/journal-writer.ts';
import { journalPath } from '../storage/layout.ts';
import { removeFolder } from '../platform/remove-folder.ts';
import { AssetAccess } from './assets/asset-access.ts';
import { giveParameters } from './assets/credential-parameters.ts';
import { CheckpointCourier } from './checkpoint-courier.ts';
import { reportEnd } from './final-report.ts';
import { furnish, type Ground } from './ground.ts';
import { chooseRuntime, combine, droppedStreams, typesOf, type Choice, type LoadedJob } from './job-loading.ts';
import type { ConsoleView } from './console-view.ts';
import { describeLimits } from './job-limits.ts';
import { cannotRunAs, decideOutcome, type Verdict } from './outcome.ts';
import type { Permission } from './permission.ts';
import { LongestRun, passGate } from './policy-gate.ts';
import { MaskedConsole } from './masked-console.ts';
import { secretsOf, type Secrets } from './masking/secrets.ts';
import { describeParameters } from './parameters.ts';
import type { JobService, Runtime, Timing } from './ports.ts';
import { JobGround, idsOf, prepareRuntime, type ChosenRuntime, type ReadyRuntime } from './ready-runtime.ts';
import { RecordIntake } from './record-intake.ts';
import { RecordPoster } from './record-poster.ts';
import { runtimeEnvironment } from './runtime-environment.ts';
import { RuntimeRun, type RunResult } from './runtime-run.ts';
import { isFence, ServiceCalls } from './service-calls.ts';
import type { StateKeeper } from './state-keeper.ts';
import { UploadLag } from './upload-lag.ts';
import type { UsageMeter } from './usage-meter.ts';

export interface AttemptParts {
  handOver: SandboxHandOver;
  service: JobService;
  timing: Timing;
  runtimes: readonly Runtime[];
  /** Where a runtime of a kind was looked for, in words. */
  describeSearch: (kind: RunbookKind) => string;
  /** This process's own; the runtime gets what runtime-environment.ts lets through. */
  environment: NodeJS.ProcessEnv;
  state: StateKeeper;
  ground: Promise<Ground>;
  view: ConsoleView;
  usage: UsageMeter;
  permission: Permission;
}

const nothingRan: Omit<RunResult, 'end'> = { processId: null, wallMs: 0, cpuMs: null, peakMemoryBytes: null, processesLeft: 0 };

export class Attempt {
  readonly jobId: string;
  /** Resolves when the service knows the end, or has given up on this attempt. Rejects for mistakes of ours only. */
  readonly done: Promise<void>;
  readonly #parts: AttemptParts;
  readonly #ground: JobGround;
  readonly #fence = new AbortController();
  readonly #calls: ServiceCalls;
  readonly #secrets: Secrets;
  /** Ends what is being asked for the runbook. */
  readonly #asking = new AbortController();
  #stopReason: string | undefined;
  #run: RuntimeRun | undefined;
  readonly #longestRun = new LongestRun();
  #isOver = false;
  #isKnown = false;
  /** Statuses reach the service in their order, beside the running job. */
  #statuses: Promise<void> = Promise.resolve();
  #callTrouble: string | null = null;
  /** What was slowed because the disk could not keep up goes on. */
  #resumeReading: () => void = () => undefined;
  #suspendedAt: number | undefined;
  /** What is asked for the runbook while it runs. */
  readonly #askingCalls: ServiceCalls;

  constructor(parts: AttemptParts, job: JobDataRead) {
    this.#parts = parts;
    this.#ground = new JobGround(parts.handOver, parts.ground);
    this.jobId = job.jobId;
    this.#secrets = secretsOf(parts.handOver.credential);
    this.#calls = new ServiceCalls(parts.timing, this.#fence.signal, (trouble) => {
      this.#callTrouble = trouble;
      parts.state.touch();
    });
    this.#askingCalls = new ServiceCalls(parts.timing, this.#asking.signal, (trouble) => {
      this.#callTrouble = trouble;
      parts.state.touch();
    });
    this.done = this.#live(job);
  }

  /** The service has taken the end, and will say so once more (401). Otherwise there is nothing to wait for after `done`. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** False when there is nothing left to stop. Safe to call twice. */
  stop(reason: string): boolean {
    if (this.#isOver) return false;
    if (this.#stopReason !== undefined) return true;
    if (this.#run === undefined) this.#asking.abort();
    else if (!this.#run.stop(reason)) return false;
    this.#stopReason = reason;
    this.#parts.state.change({ phase: 'stopping' });
    this.#say('Stopping');
    return true;
  }

  /** The service takes nothing more from this attempt: its runtime is stopped, its records stay here. */
  fence(): void {
    if (this.#fence.signal.aborted) return;
    this.#fence.abort();
    this.#asking.abort();
    if (!this.#isOver) this.#run?.stop('the service gave up on this attempt');
  }

  async #live(job: JobDataRead): Promise<void> {
    const { state, handOver, timing } = this.#parts;
    const file = journalPath(handOver.journalsFolder, job.jobId, handOver.sandboxId);
    state.change({ phase: 'loading', jobId: job.jobId, runbookName: job.runbookName, journalPath: file });
    const loaded = await this.#load(job);
    if (loaded === undefined) {
      await this.#giveUp();
      return;
    }
    const facts = loaded instanceof Error ? undefined : loaded;
    const upload: { sender?: JournalSender } = {};
    const lag = new UploadLag(timing.now);
    const journal = await JournalWriter.create(
      {
        path: file,
        now: timing.now,
        quotaBytes: journalQuotaBytes,
        delay: (milliseconds) => timing.delay(milliseconds, new AbortController().signal),
        onWritten: (recordCount) => {
          lag.written(recordCount);
          upload.sender?.poke();
          state.touch();
        },
        onDrain: () => this.#resumeReading(),
        onTrouble: (reason) => {
          this.#callTrouble = reason === null ? null : `The journal cannot be written: ${reason}`;
          state.touch();
        },
      },
      {
        jobId: job.jobId,
        sandboxId: handOver.sandboxId,
        attempt: facts?.settings.hrw?.attempt ?? null,
        runbookName: job.runbookName,
        runbookKind: facts?.kind ?? '',
      },
      this.#fence.signal,
    ).catch((error: unknown) => {
      if (this.#fence.signal.aborted) return undefined;
      throw error;
    });
    if (journal === undefined) {
      await this.#giveUp();
      return;
    }
    const sender = this.#startSender(file, job);
    upload.sender = sender;
    state.followLive(() => ({
      recordCount: journal.writtenCount,
      journalBytes: journal.bytes,
      acknowledgedCount: sender.acknowledgedCount,
      oldestWaitingAt: lag.oldestWaitingAt(sender.acknowledgedCount),
      lastRecord: journal.lastRecord,
      uploadTrouble: sender.trouble ?? this.#callTrouble,
    }));
    const { verdict, result } = await this.#execute(loaded, journal);
    this.#isOver = true;
    await this.#finish(job, journal, sender, verdict, result);
  }

  /** The service gave the attempt up before anything was run or written. */
  async #giveUp(): Promise<void> {
    await this.#ground.clear();
    this.#end({ outcome: 'interrupted', reason: 'the service gave up on this attempt', exitCode: null }, null);
  }

  /** Undefined when the service has given up on the attempt; an error when it does not have what the job needs. */
  async #load(job: JobDataRead): Promise<LoadedJob | Error | undefined> {
    const { service, handOver, state } = this.#parts;
    const activating = this.#calls.persist((signal) =>
      service.changeStatus(handOver.sandboxId, job.jobId, { status: 'Activating', signal }),
    );
    // A stop may come at once: what it says waits for this. Whether this was refused is looked at below.
    this.#statuses = activating.then(
      () => undefined,
      () => undefined,
    );
    try {
      // One after the other over the connection that there is: opening one for each takes longer than the three calls.
      await activating;
      const settings = await this.#calls.persist((signal) => service.getUpdatableData(job.jobId, { signal }));
      const runbook = await this.#calls.persist((signal) => service.getRunbook(job.runbookVersionId, { signal }));
      const checkpoint = settings.hrw?.hasCheckpoint === true ? await this.#loadCheckpoint(job.jobId) : undefined;
      const loaded = { ...combine(job, settings, runbook), checkpoint };
      state.change({
        kind: loaded.kind ?? null,
        startedBy: settings.jobStartedBy ?? null,
        attempt: settings.hrw?.attempt ?? null,
        parameters: describeParameters(loaded.parameters, typesOf(loaded.runbook)),
      });
      return loaded;
    } catch (error) {
      if (this.#fence.signal.aborted || isFence(error)) return undefined;
      if (error instanceof Error) return error;
      throw error;
    }
  }

  async #loadCheckpoint(jobId: string): Promise<string> {
    const { service, handOver } = this.#parts;
    return this.#calls.persist((signal) => service.getCheckpoint(handOver.sandboxId, jobId, { signal }));
  }

  #startSender(file: string, { jobId, runbookVersionId }: JobDataRead): JournalSender {
    const { service, handOver, timing, state } = this.#parts;
    const common = { path: file, delay: timing.delay, retryDelayMs: timing.retryDelayMs, onProgress: () => state.touch() };
    if (service.features.has('record-batches'))
      return new JournalUploader({ ...common, sink: service, sandboxId: handOver.sandboxId, jobId, resume: false });
    const post = service.postStream.bind(service);
    return new RecordPoster({
      ...common,
      post: (body, signal) => post(jobId, body, { signal }),
      accountId: handOver.address.accountId,
      jobId,
      runbookVersionId,
    });
  }

  async #execute(
    loaded: LoadedJob | Error,
    journal: JournalWriter,
  ): Promise<{ verdict: Verdict; result: RunResult | undefined }> {
    const { handOver, state } = this.#parts;
    const choice: Choice =
      loaded instanceof Error
        ? { kind: 'none', reason: `The job could not be loaded: ${loaded.message}` }
        : await this.#choose(loaded, journal);
    const { runAs } = handOver;
    if (runAs.kind === 'unavailable' && choice.kind !== 'none') {
      await this.#ground.clear();
      return { verdict: cannotRunAs(runAs), result: undefined };
    }
    if (choice.kind === 'none' || loaded instanceof Error || this.#isCalledOff()) {
      await this.#ground.clear();
      const end = choice.kind === 'none' ? ({ kind: 'not-started', reason: choice.reason } as const) : undefined;
      return { verdict: this.#judge('', end), result: undefined };
    }
    state.change({ runtime: choice.label, runAs: runAs.name });
    const access = this.#openAccess(journal);
    const given = await giveParameters(loaded, choice.runtime, access, this.#asking.signal);
    if (!Array.isArray(given)) {
      await this.#ground.clear();
      return { verdict: this.#judge(choice.label, { kind: 'not-started', reason: given.reason }), result: undefined };
    }
    const ready = await this.#prepare({ ...loaded, parameters: given }, choice, access);
    if (ready instanceof Error) {
      // A full disk, say: nothing of the job ran, and another attempt may.
      await this.#ground.clear();
      const reason = `what the job needs could not be made ready: ${ready.message}`;
      return { verdict: this.#judge(choice.label, { kind: 'not-prepared', reason }), result: undefined };
    }
    this.#secrets.addToken(ready.endpoint.key);
    const ground = await this.#ground.current;
    state.change({ limits: describeLimits(ground.tree) ?? null });
    const result = await this.#runRuntime(loaded, choice, ready, ground, journal);
    return { verdict: this.#judge(choice.label, result.end), result };
  }

  /** The account's assets, for this job's runbook. */
  #openAccess(journal: JournalWriter): AssetAccess {
    const { service, handOver } = this.#parts;
    return new AssetAccess({
      service,
      calls: this.#askingCalls,
      secrets: this.#secrets,
      sandboxId: handOver.sandboxId,
      jobId: this.jobId,
      decide: (text) => {
        // What was asked for to the last has no journal any more.
        if (!this.#asking.signal.aborted) journal.decide(text);
      },
    });
  }

  /** What this machine's administrator demands comes first. */
  async #choose(loaded: LoadedJob, journal: JournalWriter): Promise<Choice> {
    const { handOver, runtimes, describeSearch, permission, state, timing } = this.#parts;
    const { policy, sandboxId } = handOver;
    return passGate({
      ...{ policy, sandboxId, loaded, permission, state, timing },
      choose: () => chooseRuntime(loaded, handOver, runtimes, describeSearch),
      decide: (text) => journal.decide(text),
      signal: this.#asking.signal,
    });
  }

  /** Stopped or given up on before the runtime was started. */
  #isCalledOff(): boolean {
    return this.#stopReason !== undefined || this.#fence.signal.aborted;
  }

  #judge(runtime: string, end: RunResult['end'] | undefined): Verdict {
    const verdict = decideOutcome({
      runtime,
      end,
      stopReason: this.#stopReason,
      overrun: this.#longestRun.reason,
      fenced: this.#fence.signal.aborted,
      suspendedAt: this.#suspendedAt,
    });
    return { ...verdict, reason: this.#secrets.mask(verdict.reason) };
  }

  /** An error says why this machine could not make ready what the job needs. */
  async #prepare(loaded: LoadedJob, choice: ChosenRuntime, access: AssetAccess): Promise<ReadyRuntime | Error> {
    try {
      return await prepareRuntime(this.#parts.handOver, this.#ground, loaded, choice, access);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #runRuntime(
    { job, settings, checkpoint }: LoadedJob,
    { runtime }: ChosenRuntime,
    { command, endpoint, line }: ReadyRuntime,
    ground: Ground,
    journal: JournalWriter,
  ): Promise<RunResult> {
    const { environment, handOver, state, timing, view, usage } = this.#parts;
    const { tree, pipes, workFolder, warm } = ground;
    const { runAs } = handOver;
    if (checkpoint !== undefined) journal.decide('The workflow goes on from its checkpoint on the service.');
    const courier = this.#startCourier(command.checkpointFolder, job.jobId, journal);
    const intake = new RecordIntake({
      journal,
      now: timing.now,
      droppedStreams: droppedStreams(settings),
      secrets: this.#secrets,
      onFull: () => pipes.pause(),
    });
    const base = runtimeEnvironment({
      inherited: environment,
      platform: process.platform,
      workFolder,
      ...idsOf(job, handOver.sandboxId),
      userName: runAs.kind === 'other' ? runAs.name : undefined,
    });
    // Records of a runtime without a host come from pipes, never from a terminal.
    const terminal = warm === undefined ? await furnish(ground, runAs, runtime.readHost !== undefined) : warm.terminal;
    this.#resumeReading = () => {
      pipes.resume();
      terminal?.resume();
    };
    this.#run = new RuntimeRun({
      command,
      runAs,
      environment: {
        ...base,
        ...endpoint.environment,
        ...command.environment,
        ...(terminal && { TERM: 'xterm-256color' }),
        ...tree.environment,
      },
      workFolder,
      tree,
      pipes,
      terminal,
      view: new MaskedConsole(view, this.#secrets.scan),
      intake,
      readHost: runtime.readHost?.bind(runtime),
      startLimitSeconds: handOver.startLimitSeconds,
      stopGraceSeconds: handOver.stopGraceSeconds,
      decide: (text) => journal.decide(text),
      onStarted: (runtimePid) => {
        const hasConsole = runtime.readHost !== undefined;
        state.change({ phase: 'running', runtimePid, startedAt: timing.now().toISOString(), hasConsole });
        usage.follow(tree);
        this.#say('Running', job);
      },
      onStopping: (stop) => state.change({ stop }),
      ...(warm !== undefined && line !== undefined && { warm: { process: warm.process, line } }),
    });
    this.#limitRun(this.#run);
    // A stop that came while the script was being written found no run to stop.
    if (this.#isCalledOff()) this.#run.stop(this.#stopReason ?? 'the service gave up on this attempt');
    const result = await this.#run.result;
    usage.close();
    // What is still being asked, a checkpoint that waits for the service among it, has nobody any more who waits for it.
    this.#asking.abort();
    await endpoint.close();
    await courier?.close();
    this.#suspendedAt = courier?.suspendedAt;
    for (const sentence of intake.leftOut) journal.decide(sentence);
    return result;
  }

  /** Its end (`#asking`) ends the watch too. */
  #limitRun(run: RuntimeRun): void {
    const { handOver, timing, state } = this.#parts;
    const { longestRunSeconds } = handOver.policy;
    if (longestRunSeconds === null) return;
    void this.#longestRun.watch(run, longestRunSeconds, timing, this.#asking.signal, () => state.change({ phase: 'stopping' }));
  }

  #startCourier(folder: string | undefined, jobId: string, journal: JournalWriter): CheckpointCourier | undefined {
    if (folder === undefined) return undefined;
    const { service, handOver } = this.#parts;
    return new CheckpointCourier({
      folder,
      put: async (checkpoint) => {
        if (!service.features.has('checkpoints')) throw new Error('this service keeps no checkpoints');
        await this.#askingCalls.persist((signal) => service.putCheckpoint(handOver.sandboxId, jobId, { ...checkpoint, signal }));
      },
      decide: (text) => journal.decide(text),
    });
  }

  /** Tells a status in its turn. Trouble shows in the report; the job does not wait for it. */
  #say(status: JobStatus, job?: JobDataRead): void {
    const { service, handOver } = this.#parts;
    this.#statuses = this.#statuses
      .then(() =>
        this.#calls.persist((signal) =>
          service.changeStatus(handOver.sandboxId, this.jobId, { status, signal, ...(job === undefined ? {} : { job }) }),
        ),
      )
      .then(
        () => undefined,
        (error: unknown) => {
          if (isFence(error)) this.fence();
        },
      );
  }

  async #finish(
    job: JobDataRead,
    journal: JournalWriter,
    sender: JournalSender,
    verdict: Verdict,
    result: RunResult | undefined,
  ): Promise<void> {
    const { service, handOver, state, timing } = this.#parts;
    if (this.#fence.signal.aborted) {
      journal.decide('The service had given up on this attempt. Records that it had not confirmed until then are only here.');
    }
    await journal.flush();
    const { recordCount, chain } = journal;
    // Synced by `end`: from here on the outcome stands, whatever happens to this process.
    await journal.end(verdict);
    const { end: _end, ...figures } = result ?? { ...nothingRan, end: undefined };
    const { wallMs, cpuMs, peakMemoryBytes, processesLeft } = figures;
    state.change({
      phase: 'uploading',
      endedAt: timing.now().toISOString(),
      outcome: verdict.outcome,
      outcomeReason: verdict.reason,
      exitCode: verdict.exitCode,
      wallMs,
      cpuMs,
      peakMemoryBytes,
      processesLeft,
    });
    const { runtime, runAs, limits } = state.report;
    const report = { ...verdict, recordCount, chain, runtime: runtime ?? '', runAs, limits, ...figures };
    await this.#statuses;
    const told = await reportEnd({
      service,
      calls: this.#calls,
      sender,
      sandboxId: handOver.sandboxId,
      job,
      report,
      fence: this.#fence.signal,
      resume: () => {
        const { delay, retryDelayMs } = timing;
        const again = { sink: service, sandboxId: handOver.sandboxId, jobId: job.jobId, path: journal.path, resume: true };
        return new JournalUploader({ ...again, delay, retryDelayMs, onProgress: () => state.touch() });
      },
    });
    await sender.close();
    this.#isKnown = told.kind === 'told';
    if (told.kind === 'told')
      await this.#ground.current.then(({ workFolder }) => removeFolder(workFolder)).catch(() => undefined);
    this.#end(
      told.kind === 'fenced' ? { ...verdict, outcome: 'interrupted' } : verdict,
      told.kind === 'told' ? told.verified : false,
    );
  }

  #end(verdict: Verdict, verified: boolean | null): void {
    this.#isOver = true;
    this.#parts.state.change({
      outcome: verdict.outcome,
      outcomeReason: verdict.reason,
      exitCode: verdict.exitCode,
      verified,
    });
    void this.#parts.state.write();
  }
}
