/**
 * The embedded database: one connection to one file in WAL mode.
 *
 * Durability. SQLite itself runs with synchronous=NORMAL, under which a commit is written to the log but not forced to the disk; the
 * store then forces the log (`flush`) before it says that a write is done. That is what synchronous=FULL promises, but the disk is
 * waited for on a thread of its own, and all writes that are committed while it works share the next flush: a hundred small
 * transactions cost two or three waits instead of a hundred, and the event loop none. NORMAL keeps the order that matters to the file's
 * integrity (log before database at a checkpoint, header before reuse): https://www.sqlite.org/wal.html, "Performance Considerations".
 */
import { open } from 'node:fs/promises';
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';
import { SqliteDialect, type Dialect, type SqliteDatabase, type SqliteStatement } from 'kysely';
import { SharedRun } from '../shared-run.ts';
import { legible } from './legible.ts';

export interface SqliteFile {
  dialect: Dialect;
  /** Resolves when everything committed before the call is on the disk. */
  flush: () => Promise<void>;
  close: () => Promise<void>;
}

/** Statements are compiled once: the store has some hundred texts, all of fixed shape but for lists of values. */
const maxCachedStatements = 500;

class StatementCache implements SqliteDatabase {
  private readonly statements = new Map<string, SqliteStatement>();

  private readonly database: DatabaseSyncInstance;

  constructor(database: DatabaseSyncInstance) {
    this.database = database;
  }

  prepare(sql: string): SqliteStatement {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    const prepared = adapt(this.database.prepare(sql));
    const statement = sql === 'rollback' ? this.ifStillNeeded(prepared) : prepared;
    if (this.statements.size >= maxCachedStatements) this.statements.clear();
    this.statements.set(sql, statement);
    return statement;
  }

  /** Of a full disk SQLite rolls back by itself; a second time would be a mistake, and would be told in place of the disk's. */
  private ifStillNeeded(rollback: SqliteStatement): SqliteStatement {
    return {
      ...rollback,
      run: (parameters) => (this.database.isTransaction ? rollback.run(parameters) : { changes: 0, lastInsertRowid: 0 }),
    };
  }

  close(): void {
    this.statements.clear();
    this.database.close();
  }
}

function adapt(statement: StatementSyncInstance): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(legible)) as unknown[],
    run: (parameters) => statement.run(...parameters.map(legible)),
    iterate: (parameters) => statement.iterate(...parameters.map(legible)),
  };
}

export async function openSqlite(file: string): Promise<SqliteFile> {
  const database = new DatabaseSync(file);
  database.exec(`
    pragma busy_timeout = 5000;
    pragma journal_mode = wal;
    pragma synchronous = normal;
    pragma foreign_keys = on;
    pragma cache_size = -16384;
    pragma journal_size_limit = 67108864;
  `);
  // The first read makes the log; it stays the same file for as long as this connection lives.
  database.prepare('select count(*) from sqlite_master').get();
  const log = await open(`${file}-wal`, 'r+');
  const flushes = new SharedRun(() => log.datasync());
  return {
    dialect: new SqliteDialect({ database: new StatementCache(database) }),
    flush: () => flushes.request(),
    close: async () => {
      await flushes.settled();
      await log.close();
      if (database.isOpen) database.close();
    },
  };
}
