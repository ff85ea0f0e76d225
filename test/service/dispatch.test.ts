/** Handing out, giving up and trying again, with real calls and a clock that the test moves. On both databases where it matters. */
import { describe, expect, test, type TestContext } from 'vitest';
import { fenceAttempt } from '../../src-service/dispatch/attempt-life.ts';
import { headers } from '../../src-contract/jrds.ts';
import { LateWrites } from '../../src-service/dispatch/late-writes.ts';
import { forgetOld } from '../../src-service/retention.ts';
import { findAttempt, listAttempts } from '../../src-service/store/attempts.ts';
import type { Engine } from '../../src-service/store/schema.ts';
import { deleteWorker } from '../../src-service/store/workers.ts';
import { makeIdentity } from '../fakes/scripted-worker.ts';
import { provokes } from '../harness/provokes.ts';
import { postgresDatabase } from '../harness/postgres-database.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import {
  actionsOf,
  changeStatus,
  foreignSandboxOf,
  jobActionsOf,
  passTime,
  queueJob,
  readJob,
  sandboxOf,
  start,
  takeJob,
  unload,
} from './job-life.ts';
import { engines } from './open-stores.ts';
import { sampleJob, sampleRunbook } from './store-samples.ts';
import { makeAccount, ownHeaders, registerWorker, startedService, type StartedService } from './started-service.ts';

async function startedOn(engine: Engine, context: TestContext): Promise<StartedService> {
  return startedService(engine === 'postgres' ? { databaseUrl: await postgresDatabase(context) } : {});
}

const held = { headers: ownHeaders({ wait: 10 }) };
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

