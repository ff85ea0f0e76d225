/** PostgreSQL, for replicas of the service side by side: a pool, and one more connection that listens for the others' changes. */
import { setTimeout as delay } from 'node:timers/promises';
import { PostgresDialect, type Dialect } from 'kysely';
import pg from 'pg';
import * as z from 'zod';
import type { Change } from './changes.ts';
import { legible } from './legible.ts';

const maxConnections = 10;
/**
 * What takes longer will not come: the server has gone without a word, or somebody holds a row and stands still. The longest of ours, a hundred
 * old jobs with their records, takes seconds.
 */
const patience = {
  keepAlive: true,
  connectionTimeoutMillis: 10_000,
  query_timeout: 60_000,
  lock_timeout: 20_000,
  idle_in_transaction_session_timeout: 30_000,
};
/** How long to wait before listening again when the connection was lost; holds end by themselves meanwhile. */
const listenAgainMs = 1000;
export const notifyChannel = 'hrw_changes';

const notification = z.object({ from: z.string(), changes: z.array(z.object({ topic: z.string(), key: z.string() })) });

export interface PostgresServer {
  dialect: Dialect;
  /** Hears what other replicas published until `close`. Resolves once it listens. */
  listen: (own: string, onChange: (change: Change) => void, onTrouble: (error: Error) => void) => Promise<void>;
  close: () => Promise<void>;
}

class Client extends pg.Client {
  override query = ((text: unknown, values: unknown, ...rest: unknown[]) => {
    const kept = Array.isArray(values) ? values.map(legible) : values;
    return (super.query as (...given: unknown[]) => unknown)(text, kept, ...rest);
  }) as pg.Client['query'];
}

export function openPostgres(url: string, onTrouble: (error: Error) => void): PostgresServer {
  const types = new pg.TypeOverrides();
  // All counts and times fit into a JavaScript number; the largest are milliseconds since the epoch.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ connectionString: url, max: maxConnections, types, Client, ...patience });
  // An idle connection that the server ends is an event, not a crash: the pool makes a new one.
  pool.on('error', onTrouble);

  let closed = false;
  let listener: pg.Client | undefined;
  const waiting = new AbortController();

  /** Resolves once it listens, with a promise of why it no longer does; rejects, with nothing left open, when it cannot. */
  async function listenOnce(own: string, onChange: (change: Change) => void): Promise<{ lost: Promise<Error> }> {
    const client = new pg.Client({ connectionString: url, keepAlive: true });
    const lost = new Promise<Error>((resolve) => {
      client.on('error', resolve);
      client.on('end', () => resolve(new Error('The connection that listens for changes has ended')));
    });
    client.on('notification', (message) => {
      for (const change of readNotification(message.payload, own)) onChange(change);
    });
    try {
      await client.connect();
      await client.query(`listen ${notifyChannel}`);
    } catch (error) {
      // What is left of it ends by itself: a connection that never came about has no end to wait for.
      void client.end().catch(() => undefined);
      throw error;
    }
    if (closed) await client.end();
    listener = client;
    return { lost };
  }

  /** One attempt after the other until it listens; undefined when `close` came first. */
  async function listenAgain(
    own: string,
    onChange: (change: Change) => void,
    onLost: (error: Error) => void,
  ): Promise<{ lost: Promise<Error> } | undefined> {
    for (;;) {
      // Replicas lose the same server at the same moment, and must not come back at the same moment.
      const wait = listenAgainMs * (0.75 + Math.random() / 2);
      if (!(await passes(delay(wait, undefined, { signal: waiting.signal })))) return undefined;
      try {
        return await listenOnce(own, onChange);
      } catch (error) {
        if (waiting.signal.aborted) return undefined;
        onLost(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  return {
    dialect: new PostgresDialect({ pool }),
    async listen(own, onChange, onLostConnection) {
      const keepListening = async (first: { lost: Promise<Error> }): Promise<void> => {
        for (let current: typeof first | undefined = first; current !== undefined;) {
          const error = await current.lost;
          if (waiting.signal.aborted) return;
          onLostConnection(error);
          current = await listenAgain(own, onChange, onLostConnection);
        }
      };
      void keepListening(await listenOnce(own, onChange));
    },
    async close() {
      closed = true;
      waiting.abort();
      await listener?.end();
      if (!pool.ended) await pool.end();
    },
  };
}

/** False when it was aborted. */
async function passes(wait: Promise<unknown>): Promise<boolean> {
  try {
    await wait;
    return true;
  } catch {
    return false;
  }
}

/** What is not of our making (anybody with the database can notify) is nothing. */
function readNotification(payload: string | undefined, own: string): Change[] {
  const parsed = notification.safeParse(parseJson(payload ?? ''));
  if (!parsed.success || parsed.data.from === own) return [];
  return parsed.data.changes as Change[];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
