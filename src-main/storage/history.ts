/** The jobs that ran here and the events that were logged, asked of the history thread. A thread that died is started again by the next call. */
import { Worker } from 'node:worker_threads';
import type { EngineArguments, EngineValue, JobView, RecordNote } from '../../src-contract/engine-calls.ts';
import type { RecordPage } from '../journal/journal-reader.ts';
import type { HistoryFiles, JobPage } from './history-database.ts';
import type { HistoryCallName, HistoryCalls, HistoryReply, HistoryRequest, RecordQuery } from './history-messages.ts';

interface OpenCall {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

export interface HistoryOptions {
  /** The thread's program. */
  threadFile: string;
  files: HistoryFiles;
  /** The index could not be read: its new name. It has been made again when this is called. */
  onSetAside: (setAside: string) => void;
}

export class History {
  private readonly options: HistoryOptions;
  private thread: Promise<Worker> | undefined;
  private readonly openCalls = new Map<number, OpenCall>();
  private nextId = 1;
  private closing: Promise<void> | undefined;

  constructor(options: HistoryOptions) {
    this.options = options;
  }

  async save(view: JobView): Promise<void> {
    await this.call('save', view);
  }

  list(page: JobPage): Promise<EngineValue<'jobs:list'>> {
    return this.call('list', page);
  }

  activity(query: EngineArguments<'jobs:activity'>): Promise<EngineValue<'jobs:activity'>> {
    return this.call('activity', query);
  }

  /** Of the event log, whose files the thread reads too. */
  events(page: EngineArguments<'events:list'>): Promise<EngineValue<'events:list'>> {
    return this.call('events', page);
  }

  get(id: string): Promise<JobView | null> {
    return this.call('get', id);
  }

  /** Takes in what the attempts' own files know better than the index. `living`: sandbox ids of attempts that still run. */
  async catchUp(living: readonly string[]): Promise<void> {
    await this.call('catchUp', living);
  }

  listUnended(): Promise<JobView[]> {
    return this.call('listUnended');
  }

  records(query: RecordQuery): Promise<RecordPage | null> {
    return this.call('records', query);
  }

  notes(attempt: { jobId: string; sandboxId: string }): Promise<RecordNote[] | null> {
    return this.call('notes', attempt);
  }

  attempts(jobId: string): Promise<JobView[]> {
    return this.call('attempts', jobId);
  }

  removeEndedBefore(time: Date): Promise<number> {
    return this.call('removeEndedBefore', time.toISOString());
  }

  /** Keeps the newest ended attempts that fit into so many bytes. Answers how many went. */
  removeBeyond(bytes: number): Promise<number> {
    return this.call('removeBeyond', bytes);
  }

  /** Safe to call twice; later calls are refused. */
  close(): Promise<void> {
    this.closing ??= this.closeThread();
    return this.closing;
  }

  private async closeThread(): Promise<void> {
    const thread = await this.thread?.catch(() => undefined);
    if (thread === undefined) return;
    const ended = new Promise<void>((resolve) => {
      thread.once('exit', () => {
        resolve();
      });
    });
    await this.send(thread, 'close', []).catch(() => undefined);
    await ended;
  }

  private async call<Name extends HistoryCallName>(
    name: Name,
    ...given: Parameters<HistoryCalls[Name]>
  ): Promise<ReturnType<HistoryCalls[Name]>> {
    if (this.closing !== undefined) throw new Error('the history is closed');
    this.thread ??= this.start().catch((error: unknown) => {
      this.thread = undefined; // the next call tries again
      throw error;
    });
    return (await this.send(await this.thread, name, given)) as ReturnType<HistoryCalls[Name]>;
  }

  private async start(): Promise<Worker> {
    const { threadFile, files, onSetAside } = this.options;
    const thread = new Worker(threadFile, { workerData: files, name: 'history' });
    thread.on('message', (reply: HistoryReply) => {
      const open = this.openCalls.get(reply.id);
      this.openCalls.delete(reply.id);
      if ('error' in reply) open?.reject(new Error(reply.error));
      else open?.resolve(reply.value);
    });
    thread.on('error', () => undefined); // `exit` follows
    thread.once('exit', (code) => {
      this.thread = undefined;
      for (const open of this.openCalls.values()) open.reject(new Error(`the history thread ended with code ${String(code)}`));
      this.openCalls.clear();
    });
    try {
      const { setAside } = (await this.send(thread, 'open', [files])) as ReturnType<HistoryCalls['open']>;
      if (setAside !== null) onSetAside(setAside);
      return thread;
    } catch (error) {
      await thread.terminate();
      throw error;
    }
  }

  private send(thread: Worker, call: HistoryCallName, given: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.openCalls.set(id, { resolve, reject });
      thread.postMessage({ id, call, given } satisfies HistoryRequest);
    });
  }
}
