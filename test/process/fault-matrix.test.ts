/**
 * Every call that a worker and its sandboxes make while they work, times every moment and kind of fault: none ends the engine, none loses or
 * doubles a record, each clears itself. And, in short, what `npm run test:faults` does at length: kills of every process.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { X509Certificate, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faults, moments, startFaultingFront, type ClientPair, type Plan } from '../fakes/faulting-front.ts';
import { judgeJob, type JobVerdict } from '../faults/judge.ts';
import { Ledger } from '../faults/ledger.ts';
import { runLong } from '../faults/long-run.ts';
import { runbookName, runbookScript } from '../faults/runbook.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, makeAccount, publishRunbook, startService, waitFor, type Account, type Service } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { TestWorker } from '../harness/worker-in-process.ts';

leftoversAreCheckedAtTheEnd();

const records = 120;
/** Longer than everybody waits before a word is said, shorter than anybody gives up. */
const delayMs = 1200;
/** A lost answer to the poll comes again after a while (`actionVisibilitySeconds`); machines under load need a multiple. */
const limitSeconds = 100;

/** What every worker and sandbox calls in the life of one job. */
const callsOfAJob = [
  'GET /jrds/Sandboxes/GetSandboxActions',
  'GET /jrds/Sandboxes/GetSandboxActions, held',
  'GET /jrds/Sandboxes/id/jobs/getJobActions',
  'POST /jrds/Sandboxes/id/jobs/AcknowledgeJobActions',
  'GET /jrds/jobs/id',
  'GET /jrds/jobs/id/getUpdatableData',
  'GET /jrds/runbooks/id',
  'POST /jrds/Sandboxes/id/jobs/id/changeStatus, Activating',
  'POST /jrds/Sandboxes/id/jobs/id/changeStatus, Running',
  'POST /jrds/Sandboxes/id/jobs/id/changeStatus, final',
  'POST /jrds/Sandboxes/id/jobs/id/records',
  'POST /jrds/Sandboxes/id/jobs/id/records, again',
  'POST /jrds/Sandboxes/id/jobs/id/unload',
  'GET /workspaces/id/packs',
];

/** Side by side: most of the time is waiting. In each lane as many whose answer to the poll is lost as in the others. */
const lanes: Plan[][] = [[], [], []];
const combinations = moments.flatMap((moment) => faults.map((fault): Plan => ({ moment, fault })));
const losesAnswers = ({ moment, fault }: Plan): boolean => moment !== 'before' && fault !== 'delay';
for (const [index, plan] of combinations.filter(losesAnswers).entries()) lanes[index % lanes.length]?.push(plan);
for (const [index, plan] of combinations.filter((one) => !losesAnswers(one)).entries()) lanes[index % lanes.length]?.push(plan);

/** What one combination came to. */
interface Came {
  verdict: JobVerdict;
  hit: ReadonlySet<string>;
  hasEnded: boolean;
}

