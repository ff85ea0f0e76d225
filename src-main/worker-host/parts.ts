/** What the parts of a worker share. Made once by `worker-host.ts`. */
import type { EngineEvent, ProgressStep } from '../../src-contract/engine-calls.ts';
import type { Settings } from '../../src-contract/settings.ts';
import type { Clock } from '../engine/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { EventLog } from '../logging/event-log.ts';
import type { Executables } from '../platform/executables.ts';
import type { FoundRuntime } from '../platform/runtimes.ts';
import type { DataLayout } from '../storage/layout.ts';
import type { SettingsStore } from '../storage/settings-store.ts';

export interface WorkerParts {
  layout: DataLayout;
  mode: 'app' | 'headless';
  version: string;
  executables: Executables;
  environment: NodeJS.ProcessEnv;
  clock: Clock;
  settings: SettingsStore;
  log: EventLog;
  /** What this machine can run; empty until it has been looked for. */
  runtimes: () => readonly FoundRuntime[];
  runtimesAreKnown: () => boolean;
  publish: (event: EngineEvent) => void;
  engine: () => Engine;
  fault: (error: unknown, what: string) => void;
}

/** `settings.limit`, or as many as there are cores. */
export function slotLimit(settings: Settings, cores: number): number {
  return settings.limit ?? Math.min(50, Math.max(1, cores));
}

export type InTurn = <Value>(work: () => Promise<Value>) => Promise<Value>;

/** Connecting, registering and replacing a certificate change the same facts: one after the other, and a failed one does not block the next. */
export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}

/** Tells a flow's steps to whoever looks. */
export class Progress<Step extends string = string> {
  private readonly publish: WorkerParts['publish'];
  private readonly operation: ProgressStep['operation'];

  constructor(publish: WorkerParts['publish'], operation: ProgressStep['operation']) {
    this.publish = publish;
    this.operation = operation;
  }

  /** Runs one step; a failure is told and thrown on. `describe` says what came of it. */
  async step<Value>(
    step: Step,
    label: string,
    work: () => Value | Promise<Value>,
    describe: (value: Value) => string = () => '',
  ): Promise<Value> {
    this.tell(step, label, 'started', '');
    try {
      const value = await work();
      this.tell(step, label, 'done', describe(value));
      return value;
    } catch (error) {
      this.tell(step, label, 'failed', error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  private tell(step: string, label: string, status: ProgressStep['status'], detail: string): void {
    this.publish({ event: 'progress-made', payload: { operation: this.operation, step, label, status, detail } });
  }
}

export const agentSource = 'Agent';
export const workerSource = 'Worker';
