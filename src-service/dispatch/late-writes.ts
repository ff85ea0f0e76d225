/**
 * What workers say again and again: when they were last seen, what they can do, what they trace. It is kept in memory and written a
 * second late in one transaction, because losing a second of it costs nothing and a disk write for each call would.
 */
import { SharedRun } from '../shared-run.ts';
import { touchAttempt } from '../store/attempts.ts';
import { changed } from '../store/changes.ts';
import type { Store, Writer } from '../store/store.ts';
import { insertTraces, trimTraces, type NewTrace } from '../store/traces.ts';
import { setPresence, type WorkerPresence } from '../store/workers.ts';

/** A worker that traces without end must not fill the memory: more than this in one second is dropped, and that is said. */
const maxTracesKept = 5000;
const trimEvery = 1000;

interface NotedPresence {
  accountId: string;
  presence: WorkerPresence;
  /** Does it differ in more than the time? Then whoever looks at workers is told. */
  isNews: boolean;
}

export class LateWrites {
  private readonly store: Store;
  private presences = new Map<string, NotedPresence>();
  private seen = new Map<string, number>();
  private traces: NewTrace[] = [];
  private tracesSinceTrim = 0;
  private readonly writes = new SharedRun(() => this.write());

  constructor(store: Store) {
    this.store = store;
  }

  notePresence(accountId: string, machineId: string, presence: WorkerPresence, isNews: boolean): void {
    const before = this.presences.get(machineId);
    // A version that was learned from a trace a moment ago is not undone by a poll that says none.
    const version = presence.version ?? before?.presence.version ?? null;
    this.presences.set(machineId, {
      accountId,
      presence: { ...presence, version },
      isNews: isNews || (before?.isNews ?? false),
    });
  }

  /** `stored` is what the store knew of the worker: a poll of a moment ago knows better, and is kept. */
  noteVersion(worker: { accountId: string; machineId: string }, version: string, stored: WorkerPresence): void {
    const { accountId, machineId } = worker;
    const presence = this.presences.get(machineId)?.presence ?? stored;
    this.presences.set(machineId, { accountId, presence: { ...presence, version }, isNews: true });
  }

  noteAttemptSeen(sandboxId: string, now: number): void {
    this.seen.set(sandboxId, now);
  }

  noteTrace(trace: NewTrace): void {
    if (this.traces.length < maxTracesKept) this.traces.push(trace);
  }

  /** Resolves when everything noted before is written. */
  flush(): Promise<void> {
    if (this.presences.size === 0 && this.seen.size === 0 && this.traces.length === 0) return this.writes.settled();
    return this.writes.request();
  }

  private async write(): Promise<void> {
    const { presences, seen, traces } = this;
    this.presences = new Map();
    this.seen = new Map();
    this.traces = [];
    if (presences.size === 0 && seen.size === 0 && traces.length === 0) return;
    this.tracesSinceTrim += traces.length;
    const trim = this.tracesSinceTrim >= trimEvery;
    if (trim) this.tracesSinceTrim = 0;
    try {
      await this.store.writeSoon(async (tx) => {
        await writePresences(tx, presences);
        // In one order, so that replicas that write the same rows do not wait for each other crosswise.
        for (const [sandboxId, at] of [...seen].sort()) await touchAttempt(tx, sandboxId, at);
        await insertTraces(tx, traces);
        if (trim) await trimTraces(tx);
      });
    } catch (error) {
      // A sign of life comes once in a held call: lost, it would look like a silence.
      this.presences = new Map([...presences, ...this.presences]);
      this.seen = new Map([...seen, ...this.seen]);
      this.traces = [...traces, ...this.traces].slice(0, maxTracesKept);
      throw error;
    }
  }
}

async function writePresences(tx: Writer, presences: ReadonlyMap<string, NotedPresence>): Promise<void> {
  for (const [machineId, { accountId, presence, isNews }] of [...presences].sort(([one], [other]) => (one < other ? -1 : 1))) {
    await setPresence(tx, machineId, presence);
    if (isNews) tx.publish(changed.workers(accountId));
  }
}
