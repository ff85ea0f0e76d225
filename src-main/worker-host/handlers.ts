/** One handler a call of the contract. Roles and shapes are checked before anything here runs. */
import { randomUUID } from 'node:crypto';
import type { Diagnosis, PathTest } from '../../src-contract/diagnostics.ts';
import type { WorkerState } from '../../src-contract/engine-calls.ts';
import { changeableNames } from '../../src-contract/settings.ts';
import type { EngineHandlers } from '../control/engine-answers.ts';
import type { ConnectionFlow } from './connection-flow.ts';
import type { Draining } from './draining.ts';
import type { Jobs } from './jobs.ts';
import { measureLoad } from './machine-load.ts';
import { mustHoldKeys, type Permissions } from './permissions.ts';
import type { RunbookRights } from './runbook-rights.ts';
import type { ServiceAccess } from './service-access.ts';
import { slotLimit, workerSource, type InTurn, type WorkerParts } from './parts.ts';
import type { RegistrationFlow } from './registration-flow.ts';

export interface HandlerSources {
  parts: WorkerParts;
  cores: number;
  state: () => WorkerState;
  jobs: Jobs;
  access: Pick<ServiceAccess, 'waitingJobs' | 'startTestJob'>;
  events: EngineHandlers['events:list'];
  draining: Draining;
  rights: RunbookRights;
  permissions: Permissions;
  diagnose: () => Promise<Diagnosis>;
  testPath: (path: string) => Promise<PathTest>;
  connection: ConnectionFlow;
  registration: RegistrationFlow;
  inTurn: InTurn;
  /** Ends the worker once the call has been answered. */
  quit: () => void;
  signal: AbortSignal;
}

export function engineHandlers(sources: HandlerSources): EngineHandlers {
  const { parts, state, jobs, access, events, draining, rights, permissions, connection, registration, inTurn, quit, signal } =
    sources;
  const { settings, log } = parts;
  return {
    'worker:state': () => Promise.resolve(state()),
    'worker:load': () => measureLoad(parts.layout.folder, parts.clock, signal),
    'worker:pause': async () => {
      const { intent } = parts.engine().state;
      await settings.change({ paused: true });
      parts.engine().dispatch({ kind: 'pause-asked' }, 'a person paused it');
      if (intent === 'work')
        log.write({ name: 'workerPaused', source: workerSource, message: 'The worker was paused: it takes no new job.' });
      return state();
    },
    'worker:resume': async () => {
      const { intent } = parts.engine().state;
      await settings.change({ paused: false, drain: null });
      draining.callOff();
      parts.engine().dispatch({ kind: 'resume-asked' }, 'a person resumed it');
      if (intent !== 'work')
        log.write({ name: 'workerResumed', source: workerSource, message: 'The worker was resumed: it takes jobs.' });
      return state();
    },
    'worker:drain': async ({ deadlineSeconds }) => {
      await draining.ask(deadlineSeconds);
      return state();
    },
    'worker:quit': () => {
      quit();
      return Promise.resolve({});
    },
    'connection:connect': async (request) => {
      await inTurn(() => connection.connect(request, signal));
      return state();
    },
    'connection:change': async (request) => {
      await inTurn(() => connection.change(request, signal));
      return state();
    },
    'connection:test': (request) => connection.test(request, signal),
    'connection:disconnect': async () => {
      await inTurn(() => connection.disconnect(signal));
      return state();
    },
    'registration:register': async (request) => {
      await inTurn(() => registration.register(request, signal));
      return state();
    },
    'registration:unregister': async (request) => {
      await inTurn(() => registration.unregister(request, signal));
      return state();
    },
    'jobs:waiting': async () => {
      const found = await access.waitingJobs(signal);
      return { waiting: found === undefined ? null : { jobs: found.value, total: found.total } };
    },
    'jobs:test': async () => ({ jobId: (await access.startTestJob(randomUUID(), signal)) ?? null }),
    'jobs:running': () => Promise.resolve(jobs.running()),
    'jobs:list': (query) => jobs.list(query),
    'jobs:activity': (query) => jobs.activity(query),
    'jobs:get': ({ id }) => jobs.get(id),
    'jobs:records': (query) => jobs.records(query),
    'jobs:notes': (query) => jobs.notes(query),
    'jobs:attempts': (query) => jobs.attempts(query),
    'jobs:console': (query) => jobs.console(query),
    'jobs:usage': (query) => jobs.usage(query),
    'jobs:stop': ({ sandboxId }) => jobs.stop(sandboxId),
    'jobs:resume': ({ sandboxId }) => jobs.resume(sandboxId),
    'events:list': (query) => events(query),
    'diagnostics:run': () => sources.diagnose(),
    'diagnostics:test-path': ({ path }) => sources.testPath(path),
    'settings:get': () => Promise.resolve(settings.current),
    'settings:change': async (change) => {
      const before = settings.current;
      // `undefined` means "leave it", also where a caller spelled it out.
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      await mustHoldKeys(change.trustedKeys ?? null);
      const after = await settings.change(given);
      const names = changeableNames.filter((name) => before[name] !== after[name]);
      if (names.length > 0) {
        const words = (value: string | number | null): string => String(value ?? '') || 'none given';
        const told = names.map((name) => `${name} from ${words(before[name])} to ${words(after[name])}`);
        log.write({ name: 'settingsChanged', source: workerSource, message: `Settings changed: ${told.join(', ')}.` });
      }
      if (names.includes('runAs')) await rights.user();
      const { running } = parts.engine().state.load;
      parts
        .engine()
        .dispatch({ kind: 'load-changed', load: { running, limit: slotLimit(after, sources.cores) } }, 'settings changed');
      return after;
    },
    'policy:get': () => Promise.resolve(permissions.policy),
    'policy:change': (change) => permissions.change(change),
    'policy:question': ({ sandboxId }) => permissions.question(sandboxId),
    'policy:answer': (given) => permissions.answer(given),
  };
}
