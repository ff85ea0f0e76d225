/** Worker groups and their workers. */
import { AppError } from '../../src-contract/app-error.ts';
import { namePattern } from '../../src-contract/limits.ts';
import type { WorkerView } from '../../src-contract/rest/groups.ts';
import type { ServiceContext } from '../context.ts';
import { isPresent } from '../dispatch/presence.ts';
import { listLiveAttempts } from '../store/attempts.ts';
import { findAsset } from '../store/assets.ts';
import { countUnfinishedJobs, listWaiting, type Job } from '../store/jobs.ts';
import { nameKey } from '../store/names.ts';
import {
  deleteGroup,
  deleteWorker,
  ensureGroup,
  findGroup,
  findWorker,
  listGroups,
  listWorkers,
  setGroupCredential,
  type Group,
  type Worker,
} from '../store/workers.ts';
import type { HandlersOf } from './handler.ts';
import { pageByKey, readCursor } from './paging.ts';
import { requireAccount, requireGroup, unknownResource } from './resources.ts';
import { isoTime, isoTimeOrNull } from './times.ts';

export function groupHandlers(context: ServiceContext): HandlersOf<'groups'> {
  const { store, clock } = context;
  const find = async (params: { accountName: string; groupName: string }): Promise<Group> => {
    const account = await requireAccount(store.db, params.accountName);
    return requireGroup(store.db, account.id, params.groupName);
  };

  return {
    'groups:list': async ({ params, query }) => {
      const account = await requireAccount(store.db, params.accountName);
      const page = pageByKey(await listGroups(store.db, account.id), query, ({ name }) => nameKey(name));
      return { status: 200, value: { ...page, value: await Promise.all(page.value.map((group) => viewGroup(context, group))) } };
    },
    'groups:get': async ({ params }) => ({ status: 200, value: await viewGroup(context, await find(params)) }),
    'groups:put': async ({ params, body }) => {
      const { groupName } = params;
      if (!namePattern.test(groupName)) throw new AppError('group-name-invalid', { groupName });
      const account = await requireAccount(store.db, params.accountName);
      const isNew = await store.write(async (tx) => {
        const { credential } = body;
        if (credential !== undefined && credential !== null && !(await findAsset(tx.db, account.id, 'credential', credential))) {
          throw unknownResource('credential', credential);
        }
        const there = await findGroup(tx.db, account.id, groupName);
        await ensureGroup(tx, account.id, groupName, clock.now());
        if (credential !== undefined) await setGroupCredential(tx, account.id, groupName, credential);
        return there === undefined;
      });
      return { status: isNew ? 201 : 200, value: await viewGroup(context, await find(params)) };
    },
    'groups:delete': async ({ params }) => {
      const { accountId, name } = await find(params);
      await store.write(async (tx) => {
        const workers = await listWorkers(tx.db, accountId, name);
        const jobs = await countUnfinishedJobs(tx.db, accountId, { groupName: name });
        if (workers.length > 0 || jobs > 0) {
          const by = workers.length > 0 ? `${workers.length} workers` : `${jobs} jobs that have not ended`;
          throw new AppError('resource-in-use', { what: 'worker group', name, by });
        }
        await deleteGroup(tx, accountId, name);
      });
      return { status: 200, value: {} };
    },
    'groups:waiting': async ({ params, query }) => {
      const { accountId, name } = await find(params);
      const [queuedAt, id] = query.after === undefined ? [] : readCursor(query.after, '.');
      const after = queuedAt === undefined || id === undefined ? undefined : { queuedAt, id };
      // One more than is shown tells whether there are more.
      const { jobs } = await listWaiting(store.db, accountId, name, { limit: query.limit + 1, after });
      const shown = jobs.slice(0, query.limit);
      const last = jobs.length > shown.length ? shown.at(-1) : undefined;
      const next = last === undefined ? null : `${String(last.queuedAt)}.${last.id}`;
      return { status: 200, value: { value: await Promise.all(shown.map((job) => viewWaiting(context, job))), next } };
    },
  };
}

