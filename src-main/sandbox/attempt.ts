/**
 * One attempt at one job, from Activating to unloaded: loads it, runs it, journals what it writes, reports what it came to. The service may
 * be away at any time: the runbook goes on, and what is to be said to the service is said when it is back.
 */
import { rm } from 'node:fs/promises';
import type { JobDataRead } from '../../src-contract/jrds.ts';
import type { JobStatus, RunbookKind } from '../../src-contract/kinds.ts';
import type { SandboxHandOver } from '../../src-contract/sandbox.ts';
import type { JournalSender } from '../journal/journal-sender.ts';
import { JournalUploader } from '../journal/journal-uploader.ts';
import { JournalWriter } from '../journal/journal-writer.ts';
import { journalPath } from '../storage/layout.ts';
import { AssetAccess } from './assets/asset-access.ts';
import { resolveCredentials } from './assets/credential-parameters.ts';
import { openRuntimeEndpoint } from './assets/runtime-endpoint.ts';
import { reportEnd } from './final-report.ts';
import { clearGround, type Ground } from './ground.ts';
import { chooseRuntime, combine, droppedStreams, type Choice, type LoadedJob } from './job-loading.ts';
import { decideOutcome, type Verdict } from './outcome.ts';
import { Secrets } from './masking/secrets.ts';
import { describeParameters } from './parameters.ts';
import type { JobService, Runtime, Timing } from './ports.ts';
import { RecordIntake } from './record-intake.ts';
import { RecordPoster } from './record-poster.ts';
import { runtimeEnvironment } from './runtime-environment.ts';
import { RuntimeRun, type RunResult } from './runtime-run.ts';
import { isFence, ServiceCalls } from './service-calls.ts';
import { checkSignature } from './signature-check.ts';
import type { StateKeeper } from './state-keeper.ts';

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
}

const nothingRan: Omit<RunResult, 'end'> = { processId: null, wallMs: 0, cpuMs: null, peakMemoryBytes: null, processesLeft: 0 };

export class Attempt {
  readonly jobId: string;
  /** Resolves when the service knows the end, or has given up on this attempt. Rejects for mistakes of ours only. */
  readonly done: Promise<void>;
  readonly #parts: AttemptParts;
  readonly #fence = new AbortController();
  readonly #calls: ServiceCalls;
  readonly #secrets: Secrets;
  /** Ends what is being asked for the runbook. */
  readonly #asking = new AbortController();
  #stopReason: string | undefined;
  #run: RuntimeRun | undefined;
  #isOver = false;
  #isKnown = false;
  /** Statuses reach the service in their order, beside the running job. */
  #statuses: Promise<void> = Promise.resolve();
  #callTrouble: string | null = null;

