/**
 * A worker for the window's tests: answers every call from what a test put into it, and tells the events that a test wants told.
 * It stands where the engine or the control channel would (src-main/shell/worker-connection.ts), so that all of the window, the
 * preload and the shell around it is the real thing. No release knows it: it is built into an application of its own (main.ts).
 */
import type { Answer } from '../../../src-contract/app-error.ts';
import {
  engineCalls,
  type EngineArguments,
  type EngineCallName,
  type EngineEvent,
  type EngineValue,
  type JobView,
  type ProgressStep,
  type RecordNote,
  type Role,
  type WorkerState,
} from '../../../src-contract/engine-calls.ts';
import type { LogEvent } from '../../../src-contract/events.ts';
import type { Problem } from '../../../src-contract/problems.ts';
import type { StreamRecord } from '../../../src-contract/records.ts';
import type { LocalPolicy, PolicyQuestion } from '../../../src-contract/policy.ts';
import { defaultSettings, policyOf, type Settings } from '../../../src-contract/settings.ts';
import type { OpenedWorker } from '../../../src-main/shell/worker-connection.ts';
import { sampleDiagnosis, samplePathTest } from './sample-diagnosis.ts';
import { registration, sampleJob, sampleUsage, sampleWayTest } from './samples.ts';

export interface Scenario {
  /** Of the service's REST API; null: it named none. */
  restApiUri?: string | null;
  state: WorkerState;
  jobs: JobView[];
  records: Map<string, StreamRecord[]>;
  events: LogEvent[];
  /** By sandbox id: what the runtime wrote to its console. */
  consoles?: Map<string, string>;
  notes?: Map<string, RecordNote[]>;
  waiting?: NonNullable<EngineValue<'jobs:waiting'>['waiting']>;
  settings?: Partial<Settings>;
  /** By sandbox id: what a person is asked. */
  questions?: Map<string, PolicyQuestion>;
  /** How trying a way to the service ends. */
  wayTest?: EngineValue<'connection:test'>;
  /** Calls that are refused, and with what. */
  refusals?: Partial<Record<EngineCallName, Problem>>;
  /** Calls that never answer. */
  silent?: EngineCallName[];
}

function restApiUri(scenario: Scenario): string | null {
  return scenario.restApiUri === undefined ? 'https://automation.contoso.example:8444' : scenario.restApiUri;
}

/** What a worker tells while it connects, joins or leaves. */
const stepsOf: Partial<
  Record<EngineCallName, { operation: ProgressStep['operation']; steps: readonly (readonly [string, string])[] }>
> = {
  'connection:connect': {
    operation: 'connect',
    steps: [
      ['key', 'Make this machine’s key and certificate'],
      ['join', 'Join the workspace at automation.contoso.example'],
    ],
  },
  'connection:change': {
    operation: 'change',
    steps: [
      ['reach', 'Reach automation.contoso.example in the new way'],
      ['save', 'Keep the connection'],
    ],
  },
  'registration:register': {
    operation: 'register',
    steps: [
      ['pack', 'Check that the AzureAutomation pack is here'],
      ['service', 'Check the group’s name and the account’s endpoint'],
      ['key', 'Make the worker’s key and certificate'],
      ['register', 'Register in the group datacenter-east'],
    ],
  },
  'registration:unregister': {
    operation: 'unregister',
    steps: [['service', 'Remove this machine from the group datacenter-east']],
  },
};

export class FakeWorker implements OpenedWorker {
  readonly attachedTo: 'own-engine' | 'other-engine' = 'own-engine';
  readonly role: Role = 'administrator';
  readonly ended: Promise<void>;
  /** Every call that came, with its arguments: what a test looks into. */
  readonly calls: { name: EngineCallName; given: unknown }[] = [];
  scenario: Scenario;
  #settings: Settings;
  #end: () => void = () => undefined;
  readonly #consoleWaiters: (() => void)[] = [];
  readonly #listeners = new Set<(event: EngineEvent) => void>();

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.#settings = { ...defaultSettings, ...scenario.settings };
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  async call<Name extends EngineCallName>(name: Name, given: EngineArguments<Name>): Promise<Answer<EngineValue<Name>>> {
    this.calls.push({ name, given });
    if (this.scenario.silent?.includes(name) === true) return new Promise(() => undefined);
    const refusal = this.scenario.refusals?.[name];
    if (refusal !== undefined) {
      await this.#tellSteps(name, true);
      return { ok: false, problem: refusal };
    }
    await this.#tellSteps(name, false);
    const value = await this.#answer(name, given as never);
    // What the fake answers has to be what a worker may answer.
    return { ok: true, value: engineCalls[name].value.parse(value) as EngineValue<Name> };
  }