async function viewWaiting(context: ServiceContext, job: Job) {
  const waitingReason = (await context.dispatcher.explainWaiting(job)) ?? 'it was just picked up';
  return { jobId: job.id, name: job.name, runbookName: job.runbookName, creationTime: isoTime(job.createdAt), waitingReason };
}

async function viewGroup(context: ServiceContext, group: Group) {
  const workers = await viewWorkers(context, group);
  const { total } = await listWaiting(context.store.db, group.accountId, group.name, { limit: 0 });
  return {
    name: group.name,
    groupType: 'User' as const,
    credential: group.credentialName,
    workerCount: workers.length,
    readyCount: workers.filter(({ state }) => state === 'Ready').length,
    waitingJobs: total,
    creationTime: isoTime(group.createdAt),
  };
}

export function workerHandlers(context: ServiceContext): HandlersOf<'workers'> {
  const { store } = context;
  const findGroupWorkers = async (params: { accountName: string; groupName: string }): Promise<WorkerView[]> => {
    const account = await requireAccount(store.db, params.accountName);
    return viewWorkers(context, await requireGroup(store.db, account.id, params.groupName));
  };

  return {
    'workers:list': async ({ params, query }) => {
      const workers = await findGroupWorkers(params);
      return {
        status: 200,
        value: pageByKey(workers, query, ({ workerName, workerId }) => `${nameKey(workerName)}.${workerId}`),
      };
    },
    'workers:get': async ({ params }) => {
      const workers = await findGroupWorkers(params);
      const found = workers.find(({ workerId }) => workerId === params.workerId.toLowerCase());
      if (found === undefined) throw unknownResource('worker', params.workerId);
      return { status: 200, value: found };
    },
    'workers:delete': async ({ params }) => {
      const account = await requireAccount(store.db, params.accountName);
      await store.write(async (tx) => {
        const worker = await findWorker(tx.db, params.workerId);
        if (worker?.accountId !== account.id || nameKey(worker.groupName) !== nameKey(params.groupName)) {
          throw unknownResource('worker', params.workerId);
        }
        const live = await listLiveAttempts(tx.db, { member: worker });
        if (live.length > 0) {
          throw new AppError('resource-in-use', { what: 'worker', name: worker.machineName, by: `${live.length} running jobs` });
        }
        await deleteWorker(tx, account.id, worker.machineId);
      });
      return { status: 200, value: {} };
    },
  };
}

async function viewWorkers({ store, dispatcher, clock }: ServiceContext, group: Group): Promise<WorkerView[]> {
  // What workers say of themselves is written some seconds late.
  await dispatcher.late.flush();
  const workers = await listWorkers(store.db, group.accountId, group.name);
  const live = await listLiveAttempts(store.db, { machineIds: workers.map(({ machineId }) => machineId) });
  return workers.map((worker) => ({
    workerId: worker.machineId,
    workerName: worker.machineName,
    groupName: worker.groupName,
    state: stateOf(worker, clock.now()),
    ip: worker.ipAddress,
    operatingSystem: worker.operatingSystem,
    version: worker.version,
    kinds: worker.kinds,
    readiness: worker.readiness,
    limit: worker.slotLimit,
    runningJobs: live.filter(({ machineId }) => machineId === worker.machineId).length,
    registeredDateTime: isoTime(worker.registeredAt),
    lastSeenDateTime: isoTimeOrNull(worker.lastSeenAt),
  }));
}

const readinessWords = { ready: 'Ready', full: 'Full', paused: 'Paused', draining: 'Draining', unable: 'Unable' } as const;

function stateOf(worker: Worker, now: number): WorkerView['state'] {
  if (worker.clonedAt !== null) return 'Cloned';
  if (worker.lastSeenAt === null) return 'Not configured';
  return isPresent(worker, now) ? readinessWords[worker.readiness ?? 'ready'] : 'Disconnected';
}
