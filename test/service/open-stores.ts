/** The store on both databases, for tests that must hold on either. */
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import type { Engine } from '../../src-service/store/schema.ts';
import { openStore, type Store } from '../../src-service/store/store.ts';
import { postgresDatabase } from '../harness/postgres-database.ts';
import { tempFolder } from '../harness/temp-folder.ts';

export const engines: readonly Engine[] = ['sqlite', 'postgres'];

/** A new, empty store; closed when the test ends. */
export async function newStore(engine: Engine, context: TestContext): Promise<Store> {
  const [store] = await newReplicas(engine, context, 1);
  if (store === undefined) throw new Error('one was asked for');
  return store;
}

/** Several services' views of one database. */
export async function newReplicas(engine: Engine, context: TestContext, count: number): Promise<Store[]> {
  const location =
    engine === 'postgres'
      ? { kind: 'postgres' as const, url: await postgresDatabase(context) }
      : { kind: 'sqlite' as const, file: join(await tempFolder(), 'store.sqlite') };
  const stores: Store[] = [];
  for (let made = 0; made < count; made += 1) {
    const store = await openStore(location);
    onTestFinished(store.close);
    stores.push(store);
  }
  return stores;
}
