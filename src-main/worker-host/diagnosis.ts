/** Hands the worker's own facts to the diagnostics. */
import { isAppError } from '../../src-contract/app-error.ts';
import type { Diagnosis, PathTest } from '../../src-contract/diagnostics.ts';
import type { JobView, WorkerState } from '../../src-contract/engine-calls.ts';
import type { Settings } from '../../src-contract/settings.ts';
import { diagnose } from '../diagnostics/diagnose.ts';
import { testPath } from '../diagnostics/path-test.ts';
import type { WaitingFacts } from '../diagnostics/waiting-jobs.ts';
import type { Probe, SystemWay } from '../diagnostics/way-to-service.ts';
import type { PackReceiver } from '../service-link/pack-receiver.ts';
import { probeAddress } from '../service-link/probe.ts';
import { findSystemProxy, targetOf } from '../service-link/system-proxy.ts';
import type { WorkerParts } from './parts.ts';
import type { RunbookRights } from './runbook-rights.ts';
import type { ServiceAccess } from './service-access.ts';

export interface DiagnosisSources {
  parts: WorkerParts;
  access: ServiceAccess;
  receiver: PackReceiver;
  rights: RunbookRights;
  running: () => JobView[];
  state: () => WorkerState;
  /** Looks anew: what was installed since the start is found by it. */
  lookForRuntimes: () => Promise<void>;
  signal: AbortSignal;
}

export function runDiagnosis({
  parts,
  access,
  receiver,
  rights,
  running,
  state,
  lookForRuntimes,
  signal,
}: DiagnosisSources): Promise<Diagnosis> {
  const { layout, settings, clock } = parts;
  const { connection } = settings.current;
  return diagnose({
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    platform: process.platform,
    environment: parts.environment,
    state,
    settings: settings.current,
    probe: () => probeService(parts, access, signal),
    agentCall:
      connection === null
        ? undefined
        : async () => {
            await (await access.workspaceClient()).getPacks({ signal });
          },
    systemWay: () => systemWayOf(settings.current.connection),
    certificateEnds: async () => (await access.workerIdentity())?.notAfter,
    runtimes: async () => {
      await Promise.all([lookForRuntimes(), rights.user()]);
      return parts.runtimes();
    },
    longestHoldMs: () => parts.engine().longestHoldMs,
    waiting: async () => ({
      waiting: await waitingOf(access, settings.current.registration !== null, signal),
      running: running(),
    }),
    packs: { folder: layout.packsFolder, packs: receiver.packs },
    folders: {
      dataFolder: layout.folder,
      platform: process.platform,
      folders: [
        { what: 'data', path: layout.folder, secret: false },
        { what: 'keys', path: layout.secretsFolder, secret: true },
        { what: 'control channel', path: layout.controlFolder, secret: true },
        { what: 'journals', path: layout.journalsFolder, secret: true },
        { what: 'logs', path: layout.logsFolder, secret: true },
        { what: 'sandboxes', path: layout.sandboxesFolder, secret: false },
        { what: 'packs', path: layout.packsFolder, secret: false },
      ],
    },
  });
}

async function systemWayOf(connection: Settings['connection']): Promise<SystemWay | undefined> {
  if (connection?.proxy.kind !== 'system') return undefined;
  const found = await findSystemProxy(targetOf(new URL(connection.serviceUrl)));
  return { url: found.kind === 'manual' ? found.proxy.url : null, because: found.because };
}

async function waitingOf(access: ServiceAccess, isRegistered: boolean, signal: AbortSignal): Promise<WaitingFacts['waiting']> {
  if (!isRegistered) return { kind: 'untold' };
  try {
    const jobs = await access.waitingJobs(signal);
    return jobs === undefined ? { kind: 'untold' } : { kind: 'known', jobs };
  } catch (error) {
    if (isAppError(error)) return { kind: 'failed', error };
    throw error;
  }
}

/** The agent's address, and the account's where that is another. */
async function probeService(parts: WorkerParts, access: ServiceAccess, signal: AbortSignal): Promise<Probe[]> {
  const { connection, registration } = parts.settings.current;
  if (connection === null) return [];
  const { trust } = connection;
  const proxy = await access.proxy();
  const urls = [connection.serviceUrl, ...(registration === null ? [] : [registration.jrdsUri])];
  const origins = [...new Set(urls.map((url) => new URL(url).origin))];
  const userAgent = `HybridRunbookWorker/${parts.version}`;
  return Promise.all(
    origins.map(async (url) => ({
      address: new URL(url).host,
      ...(await probeAddress({ address: { url, trust, proxy }, userAgent }, signal)),
    })),
  );
}

export async function runPathTest(path: string, rights: RunbookRights): Promise<PathTest> {
  return testPath(path, await rights.user(), process.platform);
}
