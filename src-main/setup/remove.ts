/**
 * Taking the worker off a machine: what runs ends first, then the service is told, then everything goes that installing has brought. The files of
 * the programs are left to the uninstaller, which this program runs from one of them.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../src-contract/app-error.ts';
import type { WorkerState } from '../../src-contract/engine-calls.ts';
import type { InstallationRecord } from '../../src-contract/machine-setup.ts';
import { isVersionFolder } from '../../src-contract/versions.ts';
import { ask } from '../../src-contract/refused.ts';
import { exitCodeOf, setupExitCodes, type SetupPhase } from './exit-codes.ts';
import { describeFailure, removeCommand, waitForWorker, type SetupOutcome } from './install.ts';
import { readRemoveParameters, type RemoveParameters } from './parameters.ts';
import { deleteKeyFiles, readSecret } from './secrets.ts';
import type { SetupWorker, SetupWorld } from './world.ts';

const lookAgainMs = 500;
/** After a stop: the sandbox's own ladder ends a process tree within the grace time, 30 s as a rule, and sends what is left. */
const stopWaitMs = 120_000;
/** For processes that have been told to end. */
const endWaitMs = 10_000;
/** With the version of the data, which the history belongs to. */
const historyNames = ['layout.json', 'history.sqlite', 'history.sqlite-wal', 'history.sqlite-shm', 'journals', 'logs'];

/** `given`: the parameters of the uninstaller's command line. */
export async function remove(world: SetupWorld, given: readonly string[]): Promise<SetupOutcome> {
  let phase: SetupPhase = 'look';
  try {
    const parameters = readRemoveParameters(given);
    if (!world.machine.isAdministrator()) throw new AppError('setup-not-administrator', {});
    const record = world.machine.readRecord();
    if (record === undefined) throw new AppError('setup-record-missing', {});
    const token = parameters.tokenFile === null ? null : readSecret('TOKENFILE', parameters.tokenFile);
    phase = 'remove';
    const remains = await leave(world, record, parameters, token);
    await removeService(world);
    await endWhatIsLeft(world, path.dirname(record.programFolder));
    removeData(record.dataFolder, parameters.keepHistory);
    world.say(parameters.keepHistory ? `The history stays in ${record.dataFolder}.` : `${record.dataFolder} is removed.`);
    removeCommand(world, path.dirname(record.programFolder));
    world.machine.removeRecord();
    if (parameters.tokenFile !== null) for (const line of deleteKeyFiles([parameters.tokenFile])) world.say(line);
    return { code: setupExitCodes.done, words: `Version ${record.version} is removed.${remains === '' ? '' : ` ${remains}`}` };
  } catch (error) {
    const words = describeFailure(error);
    world.say(words);
    return { code: exitCodeOf(error, phase), words };
  }
}

/** Somebody may have done it before us. */
async function removeService({ machine, say }: SetupWorld): Promise<void> {
  if ((await machine.service.status()).state === 'not-installed') return;
  await machine.service.uninstall();
  say('The service, its event log and its groups are removed.');
}

/** Answers what the service goes on to list, in a sentence. */
async function leave(
  world: SetupWorld,
  { dataFolder }: InstallationRecord,
  { drainSeconds }: RemoveParameters,
  token: string | null,
): Promise<string> {
  const worker = await reachWorker(world, dataFolder);
  if (worker === undefined)
    return 'The worker could not be started, so the service was not told: it goes on listing this machine (`hrw worker list`, `hrw worker remove`).';
  try {
    await drain(world, worker, drainSeconds);
    const state = await ask(worker, 'worker:state', {});
    const remains = await leaveGroup(world, worker, state, token);
    if (state.connection !== null) await leaveWorkspace(world, worker);
    return remains;
  } finally {
    await worker.close();
  }
}

async function reachWorker(world: SetupWorld, dataFolder: string): Promise<SetupWorker | undefined> {
  try {
    const { state } = await world.machine.service.status();
    if (state === 'not-installed') return undefined;
    if (state === 'stopped') await world.machine.service.start();
    return await waitForWorker(world, dataFolder);
  } catch (error) {
    world.say(describeFailure(error));
    return undefined;
  }
}

