/**
 * history.sqlite: an index over the journals, one row an attempt. It holds nothing that cannot be made again: an index that cannot be read is
 * set aside and rebuilt from the attempts' summaries, or, where one is missing, from the journal itself. Runs in the history thread.
 */
import { closeSync, existsSync, openSync, readFileSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { jobView, type EngineArguments, type EngineValue, type JobView } from '../../src-contract/engine-calls.ts';
import { attemptOutcome } from '../../src-contract/kinds.ts';
import type { JobOrder, JobQuery } from '../../src-contract/lists.ts';
import { summarizeJournal } from '../journal/journal-reader.ts';
import { attemptSummaryPath, journalPath } from './layout.ts';

const journalEnding = '.journal';
const summaryEnding = '.attempt.json';
const schemaVersion = 1;
const schema = `
  CREATE TABLE jobs (
    sandbox_id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    runbook_name TEXT NOT NULL,
    outcome TEXT,
    picked_up_at TEXT NOT NULL,
    ended_at TEXT,
    view TEXT NOT NULL
  ) STRICT;
  CREATE INDEX jobs_picked_up ON jobs (picked_up_at);
  CREATE INDEX jobs_ended ON jobs (ended_at);
  CREATE INDEX jobs_job ON jobs (job_id);
  PRAGMA user_version = ${String(schemaVersion)};
`;

/** Forty days' worth of hours, and no answer is larger. */
const mostActivityRows = 1000;
/** A runbook may have ended long ago and its records still wait for the service: such an attempt is not over. */
const isOver = `json_extract(view, '$.phase') = 'ended'`;

export interface HistoryFiles {
  historyFile: string;
  journalsFolder: string;
  /** The event log's files, which the same thread reads. */
  logsFolder: string;
}

export type JobPage = EngineArguments<'jobs:list'>;

export class HistoryDatabase {
  private readonly database: DatabaseSyncInstance;
  private readonly files: HistoryFiles;

  private constructor(database: DatabaseSyncInstance, files: HistoryFiles) {
    this.database = database;
    this.files = files;
  }

  /** `setAside`: the unreadable index's new name, when it had to be made again. */
  static async open(files: HistoryFiles): Promise<{ history: HistoryDatabase; setAside: string | null }> {
    const found = openDatabase(files.historyFile);
    if (found !== undefined) return { history: new HistoryDatabase(found, files), setAside: null };
    const setAside = setAsideDatabase(files.historyFile);
    const database = openDatabase(files.historyFile);
    if (database === undefined) throw new Error('a new history cannot be opened');
    const history = new HistoryDatabase(database, files);
    await history.rebuild();
    return { history, setAside };
  }

  save(view: JobView): void {
    this.database
      .prepare(
        `INSERT INTO jobs (sandbox_id, job_id, runbook_name, outcome, picked_up_at, ended_at, view) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (sandbox_id) DO UPDATE SET job_id = excluded.job_id, runbook_name = excluded.runbook_name,
           outcome = excluded.outcome, picked_up_at = excluded.picked_up_at, ended_at = excluded.ended_at, view = excluded.view`,
      )
      .run(view.sandboxId, view.jobId, view.runbookName, view.outcome, view.pickedUpAt, view.endedAt, JSON.stringify(view));
  }

  list(page: JobPage): EngineValue<'jobs:list'> {
    const { limit, offset = 0, outcome, order } = page;
    const fits = filterOf(page);
    const where = `${fits.sql} AND (? IS NULL OR outcome = ?)`;
    const given = [...fits.given, outcome, outcome];
    const by = orderOf(order);
    const rows: unknown[] = this.database
      .prepare(`SELECT view FROM jobs WHERE ${where} ORDER BY ${by} LIMIT ? OFFSET ?`)
      .all(...given, limit, offset);
    const counted: unknown = this.database.prepare(`SELECT count(*) AS total FROM jobs WHERE ${where}`).get(...given);
    const byOutcome: unknown[] = this.database
      .prepare(`SELECT outcome, count(*) AS total FROM jobs WHERE ${fits.sql} AND outcome IS NOT NULL GROUP BY outcome`)
      .all(...fits.given);
    return {
      jobs: rows.map(parseRow).filter((view) => view !== undefined),
      total: Number(columnOf(counted, 'total')),
      counts: Object.fromEntries(
        byOutcome.flatMap((row) => {
          const known = attemptOutcome.safeParse(columnOf(row, 'outcome')).data;
          return known === undefined ? [] : [[known, Number(columnOf(row, 'total'))]];
        }),
      ),
    };
  }

  /** Whole hours of UTC, oldest first. */
  activity({ since }: EngineArguments<'jobs:activity'>): EngineValue<'jobs:activity'> {
    const rows: unknown[] = this.database
      .prepare(
        `SELECT substr(ended_at, 1, 13) AS hour, outcome, count(*) AS total FROM jobs
         WHERE ended_at >= ? AND outcome IS NOT NULL GROUP BY hour, outcome ORDER BY hour DESC LIMIT ?`,
      )
      .all(since, mostActivityRows);
    const hours = new Map<string, EngineValue<'jobs:activity'>['hours'][number]>();
    for (const row of rows.reverse()) {
      const start = `${String(columnOf(row, 'hour'))}:00:00.000Z`;
      const outcome = attemptOutcome.safeParse(columnOf(row, 'outcome')).data;
      const hour = hours.get(start) ?? { start, counts: {} };
      if (outcome !== undefined) hour.counts[outcome] = Number(columnOf(row, 'total'));
      hours.set(start, hour);
    }
    return { hours: [...hours.values()] };
  }

  /** By sandbox id, else the latest attempt of a job by its id. */
  get(id: string): JobView | undefined {
    const row: unknown = this.database
      .prepare(`SELECT view FROM jobs WHERE sandbox_id = ? OR job_id = ? ORDER BY sandbox_id = ? DESC, picked_up_at DESC LIMIT 1`)
      .get(id, id, id);
    return parseRow(row);
  }

  /** At one job, oldest first. */
  attempts(jobId: string): JobView[] {
    const rows = this.database.prepare(`SELECT view FROM jobs WHERE job_id = ? ORDER BY picked_up_at LIMIT 100`).all(jobId);
    return rows.map(parseRow).filter((view) => view !== undefined);
  }

  /** Attempts without an end, as the index has them: what the last engine did not see the end of. */
  listUnended(): JobView[] {
    const rows = this.database.prepare(`SELECT view FROM jobs WHERE ended_at IS NULL`).all();
    return rows.map(parseRow).filter((view) => view !== undefined);
  }

  /** Removes journals and rows of attempts that ended before that time. Answers how many. */
  removeEndedBefore(time: string): number {
    const old = this.database.prepare(`SELECT sandbox_id, job_id FROM jobs WHERE ended_at < ? AND ${isOver}`).all(time);
    return this.remove(old);
  }

  /** Of attempts that are over the newest are kept that fit into so many bytes together. Answers how many were removed. */
  removeBeyond(bytes: number): number {
    const rows = this.database.prepare(`SELECT sandbox_id, job_id FROM jobs WHERE ${isOver} ORDER BY ended_at DESC`).all();
    let taken = 0;
    const firstBeyond = rows.findIndex((row) => {
      const { jobId, sandboxId } = idsOf(row);
      taken += attemptFiles(this.files.journalsFolder, jobId, sandboxId).reduce((sum, file) => sum + sizeOf(file), 0);
      return taken > bytes;
    });
    return firstBeyond === -1 ? 0 : this.remove(rows.slice(firstBeyond));
  }

  private remove(rows: readonly unknown[]): number {
    const remove = this.database.prepare(`DELETE FROM jobs WHERE sandbox_id = ?`);
    for (const row of rows) {
      const { sandboxId, jobId } = idsOf(row);
      // The journal goes first: a row without one says so, a journal without a row would never be found again.
      removeAttemptFiles(this.files.journalsFolder, jobId, sandboxId);
      remove.run(sandboxId);
    }
    return rows.length;
  }

  close(): void {
    this.database.close();
  }

  /**
   * Takes in what the attempts' own files know and the index does not: rows that could not be written (a full disk), and ends of which its
   * engine died. `living`: attempts that speak for themselves. Answers how many rows that were.
   */
  async catchUp(living: readonly string[]): Promise<number> {
    const ended: unknown[] = this.database.prepare(`SELECT sandbox_id FROM jobs WHERE ended_at IS NOT NULL`).all();
    const settled = new Set([...living, ...ended.map((row) => String(columnOf(row, 'sandbox_id')))]);
    let taken = 0;
    for (const { jobId, sandboxId } of attemptsOnDisk(this.files.journalsFolder)) {
      if (settled.has(sandboxId)) continue;
      const known = this.get(sandboxId);
      const view = await this.readAttempt(jobId, sandboxId, known);
      if (view === undefined || (known !== undefined && view.endedAt === null)) continue;
      this.save(view);
      taken += 1;
    }
    return taken;
  }

  private async rebuild(): Promise<void> {
    for (const { jobId, sandboxId } of attemptsOnDisk(this.files.journalsFolder)) {
      const view = await this.readAttempt(jobId, sandboxId, undefined);
      if (view !== undefined) this.save(view);
    }
  }

  /** What the journal alone says is completed by what is known besides. */
  private async readAttempt(jobId: string, sandboxId: string, known: JobView | undefined): Promise<JobView | undefined> {
    const { journalsFolder } = this.files;
    const summary = readSummary(journalsFolder, jobId, sandboxId);
    if (summary !== undefined) return summary;
    if (!existsSync(journalPath(journalsFolder, jobId, sandboxId))) return undefined;
    const read = await readFromJournal(journalsFolder, jobId, sandboxId);
    if (read === undefined || known === undefined) return read;
    const { phase, outcome, outcomeReason, exitCode, endedAt, recordCount } = read;
    return { ...known, phase, outcome, outcomeReason, exitCode, endedAt, recordCount, asking: null };
  }
}

/** Everything but the outcome. */
function filterOf(query: JobQuery): { sql: string; given: (string | null)[] } {
  const { before, endedBefore = null, runbookName, endedOnly = false, search = '' } = query;
  const parts = ['(? IS NULL OR picked_up_at < ?)', '(? IS NULL OR runbook_name = ?)'];
  const given: (string | null)[] = [before, before, runbookName, runbookName];
  if (endedBefore !== null) {
    parts.push('ended_at < ?');
    given.push(endedBefore);
  }
  if (endedOnly) parts.push('ended_at IS NOT NULL');
  const wanted = search.trim();
  if (wanted !== '') {
    const like = `%${wanted.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
    parts.push(`(${searchedColumns.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(' OR ')})`);
    given.push(...searchedColumns.map(() => like));
  }
  return { sql: parts.join(' AND '), given };
}

const searchedColumns = [
  'runbook_name',
  'job_id',
  'sandbox_id',
  `view ->> '$.startedBy'`,
  `view ->> '$.outcomeReason'`,
  `view ->> '$.lastRecord.text'`,
];

/** From the words of the contract alone: nothing that a caller wrote becomes SQL. */
const orderColumns: Record<JobOrder, string> = {
  pickedUp: 'picked_up_at',
  ended: 'ended_at',
  name: 'runbook_name COLLATE NOCASE',
  status: 'outcome',
  startedBy: `view ->> '$.startedBy' COLLATE NOCASE`,
  ranFor: `coalesce(view ->> '$.wallMs', (julianday(ended_at) - julianday(view ->> '$.startedAt')) * 86400000)`,
  records: `view ->> '$.recordCount'`,
};

function orderOf(order: JobQuery['order']): string {
  const { by, descending } = order ?? { by: 'pickedUp', descending: true };
  const first = `${orderColumns[by]} ${descending ? 'DESC' : 'ASC'}`;
  return by === 'pickedUp' ? first : `${first}, picked_up_at DESC`;
}

/** SQLite's own numbers: no room, an error of the disk, no right, a file that cannot be opened or written, another that holds it. */
const passingCodes: ReadonlySet<number> = new Set([3, 5, 6, 7, 8, 10, 13, 14]);

/** Whether it says nothing of what the file holds: on a full disk, say, a sound history must not be taken for a damaged one. */
function isPassing(error: unknown): boolean {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' && passingCodes.has(code & 0xff);
}

/** undefined: what stands there cannot be used. Throws where that cannot be told now. */
function openDatabase(file: string): DatabaseSyncInstance | undefined {
  let database: DatabaseSyncInstance | undefined;
  try {
    // SQLite makes its files with the usual rights, which are wider; those beside it get the rights of this one.
    closeSync(openSync(file, 'a', 0o600));
    database = new DatabaseSync(file);
    // Held by the engine alone, it needs no file of shared memory, for which a full disk would have no room.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const version = Number(columnOf(database.prepare('PRAGMA user_version').get(), 'user_version'));
    if (version === 0) database.exec(schema);
    else if (version !== schemaVersion || !isSound(database)) throw new Error('not a history that this version can read');
    return database;
  } catch (error) {
    database?.close();
    if (isPassing(error)) throw error;
    return undefined;
  }
}

function isSound(database: DatabaseSyncInstance): boolean {
  return columnOf(database.prepare('PRAGMA quick_check(1)').get(), 'quick_check') === 'ok';
}

function setAsideDatabase(file: string): string {
  const aside = `${file}.unreadable-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  for (const ending of ['', '-wal', '-shm']) {
    if (existsSync(file + ending)) renameSync(file + ending, aside + ending);
  }
  return path.basename(aside);
}

function attemptsOnDisk(journalsFolder: string): { jobId: string; sandboxId: string }[] {
  return readdirSync(journalsFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name: jobId }) => {
      const files = readdirSync(path.join(journalsFolder, jobId));
      // One that was never started has no journal.
      const attempts = files.flatMap((file) => {
        const ending = [journalEnding, summaryEnding].find((one) => file.endsWith(one));
        return ending === undefined ? [] : [file.slice(0, -ending.length)];
      });
      return [...new Set(attempts)].map((sandboxId) => ({ jobId, sandboxId }));
    });
}

