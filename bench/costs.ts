/** Where a trivial job's time goes: the start of a sandbox's program, and the processor time that each side spends on a job. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, type Service } from '../test/harness/stack.ts';
import { runQuietJobs } from './jobs.ts';
import { spreadOf, type Figure } from './statistics.ts';

export interface CostsOptions {
  service: Service;
  workerPid: number;
  groupName: string;
  /** Published and trivial. */
  runbookName: string;
  rounds: number;
  jobs: number;
}

export async function measureCosts({
  service,
  workerPid,
  groupName,
  runbookName,
  rounds,
  jobs,
}: CostsOptions): Promise<Figure[]> {
  const figures = [...measureProgramStart(rounds)];
  if (process.platform !== 'linux') return figures;
  const before = { service: readCpu(service.program.pid), worker: readCpu(workerPid) };
  await runQuietJobs(service, runbookName, groupName, jobs);
  const after = { service: readCpu(service.program.pid), worker: readCpu(workerPid) };
  const perJob = (what: string, ms: number): Figure => ({
    what: `processor time a trivial job: ${what}`,
    value: ms / jobs,
    unit: 'ms',
  });
  figures.push(
    perJob('sandbox, runtime and what they start', after.worker.childrenMs - before.worker.childrenMs),
    perJob('worker', after.worker.ownMs - before.worker.ownMs),
    perJob('service, asked by REST for the end', after.service.ownMs - before.service.ownMs),
  );
  return figures;
}

/** Of the program alone: without a hand-over it ends as soon as it is loaded. */
function measureProgramStart(rounds: number): Figure[] {
  const programs: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(timed(['-e', '0']));
    programs.push(timed([join(root, 'out', 'sandbox.cjs')]));
  }
  const value = spreadOf(programs).p50;
  return [
    {
      what: 'sandbox: its program is loaded, p50',
      value,
      unit: 'ms',
      beside: { what: 'bare: node -e 0', value: spreadOf(bare).p50 },
    },
  ];
}

function timed(words: readonly string[]): number {
  const start = performance.now();
  spawnSync(process.execPath, words, { input: '', stdio: ['pipe', 'ignore', 'ignore'] });
  return performance.now() - start;
}

/** Of the process, and of those of its children that have ended (with theirs). */
/** Since it began. Throws when it is gone. */
export function readCpu(pid: number): { ownMs: number; childrenMs: number } {
  // The second field, a name in brackets, may hold spaces: what follows it starts with the third. Ticks are 10 ms.
  const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number);
  const at = (field: number): number => (fields[field - 3] ?? Number.NaN) * 10;
  return { ownMs: at(14) + at(15), childrenMs: at(16) + at(17) };
}
