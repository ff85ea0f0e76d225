/** hrw group …, hrw worker … */
import type { Command } from 'commander';
import { kindLabels } from '../../../src-contract/kinds.ts';
import type { WorkerView } from '../../../src-contract/rest/groups.ts';
import type { CommandIo } from '../command-io.ts';
import { formatList, plainText } from '../terminal-text.ts';
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

  addServiceOptions(group.command('remove'))
    .description('remove a worker group that has no worker and no waiting job')
    .argument('<name>', 'the group')
    .addOption(accountOption())
    .addHelpText('after', '\nExample:\n  hrw group remove --account contoso berlin\n')
    .action(
      serviceAction<{ account: string }>(io, async ({ client, options, args, print }) => {
        const [groupName = ''] = args;
        await client.call('groups:delete', { params: { accountName: options.account, groupName } });
        print({ name: groupName }, `Removed the worker group ${groupName}.\n`);
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
        const table = formatList('No machine is registered there.', headings, workers.map(rowOf));
        print(workers, `${table}${hintAbout(workers, accountName)}`);
      }),
    );

  addServiceOptions(worker.command('remove'))
    .description('remove a worker that will not come back: its certificate is refused from then on')
    .argument('<id>', 'its id, as the list shows it')
    .addOption(accountOption())
    .requiredOption('--group <name>', 'the group that it is in')
    .addHelpText(
      'after',
      '\nExample:\n  hrw worker remove --account contoso --group berlin 0f8fad5b-d9cb-469f-a165-70867728950e\n\nA machine that still runs leaves its group by itself: `hrw unregister` there.\n',
    )
    .action(
      serviceAction<{ account: string; group: string }>(io, async ({ client, options, args, print }) => {
        const [workerId = ''] = args;
        const params = { accountName: options.account, groupName: options.group, workerId };
        await client.call('workers:delete', { params });
        print({ workerId }, `Removed the worker ${workerId} from the group ${options.group}.\n`);
      }),
    );
}

/** Which of them may be gone for good only a person knows. */
function hintAbout(workers: readonly WorkerView[], accountName: string): string {
  const gone = workers.find(({ state }) => state === 'Disconnected');
  if (gone === undefined) return '';
  const { workerId, groupName } = gone;
  return plainText(
    `\nA disconnected worker that will not come back is removed so:\n  hrw worker remove --account ${accountName} --group ${groupName} ${workerId}\n`,
  );
}

const headings = ['WORKER', 'ID', 'GROUP', 'STATE', 'JOBS', 'LAST SEEN', 'VERSION', 'CAN RUN'];

function rowOf(worker: WorkerView): string[] {
  const { workerName, workerId, groupName, state, runningJobs, limit, lastSeenDateTime, version, kinds } = worker;
  const jobs = limit === null ? String(runningJobs) : `${runningJobs} of ${limit}`;
  const canRun = kinds === null ? '(it does not say)' : kinds.map((kind) => kindLabels[kind]).join(', ');
  return [workerName, workerId, groupName, state, jobs, lastSeenDateTime ?? 'never', version ?? '', canRun];
}
