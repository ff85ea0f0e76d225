/** hrw jobs: what runs and what ran on this machine. (`hrw job` is the service's side: it starts one anywhere.) */
import { once } from 'node:events';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { attemptOutcome, type AttemptOutcome } from '../../../src-contract/kinds.ts';
import type { StreamRecord } from '../../../src-contract/records.ts';
import type { CommandIo } from '../command-io.ts';
import { describeJob, describeJobs, describeRecord } from './describe-worker.ts';
import type { WorkerAccess } from './worker-access.ts';
import { addWorkerOptions, workerAction, type WorkerRun } from './worker-options.ts';

interface ListOptions {
  running?: boolean;
  limit: number;
  outcome?: AttemptOutcome;
  runbook?: string;
}
interface ShowOptions {
  records?: boolean;
  from: number;
}

const recordsPerCall = 1000;

export function addJobCommands(program: Command, io: CommandIo, access: WorkerAccess): void {
  const jobs = addWorkerOptions(program.command('jobs'))
    .description('jobs of this machine, newest first')
    .option('--running', 'only those that run now')
    .option('--limit <number>', 'at most this many', wholeNumber(1, 500), 20)
    .addOption(new Option('--outcome <outcome>', 'only those that ended so').choices(attemptOutcome.options))
    .option('--runbook <name>', 'only those of this runbook')
    .addHelpText('after', '\nExamples:\n  hrw jobs --running\n  hrw jobs --outcome failed --limit 5\n')
    .action(
      workerAction<ListOptions>(io, access, async ({ options, ask, print }) => {
        if (options.running === true) {
          const running = await ask('jobs:running', {});
          print(running, running.length === 0 ? 'Nothing runs on this machine now.\n' : describeJobs(running));
          return;
        }
        const { limit, outcome = null, runbook: runbookName = null } = options;
        const found = await ask('jobs:list', { limit, before: null, outcome, runbookName });
        const more = found.total > found.jobs.length ? `${String(found.total)} in all; --limit shows more.\n` : '';
        print(found, found.total === 0 ? 'No such job has run on this machine.\n' : `${describeJobs(found.jobs)}${more}`);
      }),
    );

  addWorkerOptions(jobs.command('show'))
    .description('one job: how it goes, or how it ended; with --records what it wrote')
    .argument('<id>', 'sandbox id, or job id for the job’s latest attempt here')
    .option('--records', 'its records too')
    .option('--from <sequence>', 'records from this one on', wholeNumber(0, Number.MAX_SAFE_INTEGER), 0)
    .addHelpText('after', '\nExample:\n  hrw jobs show 6f0c… --records\n')
    .action(
      workerAction<ShowOptions>(io, access, async (run) => {
        const job = await run.ask('jobs:get', { id: run.args[0] ?? '' });
        if (run.options.records !== true) {
          run.print(job, describeJob(job));
          return;
        }
        // As JSON: the job on the first line, then a record a line; there may be millions.
        await write(io, run.asJson ? `${JSON.stringify(job)}\n` : `${describeJob(job)}\n`);
        for await (const records of pagesOf(run, job.sandboxId, run.options.from)) {
          await write(io, records.map((record) => `${run.asJson ? JSON.stringify(record) : describeRecord(record)}\n`).join(''));
        }
      }),
    );

  addWorkerOptions(jobs.command('stop'))
    .description('stop a job that runs on this machine')
    .argument('<id>', 'sandbox id or job id')
    .addHelpText('after', '\nExample:\n  hrw jobs stop 6f0c…\n')
    .action(
      workerAction(io, access, async ({ args, ask, print }) => {
        const { sandboxId } = await ask('jobs:get', { id: args[0] ?? '' });
        const job = await ask('jobs:stop', { sandboxId });
        print(job, `Sandbox ${job.sandboxId} was asked to stop ${job.runbookName}.\n`);
      }),
    );
}

/** Page after page, up to what the journal held when the last one was read. */
async function* pagesOf({ ask }: WorkerRun<object>, sandboxId: string, from: number): AsyncGenerator<StreamRecord[]> {
  for (let next = from; ;) {
    const page = await ask('jobs:records', { sandboxId, from: next, limit: recordsPerCall });
    if (page.records.length === 0) return;
    yield page.records;
    next = page.next;
  }
}

async function write({ stdout }: CommandIo, text: string): Promise<void> {
  if (!stdout.write(text)) await once(stdout, 'drain');
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`A whole number from ${String(least)} to ${String(most)} is wanted.`);
    }
    return value;
  };
}
