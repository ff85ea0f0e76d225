/** Beyond the protocol: a job's sandbox starts other runbooks of the account, and looks at what became of those that its job started. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../../src-contract/app-error.ts';
import { childJobBody, type ChildJob } from '../../src-contract/jrds.ts';
import { triggerSources } from '../../src-contract/kinds.ts';
import { maxParameterBytes } from '../../src-contract/limits.ts';
import type { ServiceContext } from '../context.ts';
import { startJob } from '../start-job.ts';
import { findJob, type Job } from '../store/jobs.ts';
import { invalid, readBody } from './body.ts';
import type { SandboxJobParams } from './calls.ts';
import { attemptOfSandbox } from './callers.ts';

const path = '/Sandboxes/:sandboxId/jobs/:jobId/children/:childId';
const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type ChildRequest = FastifyRequest<{ Params: SandboxJobParams & { childId: string } }>;

export function addChildJobRoutes(server: FastifyInstance, context: ServiceContext): void {
  server.put(path, { bodyLimit: 2 * maxParameterBytes }, async (request: ChildRequest): Promise<ChildJob> => {
    const parent = await parentOf(context, request);
    const { childId } = request.params;
    if (!guid.test(childId)) throw invalid('path.childId', 'it is no GUID');
    const { runbookName, parameters, runOn } = readBody(request, childJobBody);
    const { kind, job } = await startJob(context, {
      accountId: parent.accountId,
      name: childId.toLowerCase(),
      request: { runbook: { name: runbookName }, parameters, runOn: runOn ?? parent.groupName },
      startedBy: startedBy(parent),
      triggerSource: triggerSources.Internal,
    });
    if (kind === 'conflict' || job.startedBy !== startedBy(parent))
      throw new AppError('resource-exists', { what: 'job', name: childId });
    return view(job);
  });

  server.get(path, async (request: ChildRequest): Promise<ChildJob> => {
    const parent = await parentOf(context, request);
    const { childId } = request.params;
    const job = await findJob(context.store.db, parent.accountId, childId);
    // Other jobs of the account are none of its business.
    if (job?.startedBy !== startedBy(parent))
      throw new AppError('resource-unknown', { what: 'job', name: childId.slice(0, 100) });
    return view(job);
  });
}

/** Only while its attempt runs. */
async function parentOf(context: ServiceContext, request: ChildRequest): Promise<Job> {
  const { sandboxId, jobId } = request.params;
  const attempt = await attemptOfSandbox(context, request.jrdsCaller, sandboxId);
  const job =
    attempt.jobId === jobId.toLowerCase() ? await findJob(context.store.db, attempt.accountId, attempt.jobId) : undefined;
  if (job === undefined) throw new AppError('resource-unknown', { what: 'job', name: jobId.slice(0, 100) });
  if (attempt.endedAt !== null) throw new AppError('job-ended', { jobId: job.id, status: job.status });
  return job;
}

function startedBy({ id, runbookName }: Job): string {
  return `job ${id} (${runbookName})`;
}

function view({ id, runbookName, status, exception }: Job): ChildJob {
  return { jobId: id, runbookName, status, exception };
}
