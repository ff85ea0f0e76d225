/** What a job wrote: as text, in pages, live. */
import type { StreamName } from '../../src-contract/kinds.ts';
import type { StreamRecord } from '../../src-contract/records.ts';
import type { ServiceContext } from '../context.ts';
import { listAttempts } from '../store/attempts.ts';
import type { Job } from '../store/jobs.ts';
import { readRecordPage, readRecords, type RecordEntry, type RecordPlace } from '../store/records.ts';
import type { RestHandlers } from './handler.ts';
import { followJob } from './live-stream.ts';
import { formatPlace, readPlace, viewRecord } from './record-view.ts';

/** A page's text, about: what a client holds at once. */
const maxPageBytes = 4 * 1024 * 1024;

type StreamHandlers = Pick<RestHandlers, 'jobs:output' | 'jobs:streams' | 'jobs:live'>;

export function streamHandlers(
  context: ServiceContext,
  find: (params: { accountName: string; jobName: string }) => Promise<Job>,
): StreamHandlers {
  const { db } = context.store;
  return {
    'jobs:output': async ({ params, query }) => {
      const job = await find(params);
      const attempt = query.attempt ?? (await listAttempts(db, job.id)).at(-1)?.number ?? 1;
      return { status: 200, pieces: outputText(readRecords(db, job.id, { attempt, streams: ['Output'] })) };
    },
    'jobs:streams': async ({ params, query }) => {
      const job = await find(params);
      const { limit, after, attempt, streamType } = query;
      const filter = {
        attempt,
        streams: streamType && [streamType],
        from: query.from === undefined ? undefined : Date.parse(query.from),
      };
      const page = await readPage(context, job, { ...filter, after: after === undefined ? undefined : readPlace(after), limit });
      const next = page.atEnd || page.place === undefined ? null : formatPlace(page.place);
      return { status: 200, value: { value: page.entries.map((entry) => viewRecord(job.id, entry)), next } };
    },
    'jobs:live': async ({ params, query, lastEventId, signal }) => {
      const job = await find(params);
      const after = lastEventId === undefined ? undefined : readPlace(lastEventId, 'Last-Event-ID');
      return { status: 200, pieces: followJob(context, job, { after, streams: query.streamType && [query.streamType], signal }) };
    },
  };
}

interface PageFilter {
  after: RecordPlace | undefined;
  attempt: number | undefined;
  streams: StreamName[] | undefined;
  /** Milliseconds; only records written then or later. */
  from: number | undefined;
  limit: number;
}

async function readPage({ store }: ServiceContext, job: Job, { from, ...filter }: PageFilter) {
  const page = await readRecordPage(store.db, job.id, { ...filter, maxBytes: maxPageBytes });
  if (from === undefined) return page;
  const isLate = ({ record }: RecordEntry): boolean => Date.parse(record.time) >= from;
  let entries = page.entries.filter(isLate);
  let { place, atEnd } = page;
  // Pages that hold only what is too early are passed over.
  while (entries.length === 0 && !atEnd) {
    const more = await readRecordPage(store.db, job.id, { ...filter, after: place, maxBytes: maxPageBytes });
    entries = more.entries.filter(isLate);
    ({ place, atEnd } = more);
  }
  return { entries, place, atEnd };
}

/** Parts of one entry are joined; each entry ends its line. */
async function* outputText(batches: AsyncIterable<{ entries: RecordEntry[] }>): AsyncGenerator<string> {
  for await (const { entries } of batches) {
    let text = '';
    for (const { record } of entries) text += endsEntry(record) ? `${record.text}\n` : record.text;
    if (text !== '') yield text;
  }
}

function endsEntry({ part }: StreamRecord): boolean {
  return part === undefined || part.last;
}
