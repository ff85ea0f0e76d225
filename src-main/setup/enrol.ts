/** Connecting the worker that was installed, and registering it in its group. What it has already stays as it is. */
import type { WorkerState } from '../../src-contract/engine-calls.ts';
import { workerPackName } from '../../src-contract/packs.ts';
import { ask } from '../../src-contract/refused.ts';
import type { SetupPhase } from './exit-codes.ts';
import type { InstallParameters } from './parameters.ts';
import type { InstallSecrets } from './secrets.ts';
import type { SetupWorker, SetupWorld } from './world.ts';

/** The first list of packs comes at once, and a pack is some kilobytes: longer means that it was not given to the workspace. */
const packWaitMs = 60_000;
const lookAgainMs = 500;

export interface Enrolment {
  connected: boolean;
  registered: boolean;
}

/** Throws Refused. */
export async function enrol(
  world: SetupWorld,
  worker: SetupWorker,
  { connection, registration }: InstallParameters,
  secrets: InstallSecrets,
  enter: (phase: SetupPhase) => void,
): Promise<Enrolment> {
  const done: Enrolment = { connected: false, registered: false };
  const before = await ask(worker, 'worker:state', {});
  if (connection !== null && before.connection !== null)
    world.say(
      `This machine is connected to the workspace ${before.connection.workspaceName} already; the connection stays. \`hrw connect\` changes it.`,
    );
  else if (connection !== null && secrets.workspaceKey !== null && secrets.way !== null) {
    enter('connect');
    const { workspaceId, serviceUrl } = connection;
    const state = await ask(worker, 'connection:connect', {
      workspaceId,
      workspaceKey: secrets.workspaceKey,
      serviceUrl,
      ...secrets.way,
    });
    done.connected = true;
    world.say(`Connected to the workspace ${state.connection?.workspaceName ?? workspaceId} at ${serviceUrl}.`);
  }
  if (registration === null || secrets.token === null) return done;
  if (before.registration !== null) {
    world.say(`This machine works in the group ${before.registration.groupName} already; it stays there.`);
    return done;
  }
  enter('register');
  const state = await waitForPack(world, worker);
  const endpoint = registration.endpoint ?? state.connection?.account?.endpoint ?? '';
  const { groupName } = registration;
  await ask(worker, 'registration:register', { groupName, endpoint, token: secrets.token });
  done.registered = true;
  world.say(`Registered in the group ${groupName}.`);
  return done;
}

/** Registering says itself what is missing when that does not come. */
async function waitForPack(world: SetupWorld, worker: SetupWorker): Promise<WorkerState> {
  for (let waitedMs = 0; ; waitedMs += lookAgainMs) {
    const state = await ask(worker, 'worker:state', {});
    if (state.connection === null || waitedMs >= packWaitMs) return state;
    if (state.connection.account !== null && state.packs.some(({ name }) => name === workerPackName)) return state;
    await world.sleep(lookAgainMs);
  }
}
