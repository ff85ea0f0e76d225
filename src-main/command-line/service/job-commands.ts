/** hrw job … */
import { Option, type Command } from 'commander';
import { isAppError } from '../../../src-contract/app-error.ts';
import { jobStatus, type JobStatus } from '../../../src-contract/kinds.ts';
import type { JobDetails } from '../../../src-contract/rest/jobs.ts';
import { exitCodes, type CommandIo } from '../command-io.ts';
import { formatList, formatTable, plainText } from '../terminal-text.ts';
import { formatFacts } from './account-commands.ts';
import { followJob } from './follow-job.ts';
import { newJobId, readParameters, type ParameterOptions } from './job-parameters.ts';
import { createJobPrinter } from './job-printer.ts';
import { describeRecords } from './record-words.ts';
import { accountOption, addServiceOptions, serviceAction, type CommandRun } from './service-options.ts';

interface AccountOptions {
  account: string;
}

const watchedCodes = '  10 it failed   11 it was stopped   12 it was suspended   130 you stopped watching (the job goes on)';

export function addJobCommands(program: Command, io: CommandIo): void {
  const job = program.command('job').description('jobs: runs of published runbooks on a worker group');
  addStart(job, io);

  addServiceOptions(job.command('watch'))
    .description('show a job’s records and states until it has ended')
    .argument('<id>', 'the job')
    .addOption(accountOption())
    .addHelpText(
      'after',
      `\nExit codes beside the usual:\n${watchedCodes}\n\nExample:\n  hrw job watch --account contoso nightly-42\n`,
    )
    .action(
      serviceAction<AccountOptions>(io, async (run) => {
        const [jobName = ''] = run.args;
        await watch(run, jobName);
      }),
    );

  addServiceOptions(job.command('show'))
    .description('show a job: its state, why it waits, its attempts')
    .argument('<id>', 'the job')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw job show --account contoso nightly-42\n')
    .action(
      serviceAction<AccountOptions>(io, async ({ client, options, args, print }) => {
        const [jobName = ''] = args;
        const found = await client.call('jobs:get', { params: { accountName: options.account, jobName } });
        print(found, formatJob(found));
      }),
    );

  addServiceOptions(job.command('stop'))
    .description('ask for a job to be stopped')
    .argument('<id>', 'the job')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw job stop --account contoso nightly-42\n')
    .action(
      serviceAction<AccountOptions>(io, async ({ client, options, args, print }) => {
        const [jobName = ''] = args;
        const asked = await client.call('jobs:stop', { params: { accountName: options.account, jobName }, body: {} });
        print(asked, asked.status === 'Stopped' ? 'Stopped.\n' : `It is ${asked.status}; its worker was told to stop it.\n`);
      }),
    );

  addServiceOptions(job.command('output'))
    .description('print what a job has written to its output stream')
    .argument('<id>', 'the job')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw job output --account contoso nightly-42 > report.txt\n')
    .action(
      serviceAction<AccountOptions>(io, async ({ client, options, args }) => {
        const [jobName = ''] = args;
        const params = { accountName: options.account, jobName };
        const decoder = new TextDecoder();
        await client.download('jobs:output', { params }, (piece) => {
          // A file gets what the job wrote; a terminal does not obey it.
          io.stdout.write(io.stdout.isTTY === true ? plainText(decoder.decode(piece, { stream: true })) : piece);
          return Promise.resolve();
        });
      }),
    );

  addServiceOptions(job.command('resume'))
    .description('let a suspended job go on, from its checkpoint if it has one')
    .argument('<id>', 'the job')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw job resume --account contoso nightly-42\n')
    .action(
      serviceAction<AccountOptions>(io, async ({ client, options, args, print }) => {
        const [jobName = ''] = args;
        const resumed = await client.call('jobs:resume', { params: { accountName: options.account, jobName }, body: {} });
        const details = resumed.statusDetails === null ? '' : ` ${resumed.statusDetails}.`;
        print(resumed, `Job ${resumed.name} is ${resumed.status}.${details}\n`);
      }),
    );

  addServiceOptions(job.command('list'))
    .description('list jobs, newest first')
    .addOption(accountOption())
    .addOption(new Option('--status <status>', 'only jobs in this state').choices(jobStatus.options))
    .option('--runbook <name>', 'only jobs of this runbook')
    .option('--on <group>', 'only jobs of this worker group')
    .option('--started-by <name>', 'only jobs that this one started')
    .option('--limit <number>', 'at most this many', '20')
    .addHelpText('after', '\nExample:\n  hrw job list --account contoso --status Running\n')
    .action(
      serviceAction<AccountOptions & ListOptions>(io, async ({ client, options, print }) => {
        const { account, status, runbook, on, startedBy, limit } = options;
        const query = { limit, status, runbook, runOn: on, startedBy };
        const { value } = await client.call('jobs:list', { params: { accountName: account }, query });
        const rows = value.map((one) => [one.name, one.runbookName, one.status, one.runOn, one.startedBy, one.creationTime]);
        print(value, formatList('There is no such job.', ['ID', 'RUNBOOK', 'STATE', 'GROUP', 'STARTED BY', 'MADE'], rows));
      }),
    );
}

