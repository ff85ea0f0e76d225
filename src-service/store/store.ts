/**
 * The service's store: one query layer over SQLite and PostgreSQL. The functions beside this file take a `Reader` or a `Writer`.
 *
 *   const account = await findAccount(store.db, name);
 *   const job = await store.write((tx) => insertJob(tx, …));     // durable when it resolves
 *
 * Inside `write` use `tx.db` alone: with SQLite there is one connection, and `store.db` would wait for the transaction it is in.
 * A transaction awaits nothing but its own queries: everything else waits for it.
 */
import { randomUUID } from 'node:crypto';
import { Kysely, sql, type Dialect, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import { AppError } from '../../src-contract/app-error.ts';
import { Changes, type Change } from './changes.ts';
import { migrationsFor } from './migrations.ts';
import { notifyChannel, openPostgres } from './postgres.ts';
import type { Engine, Tables } from './schema.ts';
import { openSqlite } from './sqlite.ts';

/** Queries outside or inside a transaction. */
export type Reader = Kysely<Tables>;

/** A transaction. */
export interface Writer {
  readonly db: Transaction<Tables>;
  readonly engine: Engine;
  /** Wakes the listeners once the transaction is committed; nobody hears of one that is rolled back. */
  publish: (...changes: Change[]) => void;
}

export interface Store {
  readonly engine: Engine;
  readonly db: Reader;
  readonly changes: Changes;
  /** Runs the work in a transaction; what it wrote is on the disk when the promise resolves. A throw rolls back. */
  write: <Result>(work: (tx: Writer) => Promise<Result>) => Promise<Result>;
  /** As `write`, without waiting for the disk: for what is said again soon (last seen, traces). */
  writeSoon: <Result>(work: (tx: Writer) => Promise<Result>) => Promise<Result>;
  /** Resolves when all that can be read now is on the disk: before a read is answered as if it were a write ("it is there already"). */
  durable: () => Promise<void>;
  close: () => Promise<void>;
}

export type StoreLocation = { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string };

interface OpenedDatabase {
  engine: Engine;
  dialect: Dialect;
  flush: () => Promise<void>;
  listen: (own: string, changes: Changes) => Promise<void>;
  close: () => Promise<void>;
}

export async function openStore(location: StoreLocation, onTrouble: (error: Error) => void = () => undefined): Promise<Store> {
  const opened = location.kind === 'sqlite' ? await sqliteDatabase(location.file) : postgresDatabase(location.url, onTrouble);
  const db = new Kysely<Tables>({ dialect: opened.dialect });
  const own = randomUUID();
  const changes = new Changes();
  try {
    await migrate(db, opened.engine, location);
    await opened.listen(own, changes);
  } catch (error) {
    await closeAll(db, opened);
    throw error;
  }

  async function commit<Result>(work: (tx: Writer) => Promise<Result>): Promise<Result> {
    const published: Change[] = [];
    const result = await db.transaction().execute(async (transaction) => {
      published.length = 0;
      const worked = await work({ db: transaction, engine: opened.engine, publish: (...some) => void published.push(...some) });
      if (opened.engine === 'postgres') await notifyOthers(transaction, own, published);
      return worked;
    });
    // Before the flush: what a listener then writes can only reach the disk behind this, and a start is handed over sooner.
    for (const change of published) changes.deliver(change);
    return result;
  }

  return {
    engine: opened.engine,
    db,
    changes,
    async write(work) {
      const result = await commit(work);
      await opened.flush();
      return result;
    },
    writeSoon: commit,
    durable: opened.flush,
    close: () => closeAll(db, opened),
  };
}

interface Lockable<Query> {
  forUpdate: () => Query;
}

/** Locks the rows that a transaction is about to change. SQLite needs no such words: its one connection has one transaction at a time. */
export function lockRows<Query extends Lockable<Query>>(tx: Writer, query: Query): Query {
  return tx.engine === 'postgres' ? query.forUpdate() : query;
}

/** As `lockRows`, leaving out rows that another replica has locked: for taking work from a queue. */
export function lockFreeRows<Query extends Lockable<Query> & { skipLocked: () => Query }>(tx: Writer, query: Query): Query {
  return tx.engine === 'postgres' ? query.forUpdate().skipLocked() : query;
}

async function sqliteDatabase(file: string): Promise<OpenedDatabase> {
  const opened = await openSqlite(file);
  return { engine: 'sqlite', ...opened, listen: () => Promise.resolve() };
}

function postgresDatabase(url: string, onTrouble: (error: Error) => void): OpenedDatabase {
  const server = openPostgres(url, onTrouble);
  return {
    engine: 'postgres',
    dialect: server.dialect,
    flush: () => Promise.resolve(),
    listen: (own, changes) => server.listen(own, (change) => changes.deliver(change), onTrouble),
    close: server.close,
  };
}

/** A notification's payload is limited to 8000 bytes; an id takes about a hundred. */
const changesPerNotification = 50;

async function notifyOthers(db: Reader, own: string, changes: Change[]): Promise<void> {
  for (let at = 0; at < changes.length; at += changesPerNotification) {
    const payload = JSON.stringify({ from: own, changes: changes.slice(at, at + changesPerNotification) });
    await sql`select pg_notify(${notifyChannel}, ${payload})`.execute(db);
  }
}

async function migrate(db: Reader, engine: Engine, location: StoreLocation): Promise<void> {
  const provider = migrationsFor(engine);
  const migrator = new Migrator({ db, provider, migrationTableName: 'migrations', migrationLockTableName: 'migrationsLock' });
  const known = Object.keys(await provider.getMigrations());
  const newest = await newestMigration(db);
  if (newest !== undefined && !known.includes(newest)) {
    throw new AppError('data-folder-newer', {
      dataFolder: location.kind === 'sqlite' ? location.file : 'The database',
      found: Number.parseInt(newest, 10),
      known: known.length,
    });
  }
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error instanceof Error ? error : new Error('The tables could not be made', { cause: error });
}

async function newestMigration(db: Reader): Promise<string | undefined> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some((table) => table.name === 'migrations')) return undefined;
  const found = await sql<{ name: string }>`select name from migrations order by name desc limit 1`.execute(db);
  return found.rows[0]?.name;
}

async function closeAll(db: Reader, opened: OpenedDatabase): Promise<void> {
  await db.destroy();
  await opened.close();
}
