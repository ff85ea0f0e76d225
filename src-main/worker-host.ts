/**
 * A whole worker for a data folder: storage, event log, engine, launcher, control channel. The application and `hrw run` build the same one.
 * Closing it leaves running sandboxes alone: the next one finds them.
 */
import { availableParallelism } from 'node:os';
import { AppError, isAppError, type Answer } from '../src-contract/app-error.ts';
import type { EngineCallName, EngineEvent, EngineValue, Role, WorkerState } from '../src-contract/engine-calls.ts';
import type Transport from 'winston-transport';
import { serveControl, type ControlServer } from './control/control-server.ts';
import { answerEngineCall } from './control/engine-answers.ts';
import { systemClock, type Clock } from './engine/clock.ts';
import { Engine } from './engine/engine.ts';
import { initialState } from './engine/worker-state.ts';
import { Launcher } from './launcher/launcher.ts';
import { WarmPairs } from './launcher/warm-pairs.ts';
import { EventLog } from './logging/event-log.ts';
import { guardControl, type ControlGuard } from './platform/control-guard.ts';
import type { Executables } from './platform/executables.ts';
import { identifyThisProcess, isRunning } from './platform/process-identity.ts';
import { findRuntimes, type FoundRuntime } from './platform/runtimes.ts';
import { createPackReceiver } from './service-link/pack-receiver.ts';
import { backoffMs, outlast } from './service-link/retry.ts';
import { openDataFolder } from './storage/data-folder.ts';
import { acquireEngineLock, sweepLockRemains } from './storage/engine-lock.ts';
import { History } from './storage/history.ts';
import { isDiskFull, readTextFile, writePrivateFile } from './storage/private-files.ts';
import { openSettings, type OpenSettingsFile } from './storage/settings-store.ts';
import { describeRemoved, sweepDataFolder, sweepJournals } from './storage/temporary-files.ts';
import { CertificateRotation } from './worker-host/certificate-rotation.ts';
import { ClosingStack } from './worker-host/closing-stack.ts';
import { ConnectionFlow } from './worker-host/connection-flow.ts';
import { runDiagnosis, runPathTest } from './worker-host/diagnosis.ts';
import { watchDiskSpace } from './worker-host/disk-space.ts';
import { Draining } from './worker-host/draining.ts';
import { engineHandlers } from './worker-host/handlers.ts';
import { Jobs } from './worker-host/jobs.ts';
import { maintain } from './worker-host/maintenance.ts';
import { OncePerTurn } from './worker-host/once-per-turn.ts';
import { PackRounds } from './worker-host/pack-rounds.ts';
import { createTurns, slotLimit, workerSource, type WorkerParts } from './worker-host/parts.ts';
import { Permissions } from './worker-host/permissions.ts';
import { builtInPublisherKey } from './worker-host/publisher-key.ts';
import { RegistrationFlow } from './worker-host/registration-flow.ts';
import { retain } from './worker-host/retention.ts';
import { checkStart } from './worker-host/start-check.ts';
import { RunbookRights } from './worker-host/runbook-rights.ts';
import { ServiceAccess } from './worker-host/service-access.ts';
import { workerStateOf } from './worker-host/state-view.ts';
import { programVersion } from './worker-host/version.ts';
import { describeRuntimes, warmFactsOf } from './worker-host/warm-facts.ts';

export interface WorkerHostOptions {
  dataFolder: string;
  mode: 'app' | 'headless';
  executables: Executables;
  clock?: Clock;
  /** electron-store in the app; conf where none is given. Same file, same schema. */
  openSettingsFile?: OpenSettingsFile;
  /** Further places for events: a terminal. */
  transports?: Transport[];
  /** What sandboxes inherit, and where runtimes are looked for. */
  environment?: NodeJS.ProcessEnv;
  /** PEM; for tests. Default: the one that the build put in. */
  publisherKeyPem?: string;
}

/** `drained`: asked to drain, and nothing runs any more. */
export type WorkerEnd = 'drained' | 'quit';

export interface WorkerHost {
  call<Name extends EngineCallName>(role: Role, name: Name, callArguments: unknown): Promise<Answer<EngineValue<Name>>>;
  /** Returns how to unsubscribe. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
  /** Resolves when the worker wants to end: whoever made it then closes it and ends the program. */
  readonly ended: Promise<WorkerEnd>;
  /** A mistake of ours that nothing inside caught: it is written to the event log. */
  reportFault(error: unknown, what: string): void;
  /** Takes no new job and tells `drained` when nothing runs any more; forgotten with this run, unlike `worker:drain`. */
  drainForThisRun(): void;
  /** Safe to call twice. Nothing of ours remains but the sandboxes, which go on. */
  close(): Promise<void>;
}

