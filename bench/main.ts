/**
 * `npm run bench`, see `usage`: latency, throughput and memory of the real parts, each figure beside the bare interpreter measured in the same
 * run. These machines are noisy: hold ratios against ratios, not milliseconds against milliseconds.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
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
const parts = ['latency', 'waiting', 'rate', 'costs', 'throughput', 'memory', 'idle'] as const;
const usage = `usage: npm run bench [-- options]

  --quick        a twentieth of the time, good for a look
  --only PARTS   with commas between, of: ${parts.join(', ')}
  --json FILE    the same figures as JSON
`;

function readArguments(): { quick: boolean; wanted: ReadonlySet<string>; jsonFile: string | undefined } {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, json: { type: 'string' } },
  });
  const wanted = values.only?.split(',') ?? [...parts];
  const unknown = wanted.find((one) => !(parts as readonly string[]).includes(one));
  if (unknown !== undefined) throw new Error(`there is no part ${unknown}`);
  return { quick: values.quick, wanted: new Set(wanted), jsonFile: values.json };
}

function argumentsOrExit(): ReturnType<typeof readArguments> {
  try {
    return readArguments();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

const { quick, wanted, jsonFile } = argumentsOrExit();
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const folder = mkdtempSync(join(tmpdir(), 'hrw-bench-'));
const figures: Figure[] = [];
const service = await startService(join(folder, 'service'));
try {
  const account = await makeAccount(service);
  if ([...wanted].some((part) => part !== 'idle')) await measureJobs(account);
  if (wanted.has('idle')) {
    say('A worker that waits …');
    figures.push(...(await measureIdle({ service, account, folder, quick })));
  }
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
    for (const kind of wanted.has('latency') ? kinds : []) {
      say(`Latency, ${kind} …`);
      figures.push(
        ...(await measureLatency({ service, groupName, kind, publish, jobs: quick ? 5 : 40, control: worker.control })),
      );
    }
    if (wanted.has('waiting') && kinds.includes('PowerShell7')) {
      say('Latency, PowerShell7 that waits …');
      unwrap(await worker.control.call('settings:change', { warmMemoryMb: 512 }));
      figures.push(
        ...(await measureLatency({
          service,
          groupName,
          kind: 'PowerShell7',
          publish,
          jobs: quick ? 3 : 12,
          control: worker.control,
          isAhead: true,
        })),
      );
      unwrap(await worker.control.call('settings:change', { warmMemoryMb: 0 }));
    }
    if (wanted.has('rate') || wanted.has('costs')) {
      say('Trivial jobs per second …');
      figures.push(...(await measureJobRate({ service, groupName, publish, jobs: quick ? 10 : 60, control: worker.control })));
    }
    unwrap(await worker.control.call('settings:change', { limit: 2 }));
    if (wanted.has('costs')) {
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
    }
    for (const kind of wanted.has('throughput') ? kinds.filter((one) => one !== 'Bash') : []) {
      say(`Throughput, ${kind} …`);
      figures.push(...(await measureThroughput({ service, groupName, kind, publish, quick, say })));
    }
    if (wanted.has('memory')) {
      say('Memory …');
      figures.push(...(await measureMemory({ servicePid: service.program.pid, workerPid: worker.program.pid, folder })));
    }
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