describe('every call of a working worker', () => {
  let service: Service;
  let account: Account;
  const came = new Map<string, Came>();
  const open: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    const folder = await tempFolder();
    service = await startService(path.join(folder, 'service'));
    open.push(() => service.stop());
    account = await makeAccount(service);
    await publishRunbook(service, runbookName, 'Bash', runbookScript);
    await Promise.all(lanes.map((plans, index) => runLane(folder, `lane-${String(index + 1)}`, plans)));
  }, 600_000);
  afterAll(async () => {
    for (const close of open.reverse()) await close();
  });

  /** One worker, registered directly; from then on it knows a front for the service. */
  async function runLane(folder: string, groupName: string, plans: readonly Plan[]): Promise<void> {
    const dataFolder = path.join(folder, groupName);
    const direct = await TestWorker.start(dataFolder);
    try {
      await direct.connect(service, account);
      await direct.register(account, groupName);
    } finally {
      await direct.close();
    }
    const front = await startFaultingFront({
      serviceUrl: service.ready.agentUrl,
      credentials: readPair(path.dirname(service.ready.caFile), 'server.pem', 'server.key.pem'),
      findPair: (fingerprint) => findPair(path.join(dataFolder, 'secrets'), fingerprint),
      delayMs,
    });
    open.push(() => front.close());
    const settings = path.join(dataFolder, 'settings.json');
    writeFileSync(settings, readFileSync(settings, 'utf8').replaceAll(service.ready.agentUrl, front.url));
    for (const plan of plans) came.set(nameOf(plan), await runJob(groupName, dataFolder, front.begin(plan)));
  }

  /** A worker that starts under the plan, and a job as soon as it waits for one: each call on the way is the first of its kind. */
  async function runJob(groupName: string, dataFolder: string, hit: ReadonlySet<string>): Promise<Came> {
    const sideFolder = await mkdtemp(`${dataFolder}-counts-`);
    const jobName = randomUUID();
    const parameters = { Side: sideFolder, Count: String(records), Rest: '2.5' };
    const body = { runbook: { name: runbookName }, parameters, runOn: groupName };
    const worker = await TestWorker.start(dataFolder);
    try {
      await waitFor('a held poll', limitSeconds, () =>
        hit.has('GET /jrds/Sandboxes/GetSandboxActions, held') ? true : undefined,
      );
      await service.rest.call('jobs:start', { params: { accountName, jobName }, body });
      const job = await waitFor('the end of the job', limitSeconds, async () => {
        const now = await service.rest.call('jobs:get', { params: { accountName, jobName } });
        return now.endTime === null ? undefined : now;
      });
      // What went wrong on the way is over, and nobody is told of it any more.
      await worker.when(
        'a well worker',
        (now) => now.status === 'ready' && now.running === 0 && now.problems.length === 0,
        limitSeconds,
      );
      const verdict = await judgeJob({ rest: service.rest, sideFolder, workerFolders: [dataFolder] }, job, records);
      return { verdict, hit, hasEnded: await Promise.race([worker.host.ended.then(() => true), Promise.resolve(false)]) };
    } finally {
      await worker.close();
    }
  }

  it.each(combinations)('$moment, $fault: the job is completed, nothing is lost or doubled, the worker is well again', (plan) => {
    const found = came.get(nameOf(plan));
    expect(found?.verdict.faults).toEqual([]);
    expect(found?.verdict).toMatchObject({ status: 'Completed', lost: 0, doubled: 0, overlaps: 0, notAccepted: 0 });
    expect(found?.verdict.outcomes.at(-1)).toBe('completed');
    expect([...(found?.hit ?? [])]).toEqual(expect.arrayContaining(callsOfAJob));
    expect(found?.hasEnded).toBe(false);
  });
});

const nameOf = ({ moment, fault }: Plan): string => `${moment} ${fault}`;

describe('kills of engine, sandbox and service at random moments', () => {
  it('lose nothing, double nothing and leave nothing behind', async () => {
    const plan = { seed: 'short', jobs: 12, workers: 2, limit: 2, killEverySeconds: 3 };
    const ledger = new Ledger(path.join(await tempFolder(), 'run'), plan, 'here');
    const said: string[] = [];
    const end = await runLong(ledger, (text) => said.push(text), AbortSignal.timeout(200_000));
    const verdicts = [...ledger.verdicts.values()];
    expect(verdicts.flatMap((one) => one.faults)).toEqual([]);
    expect(verdicts.reduce((sum, one) => sum + one.overlaps, 0)).toBe(0);
    expect(end, said.join('\n')).toMatchObject({ isDone: true, listed: 12, orphans: 0, leftFolders: 0, leftGroups: 0 });
    expect(end.recordsAtEnd).toBe(verdicts.reduce((sum, one) => sum + one.onService, 0));
    expect(Object.values(ledger.progress.kills).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  }, 240_000);
});

function readPair(folder: string, cert: string, key: string): ClientPair {
  const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
  return { cert: read(cert), key: read(key) };
}

function findPair(secretsFolder: string, fingerprint: string): ClientPair | undefined {
  return ['agent', 'worker']
    .map((name) => readPair(secretsFolder, `${name}.cert.pem`, `${name}.key.pem`))
    .find(({ cert }) => new X509Certificate(cert).fingerprint256 === fingerprint);
}
