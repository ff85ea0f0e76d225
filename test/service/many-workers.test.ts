/**
 * 500 workers held on their polls by a real service that is killed and comes back: real engines and the worker's own client, over real TLS
 * with a certificate each. What runs in them is scripted: none has a sandbox program.
 */
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest';
import type { JrdsAddress } from '../../src-contract/sandbox.ts';
import { systemClock } from '../../src-main/engine/clock.ts';
import { Engine } from '../../src-main/engine/engine.ts';
import type { FoundAction, PollAnswer } from '../../src-main/engine/ports.ts';
import { initialState } from '../../src-main/engine/worker-state.ts';
import { createJrdsClient } from '../../src-main/service-link/jrds-client.ts';
import { connect, makeIdentity, registrationBody, signedCall, type ClientIdentity } from '../fakes/scripted-worker.ts';
import { seededChance } from '../faults/seeded.ts';
import { postgresDatabase } from '../harness/postgres-database.ts';
import { accountName, makeAccount, publishRunbook, startService, waitFor, type Account, type Service } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { jobActionsOf } from './job-life.ts';

const workers = 500;
const groupName = 'Main';
const withinMs = 5000;
const slotMs = 100;
const awayMs = 4000;
/** The first pauses are short, and are all of one moment: a service that is gone costs nothing. */
const firstRetriesMs = 2000;
/** At once it would be all of them; evenly over the longest pause between two calls (2 to 4 s) some fifteen. */
const mostPerSlot = workers / 5;

interface Worker {
  engine: Engine;
  /** When it meant to call again: a busy machine wakes many at once that had chosen different moments. */
  plannedAt: number[];
  answeredAt: number[];
  close: () => Promise<void>;
}

interface Taken {
  action: FoundAction;
  worker: number;
}

/** The most that fall into one stretch of this length, wherever it begins. */
function mostWithin(moments: readonly number[], lengthMs: number): number {
  const sorted = moments.toSorted((one, other) => one - other);
  let first = 0;
  return sorted.reduce((most, at, index) => {
    while ((sorted[first] ?? at) <= at - lengthMs) first += 1;
    return Math.max(most, index - first + 1);
  }, 0);
}

/** When this process began a TCP connection to that port. */
function watchConnections(port: number): number[] {
  const begun: number[] = [];
  const note = (message: unknown): void => {
    const { socket } = message as {
      socket: { once: (event: 'connectionAttempt', then: (ip: string, port: number) => void) => void };
    };
    const at = performance.now();
    socket.once('connectionAttempt', (_ip, asked) => {
      if (asked === port) begun.push(at);
    });
  };
  subscribe('net.client.socket', note);
  onTestFinished(() => void unsubscribe('net.client.socket', note));
  return begun;
}

async function register(service: Service, account: Account): Promise<ClientIdentity[]> {
  const caPem = readFileSync(service.ready.caFile, 'utf8');
  const identities = await Promise.all(Array.from({ length: workers }, () => makeIdentity()));
  const waiting = [...identities];
  const one = async (): Promise<void> => {
    for (let identity = waiting.pop(); identity !== undefined; identity = waiting.pop()) {
      const connection = connect(caPem, identity);
      const url = `${account.endpoint}/HybridV2(MachineId='${randomUUID()}')`;
      const answer = await signedCall(connection, 'PUT', url, registrationBody(identity, groupName), { key: account.accountKey });
      connection.close();
      if (answer.status !== 200) throw new Error(`registering failed: ${answer.body.toString('utf8')}`);
    }
  };
  await Promise.all(Array.from({ length: 20 }, one));
  return identities;
}

function startWorker(address: JrdsAddress, identity: ClientIdentity, index: number, taken: Taken[]): Worker {
  const answeredAt: number[] = [];
  const plannedAt: number[] = [];
  const client = createJrdsClient({
    address,
    credential: { kind: 'worker-certificate', certificatePem: identity.cert, privateKeyPem: identity.key },
    groupName,
    version: '0.0.0-test',
  });
  let turn: string | undefined;
  const engine = new Engine(
    {
      clock: {
        ...systemClock,
        sleep: (milliseconds, signal) => {
          plannedAt.push(performance.now() + milliseconds);
          return systemClock.sleep(milliseconds, signal);
        },
      },
      chance: seededChance('workers', String(index)),
      log: () => undefined,
      poll: async ({ freeSlots, limit, readiness }, { hold, seconds }, signal): Promise<PollAnswer> => {
        const waitSeconds = hold ? seconds : 0;
        const query = { kinds: ['Bash' as const], freeSlots, limit, state: readiness, turn, waitSeconds, signal };
        const found = await client.getSandboxActions(query);
        turn = found.turn;
        answeredAt.push(performance.now());
        const actions = found.actions.map(({ SandboxId, SandboxCookie }) => ({
          sandboxId: SandboxId,
          secret: SandboxCookie ?? null,
        }));
        return { actions, held: found.held };
      },
      watchPacks: (_how, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ held: true }))),
      checkStart: () => Promise.resolve(undefined),
      knowsSandbox: (sandboxId) => taken.some(({ action }) => action.sandboxId === sandboxId),
      startSandbox: (action) => taken.push({ action, worker: index }),
      changed: () => undefined,
      drained: () => undefined,
    },
    initialState({ connected: true, registered: true, intent: 'work', load: { running: 0, limit: 2 } }),
  );
  const close = async (): Promise<void> => {
    client.close();
    await engine.stop();
  };
  return { engine, plannedAt, answeredAt, close };
}

