/**
 * A job as server-sent events: its records and states as they come, until it has ended. Memory holds one event; a reader that is
 * slow is waited for. Changes only wake it: what is sent is always read from the store, so a missed change costs a moment.
 */
import type { z } from 'zod';
import { isTerminal, type StreamName } from '../../src-contract/kinds.ts';
import type { liveEvents } from '../../src-contract/rest/jobs.ts';
import type { ServiceContext } from '../context.ts';
import { hold } from '../hold.ts';
import { changed } from '../store/changes.ts';
import { findJob, type Job } from '../store/jobs.ts';
import type { RecordPlace } from '../store/records.ts';
import { viewJob } from './job-view.ts';
import { RecordFeed } from './record-feed.ts';
import { formatPlace, viewRecord } from './record-view.ts';

/** Tells both ends, and proxies between them, that the connection lives. Below the 30 s after which some cut it. */
const heartbeatMs = 15_000;
const maxEventRecords = 500;
const maxEventBytes = 256 * 1024;

type LiveEvent = {
  [Name in keyof typeof liveEvents]: { event: Name; data: z.infer<(typeof liveEvents)[Name]>; place?: RecordPlace | undefined };
}[keyof typeof liveEvents];

export interface FollowOptions {
  /** Goes on behind this record. */
  after: RecordPlace | undefined;
  streams: StreamName[] | undefined;
  signal: AbortSignal;
}

export async function* followJob(context: ServiceContext, job: Job, options: FollowOptions): AsyncGenerator<string> {
  const { after, streams, signal } = options;
  const limits = { maxRecords: maxEventRecords, maxBytes: maxEventBytes };
  const feed = new RecordFeed({ db: context.store.db, jobId: job.id, after, streams, ...limits });
  const look = createLook(context, job, feed);
  const wakeOn = [changed.job(job.id), changed.records(job.id)];
  try {
    // Proxies and clients see at once that the stream has begun.
    yield ': the records and states of a job\n\n';
    for (;;) {
      const event = await hold({ look, changes: context.changes, wakeOn, holdMs: heartbeatMs, signal });
      if (signal.aborted) return;
      yield event === undefined ? ': still here\n\n' : formatEvent(event);
      if (event?.event === 'end') return;
    }
  } finally {
    await feed.close();
  }
}

/** The next event that is due, if there is one: a new state, then what was written, and the end when everything has been sent. */
function createLook(context: ServiceContext, job: Job, feed: RecordFeed): () => Promise<LiveEvent | undefined> {
  let told = '';
  return async () => {
    // The job before its records: an end that is seen here is behind everything that was written before it.
    const now = await findJob(context.store.db, job.accountId, job.id);
    if (now === undefined) return undefined;
    const { parameters: _parameters, ...state } = await viewJob(context, now);
    const isEnd = isTerminal(now.status);
    const hasNewState = told !== stateKey(state);
    const status: LiveEvent = { event: 'status', data: state };
    if (hasNewState && !isEnd) {
      told = stateKey(state);
      return status;
    }
    const entries = await feed.next();
    const last = entries?.at(-1);
    if (entries !== undefined && last !== undefined) {
      const records = entries.map((entry) => viewRecord(job.id, entry));
      return { event: 'records', data: { records }, place: { attempt: last.attempt, seq: last.record.seq } };
    }
    if (!isEnd) return undefined;
    if (!hasNewState) return { event: 'end', data: { status: now.status } };
    told = stateKey(state);
    return status;
  };
}

/** JSON has no line breaks of its own, so one data line is enough. */
function formatEvent({ event, data, place }: LiveEvent): string {
  const id = place === undefined ? '' : `id: ${formatPlace(place)}\n`;
  return `${id}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** What makes a state worth telling: not the counts that every record changes. */
function stateKey(state: z.infer<(typeof liveEvents)['status']>): string {
  const { status, statusDetails, exception, waitingReason, stopRequestedTime, attempts } = state;
  return JSON.stringify([status, statusDetails, exception, waitingReason, stopRequestedTime, attempts.length]);
}