interface ListOptions {
  status?: JobStatus;
  runbook?: string;
  on?: string;
  startedBy?: string;
  limit: string;
}

interface StartOptions extends AccountOptions, ParameterOptions {
  runbook: string;
  on: string;
  id?: string;
  startedBy?: string;
  watch?: boolean;
}

function addStart(job: Command, io: CommandIo): void {
  addServiceOptions(job.command('start'))
    .description('start a published runbook on a worker group')
    .addOption(accountOption())
    .requiredOption('--runbook <name>', 'the runbook')
    .requiredOption('--on <group>', 'the worker group')
    .option('--param <name=value>', 'a parameter; may be given several times', collect)
    .option('--params-file <file>', 'JSON object of parameters by name; - reads it from standard input')
    .option('--id <name>', 'a name of your own: the same call twice is one job')
    .option('--started-by <name>', 'whom to show as having started it')
    .option('--watch', 'show its records and states until it has ended')
    .addHelpText(
      'after',
      `\nExit codes with --watch, beside the usual:\n${watchedCodes}\n\nExample:\n  hrw job start --account contoso --runbook Copy-LocalFiles --on berlin --param SourcePath=/srv/in --param DestinationPath=/srv/out --watch\n`,
    )
    .action(
      serviceAction<StartOptions>(io, async (run) => {
        const { client, options, print } = run;
        const jobName = options.id ?? newJobId();
        const started = await client.call('jobs:start', {
          params: { accountName: options.account, jobName },
          body: {
            runbook: { name: options.runbook },
            runOn: options.on,
            parameters: await readParameters(options, io),
            ...(options.startedBy === undefined ? {} : { startedBy: options.startedBy }),
          },
        });
        if (options.watch === true) await watch(run, jobName);
        else
          print(
            started,
            `Job ${started.name} is ${started.status}${started.waitingReason === null ? '' : `: ${started.waitingReason}`}.\n`,
          );
      }),
    );
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

const codesOfEnds: Partial<Record<JobStatus, number>> = {
  Failed: exitCodes.jobFailed,
  Stopped: exitCodes.jobStopped,
  Suspended: exitCodes.jobSuspended,
};

async function watch({ client, options, io }: CommandRun<AccountOptions>, jobName: string): Promise<void> {
  const interrupted = new AbortController();
  const release = io.onInterrupt(() => interrupted.abort());
  const printer = createJobPrinter(io, options.json === true);
  try {
    const { signal } = interrupted;
    const status = await followJob({ client, accountName: options.account, jobName, watcher: printer, signal });
    printer.onEnd(status);
    io.setExitCode(codesOfEnds[status] ?? exitCodes.done);
  } catch (error) {
    if (!interrupted.signal.aborted || isAppError(error)) throw error;
    io.stderr.write(`Stopped watching. The job goes on: hrw job watch --account ${options.account} ${jobName}\n`);
    io.setExitCode(exitCodes.interrupted);
  } finally {
    release();
  }
}

function formatJob(job: JobDetails): string {
  const last = job.attempts.at(-1);
  const facts = {
    job: job.name,
    runbook: job.runbookName,
    ...Object.fromEntries(Object.entries(job.parameters).map(([name, value]) => [`parameter ${name}`, textOf(value)])),
    group: job.runOn,
    state: job.waitingReason === null ? job.status : `${job.status}: ${job.waitingReason}`,
    'started by': job.startedBy,
    made: job.creationTime,
    started: job.startTime ?? '',
    ended: job.endTime ?? '',
    'ran for': ranFor(job),
    records: last === undefined ? '' : describeRecords(last),
    exception: job.exception ?? '',
  };
  // What there is nothing to say of has no row.
  const told = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== ''));
  const rows = job.attempts.map((one) => [
    String(one.attempt),
    one.workerName,
    one.machineId,
    one.outcome ?? 'under way',
    one.exitCode === null ? '' : String(one.exitCode),
    String(one.recordCount),
    // A script's failure carries its stack: whole above, and its first line in the table.
    one.reason?.split('\n', 1)[0] ?? '',
  ]);
  const headings = ['ATTEMPT', 'WORKER', 'WORKER ID', 'OUTCOME', 'EXIT', 'RECORDS', 'REASON'];
  return plainText(formatFacts(told)) + (rows.length === 0 ? '' : `\n${formatTable(headings, rows)}`);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Of the last attempt, as the worker measured it; else between the times of the job. */
function ranFor({ attempts, startTime, endTime }: JobDetails): string {
  const measured = attempts.at(-1)?.wallMs ?? null;
  const ms = measured ?? (startTime === null || endTime === null ? null : Date.parse(endTime) - Date.parse(startTime));
  return ms === null ? '' : `${(ms / 1000).toFixed(1)} s`;
}
