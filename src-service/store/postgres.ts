/** PostgreSQL, for replicas of the service side by side: a pool, and one more connection that listens for the others' changes. */
import { setTimeout as delay } from 'node:timers/promises';
import { PostgresDialect, type Dialect } from 'kysely';
import pg from 'pg';
import { z } from 'zod';
import type { Change } from './changes.ts';

const maxConnections = 10;
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

export function openPostgres(url: string, onTrouble: (error: Error) => void): PostgresServer {
  const types = new pg.TypeOverrides();
  // All counts and times fit into a JavaScript number; the largest are milliseconds since the epoch.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ connectionString: url, max: maxConnections, types });
  // An idle connection that the server ends is an event, not a crash: the pool makes a new one.
  pool.on('error', onTrouble);

  let closed = false;
  let listener: pg.Client | undefined;
  const waiting = new AbortController();

  async function connect(own: string, onChange: (change: Change) => void, onLost: (error: Error) => void): Promise<void> {
    const client = new pg.Client({ connectionString: url, keepAlive: true });
    let lost = false;
    const loseOnce = (error: Error): void => {
      if (lost) return;
      lost = true;
      onLost(error);
    };
    client.on('error', loseOnce);
    client.on('end', () => {
      loseOnce(new Error('The connection that listens for changes has ended'));
    });
    client.on('notification', (message) => {
      for (const change of readNotification(message.payload, own)) onChange(change);
    });
    await client.connect();
    await client.query(`listen ${notifyChannel}`);
    listener = client;
  }

  return {
    dialect: new PostgresDialect({ pool }),
    async listen(own, onChange, onLostConnection) {
      const again = (error: Error): void => {
        if (closed) return;
        onLostConnection(error);
        void delay(listenAgainMs, undefined, { signal: waiting.signal })
          .then(() => connect(own, onChange, again))
          .catch((cause: unknown) => {
            if (!closed) again(cause instanceof Error ? cause : new Error(String(cause)));
          });
      };
      await connect(own, onChange, again);
    },
    async close() {
      closed = true;
      waiting.abort();
      await listener?.end();
      if (!pool.ended) await pool.end();
    },
  };
}

function readNotification(payload: string | undefined, own: string): Change[] {
  const parsed = notification.safeParse(JSON.parse(payload ?? 'null'));
  if (!parsed.success || parsed.data.from === own) return [];
  return parsed.data.changes as Change[];
}
