/** Starts a job of a published runbook: for the REST API, and for a runbook that starts another. */
import { createHash, randomUUID } from 'node:crypto';
import { AppError } from '../src-contract/app-error.ts';
import { undeclaredKinds } from '../src-contract/kinds.ts';
import { namePattern } from '../src-contract/limits.ts';
import type { ServiceContext } from './context.ts';
import { checkParameters } from './parameters/check-values.ts';
import { requireGroup, requireRunbook } from './rest-api/resources.ts';
import { findAsset } from './store/assets.ts';
import { createJob, findJobByName, isJobId, type JobCreation } from './store/jobs.ts';
import { findRunbookVersion } from './store/runbooks.ts';
import type { Writer } from './store/store.ts';
import { listWorkers, type Worker } from './store/workers.ts';

const positionalKinds = ['Python3', 'Bash', 'Batch'];

export interface StartRequest {
  accountId: string;
  /** The caller's, unique in the account. */
  name: string;
  request: { runbook: { name: string }; parameters: Readonly<Record<string, unknown>>; runOn: string };
  startedBy: string;
  triggerSource: number;
  /** No other worker of the group may take it. */
  onlyMachineId?: string;
}

export async function startJob(
  { store, clock }: ServiceContext,
  { accountId, name, request, startedBy, triggerSource, onlyMachineId }: StartRequest,
): Promise<JobCreation> {
  const requestHash = hashRequest(request);
  // Before everything else: a repeated call is answered as it was, whatever has become of the runbook since.
  const there = await findJobByName(store.db, accountId, name);
  if (there !== undefined) await store.durable();
  if (there !== undefined) return { kind: there.requestHash === requestHash ? 'repeated' : 'conflict', job: there };
  if (!namePattern.test(request.runOn)) throw new AppError('group-name-invalid', { groupName: request.runOn });
  const group = await requireGroup(store.db, accountId, request.runOn);
  const runbook = await requireRunbook(store.db, accountId, request.runbook.name);
  const versionId = runbook.publishedVersionId;
  const version = versionId === null ? undefined : await findRunbookVersion(store.db, accountId, versionId);
  if (version === undefined) throw new AppError('runbook-not-published', { runbook: runbook.name });
  const parameters = await checkParameters({
    runbookName: runbook.name,
    declaration: version.parameters,
    isPositional: positionalKinds.includes(runbook.kind),
    given: request.parameters,
    hasCredential: async (credential) => (await findAsset(store.db, accountId, 'credential', credential)) !== undefined,
  });
  const needsNativeWorkflow = version.verdict?.kind === 'native-only';
  if (version.verdict?.kind === 'native-only') {
    const { line, reason } = version.verdict;
    if (lacksNativeWorkflows(await listWorkers(store.db, accountId, group.name)))
      throw new AppError('workflow-not-translatable', { runbook: runbook.name, line, reason, groupName: group.name });
  }
  return store.write(async (tx) => {
    const job = {
      id: await chooseId(tx, name),
      name,
      requestHash,
      runbook,
      runbookVersionId: version.id,
      isDraft: false,
      groupName: group.name,
      parameters,
      startedBy,
      triggerSource,
      needsNativeWorkflow,
      ...(onlyMachineId === undefined ? {} : { onlyMachineId }),
    };
    return createJob(tx, job, clock.now());
  });
}

/** Every worker has said what it can run, and none has Windows PowerShell 5.1. A group without workers may get one that has. */
function lacksNativeWorkflows(workers: readonly Worker[]): boolean {
  return (
    workers.length > 0 &&
    workers.every(({ kinds, lastSeenAt, translatesWorkflows }) => {
      if (lastSeenAt === null) return false;
      return translatesWorkflows || !(kinds ?? undeclaredKinds).includes('PowerShellWorkflow');
    })
  );
}

/** A caller's GUID is the job's id too, unless it is another job's already, in whichever account: ids are the service's. */
async function chooseId(tx: Writer, name: string): Promise<string> {
  const isGuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name);
  return isGuid && !(await isJobId(tx.db, name)) ? name.toLowerCase() : randomUUID();
}

/** Of what was asked for, the order of keys left aside: some languages change it from one run to the next. */
function hashRequest(body: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(body, (_key, value: unknown) => sortKeys(value)))
    .digest('hex');
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
