/**
 * What networks do to a worker whose job runs: names that are gone, IPv6 alone, connections that are cut when they are silent, connections
 * that are dead and nobody says so. Real service, real workers, real sandboxes; each scene on its own, side by side.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobDetails } from '../../src-contract/rest/jobs.ts';
import type { ControlClient } from '../../src-main/control/control-client.ts';
import { startTcpForwarder, type ForwarderOptions, type TcpForwarder } from '../fakes/tcp-forwarder.ts';
import { createRestClient } from '../harness/rest-client.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import {
  accountName,
  connectToWorker,
  joinGroup,
  makeAccount,
  publishRunbook,
  root,
  startHeadlessWorker,
  startProgram,
  startService,
  unwrap,
  waitFor,
  waitForState,
  type Account,
  type Program,
  type Service,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

leftoversAreCheckedAtTheEnd();

const node = join(root, 'node_modules', 'node', 'bin', 'node');
const script = 'echo begun\nwhile [ ! -e "$1" ]; do sleep 0.2; done\necho released\n';
/** A held call is asked for with 20 s; this network ends it after so long. */
const silenceMs = 2500;
/** The longest hold that such a network lets through, of 20, 10, 5, 2. */
const heldSeconds = 2;
/** The loop of the polls and a sandbox's calls: nobody waits longer than this after a name, a way, a service is back. */
const backSeconds = 6;

interface Worker {
  program: Program;
  control: ControlClient;
}

interface At {
  service: Pick<Service, 'ready' | 'rest'>;
  account: Account;
}

let folder: string;
const closing: (() => Promise<unknown>)[] = [];

async function prepare(service: Pick<Service, 'ready' | 'rest'>): Promise<At> {
  const account = await makeAccount(service);
  await publishRunbook(service, 'wait', 'Bash', script);
  return { service, account };
}

function keep(worker: Worker): Worker {
  closing.push(async () => {
    await worker.control.close();
    await worker.program.stop();
  });
  return worker;
}

async function start({ service }: At, runOn: string): Promise<{ jobName: string; gate: string }> {
  const jobName = randomUUID();
  const gate = join(folder, `${jobName}.gate`);
  const body = { runbook: { name: 'wait' }, parameters: { Gate: gate }, runOn };
  await service.rest.call('jobs:start', { params: { accountName, jobName }, body });
  await waitFor('the running job', 30, async () => ((await jobOf({ service }, jobName)).status === 'Running' ? true : undefined));
  return { jobName, gate };
}

const jobOf = ({ service }: Pick<At, 'service'>, jobName: string): Promise<JobDetails> =>
  service.rest.call('jobs:get', { params: { accountName, jobName } });

/** Ended in one attempt, complete, with what the script wrote; and the worker is well again. */
async function expectWhole(at: At, worker: Worker, jobName: string, seconds: number): Promise<void> {
  const job = await waitFor(`the end of ${jobName}`, seconds, async () => {
    const now = await jobOf(at, jobName);
    return now.endTime === null ? undefined : now;
  });
  expect([job.status, job.verified, job.attempts.length]).toEqual(['Completed', true, 1]);
  expect(await at.service.rest.call('jobs:output', { params: { accountName, jobName } })).toMatch(/^begun\nreleased\n?$/);
  await waitForState(worker.control, 'a well worker', (state) => state.status === 'ready' && state.running === 0);
}

/** A worker that has joined directly and knows from then on a way with a forwarder in it. */
async function behindForwarder(at: At, name: string, options: ForwarderOptions): Promise<Worker & { way: TcpForwarder }> {
  const dataFolder = join(folder, name);
  const logFile = join(folder, `${name}.log`);
  const direct = await startHeadlessWorker(dataFolder, logFile);
  await joinGroup(direct.control, at.service, at.account, name);
  await direct.control.close();
  await direct.program.stop();
  const { agentUrl } = at.service.ready;
  const way = await startTcpForwarder(Number(new URL(agentUrl).port), options);
  closing.push(() => way.close());
  const settings = join(dataFolder, 'settings.json');
  const url = `https://127.0.0.1:${String(way.port)}`;
  writeFileSync(settings, readFileSync(settings, 'utf8').replaceAll(agentUrl, url));
  const worker = keep(await startHeadlessWorker(dataFolder, logFile));
  await waitForState(worker.control, 'the first poll', (state) => state.status === 'ready');
  return { ...worker, way };
}

async function silentConnectionsAreCut(at: At): Promise<void> {
  const worker = await behindForwarder(at, 'cuts-silence', { silenceMs });
  const { jobName, gate } = await start(at, 'cuts-silence');
  const shown = await waitFor('the shortest hold', 60, async () => {
    const { problems } = unwrap(await worker.control.call('worker:state', {}));
    return problems.find((one) => one.code === 'holds-cut-short' && one.text.includes(`${String(heldSeconds)} s`));
  });
  expect(shown.severity).toBe('warning');
  // It is no trouble any more: for longer than such a call takes nothing fails.
  await pause(2 * silenceMs);
  const { status, problems } = unwrap(await worker.control.call('worker:state', {}));
  expect([status, problems.map((one) => one.code)]).toEqual(['ready', ['holds-cut-short']]);
  appendFileSync(gate, '');
  await expectWhole(at, worker, jobName, 40);
}