  subscribe(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  tell(event: EngineEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  change(change: Partial<WorkerState>): void {
    this.scenario.state = { ...this.scenario.state, ...change };
    this.tell({ event: 'worker-changed', payload: this.scenario.state });
  }

  changeJob(sandboxId: string, change: Partial<JobView>): void {
    if (change.phase === 'ended') for (const wake of this.#consoleWaiters.splice(0)) wake();
    this.scenario.jobs = this.scenario.jobs.map((job) => (job.sandboxId === sandboxId ? { ...job, ...change } : job));
    const job = this.#job(sandboxId);
    if (job !== undefined) this.tell({ event: 'job-changed', payload: job });
  }

  startJob(job: JobView): void {
    this.scenario.jobs = [job, ...this.scenario.jobs];
    this.tell({ event: 'job-changed', payload: job });
  }

  write(sandboxId: string, records: Omit<StreamRecord, 'seq'>[]): void {
    const known = this.scenario.records.get(sandboxId) ?? [];
    const all = [...known, ...records.map((record, index) => ({ ...record, seq: known.length + index }))];
    this.scenario.records.set(sandboxId, all);
    const last = all.at(-1);
    this.changeJob(sandboxId, {
      recordCount: all.length,
      ...(last !== undefined && { lastRecord: { stream: last.stream, text: last.text, time: last.time } }),
    });
  }

  print(sandboxId: string, text: string): void {
    const consoles = (this.scenario.consoles ??= new Map<string, string>());
    consoles.set(sandboxId, (consoles.get(sandboxId) ?? '') + text);
    for (const wake of this.#consoleWaiters.splice(0)) wake();
  }

  log(event: LogEvent): void {
    this.scenario.events = [event, ...this.scenario.events];
    this.tell({ event: 'event-logged', payload: event });
  }

  /** What it answers from now on. */
  set(change: Pick<Scenario, 'refusals' | 'restApiUri'>): void {
    this.scenario = { ...this.scenario, ...change };
  }

  /** The records of a job as a journal may hold them, gaps and notes among them. */
  keep(sandboxId: string, records: StreamRecord[], notes: RecordNote[]): void {
    this.scenario.records.set(sandboxId, records);
    this.scenario.notes = new Map(this.scenario.notes).set(sandboxId, notes);
  }

  end(): void {
    this.#end();
  }

  #job(id: string): JobView | undefined {
    return this.scenario.jobs.find((job) => job.sandboxId === id || job.jobId === id);
  }

  async #tellSteps(name: EngineCallName, fails: boolean): Promise<void> {
    const told = stepsOf[name];
    if (told === undefined) return;
    const { operation, steps } = told;
    for (const [index, [step, label]] of steps.entries()) {
      this.tell({ event: 'progress-made', payload: { operation, step, label, status: 'started', detail: '' } });
      await new Promise((resolve) => setTimeout(resolve, 20));
      const failed = fails && index === steps.length - 1;
      const detail = failed
        ? 'The account did not accept the key'
        : step === 'service'
          ? 'automation.contoso.example, 38 ms'
          : '';
      this.tell({ event: 'progress-made', payload: { operation, step, label, status: failed ? 'failed' : 'done', detail } });
    }
  }

  #answer(name: EngineCallName, given: never): unknown {
    const { scenario } = this;
    switch (name) {
      case 'worker:state':
        return scenario.state;
      case 'worker:pause':
        this.change({ status: 'paused', sentence: 'This worker is paused: it takes no new job until it is resumed' });
        return scenario.state;
      case 'worker:resume':
        this.change({ status: 'ready', sentence: 'This worker can take a job now' });
        return scenario.state;
      case 'worker:drain':
      case 'connection:connect':
      case 'connection:disconnect':
        return this.scenario.state;
      case 'connection:change':
        return this.#changeWay(given);
      case 'connection:test':
        return this.scenario.wayTest ?? sampleWayTest;
      case 'registration:register': {
        const { groupName, endpoint } = given as EngineArguments<'registration:register'>;
        const sentence = 'This worker can take a job now';
        this.change({ status: 'ready', sentence, registration: { ...registration, groupName, endpoint } });
        return this.scenario.state;
      }
      case 'registration:unregister': {
        const sentence = 'This machine is connected, and in no worker group';
        this.change({ status: 'connected', sentence, registration: null });
        return this.scenario.state;
      }
      case 'worker:quit':
        return {};
      case 'jobs:running':
        return scenario.jobs.filter((job) => job.phase !== 'ended');
      case 'jobs:list':
        return this.#list(given);
      case 'worker:load':
        return { processorPercent: 23, memoryBytes: 16e9, memoryFreeBytes: 9.2e9, diskBytes: 2e12, diskFreeBytes: 1.2e12 };
      case 'jobs:activity':
        return this.#activity(given);
      case 'jobs:get':
        return this.#job((given as EngineArguments<'jobs:get'>).id) ?? this.#unknownJob(given);
      case 'jobs:records':
        return this.#records(given);
      case 'jobs:waiting':
        return { waiting: scenario.waiting ?? null };
      case 'jobs:test':
        return this.#startTest();
      case 'jobs:notes':
        return { notes: scenario.notes?.get((given as EngineArguments<'jobs:notes'>).sandboxId) ?? [] };
      case 'jobs:attempts': {
        const { jobId } = given as EngineArguments<'jobs:attempts'>;
        return { attempts: scenario.jobs.filter((job) => job.jobId === jobId).reverse() };
      }
      case 'jobs:console':
        return this.#console(given);
      case 'jobs:usage':
        return this.#usage(given);
      case 'jobs:stop': {
        const { sandboxId } = given as EngineArguments<'jobs:stop'>;
        this.changeJob(sandboxId, { phase: 'stopping' });
        return this.#job(sandboxId);
      }
      case 'jobs:resume':
        return this.#job((given as EngineArguments<'jobs:resume'>).sandboxId);
      case 'events:list':
        return this.#events(given);
      case 'diagnostics:run':
        return sampleDiagnosis();
      case 'diagnostics:test-path':
        return samplePathTest((given as EngineArguments<'diagnostics:test-path'>).path);
      case 'settings:get':
        return { ...this.#settings, ...this.#ties() };
      case 'settings:change':
        this.#settings = { ...this.#settings, ...(given as Partial<Settings>) };
        return this.#settings;
      case 'policy:get':
        return policyOf(this.#settings);
      case 'policy:change': {
        const { trustedKeys, ...policy }: LocalPolicy = { ...policyOf(this.#settings), ...(given as Partial<LocalPolicy>) };
        this.#settings = { ...this.#settings, policy, trustedKeys };
        return policyOf(this.#settings);
      }
      case 'policy:question':
        return scenario.questions?.get((given as EngineArguments<'policy:question'>).sandboxId);
      case 'policy:answer': {
        const { sandboxId, allow } = given as EngineArguments<'policy:answer'>;
        const outcomeReason = 'This machine’s policy refused the runbook: Ask me first.';
        this.changeJob(sandboxId, {
          asking: null,
          ...(allow ? { phase: 'running' } : { phase: 'ended', outcome: 'failed', outcomeReason }),
        });
        return this.#job(sandboxId);
      }
    }
  }

  /** As the engine keeps what its state shows; `restApiUri` is in the settings alone. */
  #ties(): Pick<Settings, 'connection' | 'registration'> {
    const { connection, registration: member } = this.scenario.state;
    const machineId = registration.machineId;
    return {
      connection: connection === null ? null : { ...connection, machineId },
      registration:
        member === null
          ? null
          : { ...member, jrdsUri: 'https://automation.contoso.example:8443/jrds', restApiUri: restApiUri(this.scenario) },
    };
  }

  #changeWay({ trust, proxy }: EngineArguments<'connection:change'>): WorkerState {
    const { connection } = this.scenario.state;
    if (connection !== null) this.change({ connection: { ...connection, trust, proxy } });
    return this.scenario.state;
  }

  #unknownJob(given: EngineArguments<'jobs:get'>): never {
    throw new Error(`no such job: ${given.id}; refuse jobs:get in the scenario instead`);
  }

  #activity({ since }: EngineArguments<'jobs:activity'>): EngineValue<'jobs:activity'> {
    const hours = new Map<string, EngineValue<'jobs:activity'>['hours'][number]>();
    for (const { endedAt, outcome } of this.scenario.jobs) {
      if (endedAt === null || outcome === null || endedAt < since) continue;
      const start = `${endedAt.slice(0, 13)}:00:00.000Z`;
      const hour = hours.get(start) ?? { start, counts: {} };
      hour.counts[outcome] = (hour.counts[outcome] ?? 0) + 1;
      hours.set(start, hour);
    }
    return { hours: [...hours.values()].reverse() };
  }

  #startTest(): EngineValue<'jobs:test'> {
    const job = sampleJob(990, { runbookName: 'Test-HybridWorker', startedBy: 'worker srv-files-02', parameters: {} });
    this.startJob(job);
    return { jobId: job.jobId };
  }

  /** Held until there is more, as a worker holds it. */
  async #console({ sandboxId, from }: EngineArguments<'jobs:console'>): Promise<EngineValue<'jobs:console'>> {
    for (;;) {
      const job = this.#job(sandboxId);
      if (job?.hasConsole !== true || job.phase === 'ended') return { piece: null };
      const all = Buffer.from(this.scenario.consoles?.get(sandboxId) ?? '');
      const bytes = all.subarray(from).toString('base64');
      if (all.length > from) return { piece: { from, next: all.length, bytes, columns: 120, rows: 30 } };
      await new Promise<void>((resolve) => this.#consoleWaiters.push(resolve));
    }
  }

  #usage({ sandboxId, since }: EngineArguments<'jobs:usage'>): EngineValue<'jobs:usage'> {
    const jobs = this.scenario.jobs.filter((job) => job.phase !== 'ended' && (sandboxId ?? job.sandboxId) === job.sandboxId);
    return {
      jobs: jobs.map((job, index) => ({
        sandboxId: job.sandboxId,
        samples: sampleUsage(index).filter(({ time }) => since === null || time > since),
      })),
    };
  }

