/** Several workers, one group: real service, real headless workers, real sandboxes, on loopback. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import {
  accountName,
  joinGroup,
  makeAccount,
  publishRunbook,
  startHeadlessWorker,
  startService,
  waitFor,
  type Account,
  type Service,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

leftoversAreCheckedAtTheEnd();
const groupName = 'pair';

describe('two workers of one group', () => {
  let service: Service;
  let account: Account;

  beforeAll(async () => {
    service = await startService(join(await tempFolder(), 'service'));
    account = await makeAccount(service);
    await publishRunbook(
      service,
      'wait-for-file',
      'Bash',
      'echo "on $$"; while [ ! -e "$1" ]; do sleep 0.1; done; echo released\n',
    );
  });
  afterAll(async () => {
    await service.stop();
    // The worker that is killed for good leaves its sockets there: taking them away is its next engine's work, and it has none.
    await rm(join(tmpdir(), `hrw-${userInfo().uid}`), { recursive: true, force: true });
  });

  const start = async (gate: string): Promise<string> => {
    const jobName = randomUUID();
    await service.rest.call('jobs:start', {
      params: { accountName, jobName },
      body: { runbook: { name: 'wait-for-file' }, parameters: { Gate: gate }, runOn: groupName },
    });
    return jobName;
  };
  const jobOf = (jobName: string) => service.rest.call('jobs:get', { params: { accountName, jobName } });
  const whenRunning = (jobName: string) =>
    waitFor(`job ${jobName}`, 30, async () => {
      const job = await jobOf(jobName);
      return job.status === 'Running' ? job : undefined;
    });
  const whenEnded = (jobName: string, seconds: number) =>
    waitFor(`the end of ${jobName}`, seconds, async () => {
      const job = await jobOf(jobName);
      return job.endTime === null ? undefined : job;
    });

  it('both take jobs; when one dies with its sandbox, the other goes on, and the lost attempt is made again there', async () => {
    const folder = await tempFolder();
    const first = await startHeadlessWorker(join(folder, 'first'), join(folder, 'first.log'));
    const second = await startHeadlessWorker(join(folder, 'second'), join(folder, 'second.log'));
    try {
      await joinGroup(first.control, service, account, groupName);
      await joinGroup(second.control, service, account, groupName);
      const gate = join(folder, 'gate');
      const jobs = await Promise.all([start(gate), start(gate)]);
      const running = await Promise.all(jobs.map((job) => whenRunning(job)));
      const machines = new Set(running.map((job) => job.attempts[0]?.machineId));
      expect(machines.size).toBe(2);

      // Which of the two jobs is on the first worker?
      const lost = await waitFor('the first worker’s running job', 20, async () => {
        const answer = await first.control.call('jobs:running', {});
        return answer.ok ? answer.value.find((one) => one.phase === 'running') : undefined;
      });
      if (lost.processId === null) throw new Error('a running sandbox has a process');
      await first.control.close();
      await first.program.kill();
      process.kill(lost.processId, 'SIGKILL');
      if (lost.runtimePid !== null) process.kill(lost.runtimePid, 'SIGKILL');
      const diedAt = Date.now();

      await waitFor('the second attempt', 90, async () => {
        const found = await Promise.all(jobs.map((job) => jobOf(job)));
        return found.some((job) => (job.attempts[1]?.startTime ?? null) !== null) ? true : undefined;
      });
      await writeFile(gate, '');
      const other = await start(gate);
      const ended = await Promise.all([...jobs, other].map((job) => whenEnded(job, 90)));
      expect(ended.map((job) => [job.status, job.verified])).toEqual(ended.map(() => ['Completed', true]));
      const again = ended.find((job) => job.attempts.length > 1);
      expect(again?.jobId).toBe(lost.jobId);
      expect(again?.attempts[0]?.outcome).toBe('interrupted');
      expect(again?.attempts[0]?.machineId).not.toBe(again?.attempts[1]?.machineId);
      // Silent for 35 s, looked at each second, and a sandbox that starts.
      expect((Date.parse(again?.attempts[1]?.startTime ?? '') - diedAt) / 1000).toBeLessThan(45);
    } finally {
      await first.program.kill();
      await second.control.close();
      await second.program.stop();
    }
  }, 180_000);

  it('a service that is killed and comes back keeps the running job, its records and the worker', async () => {
    const folder = await tempFolder();
    const worker = await startHeadlessWorker(join(folder, 'worker'), join(folder, 'worker.log'));
    try {
      await joinGroup(worker.control, service, account, groupName);
      const gate = join(folder, 'gate');
      const job = await start(gate);
      await whenRunning(job);
      await service.restart('SIGKILL');
      const back = performance.now();
      await waitFor('the worker’s return', 20, async () => {
        const answer = await worker.control.call('worker:state', {});
        return answer.ok && answer.value.status !== 'offline' && answer.value.problems.length === 0 ? true : undefined;
      });
      expect(performance.now() - back).toBeLessThan(5000);
      const queued = await start(gate);
      await writeFile(gate, '');
      for (const name of [job, queued]) {
        const ended = await whenEnded(name, 90);
        expect([ended.status, ended.verified, ended.attempts.length]).toEqual(['Completed', true, 1]);
        const output = await service.rest.call('jobs:output', { params: { accountName, jobName: name } });
        expect(output).toMatch(/^on \d+\nreleased\n?$/);
      }
      expect(await readFile(join(folder, 'worker.log'), 'utf8')).not.toContain('Error:');
    } finally {
      await worker.control.close();
      await worker.program.stop();
    }
  }, 180_000);

  it('an engine that is killed leaves its running job whole; the next one shows it to its end', async () => {
    const folder = await tempFolder();
    const data = join(folder, 'worker');
    const killed = await startHeadlessWorker(data, join(folder, 'worker.log'));
    await joinGroup(killed.control, service, account, groupName);
    const gate = join(folder, 'gate');
    const job = await start(gate);
    await whenRunning(job);
    await killed.control.close();
    await killed.program.kill();
    const next = await startHeadlessWorker(data, join(folder, 'worker.log'));
    try {
      const adopted = await waitFor('the adopted job', 20, async () => {
        const answer = await next.control.call('jobs:running', {});
        return answer.ok ? answer.value.find((one) => one.phase === 'running') : undefined;
      });
      await writeFile(gate, '');
      const ended = await whenEnded(job, 60);
      expect([ended.status, ended.verified, ended.attempts.length]).toEqual(['Completed', true, 1]);
      expect(adopted.jobId).toBe(ended.jobId);
      const view = await waitFor('the history', 20, async () => {
        const answer = await next.control.call('jobs:get', { id: adopted.sandboxId });
        return answer.ok && answer.value.phase === 'ended' ? answer.value : undefined;
      });
      expect([view.outcome, view.verified, view.recordCount]).toEqual(['completed', true, 2]);
    } finally {
      await next.control.close();
      await next.program.stop();
    }
  }, 180_000);
});
