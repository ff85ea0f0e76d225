/**
 * Installing on a machine that has nothing, upgrading what it has, or being asked for the same again. Looked at first, then done; what was done
 * is taken back in reverse when a step fails, so that a machine is as it was or as it should be.
 */
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import type { InstallationRecord } from '../../src-contract/machine-setup.ts';
import { ask, Refused } from '../../src-contract/refused.ts';
import { compareVersions, isVersionFolder } from '../../src-contract/versions.ts';
import { enrol } from './enrol.ts';
import { exitCodeOf, isRefusal, setupExitCodes, type SetupExitCode, type SetupPhase } from './exit-codes.ts';
import { readInstallParameters, serviceAccountOf, type InstallParameters } from './parameters.ts';
import { deleteKeyFiles, keyFilesOf, readInstallSecrets, type InstallSecrets } from './secrets.ts';
import type { SetupWorker, SetupWorld } from './world.ts';

export interface SetupOutcome {
  code: SetupExitCode;
  /** For whoever installs: what is there now, or what went wrong and what to do. */
  words: string;
}

/** A slow machine reads 90 MB of program, and looks at its data, before it answers. */
const workerAnswersMs = 180_000;
const lookAgainMs = 500;

/** `given`: the parameters of the installer's command line. Never throws what the world may do to it. */
export async function install(world: SetupWorld, given: readonly string[]): Promise<SetupOutcome> {
  let phase: SetupPhase = 'look';
  let keyFiles: string[] = [];
  const undo = new UndoList(world);
  const outcome = await (async (): Promise<SetupOutcome> => {
    try {
      const parameters = readInstallParameters(given);
      const record = await look(world, parameters);
      const secrets = readInstallSecrets(parameters);
      keyFiles = keyFilesOf(parameters);
      const enter = (next: SetupPhase): void => void (phase = next);
      // Somebody may have taken the service away by hand.
      const { state } = await world.machine.service.status();
      const words =
        record === undefined || state === 'not-installed'
          ? await installAnew(world, parameters, secrets, undo, enter)
          : await renew(world, record, parameters, secrets, undo, enter);
      return { code: setupExitCodes.done, words };
    } catch (error) {
      const code = exitCodeOf(error, phase);
      world.say(describeFailure(error));
      await undo.all();
      return { code, words: describeFailure(error) };
    }
  })();
  // Whoever was refused may call again with the same files.
  if (!isRefusal(outcome.code)) for (const line of deleteKeyFiles(keyFiles)) world.say(line);
  return outcome;
}

/** Whether `install` would go on. */
export async function check(world: SetupWorld, given: readonly string[]): Promise<SetupOutcome> {
  try {
    const record = await look(world, readInstallParameters(given));
    const found = record === undefined ? 'No version is installed yet.' : `Version ${record.version} is installed.`;
    return { code: setupExitCodes.done, words: found };
  } catch (error) {
    return { code: exitCodeOf(error, 'look'), words: describeFailure(error) };
  }
}

/** What is installed; every reason not to go on is thrown, and nothing has been changed then. */
async function look(world: SetupWorld, { mode }: InstallParameters): Promise<InstallationRecord | undefined> {
  const { machine, own } = world;
  if (!machine.isAdministrator()) throw new AppError('setup-not-administrator', {});
  checkPrograms(own.programFolder);
  // The application's own installer is another program, and carries it.
  if (mode === 'app') throw new AppError('setup-application-missing', {});
  const conflicts = machine.findConflicts();
  if (conflicts.length > 0) {
    const agents = conflicts.map(({ agent, knownBy }) => `${agent} (by ${knownBy})`).join(', ');
    throw new AppError('setup-conflicting-agent', { agents });
  }
  const record = machine.readRecord();
  if (record === undefined) {
    await refuseOtherInstance(world);
    return undefined;
  }
  if (compareVersions(record.version, own.version) > 0)
    throw new AppError('setup-newer-installed', { installed: record.version, offered: own.version });
  return record;
}

/** One that somebody has made by hand. */
async function refuseOtherInstance(world: SetupWorld): Promise<void> {
  const { machine, dataFolder } = world;
  const { state, command } = await machine.service.status();
  if (state !== 'not-installed')
    throw new AppError('setup-other-instance', { what: `The service that is installed starts ${command ?? 'a program'}.` });
  const worker = await world.connect(dataFolder).catch(() => undefined);
  if (worker === undefined) return;
  try {
    const { processId } = await ask(worker, 'worker:state', {});
    throw new AppError('setup-other-instance', {
      what: `Process ${String(processId)} works with the data folder ${dataFolder}.`,
    });
  } finally {
    await worker.close();
  }
}