  constructor(parts: AttemptParts, job: JobDataRead) {
    this.#parts = parts;
    this.jobId = job.jobId;
    this.#secrets = secretsOf(parts.handOver);
    this.#calls = new ServiceCalls(parts.timing, this.#fence.signal, (trouble) => {
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
    const path = journalPath(handOver.journalsFolder, job.jobId, handOver.sandboxId);
    state.change({ phase: 'loading', jobId: job.jobId, runbookName: job.runbookName, journalPath: path });
    const loaded = await this.#load(job);
    if (loaded === undefined) {
      clearGround(await this.#parts.ground);
      this.#end({ outcome: 'interrupted', reason: 'the service gave up on this attempt', exitCode: null }, null);
      return;
    }
    const facts = loaded instanceof Error ? undefined : loaded;
    const upload: { sender?: JournalSender } = {};
    const journal = await JournalWriter.create(
      {
        path,
        now: timing.now,
        delay: (milliseconds) => timing.delay(milliseconds, new AbortController().signal),
        onWritten: () => {
          upload.sender?.poke();
          state.touch();
        },
        onDrain: () => void this.#parts.ground.then(({ pipes }) => pipes.resume()),
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
    );
    const sender = this.#startSender(path, job);
    upload.sender = sender;
    state.followLive(() => ({
      recordCount: journal.recordCount,
      acknowledgedCount: sender.acknowledgedCount,
      lastRecord: journal.lastRecord,
      uploadTrouble: sender.trouble ?? this.#callTrouble,
    }));
    const { verdict, result } = await this.#execute(loaded, journal);
    this.#isOver = true;
    await this.#finish(job, journal, sender, verdict, result);
  }

  /** Undefined when the service has given up on the attempt; an error when it does not have what the job needs. */
  async #load(job: JobDataRead): Promise<LoadedJob | Error | undefined> {
    const { service, handOver, state } = this.#parts;
    try {
      const [settings, runbook] = await Promise.all([
        this.#calls.persist((signal) => service.getUpdatableData(job.jobId, { signal })),
        this.#calls.persist((signal) => service.getRunbook(job.runbookVersionId, { signal })),
        this.#calls.persist((signal) => service.changeStatus(handOver.sandboxId, job.jobId, { status: 'Activating', signal })),
      ]);
      const loaded = combine(job, settings, runbook);
      state.change({
        kind: loaded.kind ?? null,
        startedBy: settings.jobStartedBy ?? null,
        attempt: settings.hrw?.attempt ?? null,
        parameters: describeParameters(loaded.parameters),
      });
      return loaded;
    } catch (error) {
      if (this.#fence.signal.aborted || isFence(error)) return undefined;
      if (error instanceof Error) return error;
      throw error;
    }
  }

  #startSender(path: string, { jobId, runbookVersionId }: JobDataRead): JournalSender {
    const { service, handOver, timing, state } = this.#parts;
    const common = { path, delay: timing.delay, retryDelayMs: timing.retryDelayMs, onProgress: () => state.touch() };
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
    const { state } = this.#parts;
    const ground = await this.#parts.ground;
    const choice: Choice =
      loaded instanceof Error
        ? { kind: 'none', reason: `The job could not be loaded: ${loaded.message}` }
        : await this.#choose(loaded, journal);
    if (choice.kind === 'none' || loaded instanceof Error || this.#isCalledOff()) {
      clearGround(ground);
      const end = choice.kind === 'none' ? ({ kind: 'not-started', reason: choice.reason } as const) : undefined;
      return { verdict: this.#judge('', end), result: undefined };
    }
    state.change({ runtime: choice.label });
    const result = await this.#runRuntime(loaded, choice, ground, journal);
    return { verdict: this.#judge(choice.label, result.end), result };
  }

  /** What this machine's administrator demands comes first. */
  async #choose(loaded: LoadedJob, journal: JournalWriter): Promise<Choice> {
    const { handOver, runtimes, describeSearch } = this.#parts;
    if (handOver.trustedKeys !== undefined) {
      const check = await checkSignature(loaded.runbook.definition, handOver.trustedKeys);
      if (check.kind === 'refused') return { kind: 'none', reason: check.reason };
      journal.decide(`The runbook is signed with the key ${check.keyName}, which this machine trusts.`);
    }
    return chooseRuntime(loaded, handOver, runtimes, describeSearch);
  }

  /** Stopped or given up on before the runtime was started. */
  #isCalledOff(): boolean {
    return this.#stopReason !== undefined || this.#fence.signal.aborted;
  }

  #judge(runtime: string, end: RunResult['end'] | undefined): Verdict {
    const facts = { runtime, end, stopReason: this.#stopReason, fenced: this.#fence.signal.aborted };
    const verdict = decideOutcome(facts);
    return { ...verdict, reason: this.#secrets.mask(verdict.reason) };
  }

  async #runRuntime(
    { job, settings, runbook, parameters }: LoadedJob,
    choice: Extract<Choice, { kind: 'runtime' }>,
    ground: Ground,
    journal: JournalWriter,
  ): Promise<RunResult> {
    const { tree, pipes, workFolder, privateFolder } = ground;
    const { environment, handOver, service, state, timing } = this.#parts;
    const { runtime, runbookKind, executable } = choice;
    const access = new AssetAccess({
      service,
      calls: new ServiceCalls(timing, this.#asking.signal, (trouble) => {
        this.#callTrouble = trouble;
        state.touch();
      }),
      secrets: this.#secrets,
      sandboxId: handOver.sandboxId,
      jobId: job.jobId,
      decide: (text) => {
        // What was asked for to the last has no journal any more.
        if (!this.#asking.signal.aborted) journal.decide(text);
      },
    });
    const given = await resolveCredentials(parameters, runbook.parameters, access, this.#asking.signal);
    if (!Array.isArray(given)) {
      clearGround(ground);
      return { end: { kind: 'not-started', reason: given.reason }, ...nothingRan };
    }
    const endpoint = await openRuntimeEndpoint(handOver.sandboxFolder, access, (error) => {
      process.stderr.write(`A call of the runtime failed: ${String(error)}\n`);
    });
    this.#secrets.addToken(endpoint.key);
    const command = await runtime.prepare({
      kind: runbookKind,
      executable,
      runbookName: job.runbookName,
      script: runbook.definition,
      parameters: given,
      workFolder,
      privateFolder,
      reportPipe: pipes.reportPipe,
      logVerbose: settings.logVerbose === true,
      logProgress: settings.logProgress === true,
    });
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
      jobId: job.jobId,
      activityId: job.trackingId ?? handOver.sandboxId,
    });
    this.#run = new RuntimeRun({
      command,
      environment: { ...base, ...endpoint.environment, ...command.environment, ...tree.environment },
      workFolder,
      tree,
      pipes,
      intake,
      readHost: runtime.readHost?.bind(runtime),
      stopGraceSeconds: handOver.stopGraceSeconds,
      decide: (text) => journal.decide(text),
      onStarted: (runtimePid) => {
        state.change({ phase: 'running', runtimePid, startedAt: timing.now().toISOString() });
        this.#say('Running', job);
      },
    });
    // A stop that came while the script was being written found no run to stop.
    if (this.#isCalledOff()) this.#run.stop(this.#stopReason ?? 'the service gave up on this attempt');
    const result = await this.#run.result;
    this.#asking.abort();
    await endpoint.close();
    for (const [stream, count] of intake.dropped)
      journal.decide(`${count} ${stream} records were left out: the runbook's settings switch that stream off.`);
    return result;
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
    const { service, handOver, state, timing, ground } = this.#parts;
    if (this.#fence.signal.aborted) {
      journal.decide('The service had given up on this attempt. Records that it had not confirmed until then are only here.');
    }
    await journal.flush();
    const { recordCount, chain } = journal;
    // Synced by `end`: from here on the outcome stands, whatever happens to this process.
    await journal.end(verdict);
    const { end: _end, ...figures } = result ?? { ...nothingRan, end: undefined };
    const { wallMs, cpuMs, peakMemoryBytes } = figures;
    state.change({
      phase: 'uploading',
      endedAt: timing.now().toISOString(),
      outcome: verdict.outcome,
      outcomeReason: verdict.reason,
      exitCode: verdict.exitCode,
      wallMs,
      cpuMs,
      peakMemoryBytes,
    });
    const report = { ...verdict, recordCount, chain, runtime: state.report.runtime ?? '', ...figures };
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
      await rm((await ground).workFolder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
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

/** Before the job has read any: what the sandbox itself proves itself with. */
function secretsOf({ credential }: SandboxHandOver): Secrets {
  const secrets = new Secrets();
  if (credential.kind === 'sandbox-secret') secrets.addToken(credential.secret);
  else secrets.addCertificate(Buffer.from(credential.privateKeyPem).toString('base64'));
  return secrets;
}
