/** Records over the wire: frames of our own sandboxes, single lines of foreign ones, and the comparison at the end. */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emptyChain, encodeFrame } from '../../src-contract/node/journal-frame.ts';
import { maxRecordBytes } from '../../src-contract/limits.ts';
import { joinParts } from '../../src-contract/records.ts';
import { emptyChainHex, findAttempt } from '../../src-service/store/attempts.ts';
import { readRecordPage } from '../../src-service/store/records.ts';
import type { Answer } from '../fakes/scripted-worker.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { changeStatus, foreignSandboxOf, passTime, queueJob, readJob, start, takeJob, type Sandbox } from './job-life.ts';
import { registerWorker, startedService, type RegisteredWorker, type StartedService } from './started-service.ts';

leftoversAreCheckedAtTheEnd();

let started: StartedService;
let worker: RegisteredWorker;
const group = 'Records';

beforeAll(async () => {
  started = await startedService();
  worker = await registerWorker(started, group);
});
afterAll(() => started.close());

/** A journal as a sandbox writes it: each frame continues the one before. */
class Journal {
  chain: Uint8Array = emptyChain;
  count = 0;
  private readonly sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
  }

  get chainHex(): string {
    return Buffer.from(this.chain).toString('hex');
  }

  begin(): Buffer {
    const { sandboxId, job } = this.sandbox;
    const time = new Date().toISOString();
    return this.add({
      kind: 'begin',
      contractVersion: 1,
      jobId: job.id,
      sandboxId,
      attempt: 1,
      runbookName: 'R',
      runbookKind: 'Bash',
      time,
    });
  }

  records(...texts: string[]): Buffer {
    const first = this.count;
    this.count += texts.length;
    const time = new Date().toISOString();
    const lines = texts.map((text, at) => JSON.stringify({ seq: first + at, time, stream: 'Output', text }));
    return this.add({ kind: 'records', first, count: texts.length }, lines);
  }

  private add(header: object, lines: string[] = []): Buffer {
    const frame = encodeFrame(this.chain, Buffer.from([JSON.stringify(header), ...lines].join('\n')));
    ({ chain: this.chain } = frame);
    return frame.bytes;
  }
}