const listShape = z.object({ files: z.array(z.object({ path: z.string(), bytes: z.int() })) });

/** Each file that belongs to the programs is there, whole. */
function checkPrograms(folder: string): void {
  const incomplete = (reason: string): AppError => new AppError('setup-files-incomplete', { folder, reason });
  let files: z.infer<typeof listShape>['files'];
  try {
    ({ files } = listShape.parse(JSON.parse(readFileSync(path.join(folder, 'programs.json'), 'utf8'))));
  } catch {
    throw incomplete('there is no programs.json that lists its files');
  }
  for (const file of files) {
    const found = statSync(path.join(folder, ...file.path.split('/')), { throwIfNoEntry: false });
    if (found === undefined) throw incomplete(`${file.path} is missing`);
    if (found.size !== file.bytes) throw incomplete(`${file.path} has ${String(found.size)} bytes of ${String(file.bytes)}`);
  }
}

async function installAnew(
  world: SetupWorld,
  parameters: InstallParameters,
  secrets: InstallSecrets,
  undo: UndoList,
  enter: (phase: SetupPhase) => void,
): Promise<string> {
  const { machine, own, dataFolder } = world;
  if (parameters.connection !== null && secrets.way !== null) {
    enter('connect');
    const { serviceUrl } = parameters.connection;
    const { problem } = await world.tryWay({ serviceUrl, ...secrets.way });
    if (problem !== null) throw new Refused(problem);
    world.say(`The service at ${serviceUrl} answers.`);
  }
  enter('look');
  const wasThere = existsSync(dataFolder);
  machine.secureDataFolder(dataFolder);
  if (!wasThere) undo.add('remove the data folder', () => rmSync(dataFolder, { recursive: true, force: true, maxRetries: 20 }));
  enter('service');
  const account = serviceAccountOf(parameters.account, secrets.accountPassword);
  for (const note of await machine.service.install({ account, dataFolder })) world.say(note);
  undo.add('remove the service', () => machine.service.uninstall());
  const { version, programFolder } = own;
  machine.writeRecord({ version, programFolder, dataFolder });
  undo.add('forget the installation', () => machine.removeRecord());
  placeCommand(world);
  undo.add('take hrw from the path', () => removeCommand(world, path.dirname(programFolder)));
  await machine.service.start();
  world.say('The service runs.');
  const worker = await waitForWorker(world, dataFolder);
  try {
    // Taken back by the worker itself, and that before its service goes.
    let isConnected = false;
    undo.add('leave the workspace', async () => {
      if (isConnected) await withWorker(world, dataFolder, (one) => ask(one, 'connection:disconnect', {}));
    });
    worker.subscribe(({ event, payload }) => {
      if (event === 'worker-changed') isConnected = payload.connection !== null;
    });
    await enrol(world, worker, parameters, secrets, enter);
    removeOtherVersions(world);
    return await describeInstalled(worker, `Version ${version} is installed.`);
  } finally {
    await worker.close();
  }
}

async function renew(
  world: SetupWorld,
  record: InstallationRecord,
  parameters: InstallParameters,
  secrets: InstallSecrets,
  undo: UndoList,
  enter: (phase: SetupPhase) => void,
): Promise<string> {
  const { machine, own } = world;
  const { dataFolder } = record;
  enter('service');
  const isUpgrade = record.version !== own.version || record.programFolder !== own.programFolder;
  const { state } = await machine.service.status();
  const ran = state !== 'stopped';
  if (isUpgrade) {
    if (ran) await machine.service.stop();
    const startAgain = ran ? () => machine.service.start() : () => undefined;
    undo.add(`start ${record.version} again`, startAgain);
    machine.secureDataFolder(dataFolder);
    undo.add(`point the service at ${record.version}`, () => machine.pointService(record.programFolder, dataFolder));
    undo.add('stop the new version', () => machine.service.stop());
    await machine.pointService(own.programFolder, dataFolder);
    world.say(`The service was ${ran ? 'stopped and ' : ''}pointed at ${own.version}. Jobs that run go on meanwhile.`);
  }
  const isAsked = parameters.connection !== null || parameters.registration !== null;
  let words = `Version ${own.version} ${isUpgrade ? `replaces ${record.version}` : 'was installed already'}.`;
  if (ran || isAsked) {
    await machine.service.start();
    const worker = await waitForWorker(world, dataFolder);
    try {
      // From here on the new version is what is installed, also where connecting fails.
      settle(world, record, isUpgrade);
      undo.clear();
      await enrol(world, worker, parameters, secrets, enter);
      words = await describeInstalled(worker, words);
    } finally {
      await worker.close();
    }
  } else {
    settle(world, record, isUpgrade);
    undo.clear();
    words += ' The service was stopped before, and stays so: `hrw service start`.';
  }
  return words;
}