/** The job that a sandbox was given, from its message to its end. */
async function runJob(service: Service, jrds: string, { action }: Taken): Promise<void> {
  const sandbox = connect(readFileSync(service.ready.caFile, 'utf8'));
  try {
    const headers = { authorization: `Bearer ${action.secret ?? ''}` };
    const call = (method: string, path: string, body?: object) =>
      sandbox.call(method, `${jrds}/Sandboxes/${action.sandboxId}/jobs${path}`, { headers, ...(body && { body }) });
    const [message] = jobActionsOf(await call('GET', '/getJobActions'));
    await call('POST', '/AcknowledgeJobActions', { MessageMetadatas: [message?.MessageMetadata] });
    for (const change of [
      { jobStatus: 'Running', isFinalStatus: false },
      { jobStatus: 'Completed', isFinalStatus: true },
    ]) {
      const changed = await call('POST', `/${message?.JobId ?? ''}/changeStatus`, change);
      expect(changed.status).toBe(200);
    }
  } finally {
    sandbox.close();
  }
}

async function startJobs(service: Service, count: number): Promise<string[]> {
  const jobNames = Array.from({ length: count }, () => randomUUID());
  const body = { runbook: { name: 'Nightly' }, parameters: {}, runOn: groupName };
  for (const jobName of jobNames) await service.rest.call('jobs:start', { params: { accountName, jobName }, body });
  return jobNames;
}

/** How long the main thread of a process has been ready and had no processor: what a busy machine adds to everything. */
function runQueueMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}

const toBeHeld = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1500));

describe.each(['SQLite', 'PostgreSQL'] as const)('500 workers whose service is killed, on %s', (database) => {
  test('are all back within 5 s of its return, not at one moment, and do the jobs of before', async (context: TestContext) => {
    const folder = await tempFolder();
    const url = database === 'SQLite' ? undefined : await postgresDatabase(context);
    const service = await startService(folder, url === undefined ? {} : { env: { ...process.env, DATABASE_URL: url } });
    onTestFinished(() => service.stop());
    const account = await makeAccount(service);
    await publishRunbook(service, 'Nightly', 'Bash', 'echo hello');
    const identities = await register(service, account);

    const accountId = account.endpoint.split('/').at(-1) ?? '';
    const jrdsUri = `${service.ready.agentUrl}/jrds`;
    const pem = readFileSync(service.ready.caFile, 'utf8');
    const address: JrdsAddress = { jrdsUri, accountId, trust: { kind: 'authority', pem }, proxy: { kind: 'none' } };
    const taken: Taken[] = [];
    const all = identities.map((identity, index) => startWorker(address, identity, index, taken));
    onTestFinished(async () => {
      await Promise.all(all.map((worker) => worker.close()));
    });
    for (const { engine } of all) engine.start();
    const inContact = (since: number) => (): true | undefined =>
      all.every(({ answeredAt }) => (answeredAt.at(-1) ?? 0) > since) ? true : undefined;
    await waitFor('the first answer of every worker', 30, inContact(0));
    // From the second call on they are held.
    await toBeHeld();

    const before = await startJobs(service, 3);
    await waitFor('those jobs', 20, () => (taken.length === before.length ? true : undefined));
    // Who took one asks again at once, and would do so over a new connection if the old one were gone by then.
    await toBeHeld();
    const begun = watchConnections(Number(new URL(service.ready.agentUrl).port));
    const killedAt = performance.now();
    await service.program.kill();
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    await service.restart('SIGKILL');
    const backAt = performance.now();
    const waitedBefore = runQueueMs(process.pid);
    await waitFor('every worker', 40, inContact(killedAt));
    const firstAnswers = all.map(({ answeredAt }) => answeredAt.find((at) => at > killedAt) ?? Infinity);
    const tookMs = Math.max(...firstAnswers) - backAt;
    const waitedMs = Math.max(runQueueMs(process.pid) - waitedBefore, runQueueMs(service.program.pid));
    const planned = all.flatMap(({ plannedAt }) => plannedAt);
    const most = mostWithin(
      planned.filter((at) => at > killedAt + firstRetriesMs && at < backAt + tookMs),
      slotMs,
    );
    const facts = `back after ${tookMs.toFixed(0)} ms, ${waitedMs.toFixed(0)} ms without a processor, ${most} calls in ${slotMs} ms`;
    expect(tookMs - waitedMs, facts).toBeLessThanOrEqual(withinMs);
    expect(most, facts).toBeLessThanOrEqual(mostPerSlot);
    // The end of a held call is no reason to come back in the same moment: other replicas would have them all at once.
    expect(begun.filter((at) => at < killedAt + 200)).toEqual([]);

    // What was handed out before is handed out no second time, and ends; what is asked for now is handed out.
    const after = await startJobs(service, 3);
    await waitFor('the later jobs', 20, () => (taken.length >= before.length + after.length ? true : undefined));
    for (const one of taken) await runJob(service, `${jrdsUri}/automationAccounts/${accountId}`, one);
    for (const jobName of [...before, ...after]) {
      const job = await service.rest.call('jobs:get', { params: { accountName, jobName } });
      expect(job.status).toBe('Completed');
    }
    expect(new Set(taken.map(({ action }) => action.sandboxId)).size).toBe(before.length + after.length);
    expect(taken).toHaveLength(before.length + after.length);
  }, 180_000);
});
