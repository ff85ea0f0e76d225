/** A workflow that is suspended on one worker and resumed on another: real service, real headless workers, real PowerShell. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireRuntime } from '../harness/runtimes.ts';
import {
  accountName,
  joinGroup,
  makeAccount,
  publishRunbook,
  startHeadlessWorker,
  startService,
  waitFor,
  type Service,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const groupName = 'flows';
const limitMs = 300_000;

const script = [
  'workflow Long-Work {',
  '  param([string[]] $Names)',
  '  $done = @()',
  '  foreach ($name in $Names) {',
  '    $done += InlineScript { "$using:name by $PID" }',
  '    "turn $name"',
  '    if ($name -eq "b") { Suspend-Workflow }',
  '  }',
  '  "done $($done.Count), by $(@($done | ForEach-Object { $_.Split(" ")[2] } | Select-Object -Unique).Count) processes"',
  '}',
].join('\n');

const outputOf = async ({ rest }: Service, jobName: string, attempt: number): Promise<string[]> => {
  const query = { streamType: 'Output', attempt: String(attempt) } as const;
  const { value } = await rest.call('jobs:streams', { params: { accountName, jobName }, query });
  return value.map((one) => one.streamText);
};

describe('a workflow', () => {
  it(
    'is suspended on one worker and goes on, in the same turn of its loop, on another',
    { timeout: limitMs },
    async (context) => {
      requireRuntime(context, 'pwsh');
      const folder = await tempFolder();
      const service = await startService(join(folder, 'service'));
      const programs: { stop: () => Promise<void> }[] = [];
      try {
        const account = await makeAccount(service);
        await publishRunbook(service, 'Long-Work', 'PowerShellWorkflow', script);
        const first = await startHeadlessWorker(join(folder, 'first'), join(folder, 'first.log'));
        programs.push(first.program);
        await joinGroup(first.control, service, account, groupName);
        const jobName = randomUUID();
        const params = { accountName, jobName };
        await service.rest.call('jobs:start', {
          params,
          body: { runbook: { name: 'Long-Work' }, parameters: { Names: ['a', 'b', 'c'] }, runOn: groupName },
        });
        const when = (status: string) =>
          waitFor(`the job to be ${status}`, 120, async () => {
            const job = await service.rest.call('jobs:get', { params });
            if (job.status === 'Failed') throw new Error(job.exception ?? 'it failed');
            return job.status === status ? job : undefined;
          });
        const suspended = await when('Suspended');
        expect(suspended).toMatchObject({
          exception: null,
          statusDetails: 'It waits to be resumed: the workflow suspended itself at line 7',
        });
        expect(await outputOf(service, jobName, 1)).toEqual(['turn a', 'turn b']);

        // The one that has it all is gone for good.
        await first.control.close();
        await first.program.stop();
        const second = await startHeadlessWorker(join(folder, 'second'), join(folder, 'second.log'));
        programs.push(second.program);
        await joinGroup(second.control, service, account, groupName);
        await service.rest.call('jobs:resume', { params, body: {} });
        const completed = await when('Completed');
        expect(completed.attempts.map(({ attempt, outcome, verified }) => [attempt, outcome, verified])).toEqual([
          [1, 'suspended', true],
          [2, 'completed', true],
        ]);
        const [one, other] = completed.attempts;
        expect(one?.machineId).not.toBe(other?.machineId);
        expect(await outputOf(service, jobName, 2)).toEqual(['turn c', 'done 3, by 2 processes']);
        await second.control.close();
      } finally {
        for (const program of programs) await program.stop();
        await service.stop();
      }
    },
  );
});
