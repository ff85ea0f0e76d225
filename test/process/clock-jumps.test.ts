/**
 * Wall clocks that jump by hours, forwards and backwards, while a job runs: the sandbox's, the engine's, the service's, each on its own and
 * all together. Real processes; the clock of each is shifted under it.
 */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JobDetails } from '../../src-contract/rest/jobs.ts';
import { systemClock } from '../../src-main/engine/clock.ts';
import { writeShiftedClock } from '../fixtures/shifted-clock.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, makeAccount, publishRunbook, root, startService, waitFor, type Service } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { TestWorker } from '../harness/worker-in-process.ts';

leftoversAreCheckedAtTheEnd();

const node = join(root, 'node_modules', 'node', 'bin', 'node');
const hoursMs = 60 * 60 * 1000;
/** Enough for the service to look at what is silent, for the sandbox to write and send, for a poll to be made. */
const settleMs = 1500;
const script = 'i=0; while [ ! -e "$1" ]; do echo "line $((i+=1))"; sleep 0.1; done; echo "$i lines"\n';

let folder: string;
let service: Service;
let worker: TestWorker;
let engineAheadMs = 0;

beforeAll(async () => {
  folder = await tempFolder();
  for (const who of ['service', 'sandbox']) writeShiftedClock(join(folder, `${who}.cjs`), join(folder, `${who}.ahead`));
  service = await startService(join(folder, 'data-of-service'), {
    env: { ...process.env, NODE_OPTIONS: `--require=${join(folder, 'service.cjs')}` },
  });
  const account = await makeAccount(service);
  await publishRunbook(service, 'count', 'Bash', script);
  worker = await TestWorker.start(join(folder, 'worker'), {
    clock: { ...systemClock, now: () => new Date(Date.now() + engineAheadMs) },
    sandbox: { file: node, leading: ['--require', join(folder, 'sandbox.cjs'), join(root, 'out', 'sandbox.cjs')] },
  });
  await worker.connect(service, account);
  await worker.register(account, 'clocks');
});
afterAll(async () => {
  await worker.close();
  await service.stop();
});

type Who = 'sandbox' | 'engine' | 'service';

function set(who: Who, aheadMs: number): void {
  if (who === 'engine') engineAheadMs = aheadMs;
  else writeFileSync(join(folder, `${who}.ahead`), String(aheadMs));
}

async function start(): Promise<{ jobName: string; gate: string }> {
  const jobName = randomUUID();
  const gate = join(folder, `${jobName}.gate`);
  const body = { runbook: { name: 'count' }, parameters: { Gate: gate }, runOn: 'clocks' };
  await service.rest.call('jobs:start', { params: { accountName, jobName }, body });
  await waitFor('the running job', 30, async () => ((await jobOf(jobName)).status === 'Running' ? true : undefined));
  return { jobName, gate };
}

const jobOf = (jobName: string): Promise<JobDetails> => service.rest.call('jobs:get', { params: { accountName, jobName } });

/** In one attempt, complete, in order, and as long as it took, whatever the clocks said. */
async function expectWhole(jobName: string, seconds: number): Promise<void> {
  const job = await waitFor('the end of the job', 40, async () => {
    const now = await jobOf(jobName);
    return now.endTime === null ? undefined : now;
  });
  expect([job.status, job.verified, job.attempts.length]).toEqual(['Completed', true, 1]);
  expect(job.attempts[0]?.wallMs).toBeGreaterThan(0);
  expect(job.attempts[0]?.wallMs).toBeLessThan(seconds * 1000);
  const text: unknown = await service.rest.call('jobs:output', { params: { accountName, jobName } });
  const lines = String(text).trim().split('\n');
  const last = lines.pop();
  expect(last).toBe(`${String(lines.length)} lines`);
  expect(lines).toEqual(lines.map((_, index) => `line ${String(index + 1)}`));
}

it('a job that runs meanwhile is one attempt, with every record in its order; the worker works on', async () => {
  const since = performance.now();
  const { jobName, gate } = await start();
  for (const who of ['sandbox', 'engine', 'service'] as const) {
    for (const hours of [5, -5, 0]) {
      set(who, hours * hoursMs);
      await pause(settleMs);
      expect((await jobOf(jobName)).attempts).toHaveLength(1);
    }
  }
  appendFileSync(gate, '');
  await expectWhole(jobName, (performance.now() - since) / 1000);
  await worker.when('a well worker', (state) => state.status === 'ready' && state.running === 0 && state.problems.length === 0);
}, 120_000);

it.each([
  ['hours later', 9],
  ['hours earlier', -9],
])(
  'jobs are taken and done when every clock has jumped to %s',
  async (_name, hours) => {
    for (const who of ['sandbox', 'engine', 'service'] as const) set(who, hours * hoursMs);
    const since = performance.now();
    const { jobName, gate } = await start();
    appendFileSync(gate, '');
    await expectWhole(jobName, (performance.now() - since) / 1000 + 1);
    // The clocks have truly jumped: the job was made by the service's, its first record by the sandbox's.
    const streams = await service.rest.call('jobs:streams', { params: { accountName, jobName }, query: { limit: 1 } });
    for (const time of [(await jobOf(jobName)).creationTime, streams.value[0]?.time ?? ''])
      expect((Date.parse(time) - Date.now()) / hoursMs).toBeCloseTo(hours, 1);
    await worker.when('a well worker', (state) => state.status === 'ready' && state.running === 0 && state.problems.length === 0);
  },
  90_000,
);
