/**
 * Beyond the protocol, what a worker may ask for in its own name: why its group's waiting jobs wait, and one run of the sample
 * `Test-HybridWorker` on itself. (And that a suspended job that it ran goes on: checkpoints.ts.)
 */
import type { FastifyInstance } from 'fastify';
import { AppError } from '../../src-contract/app-error.ts';
import { mostWaitingJobs, type TestJob, type WaitingJobs } from '../../src-contract/jrds.ts';
import { triggerSources } from '../../src-contract/kinds.ts';
import type { ServiceContext } from '../context.ts';
import { ensureTestRunbook, testRunbookName } from '../sample-runbook.ts';
import { startJob } from '../start-job.ts';
import { findUnendedFor, listWaiting } from '../store/jobs.ts';
import { kindsOf } from '../store/workers.ts';
import { invalid } from './body.ts';
import type { AccountParams } from './calls.ts';
import { workerOnly } from './callers.ts';

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function addOwnGroupRoutes(server: FastifyInstance, context: ServiceContext): void {
  const { store, dispatcher } = context;

  server.get<{ Params: AccountParams }>('/Workers/waitingJobs', async (request): Promise<WaitingJobs> => {
    const { accountId, groupName } = workerOnly(request.jrdsCaller);
    const { jobs, total } = await listWaiting(store.db, accountId, groupName, { limit: mostWaitingJobs });
    const value: WaitingJobs['value'] = [];
    for (const job of jobs) {
      const reason = await dispatcher.explainWaiting(job);
      const { id: jobId, runbookName, startedBy, queuedAt } = job;
      if (reason !== null) value.push({ jobId, runbookName, startedBy, queuedAt: new Date(queuedAt).toISOString(), reason });
    }
    return { value, total };
  });

  /** The id is the caller's: the same call twice is one job. While one is under way, it is that one. */
  server.put<{ Params: AccountParams & { testId: string } }>('/Workers/testJobs/:testId', async (request): Promise<TestJob> => {
    const worker = await dispatcher.asLastSeen(workerOnly(request.jrdsCaller));
    const { testId } = request.params;
    if (!guid.test(testId)) throw invalid('path.testId', 'it is no GUID');
    const underWay = await findUnendedFor(store.db, worker.accountId, worker.machineId);
    if (underWay !== undefined) return { jobId: underWay.id };
    const runbook = await ensureTestRunbook(context, worker.accountId, kindsOf(worker));
    if (runbook === undefined || !kindsOf(worker).includes(runbook.kind))
      throw new AppError('test-job-impossible', { runbook: testRunbookName, kind: runbook?.kind ?? 'any kind' });
    const { kind, job } = await startJob(context, {
      accountId: worker.accountId,
      name: testId.toLowerCase(),
      request: { runbook: { name: testRunbookName }, parameters: {}, runOn: worker.groupName },
      startedBy: `worker ${worker.machineName}`,
      triggerSource: triggerSources.Internal,
      onlyMachineId: worker.machineId,
    });
    if (kind === 'conflict' || job.onlyMachineId !== worker.machineId)
      throw new AppError('resource-exists', { what: 'job', name: testId });
    return { jobId: job.id };
  });
}
