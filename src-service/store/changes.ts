/**
 * Who is to be woken when something was written: held polls, server-sent events, the dispatcher. A change says what to look at again,
 * never what it is now: a listener that misses one (a lost connection to the database) is late, not wrong, because every hold ends and
 * asks again. With PostgreSQL changes travel to the other replicas too.
 */

/** `key` is the id of the thing; for `queue` it is `queueKey(accountId, groupKey)`. */
export interface Change {
  topic: 'job' | 'account-jobs' | 'records' | 'queue' | 'sandbox' | 'workspace' | 'workers';
  key: string;
}

export const changed = {
  /** Status, attempt or outcome of a job. */
  job: (jobId: string): Change => ({ topic: 'job', key: jobId }),
  /** Some job of the account: for lists. */
  accountJobs: (accountId: string): Change => ({ topic: 'account-jobs', key: accountId }),
  /** More records of a job. */
  records: (jobId: string): Change => ({ topic: 'records', key: jobId }),
  /** A job waits for a worker of the group. */
  queue: (accountId: string, groupKey: string): Change => ({ topic: 'queue', key: queueKey(accountId, groupKey) }),
  /** A sandbox has something to fetch, or is to end. */
  sandbox: (sandboxId: string): Change => ({ topic: 'sandbox', key: sandboxId }),
  /** What a workspace gives its agents. */
  workspace: (workspaceId: string): Change => ({ topic: 'workspace', key: workspaceId }),
  /** A worker of the account came, went or changed. */
  workers: (accountId: string): Change => ({ topic: 'workers', key: accountId }),
} as const;

export function queueKey(accountId: string, groupKey: string): string {
  return `${accountId}/${groupKey}`;
}

export type ChangeListener = (change: Change) => void;

export class Changes {
  private readonly listeners = new Map<string, Set<ChangeListener>>();

  /** `key` '*' hears every change of the topic. Returns the end of the subscription; a listener must not throw. */
  subscribe(topic: Change['topic'], key: string, listener: ChangeListener): () => void {
    const place = `${topic}:${key}`;
    const listeners = this.listeners.get(place) ?? new Set();
    this.listeners.set(place, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.listeners.get(place) === listeners) this.listeners.delete(place);
    };
  }

  deliver(change: Change): void {
    for (const key of [change.key, '*']) {
      for (const listener of [...(this.listeners.get(`${change.topic}:${key}`) ?? [])]) listener(change);
    }
  }

  /** How many subscriptions are open: for tests that look for leaks. */
  get size(): number {
    let count = 0;
    for (const listeners of this.listeners.values()) count += listeners.size;
    return count;
  }
}