describe.each(engines)('dispatch on %s', (engine) => {
  test('two waiting workers share a row of jobs, and neither gets more than it has room for', async (context) => {
    const started = await startedOn(engine, context);
    const workers = [await registerWorker(started, 'Main'), await registerWorker(started, 'Main')];
    for (let made = 0; made < 5; made += 1) await queueJob(started, 'Main');
    const answers = await Promise.all(workers.map((worker) => worker.poll(held)));
    expect(answers.map((answer) => actionsOf(answer).length)).toEqual([2, 2]);
    const ids = answers.flatMap(actionsOf).map((action) => action.SandboxId);
    expect(new Set(ids).size).toBe(4);
  });

  test('a worker that is paused, or cannot run the kind, gets nothing; the one that can gets it', async (context) => {
    const started = await startedOn(engine, context);
    const [paused, python, able] = [
      await registerWorker(started, 'Main'),
      await registerWorker(started, 'Main'),
      await registerWorker(started, 'Main'),
    ];
    const waiting = [
      paused.poll({ headers: ownHeaders({ wait: 1, state: 'paused' }) }),
      python.poll({ headers: ownHeaders({ wait: 1, kinds: '10' }) }),
      able.poll({ headers: ownHeaders({ wait: 1 }) }),
    ];
    await soon();
    await queueJob(started, 'Main');
    expect((await Promise.all(waiting)).map((answer) => actionsOf(answer).length)).toEqual([0, 0, 1]);
  });

  test('a row of jobs that nobody who waits can run does not stand before one that somebody can', async (context) => {
    const started = await startedOn(engine, context);
    const worker = await registerWorker(started, 'Main');
    const runbook = await sampleRunbook(started.service.context.store, started.account.id, { kind: 'PowerShellWorkflow' });
    for (let made = 0; made < 201; made += 1) await sampleJob(started.service.context.store, runbook, { groupName: 'Main' });
    const job = await queueJob(started, 'Main');
    expect(sandboxOf(started, job, await worker.poll(held)).job.id).toBe(job.id);
  });

  test('our own worker’s attempt is one of a client that holds calls, also when its first call was answered at once', async (context) => {
    const started = await startedOn(engine, context);
    const worker = await registerWorker(started, 'Main');
    const job = await queueJob(started, 'Main');
    const { sandboxId } = sandboxOf(started, job, await worker.poll({ headers: ownHeaders() }));
    expect((await findAttempt(started.service.context.store.db, sandboxId))?.holdsCalls).toBe(true);
  });

  test('a machine’s newer poll takes the place of its older one', async (context) => {
    const started = await startedOn(engine, context);
    const worker = await registerWorker(started, 'Main');
    const older = worker.poll(held);
    await soon();
    const newer = worker.poll(held);
    expect(actionsOf(await older)).toHaveLength(0);
    await queueJob(started, 'Main');
    expect(actionsOf(await newer)).toHaveLength(1);
  });

  test('a worker that was removed while its call was held gets nothing more', async (context) => {
    const started = await startedOn(engine, context);
    const worker = await registerWorker(started, 'Main');
    const waiting = worker.poll({ headers: ownHeaders({ wait: 1 }) });
    await soon();
    await started.service.context.store.write((tx) => deleteWorker(tx, started.account.id, worker.machineId));
    const job = await queueJob(started, 'Main');
    expect(actionsOf(await waiting)).toHaveLength(0);
    expect((await worker.poll(held)).status).toBe(401);
    expect(await readJob(started, job)).toMatchObject({ status: 'New', attemptCount: 0 });
  });

  test('an action that no sandbox has called in for is given again, with the same secret', async (context) => {
    const started = await startedOn(engine, context);
    const worker = await registerWorker(started, 'Main');
    await queueJob(started, 'Main');
    const [first] = actionsOf(await worker.poll(held));
    expect(actionsOf(await worker.poll({ headers: ownHeaders() }))).toHaveLength(0);
    const waiting = worker.poll(held);
    await soon();
    await passTime(started, 30_000);
    expect(actionsOf(await waiting)).toEqual([first]);
  });

  test('a worker with one slot whose answer was lost gets that job again, and none beside it', async (context) => {
    const started = await startedOn(engine, context);
    const worker = await registerWorker(started, 'Main');
    const [job, next] = [await queueJob(started, 'Main'), await queueJob(started, 'Main')];
    const one = { freeSlots: 1, limit: 1 };
    const [lost] = actionsOf(await worker.poll({ headers: ownHeaders(one) }));
    // It never heard of it: its slot is free.
    expect(actionsOf(await worker.poll({ headers: ownHeaders(one) }))).toEqual([]);
    await passTime(started, 13_000);
    expect(actionsOf(await worker.poll({ headers: ownHeaders(one) }))).toEqual([lost]);
    expect(await readJob(started, job)).toMatchObject({ attemptCount: 1, currentSandboxId: lost?.SandboxId });
    expect(await readJob(started, next)).toMatchObject({ attemptCount: 0, currentSandboxId: null });
  });

  test('a poller that has gone away while a job came for it leaves the job to its next poll', async (context) => {
    const started = await startedOn(engine, context);
    const worker = await registerWorker(started, 'Main');
    const gone = new AbortController();
    const lost = worker.poll({ ...held, signal: gone.signal }).catch(() => 'gone');
    await soon();
    gone.abort();
    expect(await lost).toBe('gone');
    await queueJob(started, 'Main');
    expect(actionsOf(await worker.poll(held))).toHaveLength(1);
  });

  test('a silent attempt is fenced, tried on the other worker, and refused by its id from then on', async (context) => {
    const started = await startedOn(engine, context);
    const [one, other] = [await registerWorker(started, 'Main'), await registerWorker(started, 'Main')];
    const sandbox = await takeJob(started, one, 'Main');
    await start(sandbox);
    // Both wait; the one that is about to lose it has more room.
    const [again, elsewhere] = [one.poll({ headers: ownHeaders({ wait: 3, freeSlots: 9 }) }), other.poll(held)];
    await soon();
    await passTime(started, 40_000);
    const [action] = actionsOf(await elsewhere);
    expect(action?.SandboxId).toMatch(/^[0-9a-f-]{36}$/);
    expect(action?.SandboxId).not.toBe(sandbox.sandboxId);
    expect(actionsOf(await again)).toHaveLength(0);

    const fenced = { status: 401, json: { code: provokes('attempt-fenced'), details: { sandboxId: sandbox.sandboxId } } };
    expect(await sandbox.call('GET', '/getJobActions')).toMatchObject(fenced);
    expect(await changeStatus(sandbox, 'Completed')).toMatchObject(fenced);
    expect(await sandbox.accountCall('GET', `/jobs/${sandbox.job.id}`)).toMatchObject(fenced);
    expect(await sandbox.call('GET', `/${sandbox.job.id}/records/acknowledged`)).toMatchObject(fenced);
    expect(await sandbox.accountCall('GET', '/variables/Any')).toMatchObject(fenced);
    expect(await findAttempt(started.service.context.store.db, sandbox.sandboxId)).toMatchObject({
      outcome: 'interrupted',
      fenced: true,
    });
    expect(await readJob(started, sandbox.job)).toMatchObject({
      status: 'New',
      attemptCount: 2,
      currentSandboxId: action?.SandboxId,
    });
  });

  test('an end that is told as its attempt is given up is not taken for one', async (context) => {
    const started = await startedOn(engine, context);
    const sandbox = await takeJob(started, await registerWorker(started, 'Main'), 'Main');
    await start(sandbox);
    const { store } = started.service.context;
    const now = started.clock.now();
    const write = store.write.bind(store);
    store.write = async (work) => {
      store.write = write;
      await write((tx) => fenceAttempt(tx, sandbox.sandboxId, now + 60_000, now));
      return write(work);
    };
    expect(await changeStatus(sandbox, 'Completed')).toMatchObject({ status: 401, json: { code: 'attempt-fenced' } });
    expect(await readJob(started, sandbox.job)).toMatchObject({ status: 'New', attemptCount: 1 });
  });

  test('an attempt that speaks is not fenced, however long it runs', async (context) => {
    const started = await startedOn(engine, context);
    const sandbox = await takeJob(started, await registerWorker(started, 'Main'), 'Main');
    await start(sandbox);
    for (let spoken = 0; spoken < 5; spoken += 1) {
      await passTime(started, 30_000);
      expect((await sandbox.call('GET', '/getJobActions')).status).toBe(200);
    }
    expect((await readJob(started, sandbox.job)).status).toBe('Running');
  });

  test('an attempt whose machine went without a word, in the middle of a held call, is fenced by when that call began', async (context) => {
    const started = await startedOn(engine, context);
    const sandbox = await takeJob(started, await registerWorker(started, 'Main'), 'Main');
    await start(sandbox);
    const heldCall = sandbox.call('GET', '/getJobActions', { headers: { prefer: 'wait=1' } });
    await soon();
    await passTime(started, 30_000);
    expect((await heldCall).status).toBe(200);
    await passTime(started, 6_000);
    expect((await readJob(started, sandbox.job)).status).toBe('New');
  });

  test('a foreign worker’s attempt has 150 s', async (context) => {
    const started = await startedOn(engine, context);
    const worker = await registerWorker(started, 'Main');
    const job = await queueJob(started, 'Main');
    const sandbox = foreignSandboxOf(started, worker, job, await worker.poll());
    await start(sandbox);
    await passTime(started, 145_000);
    expect((await readJob(started, job)).status).toBe('Running');
    await passTime(started, 10_000);
    expect((await readJob(started, job)).status).toBe('New');
  });

  test('an exception with a character that no text holds ends its job', async (context) => {
    const started = await startedOn(engine, context);
    const sandbox = await takeJob(started, await registerWorker(started, 'Main'), 'Main');
    await start(sandbox);
    expect((await changeStatus(sandbox, 'Failed', { exception: 'a\0b' })).status).toBe(200);
    expect(await readJob(started, sandbox.job)).toMatchObject({ status: 'Failed', exception: 'a\ufffdb' });
  });

  test('a third lost attempt suspends the job, with every reason', async (context) => {
    const started = await startedOn(engine, context);
    const worker = await registerWorker(started, 'Main');
    const job = await queueJob(started, 'Main');
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const sandbox = sandboxOf(started, job, await worker.poll(held));
      if (attempt === 2) await start(sandbox);
      await passTime(started, 40_000);
    }
    const suspended = await readJob(started, job);
    expect(suspended).toMatchObject({ status: 'Suspended', attemptCount: 3 });
    expect(suspended.exception?.match(/Attempt \d on worker-a/g)).toHaveLength(3);
    const attempts = await listAttempts(started.service.context.store.db, job.id);
    expect(attempts.map((attempt) => attempt.outcome)).toEqual(['never-started', 'interrupted', 'never-started']);
  });

  test('a lost attempt of a runbook that must not run again fails the job', async (context) => {
    const started = await startedOn(engine, context);
    const sandbox = await takeJob(started, await registerWorker(started, 'Main'), 'Main', { rerun: 'never' });
    await start(sandbox);
    await passTime(started, 40_000);
    expect(await readJob(started, sandbox.job)).toMatchObject({ status: 'Failed', attemptCount: 1 });
  });

  test('a stop that its sandbox never heard of ends the job when the attempt is fenced', async (context) => {
    const started = await startedOn(engine, context);
    const sandbox = await takeJob(started, await registerWorker(started, 'Main'), 'Main');
    await start(sandbox);
    await started.service.context.dispatcher.stopJob(started.account.id, sandbox.job.id);
    await passTime(started, 40_000);
    expect((await readJob(started, sandbox.job)).status).toBe('Stopped');
  });

  test('after a gap in the service’s own life nothing is fenced before a whole limit has passed', async (context) => {
    const started = await startedOn(engine, context);
    const sandbox = await takeJob(started, await registerWorker(started, 'Main'), 'Main');
    await start(sandbox);
    started.clock.advance(60 * 60 * 1000);
    await started.service.context.dispatcher.sweep();
    expect((await readJob(started, sandbox.job)).status).toBe('Running');
    await passTime(started, 30_000);
    expect((await readJob(started, sandbox.job)).status).toBe('Running');
    await passTime(started, 10_000);
    expect((await readJob(started, sandbox.job)).status).toBe('New');
  });

  test('after the clock was set back by hours silence counts anew, and what was put off is not put off by hours', async (context) => {
    const started = await startedOn(engine, context);
    const worker = await registerWorker(started, 'Main');
    const silent = await takeJob(started, worker, 'Main');
    await start(silent);
    const untold = await takeJob(started, worker, 'Main');
    await untold.call('GET', '/getJobActions');
    await queueJob(started, 'Main');
    const lost = actionsOf(await worker.poll({ headers: ownHeaders({ wait: 5, limit: 50 }) }));
    expect(lost).toHaveLength(1);

    started.clock.set(-5 * 60 * 60 * 1000);
    await passTime(started, 1000);
    const again = actionsOf(await worker.poll({ headers: ownHeaders({ limit: 50 }) }));
    expect(again.map(({ SandboxId }) => SandboxId)).toEqual(lost.map(({ SandboxId }) => SandboxId));
    expect(jobActionsOf(await untold.call('GET', '/getJobActions'))).toHaveLength(1);
    expect((await readJob(started, silent.job)).status).toBe('Running');
    await passTime(started, 30_000);
    // Who speaks is heard by the new clock.
    expect((await untold.call('GET', '/getJobActions')).status).toBe(200);
    await passTime(started, 12_000);
    expect((await readJob(started, silent.job)).status).toBe('New');
    expect((await listAttempts(started.service.context.store.db, untold.job.id))[0]?.endedAt).toBeNull();
  });

  test('a foreign worker has four jobs at once, and gets the next when one has ended', async (context) => {
    const started = await startedOn(engine, context);
    const worker = await registerWorker(started, 'Main');
    const job = await queueJob(started, 'Main');
    for (let made = 0; made < 5; made += 1) await queueJob(started, 'Main', { now: started.clock.now() + 1000 });
    const answer = await worker.poll();
    expect(actionsOf(answer)).toHaveLength(4);
    expect(actionsOf(await worker.poll())).toHaveLength(0);
    const sandbox = foreignSandboxOf(started, worker, job, answer);
    await start(sandbox);
    await changeStatus(sandbox, 'Completed');
    await unload(sandbox);
    expect(actionsOf(await worker.poll())).toHaveLength(1);
  });

  test('a queued job says why it waits', async (context) => {
    const started = await startedOn(engine, context);
    const { dispatcher } = started.service.context;
    const job = await queueJob(started, 'Main');
    const why = async () => dispatcher.explainWaiting(await readJob(started, job));
    expect(await why()).toBe('group Main has no worker');
    const worker = await registerWorker(started, 'Main');
    expect(await why()).toBe('group Main has no worker that was ever seen');
    await worker.poll({ headers: ownHeaders({ state: 'paused' }) });
    expect(await why()).toBe('the only worker is paused');
    await worker.poll({ headers: ownHeaders({ kinds: '13' }) });
    expect(await why()).toBe('no worker of group Main can run Bash');
    await worker.poll({ headers: ownHeaders({ freeSlots: 0, state: 'full' }) });
    expect(await why()).toBe('the only worker is full');
    await worker.poll({ headers: ownHeaders() });
    expect(await why()).toBe('it is being handed to worker worker-a');
  });
});