function upload(
  sandbox: Sandbox,
  from: number,
  chain: string,
  frames: Buffer,
  encoding: 'gzip' | 'identity' = 'gzip',
): Promise<Answer> {
  return sandbox.call('POST', `/${sandbox.job.id}/records?from=${from}&chain=${chain}`, {
    body: encoding === 'gzip' ? gzipSync(frames) : frames,
    headers: {
      'content-type': 'application/vnd.hrw.journal-frames',
      ...(encoding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
    },
  });
}

async function running(): Promise<Sandbox> {
  const sandbox = await takeJob(started, worker, group);
  await start(sandbox);
  return sandbox;
}

async function textsOf(sandbox: Sandbox): Promise<string[]> {
  const { entries } = await readRecordPage(started.service.context.store.db, sandbox.job.id, { limit: 1000 });
  return entries.map((entry) => entry.record.text);
}

function report(journal: Journal, more: object = {}) {
  return {
    outcome: 'completed',
    reason: '',
    exitCode: 0,
    recordCount: journal.count,
    chain: journal.chainHex,
    runtime: 'bash',
    processId: 4711,
    wallMs: 12.5,
    cpuMs: 3,
    peakMemoryBytes: 1024,
    processesLeft: 0,
    ...more,
  };
}

describe('records in batches', () => {
  test('are kept in order, over any number of uploads, and verified at the end', async () => {
    const sandbox = await running();
    const journal = new Journal(sandbox);
    const first = Buffer.concat([journal.begin(), journal.records('one', 'two'), journal.records('three')]);
    const answer = await upload(sandbox, 0, emptyChainHex, first);
    expect(answer).toMatchObject({ status: 200, json: { acknowledged: 3, chain: journal.chainHex } });

    const before = journal.chainHex;
    const plain = await upload(sandbox, 3, before, journal.records('four €'), 'identity');
    expect(plain).toMatchObject({ status: 200, json: { acknowledged: 4, chain: journal.chainHex } });
    expect(await textsOf(sandbox)).toEqual(['one', 'two', 'three', 'four €']);

    const resumed = await sandbox.call('GET', `/${sandbox.job.id}/records/acknowledged`);
    expect(resumed).toMatchObject({ status: 200, json: { acknowledged: 4, chain: journal.chainHex } });

    expect((await changeStatus(sandbox, 'Completed', { hrw: report(journal) })).status).toBe(200);
    expect(await readJob(started, sandbox.job)).toMatchObject({ status: 'Completed', verified: true });
    expect(await findAttempt(started.service.context.store.db, sandbox.sandboxId)).toMatchObject({
      outcome: 'completed',
      verified: true,
      report: { exitCode: 0, peakMemoryBytes: 1024 },
    });
  });

  test('that do not continue what there is are answered with where to go on', async () => {
    const sandbox = await running();
    const journal = new Journal(sandbox);
    const first = Buffer.concat([journal.begin(), journal.records('one')]);
    await upload(sandbox, 0, emptyChainHex, first);
    const stands = { status: 409, json: { acknowledged: 1, chain: journal.chainHex } };
    // The same again, because the answer was lost; a gap; another chain.
    expect(await upload(sandbox, 0, emptyChainHex, first)).toMatchObject(stands);
    expect(await upload(sandbox, 7, journal.chainHex, Buffer.alloc(0))).toMatchObject(stands);
    expect(await upload(sandbox, 1, 'ab'.repeat(32), Buffer.alloc(0))).toMatchObject(stands);
    expect(await textsOf(sandbox)).toEqual(['one']);
  });

  test('that come twice at once are kept once', async () => {
    const sandbox = await running();
    const journal = new Journal(sandbox);
    const frames = Buffer.concat([journal.begin(), journal.records('one', 'two')]);
    const answers = await Promise.all([1, 2, 3].map(() => upload(sandbox, 0, emptyChainHex, frames)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409, 409]);
    expect(await textsOf(sandbox)).toEqual(['one', 'two']);
  });

  test.each([
    ['whose chain does not hold', (frames: Buffer) => Buffer.concat([frames.subarray(0, -1), Buffer.of(0)])],
    ['that are cut off', (frames: Buffer) => frames.subarray(0, -3)],
  ])('%s are refused with 422', async (_what, change) => {
    const sandbox = await running();
    const journal = new Journal(sandbox);
    const frames = change(Buffer.concat([journal.begin(), journal.records('one')]));
    expect(await upload(sandbox, 0, emptyChainHex, frames)).toMatchObject({
      status: 422,
      json: { code: provokes('request-invalid') },
    });
    expect(await textsOf(sandbox)).toEqual([]);
  });

  test('that unpack to more than an upload may hold are refused before they fill the memory', async () => {
    const sandbox = await running();
    const bomb = Buffer.alloc(64 * 1024 * 1024);
    expect((await upload(sandbox, 0, emptyChainHex, bomb)).status).toBe(400);
  });

  test('of a megabyte are taken within 20 ms or so', async () => {
    const sandbox = await running();
    const journal = new Journal(sandbox);
    const frames = [journal.begin()];
    for (let at = 0; at < 5; at += 1)
      frames.push(journal.records(...Array.from({ length: 2000 }, (_, line) => `line ${at} ${line} ${'x'.repeat(40)}`)));
    const startedAt = performance.now();
    const answer = await upload(sandbox, 0, emptyChainHex, Buffer.concat(frames));
    expect(answer.status).toBe(200);
    // Wide, because the machine may be busy; the figure itself is the benchmark's.
    expect(performance.now() - startedAt).toBeLessThan(400);
  });
});

describe('the final status', () => {
  test('is refused while records are missing, and taken once they are there', async () => {
    const sandbox = await running();
    const journal = new Journal(sandbox);
    const frames = Buffer.concat([journal.begin(), journal.records('one')]);
    const early = await changeStatus(sandbox, 'Completed', { hrw: report(journal) });
    expect(early).toMatchObject({ status: 409, json: { acknowledged: 0, chain: emptyChainHex } });
    expect((await readJob(started, sandbox.job)).status).toBe('Running');
    await upload(sandbox, 0, emptyChainHex, frames);
    expect((await changeStatus(sandbox, 'Completed', { hrw: report(journal) })).status).toBe(200);
    expect((await readJob(started, sandbox.job)).verified).toBe(true);
  });

  test('of a journal that lost its tail is taken, and says that not everything could be compared', async () => {
    const sandbox = await running();
    const journal = new Journal(sandbox);
    await upload(sandbox, 0, emptyChainHex, Buffer.concat([journal.begin(), journal.records('one')]));
    const empty = new Journal(sandbox);
    expect((await changeStatus(sandbox, 'Completed', { hrw: report(empty) })).status).toBe(200);
    expect(await readJob(started, sandbox.job)).toMatchObject({ status: 'Completed', verified: false });
  });

  test('that claims a gap nobody can close is taken the third time, as not verified; the records count when they come after all', async () => {
    const sandbox = await running();
    const journal = new Journal(sandbox);
    const frames = Buffer.concat([journal.begin(), journal.records('one')]);
    const end = () => changeStatus(sandbox, 'Completed', { hrw: report(journal) });
    expect([(await end()).status, (await end()).status, (await end()).status]).toEqual([409, 409, 200]);
    expect((await readJob(started, sandbox.job)).verified).toBe(false);
    expect((await upload(sandbox, 0, emptyChainHex, frames)).status).toBe(200);
    expect((await findAttempt(started.service.context.store.db, sandbox.sandboxId))?.verified).toBe(true);
    expect((await readJob(started, sandbox.job)).verified).toBe(true);
  });

  test('with the outcome of a lost attempt makes the job wait again', async () => {
    const sandbox = await running();
    const hrw = report(new Journal(sandbox), { outcome: 'sandbox-crashed', reason: 'it was killed', exitCode: null });
    expect((await changeStatus(sandbox, 'Failed', { hrw })).status).toBe(200);
    expect(await readJob(started, sandbox.job)).toMatchObject({ status: 'New', attemptCount: 1, endedAt: null });
    await started.service.context.dispatcher.stopJob(started.account.id, sandbox.job.id);
  });
});

describe('#8 postJobStream', () => {
  async function foreign(logVerbose = false): Promise<Sandbox> {
    const other = await registerWorker(started, `Foreign${Math.random()}`.replace('.', ''));
    const groupName = (await other.poll()).status === 200 ? await groupOf(other) : '';
    const job = await queueJob(started, groupName, { logVerbose });
    const sandbox = foreignSandboxOf(started, other, job, await other.poll());
    await start(sandbox);
    return sandbox;
  }

  async function groupOf({ machineId }: RegisteredWorker): Promise<string> {
    const { db } = started.service.context.store;
    return (await db.selectFrom('workers').select('groupName').where('machineId', '=', machineId).executeTakeFirstOrThrow())
      .groupName;
  }

  function post(sandbox: Sandbox, sequence: number, type: string, text: string | null): Promise<Answer> {
    const body = {
      AccountId: sandbox.job.accountId,
      JobId: sandbox.job.id,
      RecordTime: '2026-11-23T15:52:42.696719',
      RunbookVersionId: sandbox.job.runbookVersionId,
      SequenceNumber: sequence,
      StreamRecord: null,
      StreamRecordText: text,
      Type: type,
      extendedProperty: null,
    };
    return sandbox.accountCall('POST', `/jobs/${sandbox.job.id}/postJobStream`, { body });
  }

  async function entriesOf(sandbox: Sandbox): Promise<string[]> {
    const { entries } = await readRecordPage(started.service.context.store.db, sandbox.job.id, { limit: 1000 });
    return entries.map(({ record }) => `${record.seq} ${record.stream}: ${record.text}`);
  }

  test('keeps lines in order, blank ones too, and a repeated post once', async () => {
    const sandbox = await foreign();
    for (const [sequence, text] of ['first', '', 'third'].entries())
      expect((await post(sandbox, sequence, 'Output', text)).status).toBe(200);
    expect((await post(sandbox, 2, 'Output', 'third')).status).toBe(200);
    expect(await entriesOf(sandbox)).toEqual(['0 Output: first', '1 Output: ', '2 Output: third']);
  });

  test('leaves out what the runbook does not log, without a gap', async () => {
    const sandbox = await foreign();
    for (const [sequence, type] of ['Verbose', 'Error', 'Debug', 'Progress', 'Warning', 'Any'].entries())
      expect((await post(sandbox, sequence, type, type)).status).toBe(200);
    expect(await entriesOf(sandbox)).toEqual(['0 Error: Error', '1 Warning: Warning', '2 Output: Any']);
    const verbose = await foreign(true);
    await post(verbose, 0, 'Verbose', 'kept');
    expect(await entriesOf(verbose)).toEqual(['0 Verbose: kept']);
  });

  test('splits a line of three million characters into parts that join to it', async () => {
    const sandbox = await foreign();
    const text = 'é€'.repeat(1_500_000);
    expect((await post(sandbox, 0, 'Output', text)).status).toBe(200);
    const { entries } = await readRecordPage(started.service.context.store.db, sandbox.job.id, { limit: 1000 });
    expect(entries.length).toBeGreaterThan(6);
    expect(entries.every(({ record }) => Buffer.byteLength(record.text) <= maxRecordBytes)).toBe(true);
    const [joined, ...others] = joinParts(entries.map((entry) => entry.record));
    expect(others).toEqual([]);
    expect(joined?.text === text).toBe(true);
  });

  test('takes lines while the job is stopping and shortly after its end, and not for ever', async () => {
    const own = await startedService();
    const ownWorker = await registerWorker(own, 'Main');
    const job = await queueJob(own, 'Main');
    const sandbox = foreignSandboxOf(own, ownWorker, job, await ownWorker.poll());
    await start(sandbox);
    await own.service.context.dispatcher.stopJob(own.account.id, job.id);
    await changeStatus(sandbox, 'Stopping');
    expect((await post(sandbox, 0, 'Output', 'while stopping')).status).toBe(200);
    await changeStatus(sandbox, 'Stopped');
    expect((await post(sandbox, 1, 'Output', 'a moment later')).status).toBe(200);
    await passTime(own, 6 * 60 * 1000);
    expect(await post(sandbox, 2, 'Output', 'much later')).toMatchObject({ status: 409, json: { code: provokes('job-ended') } });
  });
});
