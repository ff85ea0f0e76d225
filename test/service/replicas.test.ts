/**
 * Two replicas on one PostgreSQL behind a balancer, and a real worker whose sandboxes write: now one of the two is killed, now the other, at
 * whatever they are doing. Every job runs once, and every record is there once.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { RestRefusal, createRestClient, type RestClient } from '../harness/rest-client.ts';
import { startTcpBalancer } from '../fakes/tcp-balancer.ts';
import { postgresDatabase } from '../harness/postgres-database.ts';
import {
  accountName,
  joinGroup,
  makeAccount,
  publishRunbook,
  startHeadlessWorker,
  startService,
  unwrap,
  waitFor,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const jobCount = 6;
const lineCount = 1500;
const kills = 6;
const runbook = `for i in $(seq ${String(lineCount)}); do echo "line $i"; if [ $((i % 100)) = 0 ]; then sleep 0.3; fi; done`;

test('one replica of two is killed again and again while sandboxes write: each job runs once, each record is kept once', async (context) => {
  const folder = await tempFolder();
  const env = { ...process.env, DATABASE_URL: await postgresDatabase(context) };
  // Both listen on ::1; what they tell the worker is the balancer, on the same ports of 127.0.0.1.
  const place = ['--host', '::1', '--public-name', '127.0.0.1'];
  const first = await startService(join(folder, 'first'), { env, arguments: place });
  onTestFinished(() => first.stop());
  const vaultKey = join(folder, 'first', 'data', 'vault.key');
  const second = await startService(join(folder, 'second'), { env, arguments: [...place, '--vault-key', vaultKey] });
  onTestFinished(() => second.stop());
  const portsOf = (name: 'agentUrl' | 'restUrl'): number[] =>
    [first, second].map(({ ready }) => Number(new URL(ready[name]).port));
  for (const ports of [portsOf('agentUrl'), portsOf('restUrl')])
    for (const port of ports) {
      const balancer = await startTcpBalancer(
        port,
        ports.map((one) => ({ host: '::1', port: one })),
      );
      onTestFinished(() => balancer.close());
    }
  // Its own, because a test's service closes its own with itself.
  const { ready } = first;
  const rest = createRestClient({
    restUrl: ready.restUrl,
    caPem: readFileSync(ready.caFile, 'utf8'),
    token: ready.administratorToken ?? '',
  });
  onTestFinished(() => {
    rest.close();
  });
  const account = await makeAccount({ rest });
  await publishRunbook({ rest }, 'Write', 'Bash', runbook);
  const worker = await startHeadlessWorker(join(folder, 'worker'), join(folder, 'worker.log'));
  onTestFinished(() => worker.program.stop());
  onTestFinished(() => worker.control.close());
  await joinGroup(worker.control, { ready }, account, 'Main');
  unwrap(await worker.control.call('settings:change', { limit: 3 }));

  const jobNames = Array.from({ length: jobCount }, () => randomUUID());
  for (const jobName of jobNames)
    await whileAway(() =>
      rest.call('jobs:start', { params: { accountName, jobName }, body: { runbook: { name: 'Write' }, runOn: 'Main' } }),
    );
  let killed = 0;
  for (; killed < kills && !(await haveEnded(rest, jobNames)); killed += 1) {
    await new Promise((resolve) => setTimeout(resolve, 700 + (killed % 3) * 400));
    await (killed % 2 === 0 ? first : second).restart('SIGKILL');
  }
  // Fewer would mean that the jobs were over before anything had been tried.
  expect(killed).toBeGreaterThanOrEqual(3);
  await waitFor('the end of every job', 120, async () => ((await haveEnded(rest, jobNames)) ? true : undefined));

  const expected = Array.from({ length: lineCount }, (_, index) => `${String(index)}: line ${String(index + 1)}`);
  for (const jobName of jobNames) {
    const job = await whileAway(() => rest.call('jobs:get', { params: { accountName, jobName } }));
    expect(job).toMatchObject({ status: 'Completed', recordCount: lineCount, verified: true, attempts: [{ attempt: 1 }] });
    expect(await readLines(rest, jobName)).toEqual(expected);
  }
}, 240_000);

async function haveEnded(rest: RestClient, jobNames: readonly string[]): Promise<boolean> {
  for (const jobName of jobNames) {
    const job = await whileAway(() => rest.call('jobs:get', { params: { accountName, jobName } }));
    if (job.endTime === null) return false;
  }
  return true;
}

async function readLines(rest: RestClient, jobName: string): Promise<string[]> {
  const lines: string[] = [];
  let after: string | undefined;
  do {
    const query = { limit: 500, ...(after === undefined ? {} : { after }) };
    const page = await whileAway(() => rest.call('jobs:streams', { params: { accountName, jobName }, query }));
    lines.push(...page.value.map(({ sequence, streamText }) => `${String(sequence)}: ${streamText}`));
    after = page.next ?? undefined;
  } while (after !== undefined);
  return lines;
}

/** A caller whose connection was cut asks again; a refusal is an answer. */
async function whileAway<Value>(call: () => Promise<Value>): Promise<Value> {
  return await waitFor('an answer', 30, async () => {
    try {
      return { value: await call() };
    } catch (error) {
      if (error instanceof RestRefusal && error.status < 500) throw error;
      return undefined;
    }
  }).then(({ value }) => value);
}