test('of two replicas one hands a job out, to whoever waits there', async (context) => {
  const databaseUrl = await postgresDatabase(context);
  const folder = await tempFolder();
  const vaultKeyFile = `${folder}/vault.key`;
  const one = await startedService({ databaseUrl, vaultKeyFile });
  const other = await startedService({ databaseUrl, vaultKeyFile });
  const worker = await registerWorker(one, 'Main');
  // The same machine's call, to the other replica.
  const there = other.connect(worker.identity);
  const waiting = there.call(
    'GET',
    `${other.service.urls.agentUrl}/jrds/automationAccounts/${one.account.id}/Sandboxes/GetSandboxActions`,
    held,
  );
  await soon();
  const startedAt = performance.now();
  const job = await queueJob(one, 'Main');
  const answer = await waiting;
  expect(performance.now() - startedAt).toBeLessThan(1000);
  // Its secret is good on either.
  const sandbox = sandboxOf(one, job, answer);
  await start(sandbox);
  await changeStatus(sandbox, 'Completed');
  expect((await readJob(one, job)).status).toBe('Completed');
});

test('many replicas hand each of many jobs out once', async (context) => {
  const databaseUrl = await postgresDatabase(context);
  const vaultKeyFile = `${await tempFolder()}/vault.key`;
  const replicas = [];
  for (let made = 0; made < 3; made += 1) replicas.push(await startedService({ databaseUrl, vaultKeyFile }));
  const [first] = replicas;
  if (first === undefined) throw new Error('three were asked for');
  const workers = [];
  for (const replica of replicas) {
    // All in the first one's account.
    const shared = {
      ...replica,
      account: { ...first.account, endpoint: `${replica.service.urls.agentUrl}/accounts/${first.account.id}` },
    };
    const jrds = `${replica.service.urls.agentUrl}/jrds/automationAccounts/${first.account.id}`;
    workers.push(await registerWorker({ ...shared, jrds }, 'Main'));
  }
  const waiting = workers.map((worker) => worker.poll({ headers: ownHeaders({ wait: 2, freeSlots: 20 }) }));
  await soon();
  await Promise.all(Array.from({ length: 20 }, () => queueJob(first, 'Main')));
  const ids = (await Promise.all(waiting)).flatMap(actionsOf).map((action) => action.SandboxId);
  expect(new Set(ids).size).toBe(ids.length);
  const rest = await Promise.all(workers.map((worker) => worker.poll({ headers: ownHeaders({ freeSlots: 20 }) })));
  const all = [...ids, ...rest.flatMap(actionsOf).map((action) => action.SandboxId)];
  expect(new Set(all).size).toBe(20);
  expect(all).toHaveLength(20);
});

