/** What the history's two ends say to each other: one file, so that neither side can drift. Both are built together. */
import type { EngineArguments, EngineValue, JobView, RecordNote } from '../../src-contract/engine-calls.ts';
import type { RecordPage } from '../journal/journal-reader.ts';
import type { HistoryFiles, JobPage } from './history-database.ts';

export interface RecordQuery {
  jobId: string;
  sandboxId: string;
  from: number;
  limit: number;
}

export interface HistoryCalls {
  open: (files: HistoryFiles) => { setAside: string | null };
  save: (view: JobView) => null;
  list: (page: JobPage) => EngineValue<'jobs:list'>;
  activity: (query: EngineArguments<'jobs:activity'>) => EngineValue<'jobs:activity'>;
  events: (page: EngineArguments<'events:list'>) => EngineValue<'events:list'>;
  get: (id: string) => JobView | null;
  catchUp: (living: readonly string[]) => number;
  listUnended: () => JobView[];
  /** null: there is no journal (yet, or any more). */
  records: (query: RecordQuery) => RecordPage | null;
  /** null: as for `records`. */
  notes: (attempt: Pick<RecordQuery, 'jobId' | 'sandboxId'>) => RecordNote[] | null;
  attempts: (jobId: string) => JobView[];
  removeEndedBefore: (time: string) => number;
  removeBeyond: (bytes: number) => number;
  close: () => null;
}
export type HistoryCallName = keyof HistoryCalls;

export interface HistoryRequest {
  id: number;
  call: HistoryCallName;
  given: unknown[];
}
export type HistoryReply = { id: number; value: unknown } | { id: number; error: string };