function readSummary(journalsFolder: string, jobId: string, sandboxId: string): JobView | undefined {
  try {
    return jobView.safeParse(JSON.parse(readFileSync(attemptSummaryPath(journalsFolder, jobId, sandboxId), 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** What a journal alone can say; what it does not know is left open. */
async function readFromJournal(journalsFolder: string, jobId: string, sandboxId: string): Promise<JobView | undefined> {
  const { begin, end, recordCount } = await summarizeJournal(journalPath(journalsFolder, jobId, sandboxId));
  if (begin === null) return undefined;
  return {
    sandboxId,
    jobId,
    runbookName: begin.runbookName,
    kind: begin.runbookKind,
    runtime: null,
    groupName: '',
    startedBy: null,
    attempt: begin.attempt,
    parameters: {},
    phase: end === null ? 'running' : 'ended',
    outcome: end?.outcome ?? null,
    outcomeReason: end?.reason ?? null,
    exitCode: end?.exitCode ?? null,
    pickedUpAt: begin.time,
    startedAt: begin.time,
    endedAt: end?.time ?? null,
    processId: null,
    runtimePid: null,
    recordCount,
    acknowledgedCount: 0,
    lastRecord: null,
    wallMs: null,
    cpuMs: null,
    peakMemoryBytes: null,
    runAs: null,
    limits: null,
    processesLeft: null,
    verified: null,
    uploadTrouble: null,
    oldestWaitingAt: null,
    hasConsole: false,
    stop: null,
    asking: null,
  };
}

function attemptFiles(journalsFolder: string, jobId: string, sandboxId: string): string[] {
  return [journalPath(journalsFolder, jobId, sandboxId), attemptSummaryPath(journalsFolder, jobId, sandboxId)];
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function removeAttemptFiles(journalsFolder: string, jobId: string, sandboxId: string): void {
  for (const file of attemptFiles(journalsFolder, jobId, sandboxId)) rmSync(file, { force: true });
  const folder = path.join(journalsFolder, jobId);
  // What was set aside of its journal, and what a killed engine left of its summary: all begin with the attempt's name.
  const beginning = path.basename(journalPath('', jobId, sandboxId)).slice(0, -journalEnding.length);
  try {
    for (const name of readdirSync(folder))
      if (name.startsWith(`${beginning}.`)) rmSync(path.join(folder, name), { force: true });
    rmdirSync(folder);
  } catch {
    // Another attempt of the job is still kept there, or the folder was never made.
  }
}

function idsOf(row: unknown): { sandboxId: string; jobId: string } {
  return { sandboxId: String(columnOf(row, 'sandbox_id')), jobId: String(columnOf(row, 'job_id')) };
}

function parseRow(row: unknown): JobView | undefined {
  const text = columnOf(row, 'view');
  return typeof text === 'string' ? jobView.safeParse(JSON.parse(text)).data : undefined;
}

function columnOf(row: unknown, name: string): unknown {
  return typeof row === 'object' && row !== null ? (row as Record<string, unknown>)[name] : undefined;
}