/** Throws AppError: data-folder-unusable, data-folder-newer, engine-already-running. */
export async function createWorkerHost(options: WorkerHostOptions): Promise<WorkerHost> {
  // Parts that are asked for before they are made, by listeners of parts that are made before them.
  const late: { log?: EventLog; engine?: Engine; control?: ControlServer } = {};
  const fault = (error: unknown, what: string): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    late.log?.write({ name: 'programFault', source: workerSource, message: `A mistake of ours (${what}): ${text}` });
  };
  const stack = new ClosingStack((error, name) => {
    fault(error, `close ${name}`);
  });
  try {
    return await buildWorker(options, stack, late, fault);
  } catch (error) {
    await stack.close();
    throw error;
  }
}

async function buildWorker(
  options: WorkerHostOptions,
  stack: ClosingStack,
  late: { log?: EventLog; engine?: Engine; control?: ControlServer },
  fault: (error: unknown, what: string) => void,
): Promise<WorkerHost> {
  const { mode, executables, clock = systemClock, environment = process.env } = options;
  const now = (): Date => clock.now();
  const startedAt = now().toISOString();
  const layout = await openDataFolder(options.dataFolder);
  const owner = { ...identifyThisProcess(), since: startedAt, mode };
  const lock = { file: layout.engineLock, owner, isAlive: isRunning };
  stack.add('engine lock', await acquireEngineLock(lock), (held) => held.release());
  const neverFinished = [...(await sweepLockRemains(lock, now())), ...(await sweepDataFolder(layout))];

  const listeners = new Set<(event: EngineEvent) => void>();
  const publish = (event: EngineEvent): void => {
    for (const listener of listeners) listener(event);
    late.control?.publish(event);
  };
  const log = new EventLog({
    folder: layout.logsFolder,
    now,
    transports: options.transports ?? [],
    onWriteFailed: (error) => {
      // Not logged: that is what has just failed.
      late.engine?.problems.raise('event-log', unwritable(layout.logsFolder, error).toProblem(), now().toISOString());
      late.engine?.tellChanged();
    },
    onWriteRecovered: () => {
      late.engine?.problems.clear('event-log');
      late.engine?.tellChanged();
    },
  });
  late.log = stack.add('event log', log, () => {
    log.close();
  });
  log.subscribe((event) => {
    publish({ event: 'event-logged', payload: event });
  });

  const { openSettingsFile: openFile } = options;
  const settings = await openSettings({ layout, now, ...(openFile === undefined ? {} : { openFile }) });
  log.level = settings.current.logLevel;
  const cores = availableParallelism();
  let runtimes: FoundRuntime[] = [];
  let runtimesAreKnown = false;
  const parts: WorkerParts = {
    layout,
    mode,
    version: programVersion,
    executables,
    environment,
    clock,
    settings,
    log,
    runtimes: () => runtimes,
    runtimesAreKnown: () => runtimesAreKnown,
    publish,
    engine: () => {
      if (late.engine === undefined) throw new Error('the engine is asked before it is there');
      return late.engine;
    },
    fault,
  };

  const ending = new AbortController();
  const lookForRuntimes = async (): Promise<void> => {
    try {
      runtimes = await findRuntimes({ environment, platform: process.platform, signal: ending.signal });
    } finally {
      // Also after a mistake of ours: nobody looks on then.
      runtimesAreKnown = true;
      late.engine?.tellChanged();
    }
  };
  const runtimesFound = lookForRuntimes().catch((error: unknown) => {
    fault(error, 'look for runtimes');
  });
  stack.add('search for runtimes', ending, async () => {
    ending.abort();
    await runtimesFound;
  });

  const publisherKeyPem = options.publisherKeyPem ?? builtInPublisherKey();
  const receiver = createPackReceiver({ folder: layout.packsFolder, publisherKeyPem, now });
  await receiver.start();
  const keepWorkerCommand = (): Promise<void> => keepFile(layout.workerCommand, workerCommandText(executables, layout.folder));
  await keepWorkerCommand();
  const giveUpCalls = (): void => late.engine?.askAnew();
  const access = stack.add('service clients', new ServiceAccess(parts, runtimesFound, giveUpCalls), (opened) => opened.forget());
  const inTurn = createTurns();
  const rotation = stack.add('certificate rotation', new CertificateRotation(parts, access, inTurn), (opened) => opened.close());
  access.onRotationAsked = () => {
    rotation.ask();
  };
  const packs = new PackRounds(parts, access, receiver);
  const { historyFile, journalsFolder, logsFolder } = layout;
  const files = { historyFile, journalsFolder, logsFolder };
  const onSetAside = (setAside: string): void => {
    parts.engine().raise('history', new AppError('history-unreadable', { setAside }).toProblem());
  };
  const history = stack.add('history', new History({ threadFile: executables.historyThread, files, onSetAside }), (opened) =>
    opened.close(),
  );
  const rights = new RunbookRights(parts);
  const warm = stack.add(
    'waiting sandboxes',
    new WarmPairs({
      sandboxesFolder: layout.sandboxesFolder,
      executable: executables.sandbox,
      environment,
      monotonicMs: () => clock.monotonicMs(),
      sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal),
      runtimes: () => describeRuntimes(runtimes),
      facts: () => warmFactsOf(parts, rights),
      onTrouble: (error) => {
        const why = error instanceof Error ? error.message : String(error);
        const message = `No sandbox could be kept waiting for a job: ${why} Jobs start without, and later.`;
        log.write({ name: 'sandboxException', source: workerSource, message });
      },
      leftoverRemoved: (what) => {
        jobs.leftoverRemoved(what);
      },
    }),
    (opened) => opened.close(),
  );
  settings.follow(() => {
    log.level = settings.current.logLevel;
    warm.look();
  });
  const jobs: Jobs = stack.add('jobs', new Jobs(parts, access, history, rights, () => launcher), (opened) => opened.close());
  const launcher: Launcher = stack.add(
    'launcher',
    new Launcher({
      sandboxesFolder: layout.sandboxesFolder,
      journalsFolder: layout.journalsFolder,
      executable: executables.sandbox,
      environment,
      now,
      sleep: (milliseconds, signal) => clock.sleep(milliseconds, signal),
      retryDelayMs: (failures, error) =>
        backoffMs(outlast, failures, Math.random, isAppError(error) ? error.retryAfterMs : undefined),
      connectService: (launch, known) => access.connectFor(launch, known),
      listener: jobs,
      warm,
    }),
    (opened) => opened.close(),
  );

  const end = createEnd();
  const draining = stack.add(
    'draining',
    new Draining(
      parts,
      () => launcher,
      () => {
        end.tell('drained');
      },
    ),
    (opened) => opened.close(),
  );
  const state = (): WorkerState => workerStateOf({ parts, receiver, rights, account: () => packs.account, startedAt });
  const stateNews = stack.add(
    'state news',
    new OncePerTurn(() => {
      publish({ event: 'worker-changed', payload: state() });
    }),
    (opened) => {
      opened.close();
    },
  );
  const { connection, registration, paused, drain } = settings.current;
  const engine = new Engine(
    {
      clock,
      chance: Math.random,
      log: (entry) => log.write(entry),
      poll: (request, how, signal) => access.poll(request, how, signal),
      watchPacks: (how, signal) => packs.round(how, signal),
      knowsSandbox: (sandboxId) => launcher.knows(sandboxId),
      startSandbox: (action) => {
        jobs.pickUp(action);
      },
      checkStart: () => checkStart(parts, rights),
      changed: () => {
        stateNews.ask();
      },
      drained: () => {
        draining.finish();
      },
    },
    initialState({
      connected: connection !== null,
      registered: registration !== null,
      intent: drain !== null ? 'drain' : paused ? 'pause' : 'work',
      load: { running: 0, limit: slotLimit(settings.current, cores) },
    }),
  );
  late.engine = stack.add('engine', engine, (opened) => opened.stop());

  const handlers = engineHandlers({
    parts,
    cores,
    state,
    jobs,
    access,
    events: (page) => history.events(page),
    draining,
    rights,
    permissions: new Permissions(parts, jobs, launcher),
    diagnose: () =>
      runDiagnosis({
        parts,
        access,
        receiver,
        rights,
        running: () => jobs.running(),
        state,
        lookForRuntimes,
        signal: ending.signal,
      }),
    testPath: (path) => runPathTest(path, rights),
    connection: new ConnectionFlow(parts, access, packs),
    registration: new RegistrationFlow(parts, access, packs, receiver),
    inTurn,
    // The answer to the call that asks for it goes out first.
    quit: () => setImmediate(() => end.tell('quit')),
    signal: ending.signal,
  });
  const onFault = (error: unknown, correlationId: string, call: string): void => {
    fault(error, `${call}, ${correlationId}`);
  };
  const call: WorkerHost['call'] = (role, name, callArguments) => answerEngineCall(handlers, role, name, callArguments, onFault);
  const { controlFolder, controlAddressFile: addressFile } = layout;
  const guard: ControlGuard = (files) => guardControl({ ...files, shared: [...files.shared, layout.versionFile] });
  const control = await serveControl({ controlFolder, addressFile, call, onFault, guard });
  late.control = stack.add('control channel', control, (server) => server.close());

  if (settings.setAsideAs !== undefined) {
    const { setAsideAs: setAside, registrationKept } = settings;
    engine.raise(
      'settings',
      new AppError('settings-unreadable', { setAside, registration: registrationKept ? 'kept' : 'lost' }).toProblem(),
    );
  }
  await rights.user();
  if (neverFinished.length > 0) jobs.leftoverRemoved(describeRemoved(neverFinished));
  await access.mendIdentity().catch((error: unknown) => {
    fault(error, 'put the worker’s certificate right');
  });
  await launcher.adoptAll();
  jobs.catchUp();
  log.write({
    name: 'workerStarted',
    source: workerSource,
    message: `The hybrid runbook worker ${programVersion} started (${mode}, process ${String(process.pid)}) for ${layout.folder}.`,
    fields: { version: programVersion, mode, processId: process.pid },
  });
  draining.goOn();
  await rotation.goOn();
  engine.start();
  warm.start();
  let isFirstRound = true;
  const work = async (): Promise<void> => {
    jobs.clearOldNotices();
    await jobs.caughtUp();
    if (isFirstRound) {
      const found = await sweepJournals(layout, ending.signal);
      if (found.length > 0) jobs.leftoverRemoved(describeRemoved(found));
    }
    await keepWorkerCommand();
    await retain({ history, log, settings: settings.current, now: now() });
    // At the start they are being looked for already.
    if (!isFirstRound) await lookForRuntimes();
    isFirstRound = false;
    warm.look();
  };
  void stack.add('maintenance', maintain({ clock, signal: ending.signal, work, fault }), async (running) => {
    ending.abort();
    await running;
  });
  const { folder: dataFolder } = layout;
  const tellSpace = (low: { freeMebibytes: number } | undefined): void => {
    if (low === undefined) engine.clear('disk-space');
    // One problem, not one for each figure.
    else if (!engine.problems.has('disk-space')) {
      engine.raise('disk-space', new AppError('disk-space-low', { dataFolder, ...low }).toProblem());
    }
  };
  const watching = watchDiskSpace({ folder: dataFolder, clock, signal: ending.signal, tell: tellSpace, fault });
  void stack.add('disk space', watching, async (running) => {
    ending.abort();
    await running;
  });
  stack.add('last word', launcher, ({ runningCount }) => {
    const goOn =
      runningCount === 0
        ? 'Nothing ran.'
        : `What runs (${String(runningCount)}) goes on without it and is found at the next start.`;
    const message = `The hybrid runbook worker stopped. ${goOn}`;
    log.write({ name: 'workerStopped', source: workerSource, message, fields: { running: runningCount } });
  });

  return {
    call,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ended: end.ended,
    reportFault: fault,
    drainForThisRun: () => {
      draining.askForThisRun();
    },
    close: () => stack.close(),
  };
}

function createEnd(): { ended: Promise<WorkerEnd>; tell: (why: WorkerEnd) => void } {
  let tell: (why: WorkerEnd) => void = () => undefined;
  const ended = new Promise<WorkerEnd>((resolve) => {
    tell = resolve;
  });
  return { ended, tell: (why) => tell(why) };
}

/** How the module of the worker's pack calls the command line for this data folder. */
function workerCommandText(executables: Executables, dataFolder: string): string {
  const { file, leading } = executables.hrw;
  return `${JSON.stringify({ command: [file, ...leading], dataFolder }, null, 2)}\n`;
}

/** A full disk keeps nothing here from starting: it is written at the next occasion. */
async function keepFile(file: string, text: string): Promise<void> {
  try {
    if ((await readTextFile(file)) !== text) await writePrivateFile(file, text);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}

function unwritable(folder: string, error: unknown): AppError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return new AppError('data-folder-unusable', { dataFolder: folder, reason: `the event log cannot be written (${code})` });
}
