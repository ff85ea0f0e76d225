/** What this machine lets run, from the rule to the person and back: a whole worker against the real service, with real sandboxes. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobView } from '../../src-contract/engine-calls.ts';
import { openPolicy } from '../../src-contract/policy.ts';
import { dataLayout } from '../../src-main/storage/layout.ts';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, makeAccount, publishRunbook, startService, waitFor, type Account, type Service } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { TestWorker } from '../harness/worker-in-process.ts';

leftoversAreCheckedAtTheEnd();

const script = 'echo "hello $1"\n';
let service: Service;
let account: Account;
const workers: TestWorker[] = [];

beforeAll(async () => {
  service = await startService(path.join(await tempFolder(), 'service'));
  account = await makeAccount(service);
  await publishRunbook(service, 'greet', 'Bash', script);
});
afterAll(() => service.stop());
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.close();
});

async function open(dataFolder: string): Promise<TestWorker> {
  const worker = await TestWorker.start(dataFolder);
  workers.push(worker);
  return worker;
}

async function openRegistered(groupName: string): Promise<TestWorker> {
  const worker = await open(path.join(await tempFolder(), 'worker'));
  await worker.connect(service, account);
  await worker.register(account, groupName);
  return worker;
}

async function startJob(runOn: string): Promise<string> {
  const jobName = randomUUID();
  await service.rest.call('jobs:start', {
    params: { accountName, jobName },
    body: { runbook: { name: 'greet' }, parameters: { Who: 'there' }, runOn },
  });
  return jobName;
}

function jobWhere(worker: TestWorker, jobId: string, holds: (job: JobView) => boolean): Promise<JobView> {
  return waitFor(`what is to become of ${jobId}`, 30, async () => {
    const answer = await worker.call('jobs:get', { id: jobId });
    return answer.ok && holds(answer.value) ? answer.value : undefined;
  });
}

describe('the rules of a machine', () => {
  it('are changed one by one, each change in the event log, and only by administrators', async () => {
    const worker = await open(path.join(await tempFolder(), 'worker'));
    expect(await worker.ask('policy:get', {})).toEqual(openPolicy);
    expect((await worker.call('policy:change', { kinds: ['Bash'] }, 'operator')).ok).toBe(false);
    await worker.ask('policy:change', { kinds: ['Bash'] });
    const after = await worker.ask('policy:change', { longestRunSeconds: 7200 });
    expect(after).toEqual({ ...openPolicy, kinds: ['Bash'], longestRunSeconds: 7200 });
    await worker.ask('policy:change', { kinds: ['Bash'] });
    expect(await worker.refusal('policy:change', { trustedKeys: '/nowhere/at/all' })).toBe('setting-invalid');
    expect(await worker.ask('policy:get', {})).toEqual(after);
    const changes = (await worker.events()).filter(({ id }) => id === 104);
    expect(changes.map(({ message }) => message)).toEqual([
      'What this machine lets run was changed. Kinds of runbook: from “any kind” to “Bash”.',
      'What this machine lets run was changed. Longest run: from “for any time” to “for 2h at most”.',
    ]);
  });

  it('outlive settings that cannot be read any more', async () => {
    const folder = path.join(await tempFolder(), 'worker');
    const first = await open(folder);
    await first.ask('policy:change', { kinds: ['Bash'], askSeconds: 60 });
    await first.close();
    await writeFile(dataLayout(folder).settingsFile, '{"ver');
    const second = await open(folder);
    expect((await second.state()).problems.map(({ code }) => code)).toContain('settings-unreadable');
    expect(await second.ask('policy:get', {})).toMatchObject({ kinds: ['Bash'], askSeconds: 60 });
  });
});

describe('a job that waits for a person', () => {
  it('stands among the problems until it is answered, by whoever owns the engine then', async () => {
    const before = await openRegistered('asking');
    await before.ask('policy:change', { askSeconds: 120 });
    const jobId = await startJob('asking');
    const waiting = await jobWhere(before, jobId, ({ asking }) => asking !== null);
    const state = await before.when('the problem', ({ problems }) => problems.length > 0);
    expect(state.problems).toMatchObject([
      { code: provokes('permission-asked'), details: { runbookName: 'greet', sandboxId: waiting.sandboxId } },
    ]);
    await before.close();

    const worker = await open(before.dataFolder);
    const { sandboxId } = await jobWhere(worker, jobId, ({ asking }) => asking !== null);
    const question = await waitFor('the question', 10, async () => {
      const answer = await worker.call('policy:question', { sandboxId: jobId });
      return answer.ok ? answer.value : undefined;
    });
    expect(question).toMatchObject({ sandboxId, runbookName: 'greet', script, parameters: { Who: 'there' } });
    const { sha256 } = question;
    expect((await worker.call('policy:answer', { sandboxId, sha256, allow: true }, 'operator')).ok).toBe(false);
    expect(await worker.refusal('policy:answer', { sandboxId, sha256: 'ab'.repeat(32), allow: true })).toBe(
      provokes('nothing-asked'),
    );
    await worker.ask('policy:answer', { sandboxId, sha256, allow: true });
    const ended = await jobWhere(worker, jobId, ({ phase }) => phase === 'ended');
    expect(ended).toMatchObject({ outcome: 'completed', recordCount: 1, asking: null });
    expect((await worker.state()).problems).toEqual([]);
    expect(await worker.refusal('policy:answer', { sandboxId, sha256, allow: true })).toBe('nothing-asked');
    const told = (await worker.events()).filter(({ id }) => id === 105 || id === 106);
    expect(told.map(({ id, jobId: about }) => [id, about])).toEqual([
      [105, jobId],
      [106, jobId],
    ]);
    expect(told[1]?.message).toContain(`greet was allowed by a person at this machine`);
  });

  it('ends when it is refused, on this machine and on the service', async () => {
    const worker = await openRegistered('refusing');
    await worker.ask('policy:change', { askSeconds: 120 });
    const jobId = await startJob('refusing');
    const { sandboxId } = await jobWhere(worker, jobId, ({ asking }) => asking !== null);
    const { sha256 } = await worker.ask('policy:question', { sandboxId });
    await worker.ask('policy:answer', { sandboxId, sha256, allow: false });
    const ended = await jobWhere(worker, jobId, ({ phase }) => phase === 'ended');
    expect(ended).toMatchObject({ outcome: 'failed', recordCount: 0, processesLeft: 0 });
    expect(ended.outcomeReason).toContain('Ask me first');
    const job = await service.rest.call('jobs:get', { params: { accountName, jobName: jobId } });
    expect(job.status).toBe('Failed');
    expect(job.exception).toContain('Ask me first');
  });
});
