/** What the store promises, on SQLite and on PostgreSQL alike. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { sql } from 'kysely';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { emptyChain, encodeFrame } from '../../src-contract/node/journal-frame.ts';
import { findAccount, insertAccount, setAccountKey } from '../../src-service/store/accounts.ts';
import { changeAsset, findAsset, insertAsset } from '../../src-service/store/assets.ts';
import { emptyChainHex, findAttempt } from '../../src-service/store/attempts.ts';
import { changed, type Change } from '../../src-service/store/changes.ts';
import {
  acknowledgeMessage,
  hasVisibleMessages,
  messageVisibilityMs,
  receiveMessages,
  sendMessage,
} from '../../src-service/store/job-messages.ts';
import { countUnfinishedJobs, createJob, listJobs } from '../../src-service/store/jobs.ts';
import { hasForeignRecord, wasChain, type NewChunk } from '../../src-service/store/record-chunks.ts';
import { readRecordPage } from '../../src-service/store/records.ts';
import {
  discardDraft,
  findRunbook,
  findRunbookVersion,
  insertRunbook,
  publishDraft,
  putDraft,
  runbookState,
} from '../../src-service/store/runbooks.ts';
import { notifyChannel, openPostgres } from '../../src-service/store/postgres.ts';
import { settleFact } from '../../src-service/store/service-facts.ts';
import { maskOf } from '../../src-service/store/stream-mask.ts';
import { createToken, findToken, hashToken, revokeToken } from '../../src-service/store/tokens.ts';
import { insertTraces, listTraces, maxTraces, trimTraces } from '../../src-service/store/traces.ts';
import { forgetSignatures, useSignature } from '../../src-service/store/used-signatures.ts';
import {
  ensureGroup,
  findWorkerByThumbprint,
  listGroups,
  rotateWorkerCertificate,
  rotationOverlapMs,
} from '../../src-service/store/workers.ts';
import {
  assignPack,
  insertPack,
  insertWorkspace,
  linkWorkspace,
  listAssignedPacks,
  readPackArchive,
} from '../../src-service/store/workspaces.ts';
import { startTcpForwarder } from '../fakes/tcp-forwarder.ts';
import { postgresDatabase } from '../harness/postgres-database.ts';
import { engines, newReplicas, newStore } from './open-stores.ts';
import { attemptWith, linesChunk, longAgo, sampleAccount, sampleJob, sampleRunbook, sampleWorker } from './store-samples.ts';

describe.each(engines)('the store on %s', (engine) => {
  test('a name is taken whatever its case, and keeps the case it was given', async (context) => {
    const store = await newStore(engine, context);
    const account = await sampleAccount(store, 'Contoso');
    const again = await store.write((tx) => insertAccount(tx, { ...account, id: randomUUID(), name: 'CONTOSO' }));
    expect(again).toBe(false);
    expect(await findAccount(store.db, 'conTOSO')).toMatchObject({ id: account.id, name: 'Contoso' });
  });

  test('a key is replaced alone', async (context) => {
    const store = await newStore(engine, context);
    const account = await sampleAccount(store);
    await store.write((tx) => setAccountKey(tx, account.id, 'secondary', 'sealed 3'));
    expect(await findAccount(store.db, account.name)).toMatchObject({ primaryKey: 'sealed 1', secondaryKey: 'sealed 3' });
  });

  test('what throws leaves nothing behind and wakes nobody', async (context) => {
    const store = await newStore(engine, context);
    const heard: Change[] = [];
    store.changes.subscribe('job', '*', (change) => heard.push(change));
    const failed = store.write(async (tx) => {
      await settleFact(tx, 'half done', 'yes');
      tx.publish(changed.job('1'));
      throw new Error('in the middle');
    });
    await expect(failed).rejects.toThrow('in the middle');
    expect(await store.write((tx) => settleFact(tx, 'half done', 'no'))).toBe('no');
    expect(heard).toEqual([]);
  });

  test('many writes at once are all there', async (context) => {
    const store = await newStore(engine, context);
    await Promise.all(Array.from({ length: 200 }, (_, index) => store.write((tx) => settleFact(tx, `fact ${index}`, 'true'))));
    const { count } = await store.db
      .selectFrom('serviceFacts')
      .select((select) => select.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe(200);
  });

  test('a draft changes in place, a published version never does', async (context) => {
    const store = await newStore(engine, context);
    const { id: accountId } = await sampleAccount(store);
    const settings = { description: '', rerun: 'restart', logVerbose: false, logDebug: false, logProgress: false } as const;
    const made = await store.write((tx) => insertRunbook(tx, { accountId, name: 'R', kind: 'Bash', ...settings }, 1));
    const id = made?.id ?? '';
    await store.write((tx) => putDraft(tx, id, { definition: 'one', parameters: null }, 2));
    const draft = await store.write((tx) => putDraft(tx, id, { definition: 'two', parameters: null }, 3));
    await store.write((tx) => publishDraft(tx, id, 4));
    await store.write((tx) => putDraft(tx, id, { definition: 'three', parameters: null }, 5));

    const runbook = await findRunbook(store.db, accountId, 'r');
    expect(runbook?.publishedVersionId).toBe(draft.id);
    expect(await findRunbookVersion(store.db, accountId, draft.id)).toMatchObject({ definition: 'two', publishedAt: 4 });
    expect(runbook && runbookState(runbook)).toBe('Edit');

    await store.write((tx) => discardDraft(tx, id, 6));
    expect(await store.write((tx) => publishDraft(tx, id, 7))).toBe(false);
    expect(await findRunbook(store.db, accountId, 'R')).toMatchObject({ publishedVersionId: draft.id, draftVersionId: null });
  });

  test('the same job twice is one job, another request under its name a conflict', async (context) => {
    const store = await newStore(engine, context);
    const account = await sampleAccount(store);
    const runbook = await sampleRunbook(store, account.id);
    const job = await sampleJob(store, runbook, { name: 'Nightly' });
    const request = {
      id: randomUUID(),
      name: 'NIGHTLY',
      requestHash: 'one request',
      runbook,
      runbookVersionId: runbook.publishedVersionId,
      isDraft: false,
      groupName: 'Main',
      parameters: [],
      startedBy: 'a test',
      triggerSource: 1,
    };
    expect(await store.write((tx) => createJob(tx, request, longAgo))).toEqual({ kind: 'repeated', job });
    const other = await store.write((tx) => createJob(tx, { ...request, requestHash: 'another' }, longAgo));
    expect(other.kind).toBe('conflict');
  });

  test('jobs are listed newest first, page by page, by status, runbook and group', async (context) => {
    const store = await newStore(engine, context);
    const account = await sampleAccount(store);
    const runbook = await sampleRunbook(store, account.id);
    const jobs = [];
    for (let index = 0; index < 5; index += 1) {
      const groupName = index === 4 ? 'Other' : 'Main';
      jobs.push(await sampleJob(store, runbook, { groupName, now: longAgo + Math.floor(index / 2) }));
    }
    const all = await listJobs(store.db, account.id, { limit: 10 });
    expect(all.map((job) => job.id).sort()).toEqual(jobs.map((job) => job.id).sort());
    expect(all.map((job) => job.createdAt)).toEqual([2, 1, 1, 0, 0].map((offset) => longAgo + offset));

    const first = await listJobs(store.db, account.id, { limit: 2 });
    const rest = await listJobs(store.db, account.id, { limit: 10, after: first[1] });
    expect([...first, ...rest]).toEqual(all);

    expect(await listJobs(store.db, account.id, { groupName: 'OTHER', limit: 10 })).toHaveLength(1);
    expect(await listJobs(store.db, account.id, { runbookName: 'copy-localFILES', limit: 10 })).toHaveLength(5);
    expect(await listJobs(store.db, account.id, { status: ['Completed', 'Failed'], limit: 10 })).toHaveLength(0);
    expect(await countUnfinishedJobs(store.db, account.id, { groupName: 'main' })).toBe(4);
  });

  test('a message is invisible once read, comes back, and goes with the receipt of its last reading alone', async (context) => {
    const store = await newStore(engine, context);
    const sandboxId = randomUUID();
    await store.write((tx) => sendMessage(tx, { sandboxId, jobId: 'j', kind: 'activate' }, 1000));
    const [first] = await store.write((tx) => receiveMessages(tx, sandboxId, 1000));
    expect(first).toMatchObject({ jobId: 'j', kind: 'activate' });
    expect(await store.write((tx) => receiveMessages(tx, sandboxId, 1001))).toEqual([]);

    const later = 1000 + messageVisibilityMs;
    expect(await hasVisibleMessages(store.db, sandboxId, later)).toBe(true);
    const [second] = await store.write((tx) => receiveMessages(tx, sandboxId, later));
    expect(second?.id).toBe(first?.id);

    const acknowledge = (receipt: string | undefined) =>
      store.write((tx) => acknowledgeMessage(tx, sandboxId, first?.id ?? '', receipt ?? ''));
    expect(await acknowledge(first?.popReceipt)).toBe(false);
    expect(await acknowledge(second?.popReceipt)).toBe(true);
    expect(await acknowledge(second?.popReceipt)).toBe(false);
    expect(await hasVisibleMessages(store.db, sandboxId, later * 2)).toBe(false);
  });

  test('an encrypted variable stays encrypted whatever is written to it', async (context) => {
    const store = await newStore(engine, context);
    const { id: accountId } = await sampleAccount(store);
    const key = { accountId, kind: 'variable', name: 'Secret' } as const;
    await store.write((tx) => insertAsset(tx, { ...key, description: '', isEncrypted: true, content: 'sealed' }, 1));
    await store.write((tx) => changeAsset(tx, { ...key, name: 'SECRET' }, { content: 'sealed again' }, 2));
    expect(await findAsset(store.db, accountId, 'variable', 'secret')).toMatchObject({
      name: 'Secret',
      isEncrypted: true,
      content: 'sealed again',
      changedAt: 2,
    });
    expect(await store.write((tx) => changeAsset(tx, { ...key, name: 'Other' }, { content: 'x' }, 3))).toBeUndefined();
  });

  test('a token is found by itself until it is revoked, and its text is nowhere', async (context) => {
    const store = await newStore(engine, context);
    const { id, token } = await store.write((tx) => createToken(tx, 'operator', 'night shift', 1));
    expect(await findToken(store.db, token)).toMatchObject({ id, role: 'operator', name: 'night shift' });
    expect(await findToken(store.db, hashToken(token))).toBeUndefined();
    const rows = await store.db.selectFrom('tokens').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(token);
    expect(await store.write((tx) => revokeToken(tx, id, 2))).toBe(true);
    expect(await findToken(store.db, token)).toBeUndefined();
  });

  test('a signature is good once, and forgotten later', async (context) => {
    const store = await newStore(engine, context);
    const use = (now: number) => store.write((tx) => useSignature(tx, 'hash', now));
    expect([await use(1), await use(2)]).toEqual([true, false]);
    await store.write((tx) => forgetSignatures(tx, 10));
    expect(await use(11)).toBe(true);
  });

  test('a group that was made twice is one group', async (context) => {
    const store = await newStore(engine, context);
    const { id: accountId } = await sampleAccount(store);
    await Promise.all(['Main', 'MAIN', 'main'].map((name) => store.write((tx) => ensureGroup(tx, accountId, name, 1))));
    expect(await listGroups(store.db, accountId)).toHaveLength(1);
  });

  test('after a rotation both certificates find the worker until the overlap is over', async (context) => {
    const store = await newStore(engine, context);
    const account = await sampleAccount(store);
    const worker = await sampleWorker(store, account.id);
    const fresh = 'F'.repeat(40);
    const kept = { thumbprint: worker.thumbprint, sha256: worker.certificateSha256 };
    await store.write((tx) => rotateWorkerCertificate(tx, worker.machineId, { thumbprint: fresh, kept }, 1000));
    const find = async (thumbprint: string, now: number) => (await findWorkerByThumbprint(store.db, thumbprint, now))?.machineId;
    expect(await find(fresh, 2000)).toBe(worker.machineId);
    expect(await find(worker.thumbprint, 2000)).toBe(worker.machineId);
    expect(await find(worker.thumbprint, 1000 + rotationOverlapMs)).toBeUndefined();
  });

  test('a text keeps all but the character that no database keeps', async (context) => {
    const store = await newStore(engine, context);
    const { id: accountId } = await sampleAccount(store);
    await store.write((tx) => ensureGroup(tx, accountId, 'a\0b', 1));
    const [group] = await listGroups(store.db, accountId);
    expect(group?.name).toBe('a\ufffdb');
  });

  test('a workspace gives one version of a pack, and whoever waits for it is woken', async (context) => {
    const store = await newStore(engine, context);
    const id = randomUUID();
    await store.write((tx) =>
      insertWorkspace(tx, { id, name: 'W', primaryKey: 'a', secondaryKey: 'b', accountId: null, createdAt: 1 }),
    );
    const archive = Buffer.from([0, 1, 2, 255]);
    for (const version of ['1.0.0', '1.1.0']) {
      const pack = { name: 'AzureAutomation', version, description: '', sha256: 'x', bytes: 4, archive, publishedAt: 1 };
      expect(await store.write((tx) => insertPack(tx, pack))).toBe(true);
      expect(await store.write((tx) => insertPack(tx, pack))).toBe(false);
    }
    const heard: Change[] = [];
    store.changes.subscribe('workspace', id, (change) => heard.push(change));
    await store.write((tx) => assignPack(tx, id, 'AzureAutomation', '1.0.0', 1));
    await store.write((tx) => assignPack(tx, id, 'AzureAutomation', '1.1.0', 2));
    await store.write((tx) => linkWorkspace(tx, id, 'account'));
    expect(await listAssignedPacks(store.db, id)).toMatchObject([{ name: 'AzureAutomation', version: '1.1.0', bytes: 4 }]);
    expect(await readPackArchive(store.db, 'AzureAutomation', '1.1.0')).toEqual(archive);
    expect(heard).toHaveLength(3);
  });

  test('traces are a ring', async (context) => {
    const store = await newStore(engine, context);
    const trace = (text: string) => ({ accountId: 'a', machineId: 'm', eventId: 1, text, receivedAt: 1 });
    for (let at = 0; at < 5; at += 1) {
      await store.write((tx) =>
        insertTraces(
          tx,
          Array.from({ length: maxTraces / 4 }, (_, index) => trace(`${at} ${index}`)),
        ),
      );
    }
    await store.write(trimTraces);
    const { count } = await store.db
      .selectFrom('traces')
      .select((select) => select.fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe(maxTraces);
    expect((await listTraces(store.db, 'a', 'm', 1))[0]?.text).toBe(`4 ${maxTraces / 4 - 1}`);
  });

  test('records are read over chunks and attempts, from any place, by stream', async (context) => {
    const store = await newStore(engine, context);
    const account = await sampleAccount(store);
    const job = await sampleJob(store, await sampleRunbook(store, account.id));
    const first = await attemptWith(store, job, 1, [
      framesChunk(0, ['Output', 'Error', 'Output']),
      beginOnlyChunk(),
      linesChunk(3, 'Warning'),
    ]);
    await attemptWith(store, job, 2, [framesChunk(0, ['Output'])]);

    const read = async (filter: Parameters<typeof readRecordPage>[2]) => {
      const page = await readRecordPage(store.db, job.id, filter);
      return { texts: page.entries.map((entry) => `${entry.attempt}:${entry.record.seq} ${entry.record.stream}`), ...page };
    };
    const all = ['1:0 Output', '1:1 Error', '1:2 Output', '1:3 Warning', '2:0 Output'];
    expect((await read({ limit: 100 })).texts).toEqual(all);
    expect((await read({ limit: 100, attempt: 1 })).texts).toEqual(all.slice(0, 4));
    expect((await read({ limit: 100, after: { attempt: 1, seq: 1 } })).texts).toEqual(all.slice(2));
    expect((await read({ limit: 100, streams: ['Error', 'Warning'] })).texts).toEqual(['1:1 Error', '1:3 Warning']);

    const paged: string[] = [];
    for (let page = await read({ limit: 2 }); ; page = await read({ limit: 2, after: page.place })) {
      paged.push(...page.texts);
      if (page.atEnd) break;
    }
    expect(paged).toEqual(all);

    // A filter that takes nothing still moves on.
    const none = await read({ limit: 2, streams: ['Debug'] });
    expect(none).toMatchObject({ entries: [], atEnd: true, place: { attempt: 2, seq: 0 } });

    expect(await findAttempt(store.db, first)).toMatchObject({ recordCount: 4, chunkCount: 3 });
    expect(await hasForeignRecord(store.db, first, 7)).toBe(true);
    expect(await hasForeignRecord(store.db, first, 8)).toBe(false);
    expect(await wasChain(store.db, first, emptyChainHex)).toBe(true);
  });

  test('a thousand chunks of one line each are read in order', async (context) => {
    const store = await newStore(engine, context);
    const account = await sampleAccount(store);
    const job = await sampleJob(store, await sampleRunbook(store, account.id));
    const chunks = Array.from({ length: 1000 }, (_, seq) => ({ ...linesChunk(seq, 'Output'), foreignSeq: seq }));
    await attemptWith(store, job, 1, chunks);
    const page = await readRecordPage(store.db, job.id, { limit: 5000 });
    expect(page.entries.map((entry) => entry.record.seq)).toEqual(Array.from({ length: 1000 }, (_, seq) => seq));
    const tail = await readRecordPage(store.db, job.id, { limit: 5000, after: { attempt: 1, seq: 990 } });
    expect(tail.entries).toHaveLength(9);
  });

  test('a line that is no record is shown as one, not lost', async (context) => {
    const store = await newStore(engine, context);
    const account = await sampleAccount(store);
    const job = await sampleJob(store, await sampleRunbook(store, account.id));
    await attemptWith(store, job, 1, [{ ...linesChunk(0, 'Output'), body: Buffer.from('{"seq":0,"text"\n') }]);
    const { entries } = await readRecordPage(store.db, job.id, { limit: 10 });
    expect(entries[0]?.record).toMatchObject({ seq: 0, stream: 'Error' });
    expect(entries[0]?.record.text).toContain('{"seq":0,"text"');
  });
});

test('a change on one replica is heard on the other', async (context) => {
  const [one, other] = await newReplicas('postgres', context, 2);
  if (one === undefined || other === undefined) throw new Error('two were asked for');
  const heard = new Promise<Change>((resolve) => other.changes.subscribe('queue', '*', resolve));
  const account = await sampleAccount(one);
  await sampleJob(one, await sampleRunbook(one, account.id));
  expect(await heard).toEqual(changed.queue(account.id, 'main'));
});

test('a replica whose listening connection was cut listens again', async (context) => {
  const [one, other] = await newReplicas('postgres', context, 2);
  if (one === undefined || other === undefined) throw new Error('two were asked for');
  const cut = await sql<{ cut: boolean }>`select pg_terminate_backend(pid) as cut from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and query like 'listen%'`.execute(one.db);
  expect(cut.rows).toHaveLength(2);
  const heard: string[] = [];
  other.changes.subscribe('job', '*', ({ key }) => heard.push(key));
  const deadline = performance.now() + 10_000;
  for (let said = 0; heard.length === 0 && performance.now() < deadline; said += 1) {
    await one.write((tx) => {
      tx.publish(changed.job(String(said)));
      return Promise.resolve();
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(heard.length).toBeGreaterThan(0);
});

test('a replica whose server is away asks for it about once a second, and listens again when it is back', async (context) => {
  const url = new URL(await postgresDatabase(context));
  const socket = path.join(url.searchParams.get('host') ?? '', '.s.PGSQL.5432');
  const first = await startTcpForwarder(socket);
  url.host = `127.0.0.1:${first.port}`;
  url.search = '';
  const postgres = openPostgres(url.toString(), () => undefined);
  onTestFinished(() => postgres.close());
  const heard: string[] = [];
  let troubles = 0;
  await postgres.listen(
    'one',
    ({ key }) => heard.push(key),
    () => (troubles += 1),
  );
  await first.close();
  await new Promise((resolve) => setTimeout(resolve, 4_200));
  // The loss, and one failure each 0.75 to 1.25 s since.
  expect(troubles).toBeGreaterThanOrEqual(3);
  expect(troubles).toBeLessThanOrEqual(7);
  const again = await startTcpForwarder(socket, { port: first.port });
  onTestFinished(() => again.close());
  const client = new pg.Client({ connectionString: url.toString() });
  await client.connect();
  const deadline = performance.now() + 10_000;
  while (heard.length === 0 && performance.now() < deadline) {
    await client.query(`select pg_notify('${notifyChannel}', 'no json of ours')`);
    await client.query(`select pg_notify('${notifyChannel}', $1)`, [
      JSON.stringify({ from: 'other', changes: [{ topic: 'job', key: 'told' }] }),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await client.end();
  expect(heard[0]).toBe('told');
});

const time = '2026-11-23T09:00:00.000Z';

function framesChunk(firstSeq: number, streams: ('Output' | 'Error')[]): NewChunk {
  const lines = streams.map((stream, index) => JSON.stringify({ seq: firstSeq + index, time, stream, text: 'x' }));
  const header = JSON.stringify({ kind: 'records', first: firstSeq, count: streams.length });
  const { bytes, chain } = encodeFrame(emptyChain, Buffer.from([header, ...lines].join('\n')));
  return {
    recordCount: streams.length,
    streamMask: maskOf(streams),
    format: 'frames',
    encoding: 'gzip',
    chainBefore: emptyChainHex,
    chainAfter: chain.toString('hex'),
    foreignSeq: null,
    body: gzipSync(bytes),
    plainBytes: bytes.length,
  };
}

function beginOnlyChunk(): NewChunk {
  return { ...framesChunk(0, ['Output']), recordCount: 0, streamMask: 0 };
}