async function connectionsDieSilently(at: At): Promise<void> {
  const worker = await behindForwarder(at, 'half-open', {});
  const { jobName, gate } = await start(at, 'half-open');
  worker.way.freeze();
  const since = performance.now();
  await pause(3000);
  appendFileSync(gate, '');
  await expectWhole(at, worker, jobName, 60);
  expect(performance.now() - since).toBeLessThan(60_000);
}

describe('a network that', () => {
  /** The long ones go on beside the others. */
  let silenceCut: Promise<void>;
  let diedSilently: Promise<void>;

  beforeAll(async () => {
    folder = await tempFolder();
    const service = await startService(join(folder, 'service'));
    closing.push(() => service.stop());
    const at = await prepare(service);
    silenceCut = silentConnectionsAreCut(at);
    diedSilently = connectionsDieSilently(at);
    // Awaited in their tests.
    for (const scene of [silenceCut, diedSilently]) scene.catch(() => undefined);
  });
  afterAll(async () => {
    // Each on its own: what failed in one scene must not keep another's processes.
    for (const close of closing.reverse()) await close().catch(() => undefined);
  });

  it('has IPv6 alone carries everything from joining to the end of a job', async (context) => {
    const service = await startService(join(folder, 'service-6'), { arguments: ['--host', '::1'] }).catch((error: unknown) =>
      context.skip(`this machine has no IPv6 of its own: ${String(error).slice(0, 200)}`),
    );
    closing.push(() => service.stop());
    expect(service.ready.agentUrl).toMatch(/^https:\/\/\[::1\]:\d+$/);
    const at6 = await prepare(service);
    const worker = keep(await startHeadlessWorker(join(folder, 'six'), join(folder, 'six.log')));
    await joinGroup(worker.control, service, at6.account, 'six');
    const { jobName, gate } = await start(at6, 'six');
    appendFileSync(gate, '');
    await expectWhole(at6, worker, jobName, 40);
  }, 120_000);

  it('forgets the service’s name is said, outlasted by what runs, and over within seconds', async (context) => {
    const hosts = join(folder, 'hosts');
    const resolver = join(folder, 'resolv.conf');
    writeFileSync(hosts, '127.0.0.1 service.test\n');
    writeFileSync(resolver, 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n');
    const own = `mount --bind '${hosts}' /etc/hosts && mount --bind '${resolver}' /etc/resolv.conf`;
    try {
      execFileSync('unshare', ['--mount', 'sh', '-c', own], { stdio: 'ignore' });
    } catch (error) {
      context.skip(`names of its own cannot be given to a process here: ${String(error).slice(0, 200)}`);
    }
    const service = await startService(join(folder, 'service-named'), { arguments: ['--public-name', 'service.test'] });
    closing.push(() => service.stop());
    // Only the worker knows the name.
    const restUrl = service.ready.restUrl.replace('service.test', '127.0.0.1');
    const token = service.ready.administratorToken ?? '';
    const rest = createRestClient({ restUrl, caPem: readFileSync(service.ready.caFile, 'utf8'), token });
    closing.push(async () => {
      rest.close();
      await Promise.resolve();
    });
    const named = await prepare({ ready: service.ready, rest });
    const dataFolder = join(folder, 'named');
    const program = startProgram(
      'unshare',
      ['--mount', 'sh', '-c', `${own} && exec '${node}' '${join(root, 'out', 'hrw.cjs')}' run --data '${dataFolder}'`],
      { logFile: join(folder, 'named.log') },
    );
    const worker = keep({ program, control: await connectToWorker(dataFolder, program) });
    await joinGroup(worker.control, named.service, named.account, 'named');
    const { jobName, gate } = await start(named, 'named');

    truncateSync(hosts);
    // Names matter to new connections alone.
    await service.restart('SIGKILL');
    await waitForState(worker.control, 'the trouble', (state) => state.problems.some((one) => one.code === 'host-unknown'));
    appendFileSync(gate, '');
    await pause(3000);
    expect((await jobOf(named, jobName)).endTime).toBeNull();
    writeFileSync(hosts, '127.0.0.1 service.test\n');
    const since = performance.now();
    await waitForState(worker.control, 'the return', (state) => state.status === 'ready' && state.problems.length === 0);
    expect((performance.now() - since) / 1000).toBeLessThan(backSeconds);
    await expectWhole(named, worker, jobName, 30);
  }, 150_000);

  it('ends silent connections is noticed: calls are held shorter, which is shown, and jobs come as ever', async () => {
    await expect(silenceCut).resolves.toBeUndefined();
  }, 150_000);

  it('loses every connection without a word costs no attempt: what is dead is found, and made again', async () => {
    await expect(diedSilently).resolves.toBeUndefined();
  }, 150_000);
});