function settle(world: SetupWorld, record: InstallationRecord, isUpgrade: boolean): void {
  const { machine, own } = world;
  if (isUpgrade) {
    machine.writeRecord({ ...record, version: own.version, programFolder: own.programFolder });
    placeCommand(world);
  }
  removeOtherVersions(world);
}

/** One that still runs a job, or waits for one, keeps its folder until the next installation or the removal. */
function removeOtherVersions({ machine, own, say }: SetupWorld): void {
  const root = path.dirname(own.programFolder);
  for (const name of readdirSync(root).filter(isVersionFolder)) {
    const folder = path.join(root, name);
    if (folder === own.programFolder) continue;
    if (machine.processesBelow(folder).length > 0) {
      say(`${folder} stays as long as jobs run from it; the next installation or the removal takes it away.`);
      continue;
    }
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    } catch (error) {
      say(`${folder} could not be removed whole (${String(error)}); the next installation or the removal tries again.`);
    }
  }
}

/** A name that stays while versions come and go. Programs call the file of its version, and need no command interpreter then. */
function placeCommand({ machine, own }: SetupWorld): void {
  const root = path.dirname(own.programFolder);
  const folder = path.join(root, 'bin');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'hrw.cmd'), `@"%~dp0..\\${path.basename(own.programFolder)}\\hrw.exe" %*\r\n`);
  machine.addToPath(folder);
}

export function removeCommand({ machine }: Pick<SetupWorld, 'machine'>, root: string): void {
  const folder = path.join(root, 'bin');
  machine.removeFromPath(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Of this version. Throws AppError `engine-not-running`, or what else keeps the worker from answering. */
export async function waitForWorker(world: SetupWorld, dataFolder: string): Promise<SetupWorker> {
  for (let waitedMs = 0; ; waitedMs += lookAgainMs) {
    try {
      return await world.connect(dataFolder);
    } catch (error) {
      const { state } = await world.machine.service.status();
      if (state === 'stopped')
        throw new AppError('system-service-refused', {
          what: 'The service was started',
          reason: 'it ended; the event log of Windows says why',
        });
      if (waitedMs >= workerAnswersMs) throw error;
    }
    await world.sleep(lookAgainMs);
  }
}

async function withWorker(world: SetupWorld, dataFolder: string, work: (worker: SetupWorker) => Promise<unknown>): Promise<void> {
  const worker = await world.connect(dataFolder);
  try {
    await work(worker);
  } finally {
    await worker.close();
  }
}

async function describeInstalled(worker: SetupWorker, first: string): Promise<string> {
  const { connection, registration } = await ask(worker, 'worker:state', {});
  if (registration !== null)
    return `${first} This machine works in the group ${registration.groupName} of the workspace ${connection?.workspaceName ?? ''}.`;
  if (connection !== null)
    return `${first} This machine is connected to the workspace ${connection.workspaceName}, and in no group yet: \`hrw register\`.`;
  return `${first} This machine is connected to no workspace yet: \`hrw connect\`.`;
}

export function describeFailure(error: unknown): string {
  const problem = error instanceof Refused ? error.problem : isAppError(error) ? error.toProblem() : undefined;
  if (problem !== undefined) return `${problem.title}. ${problem.text} ${problem.nextStep}`;
  return error instanceof Error ? error.message : String(error);
}

/** Run in reverse; a step that fails is told and keeps no other one back. */
class UndoList {
  readonly #world: SetupWorld;
  #steps: { what: string; work: () => unknown }[] = [];

  constructor(world: SetupWorld) {
    this.#world = world;
  }

  add(what: string, work: () => unknown): void {
    this.#steps.push({ what, work });
  }

  clear(): void {
    this.#steps = [];
  }

  async all(): Promise<void> {
    for (const { what, work } of this.#steps.reverse()) {
      try {
        await work();
        this.#world.say(`Taken back: ${what}.`);
      } catch (error) {
        this.#world.say(`Not taken back: ${what}. ${describeFailure(error)}`);
      }
    }
    this.#steps = [];
  }
}