test('jobs are forgotten a month after their last change', async () => {
  const started = await startedService();
  const job = await queueJob(started, 'Main');
  await started.service.context.dispatcher.stopJob(started.account.id, job.id);
  started.clock.advance(29 * 24 * 60 * 60 * 1000);
  await forgetOld(started.service.context);
  expect((await readJob(started, job)).status).toBe('Stopped');
  started.clock.advance(2 * 24 * 60 * 60 * 1000);
  await forgetOld(started.service.context);
  await expect(readJob(started, job)).rejects.toThrow('is not there');
});

test('a sign of life that could not be written is written with the next ones', async () => {
  const started = await startedService();
  const worker = await registerWorker(started, 'Main');
  const sandbox = await takeJob(started, worker, 'Main');
  await start(sandbox);
  const { store } = started.service.context;
  const late = new LateWrites(store);
  const { writeSoon } = store;
  store.writeSoon = () => Promise.reject(new Error('the disk is full'));
  const now = started.clock.now();
  late.noteAttemptSeen(sandbox.sandboxId, now + 1000);
  await expect(late.flush()).rejects.toThrow('the disk is full');
  store.writeSoon = writeSoon;
  await late.flush();
  expect((await findAttempt(store.db, sandbox.sandboxId))?.lastSeenAt).toBe(now + 1000);
});

