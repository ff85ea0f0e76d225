/**
 * What a person does at a worker under a fault: joins a workspace, registers, looks at what waits, starts a test job, leaves. A fault that
 * passes is stepped over, or is told and the same call is made again; one that lasts is told in a way that a person can act on, leaves
 * nothing half done here, and once it is over the same call succeeds.
 */
import type { Answer } from '../../src-contract/app-error.ts';
import type { WorkerState } from '../../src-contract/engine-calls.ts';
import { accountName, waitFor, workspaceName } from '../harness/stack.ts';
import { TestWorker } from '../harness/worker-in-process.ts';
import { connectionThrough, endpointThrough, limitSeconds, Notes, type Came, type Trial } from './matrix-stage.ts';
import { clearCodes } from './matrix-work.ts';

const calls = {
  join: 'POST /workspaces/:workspaceId/agents',
  register: 'PUT /accounts/:accountId/:entity',
  deregister: 'DELETE /accounts/:accountId/:entity',
};

/** One that a person makes once, with what holds as long as it has not succeeded. */
interface Step {
  what: keyof typeof calls;
  ask: () => Promise<Answer<WorkerState>>;
  isUndone: (state: WorkerState) => boolean;
}

/** `dataFolder`: of a worker that has never run. */
export async function tryPerson(trial: Trial): Promise<Came> {
  const { stage, front, dataFolder, groupName, plan } = trial;
  const { rest } = stage.service;
  const notes = new Notes();
  const worker = await TestWorker.start(dataFolder);
  const token = stage.account.accountKey;

  /** A fault that passes is stepped over, or is told (there was no time for more): then the same call succeeds. */
  const insist = async <Value>(what: string, ask: () => Promise<Answer<Value>>): Promise<Value> => {
    const first = await ask();
    if (first.ok) return first.value;
    notes.same(what, clearCode(first.problem.code), 'told');
    const second = await ask();
    if (!second.ok) throw new Error(`${what}, asked again: ${second.problem.code}`);
    return second.value;
  };
  const step = async ({ what, ask, isUndone }: Step): Promise<void> => {
    if (plan.fault !== 'delay') {
      notes.watch(front.begin({ ...plan, lasting: calls[what] }));
      const refused = await ask();
      // An answer in which nothing stands cannot be spoilt: the account has done it, and that is what the person is told.
      if (refused.ok && what === 'deregister' && plan.moment === 'midway' && plan.fault === 'garbage') {
        notes.watch(front.begin(plan));
        return;
      }
      notes.same(`${what}, while it fails`, refused.ok ? 'succeeded' : clearCode(refused.problem.code), 'told');
      notes.same(`${what}, while it fails: nothing is changed here`, isUndone(await worker.state()), true);
    }
    notes.watch(front.begin(plan));
    await insist(what, ask);
  };
  const members = async (): Promise<number> =>
    (await rest.call('workers:list', { params: { accountName, groupName }, query: {} })).value.length;

  return notes.of(worker, async () => {
    await step({
      what: 'join',
      ask: () => worker.call('connection:connect', connectionThrough(front, stage)),
      isUndone: ({ connection, status }) => connection === null && status === 'not-connected',
    });
    await notes.whenState(worker, 'the pack', (state) => state.packs.length > 0);
    await step({
      what: 'register',
      ask: () => worker.call('registration:register', { groupName, endpoint: endpointThrough(front, stage), token }),
      isUndone: ({ registration }) => registration === null,
    });
    const { registration } = await notes.whenState(worker, 'a well worker', isWell);
    notes.same('members of the group', await members(), 1);
    const machineId = registration?.machineId ?? '';

    await insist('the waiting jobs', () => worker.call('jobs:waiting', {}));
    const { jobId } = await insist('the test job', () => worker.call('jobs:test', {}));
    await waitFor('the end of the test jobs', limitSeconds, async () => {
      const { value } = await rest.call('jobs:list', { params: { accountName }, query: { runOn: groupName } });
      return value.some((job) => job.jobId === jobId) && value.every((job) => job.endTime !== null) ? value : undefined;
    }).then((ended) => {
      notes.jobs += ended.length;
      notes.same(
        'test jobs',
        ended.filter(({ status }) => status !== 'Completed'),
        [],
      );
    });
    await notes.whenState(worker, 'a well worker', (state) => isWell(state) && state.running === 0);

    await step({
      what: 'deregister',
      ask: () => worker.call('registration:unregister', { token, local: false }),
      isUndone: (state) => state.registration?.machineId === machineId,
    });
    notes.same('members of the group that was left', await members(), 0);
    await notes.whenState(worker, 'a well agent', ({ status, problems }) => status === 'connected' && problems.length === 0);
    const left = await worker.call('connection:disconnect', {});
    notes.same('leaving the workspace', left.ok ? left.value.connection : left.problem.code, null);
    const agents = await rest.call('workspaces:agents', { params: { workspace: workspaceName }, query: { limit: 500 } });
    notes.same('the workspace knows it', agents.value.filter((agent) => agent.machineId === machineId).length, 0);
  });
}

const isWell = ({ status, problems }: WorkerState): boolean => status === 'ready' && problems.length === 0;
const clearCode = (code: string): string => (clearCodes.includes(code) ? 'told' : code);
