/** Trivial jobs per second: all started at once, with as many sandboxes at a time as the machine has cores, and with eight. */
import { cpus } from 'node:os';
import type { ControlClient } from '../src-main/control/control-client.ts';
import { unwrap, type Service } from '../test/harness/stack.ts';
import { runBare, type BenchKind } from './interpreters.ts';
import { runQuietJob, runQuietJobs } from './jobs.ts';
import type { Figure } from './statistics.ts';

/** On the service from here on. */
export const trivialRunbook = 'bench-trivial';
const script = 'true\n';

export interface RateOptions {
  service: Service;
  groupName: string;
  jobs: number;
  control: ControlClient;
  publish: (name: string, kind: BenchKind, script: string) => Promise<void>;
}

export async function measureJobRate({ service, groupName, jobs, control, publish }: RateOptions): Promise<Figure[]> {
  const name = trivialRunbook;
  await publish(name, 'Bash', script);
  const figures: Figure[] = [];
  for (const limit of [cpus().length, 8]) {
    unwrap(await control.call('settings:change', { limit }));
    await runQuietJob(service, name, groupName);
    const start = performance.now();
    await runQuietJobs(service, name, groupName, jobs);
    const ours = (jobs * 1000) / (performance.now() - start);
    figures.push({
      what: `Bash: trivial jobs, ${String(limit)} at a time`,
      value: ours,
      unit: 'jobs/s',
      beside: { what: `bare: bash started ${String(limit)} at a time`, value: await bareRate(limit, jobs) },
    });
  }
  return figures;
}

async function bareRate(limit: number, jobs: number): Promise<number> {
  const start = performance.now();
  let left = jobs;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await runBare('Bash', script);
  };
  await Promise.all(Array.from({ length: limit }, lane));
  return (jobs * 1000) / (performance.now() - start);
}
