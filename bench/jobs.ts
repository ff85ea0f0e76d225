/** One job from start to end, with the moments at which a caller of the REST API hears of it. All in ms since the call that started it. */
import { randomUUID } from 'node:crypto';
import { accountName, type Service } from '../test/harness/stack.ts';

export interface JobMoments {
  acceptedMs: number;
  runningMs: number;
  firstRecordMs: number;
  completedMs: number;
  records: number;
}

export async function runJob({ rest }: Service, runbookName: string, groupName: string): Promise<JobMoments> {
  const jobName = randomUUID();
  const start = performance.now();
  const moments = {
    acceptedMs: Number.NaN,
    runningMs: Number.NaN,
    firstRecordMs: Number.NaN,
    completedMs: Number.NaN,
    records: 0,
  };
  const since = (): number => performance.now() - start;
  await rest.call('jobs:start', { params: { accountName, jobName }, body: { runbook: { name: runbookName }, runOn: groupName } });
  moments.acceptedMs = since();
  for await (const { event, data } of rest.live(accountName, jobName)) {
    if (event === 'records') {
      if (moments.records === 0) moments.firstRecordMs = since();
      moments.records += (data as { records: unknown[] }).records.length;
    }
    const status = event === 'status' ? (data as { status: string }).status : undefined;
    if (status === 'Running') moments.runningMs = since();
    if (status === 'Completed') moments.completedMs = since();
    if (status === 'Failed' || status === 'Suspended')
      throw new Error(`a benchmark's job ended as ${status}: ${JSON.stringify(data)}`);
  }
  return moments;
}

/** Waits for a job without listening to its records: for figures that the listener would slow. `ms`: from its first record to its end. */
export async function runQuietJob({ rest }: Service, runbookName: string, groupName: string) {
  const jobName = randomUUID();
  await rest.call('jobs:start', { params: { accountName, jobName }, body: { runbook: { name: runbookName }, runOn: groupName } });
  for (;;) {
    const job = await rest.call('jobs:get', { params: { accountName, jobName } });
    if (job.status === 'Completed') {
      const endedAt = Date.now();
      const { value } = await rest.call('jobs:streams', { params: { accountName, jobName }, query: { limit: 1 } });
      return { job, ms: endedAt - Date.parse(value[0]?.time ?? '') };
    }
    if (job.endTime !== null) throw new Error(`a benchmark's job ended as ${job.status}: ${job.exception ?? ''}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

/** Starts all at once and waits until the last has ended. One asks for all: an asker for each job would be most of what is measured. */
export async function runQuietJobs({ rest }: Service, runbookName: string, groupName: string, count: number): Promise<void> {
  const names = Array.from({ length: count }, () => randomUUID());
  await Promise.all(
    names.map((jobName) =>
      rest.call('jobs:start', { params: { accountName, jobName }, body: { runbook: { name: runbookName }, runOn: groupName } }),
    ),
  );
  for (const jobName of names) {
    for (;;) {
      const job = await rest.call('jobs:get', { params: { accountName, jobName } });
      if (job.status === 'Completed') break;
      if (job.endTime !== null) throw new Error(`a benchmark's job ended as ${job.status}: ${job.exception ?? ''}`);
      await new Promise((done) => setTimeout(done, 25));
    }
  }
}
