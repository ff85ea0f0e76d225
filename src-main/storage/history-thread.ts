/**
 * Worker thread that owns the history and reads the event log: SQLite is synchronous, journals and logs may be long, so none of them
 * belongs on the engine's main thread.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { readRecords, summarizeJournal } from '../journal/journal-reader.ts';
import { EventIndex } from '../logging/event-index.ts';
import { HistoryDatabase, type HistoryFiles } from './history-database.ts';
import type { HistoryCallName, HistoryCalls, HistoryReply, HistoryRequest } from './history-messages.ts';
import { journalPath } from './layout.ts';
import { errnoOf } from './private-files.ts';

/** About this much text a page: enough for a screen, little enough for one message. */
const maxPageBytes = 1024 * 1024;

const files = workerData as HistoryFiles;
let history: HistoryDatabase | undefined;
const events = new EventIndex(files.logsFolder);

function opened(): HistoryDatabase {
  if (history === undefined) throw new Error('the history is not open');
  return history;
}

/** null: there is no journal (yet, or any more). */
async function ofJournal<Result>(read: () => Promise<Result>): Promise<Result | null> {
  try {
    return await read();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}

type Awaitable<Call extends (...given: never[]) => unknown> = (
  ...given: Parameters<Call>
) => ReturnType<Call> | Promise<ReturnType<Call>>;

const handlers: { [Name in HistoryCallName]: Awaitable<HistoryCalls[Name]> } = {
  open: async () => {
    const result = await HistoryDatabase.open(files);
    history = result.history;
    return { setAside: result.setAside };
  },
  save: (view) => {
    opened().save(view);
    return null;
  },
  list: (page) => opened().list(page),
  activity: (query) => opened().activity(query),
  events: (page) => events.list(page),
  get: (id) => opened().get(id) ?? null,
  catchUp: (living) => opened().catchUp(living),
  listUnended: () => opened().listUnended(),
  records: ({ jobId, sandboxId, from, limit }) =>
    ofJournal(() => readRecords(journalPath(files.journalsFolder, jobId, sandboxId), { from, limit, maxBytes: maxPageBytes })),
  notes: ({ jobId, sandboxId }) =>
    ofJournal(async () => {
      const { decisions } = await summarizeJournal(journalPath(files.journalsFolder, jobId, sandboxId));
      return decisions.map(({ time, text, after }) => ({ time, text, after }));
    }),
  attempts: (jobId) => opened().attempts(jobId),
  removeEndedBefore: (time) => opened().removeEndedBefore(time),
  removeBeyond: (bytes) => opened().removeBeyond(bytes),
  close: () => {
    history?.close();
    history = undefined;
    return null;
  },
};

const port = parentPort;
if (port === null) throw new Error('history-thread is a worker thread of the engine');

/** One after the other: a page asked for after a save sees what was saved. */
let last: Promise<void> = Promise.resolve();
port.on('message', (request: HistoryRequest) => {
  last = last.then(async () => {
    let reply: HistoryReply;
    try {
      // Requests come from history.ts alone, which has one typed method a call.
      const handler = handlers[request.call] as (...given: unknown[]) => unknown;
      reply = { id: request.id, value: await handler(...request.given) };
    } catch (error) {
      reply = { id: request.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    port.postMessage(reply);
    if (request.call === 'close') port.close();
  });
});
