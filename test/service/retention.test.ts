/** What the service forgets, and what it leaves: on both databases, and beside another replica. */
import { describe, expect, test } from 'vitest';
import { changeJob, listJobs, lockJob } from '../../src-service/store/jobs.ts';
import { deleteOldJobs, deleteUnusedVersions } from '../../src-service/store/retention.ts';
import { findRunbook, findRunbookVersion, publishDraft, putDraft } from '../../src-service/store/runbooks.ts';
import { engines, newReplicas, newStore } from './open-stores.ts';
import { attemptWith, linesChunk, longAgo, sampleAccount, sampleJob, sampleRunbook } from './store-samples.ts';

describe.each(engines)('the store on %s', (engine) => {
  test('old jobs are forgotten with all that is theirs, and versions that nothing names', async (context) => {
    const store = await newStore(engine, context);
    const account = await sampleAccount(store);
    const runbook = await sampleRunbook(store, account.id);
    const [old, running, fresh] = [
      await sampleJob(store, runbook),
      await sampleJob(store, runbook),
      await sampleJob(store, runbook, { now: longAgo + 10 }),
    ];
    await attemptWith(store, old, 1, [linesChunk(0, 'Output')]);
    for (const job of [old, fresh])
      await store.write((tx) => changeJob(tx, job, { status: 'Completed', endedAt: 1 }, job.createdAt));
    // Published anew, and the old version is the old job's alone.
    await store.write(async (tx) => {
      await putDraft(tx, runbook.id, { definition: 'new', parameters: null }, longAgo + 20);
      await publishDraft(tx, runbook.id, longAgo + 20);
    });
    const forget = () =>
      store.write(async (tx) => {
        const count = await deleteOldJobs(tx, longAgo + 5, 100);
        await deleteUnusedVersions(tx, longAgo + 5);
        return count;
      });
    expect(await forget()).toBe(1);
    const left = await listJobs(store.db, account.id, { limit: 10 });
    expect(left.map((job) => job.id).sort()).toEqual([running.id, fresh.id].sort());
    for (const table of ['attempts', 'recordChunks'] as const) {
      expect(await store.db.selectFrom(table).selectAll().execute(), table).toEqual([]);
    }
    expect(await findRunbookVersion(store.db, account.id, runbook.publishedVersionId)).toBeDefined();

    for (const job of [running, fresh]) await store.write((tx) => changeJob(tx, job, { status: 'Failed', endedAt: 1 }, longAgo));
    expect(await forget()).toBe(2);
    expect(await findRunbookVersion(store.db, account.id, runbook.publishedVersionId)).toBeUndefined();
    const current = await findRunbook(store.db, account.id, runbook.name);
    expect(await findRunbookVersion(store.db, account.id, current?.publishedVersionId ?? '')).toBeDefined();
  });
});

describe('replicas on postgres', () => {
  test('leave a job alone that another one is changing, as when somebody resumes it', async (context) => {
    const [own, other] = await newReplicas('postgres', context, 2);
    if (own === undefined || other === undefined) throw new Error('two were asked for');
    const account = await sampleAccount(own);
    const job = await sampleJob(own, await sampleRunbook(own, account.id));
    await own.write((tx) => changeJob(tx, job, { status: 'Suspended', endedAt: 1 }, longAgo));
    const forget = () => own.write((tx) => deleteOldJobs(tx, longAgo + 5, 100));
    await other.write(async (tx) => {
      await lockJob(tx, job.id);
      expect(await forget()).toBe(0);
    });
    expect(await forget()).toBe(1);
  });
});
