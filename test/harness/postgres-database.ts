/** A fresh PostgreSQL database for a test, dropped when the test ends. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject, onTestFinished, type TestContext } from 'vitest';

/** The URL of a new database; skips the test where there is no PostgreSQL. What uses it is to be registered for closing after this. */
export async function postgresDatabase(context: TestContext): Promise<string> {
  const server = inject('postgresUrl');
  if (server === undefined) {
    const reason = 'there is no PostgreSQL for this platform';
    if (process.env['CI'] === 'true') throw new Error(reason);
    return context.skip(reason);
  }
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await run(server, `create database ${name}`);
  onTestFinished(() => run(server, `drop database if exists ${name} with (force)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.toString();
}

async function run(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
