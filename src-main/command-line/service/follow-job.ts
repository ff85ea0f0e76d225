/** Follows a job to its end through broken connections: each new one goes on behind the last record that was taken. */
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { isAppError } from '../../../src-contract/app-error.ts';
import { isTerminal, type JobStatus } from '../../../src-contract/kinds.ts';
import { liveEvents } from '../../../src-contract/rest/jobs.ts';
import type { ServiceClient } from '../../rest-client/service-client.ts';
import { EventStreamReader, type ServerEvent } from './event-stream.ts';

export type LiveStatus = z.infer<(typeof liveEvents)['status']>;
export type LiveRecord = z.infer<(typeof liveEvents)['records']>['records'][number];

export interface JobWatcher {
  /** Waited for: a slow terminal holds the service back, not our memory. */
  onRecords: (records: LiveRecord[]) => Promise<void>;
  onStatus: (status: LiveStatus) => void;
  /** The connection broke; it is tried again after this long. */
  onBroken: (reason: string, waitMs: number) => void;
}

export interface FollowOptions {
  client: ServiceClient;
  accountName: string;
  jobName: string;
  watcher: JobWatcher;
  signal: AbortSignal;
}

/** The service says that it lives each 15 s; a connection that is silent for longer than this and a grace is dead. */
const silentSeconds = 20;
const firstWaitMs = 500;
const longestWaitMs = 10_000;

/** Resolves with the status in which the job ended. Rejects when the service refuses, or when `signal` ends it. */
export async function followJob({ client, watcher, signal, ...params }: FollowOptions): Promise<JobStatus> {
  let lastEventId: string | undefined;
  let ended: JobStatus | undefined;
  let waitMs = firstWaitMs;

  async function take({ event, id, data }: ServerEvent): Promise<void> {
    lastEventId = id;
    waitMs = firstWaitMs;
    const json: unknown = JSON.parse(data);
    if (event === 'records') await watcher.onRecords(liveEvents.records.parse(json).records);
    else if (event === 'status') watcher.onStatus(liveEvents.status.parse(json));
    else if (event === 'end') ended = liveEvents.end.parse(json).status;
  }

  while (ended === undefined) {
    let reason = 'the service ended the stream';
    try {
      const events = new EventStreamReader();
      const write = async (piece: Buffer): Promise<void> => {
        for (const event of events.push(piece)) await take(event);
      };
      await client.download('jobs:live', { params, signal }, write, { lastEventId, heldSeconds: silentSeconds });
    } catch (error) {
      if (signal.aborted || !isAppError(error)) throw error;
      reason = error.toProblem().title;
    }
    if (isOver(ended)) break;
    const jitteredMs = waitMs * (0.8 + Math.random() * 0.4);
    watcher.onBroken(reason, jitteredMs);
    await delay(jitteredMs, undefined, { signal });
    waitMs = Math.min(waitMs * 2, longestWaitMs);
  }
  return ended;
}

function isOver(status: JobStatus | undefined): status is JobStatus {
  return status !== undefined && isTerminal(status);
}