/** Takes nothing new; what runs may end by itself, then it is stopped. */
async function drain(world: SetupWorld, worker: SetupWorker, drainSeconds: number): Promise<void> {
  await ask(worker, 'worker:pause', {});
  const running = async (): Promise<number> => (await ask(worker, 'worker:state', {})).running;
  const count = await running();
  if (count === 0) return;
  world.say(`${count === 1 ? 'One job runs' : `${String(count)} jobs run`}; waiting up to ${String(drainSeconds / 60)} minutes.`);
  if (await until(world, drainSeconds * 1000, async () => (await running()) === 0)) return;
  for (const job of await ask(worker, 'jobs:running', {})) {
    world.say(`Job ${job.jobId} (${job.runbookName}) still runs, and is stopped.`);
    // It may end meanwhile by itself.
    await worker.call('jobs:stop', { sandboxId: job.sandboxId });
  }
  if (!(await until(world, stopWaitMs, async () => (await running()) === 0)))
    world.say(`${String(await running())} jobs did not end when they were stopped; their processes are ended with the programs.`);
}

async function leaveGroup(
  world: SetupWorld,
  worker: SetupWorker,
  { registration }: WorkerState,
  token: string | null,
): Promise<string> {
  if (registration === null) return '';
  const { groupName, machineId, accountName, accountId } = registration;
  let reason = 'That takes a key of the account (/TOKENFILE=), which was not given.';
  if (token !== null) {
    const answer = await worker.call('registration:unregister', { token, local: false });
    if (answer.ok) {
      world.say(`This machine left the group ${groupName}; the account was told.`);
      return '';
    }
    reason = `${answer.problem.title}. ${answer.problem.text}`;
  }
  await ask(worker, 'registration:unregister', { token: null, local: true });
  const account = accountName ?? accountId;
  const remains = `The account ${account} was not told, and goes on listing this machine (${machineId}) in the group ${groupName}. ${reason} Remove it there: \`hrw worker remove --account ${account} --group ${groupName} ${machineId}\`.`;
  world.say(remains);
  return remains;
}

async function leaveWorkspace(world: SetupWorld, worker: SetupWorker): Promise<void> {
  // The worker says in its log whether the service could be told.
  const stop = worker.subscribe(({ event, payload }) => {
    if (event === 'event-logged') world.say(payload.message);
  });
  try {
    await ask(worker, 'connection:disconnect', {});
  } finally {
    stop();
  }
}

/** What the worker's end has left: sandboxes that wait for a job, a terminal with `hrw` in it. Not the uninstaller, which lies above them. */
async function endWhatIsLeft({ machine, say, sleep }: SetupWorld, root: string): Promise<void> {
  const folders = readdirSync(root)
    .filter(isVersionFolder)
    .map((name) => path.join(root, name));
  const left = (): number[] => folders.flatMap((folder) => machine.processesBelow(folder));
  const areGone = (): Promise<boolean> => Promise.resolve(left().length === 0);
  if (await until({ sleep }, endWaitMs, areGone)) return;
  say(`These processes run from ${root} still, and are ended: ${left().join(', ')}.`);
  machine.endProcesses(left());
  await until({ sleep }, endWaitMs, areGone);
}

function removeData(dataFolder: string, keepHistory: boolean): void {
  if (!existsSync(dataFolder)) return;
  const gone = keepHistory
    ? readdirSync(dataFolder)
        .filter((name) => !historyNames.includes(name))
        .map((name) => path.join(dataFolder, name))
    : [dataFolder];
  for (const one of gone) rmSync(one, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
}

async function until({ sleep }: Pick<SetupWorld, 'sleep'>, limitMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += lookAgainMs) {
    if (await holds()) return true;
    if (waitedMs >= limitMs) return false;
    await sleep(lookAgainMs);
  }
}
