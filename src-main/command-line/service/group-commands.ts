/** hrw group …, hrw worker … */
import type { Command } from 'commander';
import { kindLabels } from '../../../src-contract/kinds.ts';
import type { WorkerView } from '../../../src-contract/rest/groups.ts';
import type { CommandIo } from '../command-io.ts';
import { formatList } from '../terminal-text.ts';
import { accountOption, addServiceOptions, serviceAction } from './service-options.ts';

export function addGroupCommands(program: Command, io: CommandIo): void {
  const group = program.command('group').description('worker groups: what a job is sent to');

  addServiceOptions(group.command('list'))
    .description('list the worker groups')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw group list --account contoso\n')
    .action(
      serviceAction<{ account: string }>(io, async ({ client, options, print }) => {
        const groups = await client.listAll('groups:list', { params: { accountName: options.account } });
        const rows = groups.map((one) => [one.name, String(one.workerCount), String(one.readyCount), String(one.waitingJobs)]);
        print(
          groups,
          formatList(
            'There is no worker group: the first machine that registers makes one.',
            ['GROUP', 'WORKERS', 'READY', 'JOBS WAITING'],
            rows,
          ),
        );
      }),
    );

  addServiceOptions(group.command('waiting'))
    .description('list the jobs that wait for a worker of a group, each with the reason')
    .argument('<name>', 'the group')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw group waiting --account contoso berlin\n')
    .action(
      serviceAction<{ account: string }>(io, async ({ client, options, args, print }) => {
        const [groupName = ''] = args;
        const jobs = await client.listAll('groups:waiting', { params: { accountName: options.account, groupName } });
        const rows = jobs.map((one) => [one.name, one.runbookName, one.creationTime, one.waitingReason]);
        print(jobs, formatList('No job waits for this group.', ['JOB', 'RUNBOOK', 'MADE', 'WHY IT WAITS'], rows));
      }),
    );
}

export function addWorkerCommands(program: Command, io: CommandIo): void {
  const worker = program.command('worker').description('workers, as the service sees them');

  addServiceOptions(worker.command('list'))
    .description('list the workers of one group, or of all')
    .addOption(accountOption())
    .option('--group <name>', 'only this group')
    .addHelpText('after', '\nExample:\n  hrw worker list --account contoso --group berlin\n')
    .action(
      serviceAction<{ account: string; group?: string }>(io, async ({ client, options, print }) => {
        const accountName = options.account;
        const groups =
          options.group === undefined
            ? (await client.listAll('groups:list', { params: { accountName } })).map((one) => one.name)
            : [options.group];
        const workers: WorkerView[] = [];
        for (const groupName of groups)
          workers.push(...(await client.listAll('workers:list', { params: { accountName, groupName } })));
        print(workers, formatList('No machine is registered there.', headings, workers.map(rowOf)));
      }),
    );
}

const headings = ['WORKER', 'ID', 'GROUP', 'STATE', 'JOBS', 'LAST SEEN', 'VERSION', 'CAN RUN'];

function rowOf(worker: WorkerView): string[] {
  const { workerName, workerId, groupName, state, runningJobs, limit, lastSeenDateTime, version, kinds } = worker;
  const jobs = limit === null ? String(runningJobs) : `${runningJobs} of ${limit}`;
  const canRun = kinds === null ? '(it does not say)' : kinds.map((kind) => kindLabels[kind]).join(', ');
  return [workerName, workerId, groupName, state, jobs, lastSeenDateTime ?? 'never', version ?? '', canRun];
}