test('a machine that has moved to another account gets nothing of the one before', async () => {
  const started = await startedService();
  const machine = await registerWorker(started, 'Main');
  await queueJob(started, 'Main');
  expect(actionsOf(await machine.poll({ headers: ownHeaders() }))).toHaveLength(1);
  const { store } = started.service.context;
  await store.write((tx) => deleteWorker(tx, started.account.id, machine.machineId));
  const other = await makeAccount(started.service, 'other');
  const moved = { ...started, account: other, jrds: started.jrds.replace(started.account.id, other.id) };
  const again = await registerWorker(moved, 'Main', await makeIdentity(), machine.machineId);
  await passTime(started, 13_000);
  // What was handed out and never called in for is the other account's.
  expect(actionsOf(await again.poll({ headers: ownHeaders() }))).toEqual([]);
  expect((await again.connection.call('GET', `${moved.jrds}/variables/Any`)).status).toBe(404);
});

test('whoever calls with an old turn gets no work, and takes none from the other', async () => {
  const started = await startedService();
  const worker = await registerWorker(started, 'Main');
  const pollAs = async (turn: string) => {
    const answer = await worker.poll({ headers: { ...ownHeaders(), [headers.turn]: turn } });
    return { next: String(answer.headers[headers.turn]), actions: actionsOf(answer) };
  };
  const { next: second } = await pollAs('first');
  const { next: third } = await pollAs(second);
  await queueJob(started, 'Main');
  expect((await pollAs('first')).actions).toEqual([]);
  expect((await pollAs(third)).actions).toHaveLength(1);
});

test('an account’s jobs are not another’s, whatever the group is called', async () => {
  const started = await startedService();
  const other = await makeAccount(started.service, 'other');
  const worker = await registerWorker(started, 'Main');
  await queueJob({ ...started, account: other }, 'Main');
  expect(actionsOf(await worker.poll({ headers: ownHeaders() }))).toHaveLength(0);
});