  #list(page: EngineArguments<'jobs:list'>): EngineValue<'jobs:list'> {
    const { limit, offset = 0, before, endedBefore = null, outcome, endedOnly, search = '', order } = page;
    const fitting = this.scenario.jobs.filter(
      (job) =>
        (endedOnly !== true || job.phase === 'ended') &&
        (before === null || job.pickedUpAt < before) &&
        (endedBefore === null || (job.endedAt ?? '~') < endedBefore) &&
        `${job.runbookName} ${job.startedBy ?? ''}`.toLowerCase().includes(search.toLowerCase()),
    );
    const counts: EngineValue<'jobs:list'>['counts'] = {};
    for (const job of fitting) if (job.outcome !== null) counts[job.outcome] = (counts[job.outcome] ?? 0) + 1;
    const by = order?.by ?? 'pickedUp';
    const direction = order?.descending === false ? 1 : -1;
    const keyOf = (job: JobView): string | number =>
      by === 'name' ? job.runbookName : by === 'records' ? job.recordCount : by === 'ranFor' ? (job.wallMs ?? 0) : job.pickedUpAt;
    const found = fitting
      .filter((job) => outcome === null || job.outcome === outcome)
      .sort((one, other) => (keyOf(one) < keyOf(other) ? -direction : keyOf(one) > keyOf(other) ? direction : 0));
    return { jobs: found.slice(offset, offset + limit), total: found.length, counts };
  }

  #records({ sandboxId, from, limit }: EngineArguments<'jobs:records'>): EngineValue<'jobs:records'> {
    const all = this.scenario.records.get(sandboxId) ?? [];
    const records = all.slice(from, from + limit);
    return { records, next: from + records.length, recordCount: all.length, damaged: null };
  }

  #events(page: EngineArguments<'events:list'>): EngineValue<'events:list'> {
    const { channel, limit, offset = 0, before, levels, since = null, until = null, search = '', order, locate } = page;
    const fitting = this.scenario.events.filter(
      (event) =>
        (channel === null || event.channel === channel) &&
        (before === null || event.number < before) &&
        (since === null || Date.parse(event.time) >= Date.parse(since)) &&
        (until === null || Date.parse(event.time) < Date.parse(until)) &&
        (search === '' || event.message.toLowerCase().includes(search.toLowerCase())),
    );
    const counts = { Information: 0, Warning: 0, Error: 0 };
    for (const event of fitting) counts[event.level] += 1;
    const found = levels === undefined ? fitting : fitting.filter((event) => levels.includes(event.level));
    if (order?.by === 'time' && !order.descending) found.reverse();
    if (order?.by === 'id') found.sort((one, other) => (order.descending ? other.id - one.id : one.id - other.id));
    const more = found.length > offset + limit;
    const newest = this.scenario.events[0]?.number ?? 0;
    const place = found.findIndex(({ number }) => number === locate);
    const located = place === -1 ? null : place;
    return { events: found.slice(offset, offset + limit), more, total: found.length, newest, located, counts };
  }
}
