/**
 * `npm run bench [-- --quick] [--idle] [--json FILE]`: latency, throughput and memory of the real parts, each figure beside the bare interpreter
 * measured in the same run. These machines are noisy: hold ratios against ratios, not milliseconds against milliseconds.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import {
  joinGroup,
  makeAccount,
  publishRunbook,
  startHeadlessWorker,
  startService,
  unwrap,
  type Account,
} from '../test/harness/stack.ts';
import { measureCosts } from './costs.ts';
import { measureIdle } from './idle.ts';
import { hasInterpreter, type BenchKind } from './interpreters.ts';
import { measureLatency } from './latency.ts';
import { measureMemory } from './memory.ts';
import { measureJobRate, trivialRunbook } from './rate.ts';
import { formatTable, type Figure } from './statistics.ts';
import { measureThroughput } from './throughput.ts';

const groupName = 'bench';
const quick = process.argv.includes('--quick');
/** Nothing but what a worker costs that waits. */
const onlyIdle = process.argv.includes('--idle');
const jsonFile = process.argv.includes('--json') ? process.argv[process.argv.indexOf('--json') + 1] : undefined;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const folder = mkdtempSync(join(tmpdir(), 'hrw-bench-'));
const figures: Figure[] = [];
const service = await startService(join(folder, 'service'));
try {
  const account = await makeAccount(service);
  if (!onlyIdle) await measureJobs(account);
  say('A worker that waits …');
  figures.push(...(await measureIdle({ service, account, folder, quick })));
} finally {
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function measureJobs(account: Account): Promise<void> {
  const worker = await startHeadlessWorker(join(folder, 'worker'), join(folder, 'worker.log'));
  try {
    await joinGroup(worker.control, service, account, groupName);
    const kinds = (['Bash', 'Python3', 'PowerShell7'] as const satisfies readonly BenchKind[]).filter((kind) => {
      const found = hasInterpreter(kind);
      if (!found) say(`${kind} is not on this machine: left out`);
      return found;
    });
    const publish = (
      name: string,
      kind: BenchKind,
      script: string,
      settings?: Parameters<typeof publishRunbook>[4],
    ): Promise<void> => publishRunbook(service, name, kind, script, settings);
    // What waits for jobs is measured apart, at the end of this; everything else is that of a sandbox that is started for its job.
    unwrap(await worker.control.call('settings:change', { warmMemoryMb: 0 }));
    for (const kind of kinds) {
      say(`Latency, ${kind} …`);
      figures.push(...(await measureLatency({ service, groupName, kind, publish, jobs: quick ? 5 : 40 })));
    }
    if (kinds.includes('PowerShell7')) {
      say('Latency, PowerShell7 that waits …');
      unwrap(await worker.control.call('settings:change', { warmMemoryMb: 512 }));
      figures.push(
        ...(await measureLatency({
          service,
          groupName,
          kind: 'PowerShell7',
          publish,
          jobs: quick ? 3 : 12,
          warm: worker.control,
        })),
      );
      unwrap(await worker.control.call('settings:change', { warmMemoryMb: 0 }));
    }
    say('Trivial jobs per second …');
    figures.push(...(await measureJobRate({ service, groupName, publish, jobs: quick ? 10 : 60, control: worker.control })));
    unwrap(await worker.control.call('settings:change', { limit: 2 }));
    say('Where the time goes …');
    figures.push(
      ...(await measureCosts({
        service,
        workerPid: worker.program.pid,
        groupName,
        runbookName: trivialRunbook,
        rounds: quick ? 5 : 25,
        jobs: quick ? 10 : 60,
      })),
    );
    for (const kind of kinds.filter((one) => one !== 'Bash')) {
      say(`Throughput, ${kind} …`);
      figures.push(...(await measureThroughput({ service, groupName, kind, publish, quick, say })));
    }
    say('Memory …');
    figures.push(...(await measureMemory({ servicePid: service.program.pid, workerPid: worker.program.pid, folder })));
  } finally {
    await worker.control.close();
    await worker.program.stop();
  }
}

const machine = {
  cores: cpus().length,
  processor: cpus()[0]?.model ?? '',
  memoryBytes: totalmem(),
  node: process.version,
  platform: process.platform,
};
say(`\n${String(machine.cores)} cores, ${machine.processor}, Node ${machine.node}\n`);
say(formatTable(figures));
if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
